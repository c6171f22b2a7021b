"""The root command greets, helps, and refuses in one line."""

import subprocess
import sys

import pytest

from headway.cli.main import COMMANDS


def test_without_arguments_it_shows_what_it_can_do(run) -> None:
    done = run()
    assert done.status == 0
    assert all(name in done.out for name in COMMANDS)
    assert "\n  headway solve ft10  " in done.out, "examples keep their lines"
    assert "\\b" not in done.out


@pytest.mark.parametrize("name", COMMANDS)
def test_every_command_has_an_example_in_its_help(run, name: str) -> None:
    done = run(name, "--help")
    assert done.status == 0
    assert "Example:" in done.out
    assert f"headway {name}" in done.out


def test_an_unknown_command_is_refused(run) -> None:
    done = run("solv")
    assert done.status == 2
    assert "solv" in done.err


@pytest.mark.parametrize(
    ("args", "words"),
    [
        (["solve", "nosuch.txt"], ["nosuch.txt", "no such file"]),
        (["solve", "ft11"], ["ft11", "did you mean"]),
        (["solve", "ft06", "--method", "cpsatt"], ["cpsatt", "did you mean cpsat"]),
        (["solve", "ft06", "--time-limit", "-3"], ["time_limit", "-3"]),
        (["solve", "ft06", "--objective", "speed"], ["speed", "makespan"]),
        (["solve", "ft06", "--objective", "tardiness"], ["tardiness", "due date"]),
        (["solve", "ft06", "--out", "no/where/x.json"], ["no/where", "does not exist"]),
        (["solve", "ft06", "--out", "."], [".", "folder"]),
        (["solve", "ft06", "--report", "."], [".", "folder"]),
        (["solve", "ft06", "--out", "x.png"], ["x.png", ".xlsx", "--gantt"]),
        (["solve", "ft06", "--seed", "-5"], ["seed", "-5"]),
        (["solve", "ft06", "--workers", "0"], ["workers", "0"]),
        (["verify", "ft06", "x.json", "--limit", "-1"], ["--limit", "-1"]),
        (["solve", "ft06", "--gantt", "x.bmp"], [".bmp", ".png"]),
        (["verify", "ft06", "nosuch.json"], ["nosuch.json"]),
        (["convert", "ft06", "--out", "x.unknown"], [".unknown", ".json"]),
        (["convert", "ft06", "--out", "x.json", "--to", "nope"], ["nope"]),
        (["sovle", "ft06"], ["sovle", "did you mean solve"]),
        (["generate", "nosuchshop"], ["nosuchshop"]),
        (["instances", "info", "ft11"], ["ft11"]),
    ],
)
def test_bad_input_is_one_line_and_status_2(run, args: list[str], words: list[str]) -> None:
    done = run(*args)
    assert done.status == 2, done
    assert done.err.count("\n") == 1, done.err
    assert all(word in done.err for word in words), done.err


def test_a_reader_that_leaves_early_causes_no_complaint() -> None:
    code = "from headway.cli import main; main(['instances', 'list', '--json'])"
    process = subprocess.Popen(
        [sys.executable, "-c", code], stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True
    )
    assert process.stdout is not None
    assert process.stderr is not None
    process.stdout.readline()
    process.stdout.close()
    complaint = process.stderr.read()
    process.stderr.close()
    process.wait(30)
    assert not complaint
