"""`headway solve` solves, draws, writes, and speaks to people and machines."""

import json
import signal
import subprocess
import sys
import time
from pathlib import Path

import pytest

import headway as hw


def test_it_solves_an_instance_by_name(run) -> None:
    done = run("solve", "ft06", "--workers", 1, "--time-limit", 30)
    assert done.status == 0
    assert "optimal, makespan = 55" in done.out
    assert "verified" in done.out
    assert "objective" in done.err, "progress goes to standard error"


def test_json_ends_with_one_object_on_one_line(run) -> None:
    done = run("solve", "ft06", "--json", "-w", 1, "-t", 30)
    lines = done.out.splitlines()
    last = json.loads(lines[-1])
    assert {
        "instance",
        "status",
        "objective",
        "bound",
        "gap",
        "time_s",
        "method",
        "verified",
    } <= set(last)
    assert (last["status"], last["objective"], last["bound"]) == ("optimal", 55, 55)
    assert last["verified"] is True
    assert all(json.loads(line)["event"] == "improvement" for line in lines[:-1])


def test_it_writes_everything_it_is_asked_for(run) -> None:
    done = run(
        "solve",
        "ft06",
        "-w",
        1,
        "-q",
        "-o",
        "plan.json",
        "--gantt",
        "plan.png",
        "--report",
        "plan.html",
        "--perfetto",
        "trace.json",
        "--progress",
        "progress.svg",
    )
    assert done.status == 0, done.err
    assert Path("plan.png").read_bytes().startswith(b"\x89PNG")
    assert "<html" in Path("plan.html").read_text()
    assert json.loads(Path("trace.json").read_text())["traceEvents"]
    assert "<svg" in Path("progress.svg").read_text()
    plan = hw.Schedule.from_json(hw.instance("ft06"), Path("plan.json").read_text())
    assert hw.verify(plan.problem, plan).ok


def test_the_schedule_can_be_a_spreadsheet(run) -> None:
    assert run("solve", "ft06", "-w", 1, "-q", "-o", "plan.csv").status == 0
    assert len(Path("plan.csv").read_text().splitlines()) == 37


def test_it_starts_from_a_given_schedule(run) -> None:
    assert run("solve", "ft06", "-w", 1, "-q", "-o", "plan.json").status == 0
    done = run("solve", "ft06", "-m", "rules", "-q", "--warm-start", "plan.json")
    assert "makespan = 55" in done.out


def test_infeasible_is_status_1_and_says_why(run) -> None:
    model = hw.Model("late")
    saw = model.machine("saw")
    model.task(model.job("chair", deadline=3), "cut").mode({saw: 1}, duration=4)
    model.problem().save("late.json")
    done = run("solve", "late.json", "-q", "-w", 1)
    assert done.status == 1
    assert "chair" in done.out
    machine = run("solve", "late.json", "-q", "-w", 1, "--json")
    last = json.loads(machine.out.splitlines()[-1])
    assert last["status"] == "infeasible"
    assert last["conflict"]


def test_another_objective_can_be_asked_for(run) -> None:
    done = run("solve", "ft06", "-w", 1, "-q", "-t", 5, "--objective", "makespan, then completion")
    assert done.status == 0
    assert "makespan, then completion = 55 / " in done.out


def test_the_input_is_never_overwritten(run) -> None:
    hw.instance("ft06").save("shop.json")
    before = Path("shop.json").read_bytes()
    for option in ("--out", "--report", "--perfetto"):
        done = run("solve", "shop.json", "-q", option, "./shop.json")
        assert done.status == 2
        assert "input" in done.err
    assert Path("shop.json").read_bytes() == before


def test_methods_can_be_listed(run) -> None:
    assert run("solve", "--list-methods").out.split() == list(hw.solvers())


@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM])
def test_being_interrupted_keeps_the_best_so_far(number: signal.Signals, tmp_path: Path) -> None:
    name = "ta42"
    code = "from headway.cli import main; main()"
    process = subprocess.Popen(
        [sys.executable, "-c", code, "solve", name, "-w", "1", "-t", "60", "-o", "plan.json"],
        cwd=tmp_path,
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
    )
    assert process.stderr is not None
    assert "objective" in process.stderr.readline()
    time.sleep(1.0)
    process.send_signal(number)
    out, err = process.communicate(timeout=30)
    assert process.returncode == 0, err
    assert "feasible" in out
    problem = hw.instance(name)
    plan = hw.Schedule.from_json(problem, (tmp_path / "plan.json").read_text())
    assert hw.verify(problem, plan).ok


@pytest.mark.skipif(not Path("/dev/full").exists(), reason="a device of Linux")
def test_a_report_that_cannot_be_written_does_not_take_the_answer_with_it(run) -> None:
    done = run("solve", "ft06", "-m", "rules", "-q", "--json", "--report", "/dev/full")
    assert done.status == 2
    assert "/dev/full" in done.err
    assert json.loads(done.out.splitlines()[-1])["verified"] is True
