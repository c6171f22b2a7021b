"""Rules of single tasks: presence, modes, windows, durations and breaks, all by hand."""

from __future__ import annotations

import pytest

from headway.model.build import Model
from headway.model.schedule import Schedule
from headway.model.verify import verify
from tests.found import found, report


def one_task(duration=5, *, job=None, breaks=(), horizon=None, **task):
    """One task on one saw."""
    model = Model("one", horizon=horizon)
    saw = model.machine("saw", breaks=breaks)
    owner = None if job is None else model.job("table", **job)
    model.task(owner, "cut", **task).mode({saw: 1}, duration=duration)
    return model.problem()


def test_a_valid_schedule_has_no_violation():
    assert report(one_task(), [3]).ok


def test_a_task_that_is_not_optional_must_be_present():
    assert found(one_task(), [-1], mode=[-1]) == [("missing", (0,), 1)]


def test_an_optional_task_may_be_left_out():
    assert found(one_task(optional=True), [-1], mode=[-1]) == []


def test_a_task_that_is_left_out_has_no_times():
    problem = one_task(optional=True)
    assert found(problem, [0], mode=[-1], end=[-1]) == [("stray", (0,), 1)]
    assert found(problem, [-1], mode=[-1], end=[5]) == [("stray", (0,), 1)]


def two_tasks():
    model = Model("two")
    saw, drill = model.machine("saw"), model.machine("drill")
    model.task(name="cut").mode({saw: 1}, 2).mode({drill: 1}, 3)
    model.task(name="bore").mode({saw: 1}, 2)
    return model.problem()


@pytest.mark.parametrize("mode", [2, 3, 99, -2, -(2**63), 2**63 - 1])
def test_a_mode_that_is_not_the_tasks_own_is_reported_once_and_uses_nothing(mode):
    """Task 0 would collide with task 1 on the saw in mode 0; in no other way."""
    assert found(two_tasks(), [0, 1], mode=[mode, 2], end=[9, 3]) == [("mode", (0,), 1)]
    [violation] = report(two_tasks(), [0, 1], mode=[mode, 2], end=[9, 3])
    assert violation.message == f"'cut' has mode {mode}, expected a mode from 0 to 1"


def test_times_are_still_checked_when_the_mode_is_wrong():
    problem = one_task(job={"deadline": 8})
    assert found(problem, [4], mode=[7], end=[9]) == [("mode", (0,), 1), ("deadline", (0,), 1)]


@pytest.mark.parametrize(
    ("window", "start", "amount"),
    [
        ({"start": (4, None)}, 1, 3),
        ({"start": (None, 4)}, 6, 2),
        ({"end": (9, None)}, 2, 2),
        ({"end": (None, 9)}, 5, 1),
        ({}, -2, 2),
    ],
)
def test_a_window_is_missed_by_so_many_ticks(window, start, amount):
    assert found(one_task(**window), [start]) == [("window", (0,), amount)]


def test_windows_include_their_borders():
    problem = one_task(start=(4, 4), end=(9, 9))
    assert found(problem, [4]) == []


def test_release_deadline_and_horizon_name_what_is_missed():
    problem = one_task(job={"release": 4, "deadline": 8}, horizon=7)
    early = report(problem, [1])
    assert [(v.kind, v.amount, v.where) for v in early] == [("release", 3, "table")]
    assert early[0].message == "'table/cut' starts at 1, before the release of job 'table', 4"
    late = report(problem, [4])
    assert [(v.kind, v.amount) for v in late] == [("horizon", 2), ("deadline", 1)]


@pytest.mark.parametrize(("end", "amount"), [(6, 2), (10, 2), (3, 5), (0, 8)])
def test_the_work_between_start_and_end_is_the_duration(end, amount):
    assert found(one_task(), [3], end=[end]) == [("duration", (0,), amount)]


def test_a_plain_task_may_touch_a_break_but_not_run_into_it():
    problem = one_task(breaks=[(5, 8), (10, 11)])
    assert found(problem, [0]) == []
    assert found(problem, [11]) == []
    assert found(problem, [2]) == [("break", (0,), 2)]
    [violation] = report(problem, [7])
    assert (violation.amount, violation.where) == (2, "saw")
    assert violation.message == (
        "'cut' runs from 7 to 12 into the break [5, 8) of 'saw' and 1 more of its breaks"
    )


