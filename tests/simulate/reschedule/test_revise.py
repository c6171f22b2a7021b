"""Events applied to a plan: what they do, and what is refused."""

from __future__ import annotations

import pytest

import headway as hw
from headway.errors import EventError, ProblemError, UnknownNameError
from headway.model.tables import ABSENT, FOREVER
from headway.simulate.events import (
    DueDateChange,
    DurationChange,
    Event,
    JobArrival,
    JobCancel,
    MachineChange,
    MachineDown,
    MachineUp,
    Work,
    WorkMode,
)
from headway.simulate.reschedule import Revision, revise
from tests.simulate.reschedule.shops import bakery, plan


def met(now: int, *events: Event) -> Revision:
    return revise(plan(bakery()), events, now)


def task(revision: Revision, label: str) -> int:
    labels = [revision.problem.task_label(k) for k in range(revision.problem.n_tasks)]
    return labels.index(label)


def test_without_events_the_plan_stays_and_history_is_what_has_started() -> None:
    same = met(9)
    assert same.problem == bakery()
    assert same.started.tolist() == [True, True, True, True, True, False]
    assert same.finished.tolist() == [True, False, True, False, False, False]


def test_a_task_that_starts_now_has_not_started() -> None:
    assert not met(8).started[3]


def test_a_task_in_progress_ends_when_its_new_duration_is_over() -> None:
    longer = met(6, DurationChange(time=6, task="rye/bake", duration=15))
    assert longer.end[1] == 19
    modes = longer.problem.modes
    assert modes.duration[1:3].tolist() == [15, 12]  # the other oven is as fast as ever


def test_all_modes_of_a_task_to_come_change_or_those_of_one_machine() -> None:
    both = met(6, DurationChange(time=6, task="cake/bake", duration=7))
    assert both.problem.modes.duration[-2:].tolist() == [7, 7]
    one = met(6, DurationChange(time=6, task=5, duration=7, machine="right"))
    assert one.problem.modes.duration[-2:].tolist() == [10, 7]


def test_other_modes_forget_the_planned_one_unless_it_is_among_them() -> None:
    right = WorkMode(8, {"right": 1})
    gone = met(6, MachineChange(time=6, task="cake/bake", modes=(right,)))
    assert gone.mode[5] == ABSENT
    assert gone.unplanned.tolist() == [False] * 5 + [True]
    kept = met(6, MachineChange(time=6, task="cake/bake", modes=(right, WorkMode(9, {"left": 1}))))
    assert kept.mode[5] == 8
    assert kept.problem.modes.duration[7:].tolist() == [8, 9]


def test_a_task_in_progress_on_a_failing_machine_pauses_and_goes_on() -> None:
    resumed = met(6, MachineDown(time=6, machine="left", start=6, end=9))
    assert (resumed.start[1], resumed.end[1]) == (4, 17)
    assert resumed.problem.tasks.interruptible.tolist() == [False, True, *[False] * 4]


def test_a_task_that_restarts_leaves_its_lost_work_in_history() -> None:
    restarted = met(6, MachineDown(time=6, machine="left", start=6, end=9, running="restart"))
    lost = task(restarted, "rye/bake (lost)")
    assert (restarted.start[lost], restarted.end[lost]) == (4, 6)
    assert not restarted.started[1]
    assert restarted.problem.tasks.mode_ptr.tolist()[1:3] == [1, 2]  # the same oven only
    assert restarted.origin.tolist() == [0, 1, 2, 3, 4, 5, ABSENT]


def test_a_task_that_moves_may_take_any_of_its_modes() -> None:
    moved = met(6, MachineDown(time=6, machine="left", start=6, end=9, running="move"))
    assert moved.problem.tasks.mode_ptr.tolist()[1:3] == [1, 3]
    assert not moved.started[1]


def test_a_machine_that_works_again_ends_its_break_and_what_paused_ends_sooner() -> None:
    down = met(6, MachineDown(time=6, machine="left", start=6, end=20))
    schedule = hw.Schedule(down.problem, down.start, down.end, down.mode)
    up = revise(schedule, [MachineUp(time=10, machine="left")], 10)
    assert (down.end[1], up.end[1]) == (28, 18)


def test_a_new_job_has_tasks_without_a_plan_one_after_another() -> None:
    oven = (WorkMode(3, {"left": 1}),)
    new = met(6, JobArrival(time=6, job="pie", tasks=(Work(oven), Work(oven, "glaze")), due=40))
    assert new.problem.task_label(6) == "pie/0"
    assert new.unplanned.tolist() == [False] * 6 + [True, True]
    assert new.problem.jobs.release[3] == 6
    assert (new.problem.relations.before[-1], new.problem.relations.after[-1]) == (6, 7)


