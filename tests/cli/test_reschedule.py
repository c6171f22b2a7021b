"""`headway reschedule` meets a plan with events."""

from __future__ import annotations

import json
from pathlib import Path

import headway as hw
from headway.simulate.events import MachineDown, events_to_json

PROBLEM = hw.job_shop([[0, 1], [1, 0], [0, 1]], [[3, 2], [2, 4], [5, 3]], name="shop")


def prepare() -> None:
    PROBLEM.save("shop.json")
    PROBLEM.schedule([0, 3, 0, 3, 7, 12]).save("plan.json")


def test_a_sentence_leads_to_a_new_plan_that_holds(run) -> None:
    prepare()
    done = run(
        *("reschedule", "shop.json", "plan.json", "machine 0 is down for 4", "--now", 2),
        *("--out", "new.json", "--problem-out", "new-shop.json", "--gantt", "both.png"),
        *("-t", "0.3", "-w", "1"),
    )
    assert done.status == 0, done.err
    assert "planned makespan = 15" in done.out
    assert run("verify", "new-shop.json", "new.json").status == 0
    assert Path("both.png").stat().st_size > 1000
    problem = hw.read("new-shop.json")
    assert hw.read_schedule(problem, "new.json").end[0] == 7  # begun at 0, paused from 2 to 6


def test_events_come_from_files_in_json_and_yaml_too(run) -> None:
    prepare()
    event = MachineDown(time=2, machine="machine 0", start=2, end=6)
    Path("events.json").write_text(events_to_json([event]))
    Path("events.yaml").write_text(
        "- {kind: machine-down, time: 2, machine: machine 0, from: 2, to: 6}\n"
    )
    answers = [
        json.loads(run("reschedule", "shop.json", "plan.json", name, "-p", "fast", "--json").out)
        for name in ("events.json", "events.yaml")
    ]
    for answer in answers:
        del answer["seconds"]
    assert answers[0] == answers[1]
    assert answers[0]["now"] == 2
    assert answers[0]["nervousness"]["tasks"] == 4


def test_what_does_not_fit_is_one_line_and_status_2(run) -> None:
    prepare()
    for events, words in (
        ("job 0/0 takes 9", "finished at 3"),
        ("the cat sat", "not understood"),
        ("machine 7 works again", "machine 7"),
        ("none.json", "none.json"),
    ):
        done = run("reschedule", "shop.json", "plan.json", events, "--now", 5)
        assert done.status == 2, done.out
        assert words in done.err
        assert done.err.count("\n") == 1
    Path("bad.yaml").write_text("- {kind: machine-dwn, time: 2}\n")
    done = run("reschedule", "shop.json", "plan.json", "bad.yaml")
    assert done.status == 2
    assert "bad.yaml: event 1: unknown kind 'machine-dwn'; did you mean machine-down" in done.err


def test_options_that_do_not_go_together_are_refused(run) -> None:
    prepare()
    assert "--model" in run("reschedule", "shop.json", "plan.json", "x", "--chat", "http://x").err
    assert "--now" in run("reschedule", "shop.json", "plan.json", "machine 0 works again").err
    PROBLEM.schedule([0, 2, 0, 3, 7, 12]).save("plan.json")
    assert "not a valid" in run("reschedule", "shop.json", "plan.json", "x", "--now", 1).err
