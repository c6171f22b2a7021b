"""`headway show` describes problems and draws schedules."""

from pathlib import Path

import headway as hw

PROBLEM = hw.job_shop([[0, 1], [1, 0]], [[3, 2], [2, 4]], name="shop")


def test_a_problem_is_described(run) -> None:
    out = run("show", "ft06").out
    assert "6 jobs, 36 tasks, 6 machines" in out
    assert "job shop" in out


def test_a_schedule_is_summarised(run) -> None:
    PROBLEM.save("shop.json")
    PROBLEM.schedule([0, 3, 0, 3]).save("plan.json")
    out = run("show", "shop.json", "plan.json").out
    assert "makespan" in out
    assert "critical path" in out


def test_a_schedule_is_drawn_in_every_form(run) -> None:
    PROBLEM.save("shop.json")
    PROBLEM.schedule([0, 3, 0, 3]).save("plan.json")
    for name in ("a.png", "a.svg", "a.pdf", "a.html", "a.json"):
        assert run("show", "shop.json", "plan.json", "-o", name).status == 0
        assert Path(name).stat().st_size > 500


def test_a_schedule_that_does_not_hold_is_drawn_with_a_warning(run) -> None:
    PROBLEM.save("shop.json")
    PROBLEM.schedule([0, 2, 0, 3]).save("plan.json")
    done = run("show", "shop.json", "plan.json", "-o", "a.svg")
    assert done.status == 0
    assert "does not hold" in done.err
    assert Path("a.svg").exists()


def test_a_picture_without_a_schedule_is_refused(run) -> None:
    done = run("show", "ft06", "-o", "x.png")
    assert done.status == 2
    assert "schedule" in done.err