def test_a_task_without_length_may_lie_on_the_border_of_a_break_but_not_inside():
    problem = one_task(duration=0, breaks=[(4, 9)])
    assert [found(problem, [t]) for t in (4, 9)] == [[], []]
    assert found(problem, [6]) == [("break", (0,), 2)]
    touching = Model("touching")
    saw, drill = touching.machine("saw", breaks=[(2, 4)]), touching.machine(breaks=[(4, 6)])
    touching.task().mode({saw: 1, drill: 1}, duration=0)
    assert found(touching.problem(), [4]) == []


def test_interruptible_work_pauses_in_breaks():
    problem = one_task(breaks=[(5, 8), (10, 11)], interruptible=True)
    assert found(problem, [3], end=[12]) == []
    assert found(problem, [3], end=[13]) == [("duration", (0,), 1)]
    # Work done at 10, but the task is said to end in the break after it.
    assert found(problem, [2], end=[10]) == []
    assert found(problem, [2], end=[11]) == [("break", (0,), 1)]
    # A start in the break, two ticks before work can begin.
    assert found(problem, [6], end=[14]) == [("break", (0,), 2)]


def test_an_interruptible_task_pauses_when_any_of_its_resources_does():
    model = Model("two")
    saw, crew = model.machine("saw", breaks=[(2, 4)]), model.renewable("crew", capacity=2)
    night = model.renewable("night", capacity=2, breaks=[(4, 5), (6, 7)])
    model.task(name="cut", interruptible=True).mode({saw: 1, crew: 1, night: 2}, duration=4)
    problem = model.problem()
    assert found(problem, [1], end=[9]) == []
    [violation] = report(problem, [4], end=[10])
    assert (violation.kind, violation.amount, violation.where) == ("break", 1, "night")
    assert violation.message == "'cut' starts at 4, in the break [4, 5) of 'night'"


def test_a_task_may_hold_its_machine_through_a_break():
    model = Model("hold")
    saw, drill = model.machine("saw", breaks=[(4, 6)]), model.machine("drill")
    job = model.job("table")
    model.task(job, "cut", blocking=True).mode({saw: 1}, duration=4)
    model.task(job, "bore").mode({drill: 1}, duration=1)
    assert found(model.problem(), [0, 7]) == []


def test_budgets_and_reservoirs_are_not_touched_in_their_breaks():
    model = Model("stock")
    money = model.budget("money", capacity=9, breaks=[(2, 4)])
    tank = model.reservoir("tank", level=5, breaks=[(6, 9)])
    model.task(name="pay").mode({money: 1}, duration=3)
    model.task(name="draw").mode({}, duration=3, consumes={tank: 1})
    model.task(name="fill").mode({}, duration=3, produces={tank: 1})
    problem = model.problem()
    assert found(problem, [4, 9, 6]) == []
    assert found(problem, [2, 7, 3]) == [
        ("break", (0,), 2),
        ("break", (1,), 2),
        ("break", (2,), 3),
    ]


def test_times_beyond_all_bounds_are_reported_and_not_computed_with():
    problem = two_tasks()
    far = [2**63 - 1, -(2**63)]
    assert found(problem, far, mode=[0, 2], end=[0, 2**62]) == [
        ("time", (0,), 2**63 - 1 - 2**61),
        ("time", (1,), 2**63 - 2**61),
    ]
    assert found(problem, [0, 0], mode=[0, 2], end=[2, -(2**62)]) == [("time", (1,), 2**61)]


def test_times_of_any_allowed_size_are_computed_exactly():
    """The end of a task that starts at 2**60 is not confused with "no limit"."""
    assert found(one_task(), [2**60]) == []
    assert found(one_task(start=(None, 7)), [2**60]) == [("window", (0,), 2**60 - 7)]


def test_a_schedule_of_another_problem_of_the_same_size_is_checked_against_the_given_one():
    short, long = one_task(duration=1), one_task(duration=9)
    schedule = short.schedule([0])
    assert verify(short, schedule).ok
    assert [v.amount for v in verify(long, schedule)] == [8]
    with pytest.raises(ValueError, match="expected 2 values"):
        verify(two_tasks(), schedule)


def test_a_problem_without_tasks_has_a_valid_empty_schedule():
    problem = Model("empty").problem()
    assert verify(problem, Schedule(problem, [], [], [])).ok  # type: ignore[arg-type]
