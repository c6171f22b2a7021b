"""`headway bench` compares, keeps, and goes on."""

from __future__ import annotations

import json
import re
import signal
import subprocess
import sys
import time
from pathlib import Path


def test_a_comparison_is_written_and_continued(run) -> None:
    args = ("bench", "ft06", "la01", "-m", "rules", "-m", "plain-cpsat", "-t", 2, "--together")
    done = run(*args, "--out", "there")
    assert done.status == 0
    assert "| ft | rules |" in done.out
    assert "[4/4] la01" in done.err
    assert Path("there/report.md").exists()
    assert Path("there/report-all.png").exists()
    again = run(*args, "--out", "there", "--no-plots")
    assert again.err.count("(done before)") == 4
    assert again.out == done.out


def test_json_lines_and_a_document(run) -> None:
    done = run("bench", "ft06", "-m", "rules", "-t", 1, "--together", "--json")
    line, _, document = done.out.partition("\n")
    assert json.loads(line)["contestant"] == "rules"
    assert json.loads(document)["summary"][0]["instances"] == 1


def test_contestants_and_suites_are_listed(run) -> None:
    done = run("bench", "--list")
    assert done.status == 0
    assert "plain-cpsat" in done.out
    assert "taillard" in done.out


def test_a_suite_can_be_cut_down(run) -> None:
    args = ("--suite", "swv-yn", "--only", "yn", "--limit", 1, "-s", 1)
    done = run("bench", *args, "-m", "rules", "-t", 1, "--together", "-q")
    assert done.status == 0
    assert done.out.count("| yn |") == 1
    assert done.err == ""


def test_orders_that_make_no_sense_are_refused(run) -> None:
    for args in (
        (),
        ("ft06", "--suite", "taillard"),
        ("ft06", "--only", "ta"),
        ("--suite", "taillard", "--objective", "makespan"),
        ("ft06", "-m", "zz"),
        ("ft06", "-m", "rules@\N{SUPERSCRIPT TWO}"),
        ("ft06", "-t", "0"),
    ):
        done = run("bench", *args)
        assert done.status == 2, args
        assert done.err.startswith("headway: ")


def test_more_time_for_one_is_said_in_its_name(run) -> None:
    done = run("bench", "ft06", "-m", "rules", "-m", "rules@3", "-t", 1, "--together")
    assert "| ft | rules@3 |" in done.out


def test_ctrl_c_keeps_what_is_done(tmp_path) -> None:
    code = "from headway.cli import main; main()"
    args = ["bench", "ft06", "ta41", "-m", "rules", "-m", "plain-cpsat", "-t", "600", "-o", "there"]
    child = subprocess.Popen(
        [sys.executable, "-c", code, *args], cwd=tmp_path, stderr=subprocess.PIPE, text=True
    )
    runs = tmp_path / "there" / "runs.jsonl"
    while child.poll() is None and not (runs.exists() and runs.read_text().count("\n") >= 3):
        time.sleep(0.05)
    child.send_signal(signal.SIGINT)
    _, said = child.communicate(timeout=120)
    assert child.returncode == 130, said
    assert len(runs.read_text().splitlines()) == 3
    # The third run may be on the disk, but not yet among those told of, when the signal comes.
    text = (tmp_path / "there" / "report.md").read_text("utf-8")
    assert re.search(r"\*\*Not finished\*\*: [23] of 4", text)
