"""`headway verify` tells good schedules from bad ones."""

import json
from pathlib import Path

import headway as hw

PROBLEM = hw.job_shop([[0, 1], [1, 0]], [[3, 2], [2, 4]], name="shop")


def test_a_valid_schedule_is_status_0(run) -> None:
    PROBLEM.save("shop.json")
    PROBLEM.schedule([0, 3, 0, 3]).save("plan.json")
    done = run("verify", "shop.json", "plan.json")
    assert (done.status, done.out) == (0, "shop: valid, makespan = 7\n")


def test_an_invalid_schedule_is_status_1_and_says_what_is_wrong(run) -> None:
    PROBLEM.save("shop.json")
    PROBLEM.schedule([0, 2, 0, 3]).save("plan.json")
    done = run("verify", "shop.json", "plan.json")
    assert done.status == 1
    assert "job 0/1" in done.out
    document = json.loads(run("verify", "shop.json", "plan.json", "--json").out)
    assert document["valid"] is False
    assert document["violations"][0]["amount"] == 1


def test_a_schedule_of_another_problem_is_refused(run) -> None:
    PROBLEM.save("shop.json")
    PROBLEM.schedule([0, 3, 0, 3]).save("plan.json")
    done = run("verify", "ft06", "plan.json")
    assert done.status == 2
    assert "plan.json" in done.err


def test_a_file_that_is_no_schedule_is_refused_by_name(run) -> None:
    Path("plan.json").write_text("{")
    done = run("verify", "ft06", "plan.json")
    assert done.status == 2
    assert "plan.json:1" in done.err


def test_a_table_of_a_planner_is_verified_shown_and_started_from(run) -> None:
    plan = str(Path(__file__).parents[2] / "examples" / "planner.xlsx")
    options = ("--method", "rules", "--time-limit", "1", "--quiet")
    assert run("solve", plan, *options, "--out", "plan.json").status == 0
    assert run("solve", plan, *options, "--warm-start", "plan.json", "--out", "p.xlsx").status == 0
    assert "valid, " in run("verify", plan, "p.xlsx").out
    assert run("solve", plan, *options, "--warm-start", "p.xlsx", "--out", "p.csv").status == 0
    shown = run("show", plan, "p.csv")
    assert (shown.status, "makespan" in shown.out) == (0, True)
    rows = Path("p.csv").read_text().splitlines()
    Path("p.csv").write_text("\n".join(rows[:-1]) + "\n")
    done = run("verify", plan, "p.csv")
    assert (done.status, "missing" in done.out) == (1, True)
    Path("p.csv").write_text("\n".join([rows[0], rows[1].replace("oak", "oka")]) + "\n")
    done = run("verify", plan, "p.csv")
    assert done.status == 2
    assert "p.csv:2" in done.err