def test_a_cancelled_job_leaves_its_history_and_frees_its_machine_now() -> None:
    without = met(6, JobCancel(time=6, job="rye"))
    assert without.problem.jobs.name == ("rolls", "cake")
    stub = task(without, "rye/bake (given up)")
    assert (without.start[stub], without.end[stub]) == (4, 6)
    done = task(without, "rye/mix")
    assert without.problem.tasks.job[done] == ABSENT
    assert without.finished[done]
    assert without.problem.n_tasks == 6


def test_positions_are_those_of_the_plan_whatever_has_happened_since() -> None:
    both = met(6, JobCancel(time=5, job="rye"), DurationChange(time=6, task=5, duration=77))
    cake = task(both, "cake/bake")
    assert both.problem.modes.duration[both.problem.modes.task == cake].tolist() == [77, 77]


def test_a_due_date_changes_or_goes() -> None:
    later = met(6, DueDateChange(time=6, job="cake", due=50))
    assert later.problem.jobs.due.tolist() == [30, 30, 50]
    assert met(6, DueDateChange(time=6, job="cake", due=None)).problem.jobs.due[2] == FOREVER


REFUSED: list[tuple[int, Event, str]] = [
    (6, JobCancel(time=7, job="rye"), "is known at 7 only; it is 6 now"),
    (6, DurationChange(time=6, task="rye/mix", duration=3), "'rye/mix' finished at 4"),
    (9, DurationChange(time=9, task="rye/bake", duration=2), "would have ended at 6; it is 9 now"),
    (6, DurationChange(time=6, task="rye/bake", duration=9, machine="right"), "does not use 'righ"),
    (6, MachineChange(time=6, task="rye/bake", modes=(WorkMode(3),)), "in progress since 4"),
    (6, MachineDown(time=6, machine="left", start=9, end=9), "cannot be down from 9 to 9"),
    (6, MachineDown(time=6, machine="mixer", start=1, end=9), "it worked on 'rye/mix' from 0 to 4"),
    (6, MachineDown(time=6, machine="left", start=3, end=9), "it worked on 'rye/bake' from 4 to 6"),
    (6, MachineUp(time=6, machine="left"), "'left' is not in a break at 6"),
    (6, JobArrival(time=6, job="rye", tasks=(Work((WorkMode(1),)),)), "job called 'rye' already"),
    (
        6,
        JobArrival(time=6, job="pie", tasks=(Work((WorkMode(1),)),), release=5),
        "cannot be released at 5; it is 6 now",
    ),
    (
        6,
        JobArrival(time=6, job="pie", tasks=(Work((WorkMode(1),), after=(0,)),)),
        "task 0 of job 'pie' waits for task 0",
    ),
    (20, JobCancel(time=20, job="rye"), "job 'rye' finished at 14"),
    (20, DueDateChange(time=20, job="rye", due=3), "job 'rye' finished at 14"),
]


@pytest.mark.parametrize(("now", "event", "words"), REFUSED)
def test_what_does_not_fit_is_refused_with_the_reason(now: int, event: Event, words: str) -> None:
    with pytest.raises(EventError, match=words.replace("(", r"\(")):
        met(now, event)


@pytest.mark.parametrize(
    ("event", "near"),
    [
        (JobCancel(time=6, job="ray"), "did you mean rye"),
        (MachineUp(time=6, machine="lift"), "did you mean left"),
        (DurationChange(time=6, task="rye/bak", duration=3), "did you mean rye/bake"),
        (DurationChange(time=6, task=17, duration=3), "unknown task '17'"),
        (MachineChange(time=6, task=5, modes=(WorkMode(3, {"lefd": 1}),)), "did you mean left"),
    ],
)
def test_unknown_names_come_with_a_suggestion(event: Event, near: str) -> None:
    with pytest.raises(UnknownNameError, match=near):
        met(6, event)


def test_a_budget_cannot_fail_and_twins_need_a_position() -> None:
    m = hw.Model("twins")
    money = m.budget("money", capacity=3)
    for _ in range(2):
        m.task(name="same").mode({money: 1}, duration=5)
    schedule = m.problem().schedule([0, 0])
    with pytest.raises(EventError, match="no machine"):
        revise(schedule, [MachineDown(time=1, machine="money", start=2, end=3)])
    with pytest.raises(EventError, match="several tasks are called 'same'"):
        revise(schedule, [DurationChange(time=1, task="same", duration=7)])
    assert revise(schedule, [DurationChange(time=1, task=1, duration=7)]).end.tolist() == [5, 7]


def test_a_new_task_that_asks_for_nonsense_is_refused_by_the_problem() -> None:
    two = (Work((WorkMode(3, {"left": 2}),)),)
    with pytest.raises(ProblemError):
        met(6, JobArrival(time=6, job="pie", tasks=two))
