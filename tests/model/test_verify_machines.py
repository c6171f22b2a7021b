"""Rules of machines, by hand: overlaps, blocking, setups, prescribed orders."""

from __future__ import annotations

from headway.model.build import Model
from headway.model.families import single_machine
from tests.found import found, report


def shop(*durations):
    return single_machine(list(durations))


def test_tasks_on_one_machine_may_touch_but_not_overlap():
    problem = shop(5, 3)
    assert found(problem, [0, 5]) == []
    assert found(problem, [3, 0]) == []
    assert found(problem, [0, 4]) == [("overlap", (0, 1), 1)]
    assert found(problem, [2, 0]) == [("overlap", (1, 0), 1)]


def test_a_long_task_overlaps_every_later_one_that_starts_before_it_ends():
    """Tasks 1 and 2 lie inside task 0 and do not overlap each other; task 3 is clear."""
    assert found(shop(10, 2, 3, 1), [0, 1, 4, 10]) == [
        ("overlap", (0, 1), 9),
        ("overlap", (0, 2), 6),
    ]


def test_the_task_that_frees_the_machine_last_is_named():
    assert found(shop(4, 9, 1), [0, 1, 3]) == [("overlap", (0, 1), 3), ("overlap", (1, 2), 7)]


def test_a_task_without_length_may_lie_between_tasks_but_not_inside_one():
    problem = shop(5, 0)
    assert [found(problem, [0, t]) for t in (0, 5, 9)] == [[], [], []]
    assert found(problem, [0, 3]) == [("overlap", (0, 1), 2)]


def test_a_task_that_ends_before_it_starts_is_over_at_once():
    """Task 1 claims [6, 2); it blocks nobody, and only its duration is wrong."""
    assert found(shop(5, 3, 4), [0, 6, 6], end=[5, 2, 10]) == [("duration", (1,), 7)]


def test_machines_do_not_see_each_others_tasks():
    model = Model("apart")
    saw, drill = model.machine("saw"), model.machine("drill")
    model.task().mode({saw: 1}, 9)
    model.task().mode({drill: 1}, 9)
    assert found(model.problem(), [0, 0]) == []


def blocked():
    """Two jobs over saw and drill without a buffer between them."""
    model = Model("blocking")
    saw, drill = model.machine("saw"), model.machine("drill")
    for name in ("a", "b"):
        job = model.job(name)
        cut = model.task(job, "cut", blocking=True).mode({saw: 1}, 2)
        bore = model.task(job, "bore").mode({drill: 1}, 5)
        model.end_before_start(cut, bore)
    return model.problem()


def test_a_blocked_machine_is_not_free_until_the_next_operation_starts():
    """a: cut [0, 2), bore [2, 7); b: cut [2, 4) waits until 7, so nobody may cut before 7."""
    problem = blocked()
    assert found(problem, [0, 2, 2, 7]) == []
    third = report(problem, [3, 7, 0, 2])
    assert third.ok
    clash = report(problem, [0, 4, 2, 9])
    assert [(v.kind, v.tasks, v.amount) for v in clash] == [("overlap", (0, 2), 2)]
    assert clash[0].message == "'b/cut' starts on 'saw' at 2, but 'a/cut' blocks it until 4"


def test_blocking_tasks_may_swap_their_machines_at_one_instant():
    model = Model("swap")
    saw, drill = model.machine("saw"), model.machine("drill")
    for order in ((saw, drill), (drill, saw)):
        job = model.job()
        first = model.task(job, blocking=True).mode({order[0]: 1}, 3)
        second = model.task(job).mode({order[1]: 1}, 2)
        model.end_before_start(first, second)
    assert found(model.problem(), [0, 3, 0, 3]) == []


def test_blocking_ends_with_the_task_if_the_next_one_is_left_out():
    model = Model("left out")
    saw = model.machine("saw")
    job = model.job()
    first = model.task(job).mode({saw: 1}, 3)
    ghost = model.task(job, optional=True).mode({}, 1)
    model.task(job).mode({saw: 1}, 2)
    model.blocking(first, ghost)
    problem = model.problem()
    assert found(problem, [0, -1, 3], mode=[0, -1, 2]) == []
    assert found(problem, [0, 8, 3], mode=[0, 1, 2]) == [("overlap", (0, 2), 5)]


SETUPS = [[0, 4], [2, 0], [1, 3]]
"""Family 0 to 1 takes 4, 1 to 0 takes 2; first family 0 takes 1, first family 1 takes 3."""


def test_the_setup_between_neighbours_and_before_the_first_must_fit():
    problem = single_machine([5, 5], setups=SETUPS)
    assert found(problem, [1, 10]) == []
    assert found(problem, [10, 3]) == []
    assert found(problem, [0, 10]) == [("setup", (0,), 1)]
    report_ = report(problem, [1, 8])
    assert [(v.kind, v.tasks, v.amount) for v in report_] == [("setup", (0, 1), 2)]
    assert "2 ticks after" in report_[0].message
    assert "the setup takes 4" in report_[0].message


def test_tasks_that_overlap_are_not_reported_for_their_setup_too():
    assert found(single_machine([5, 5], setups=SETUPS), [1, 4]) == [("overlap", (0, 1), 2)]


def test_setups_bind_neighbours_only():
    """From a to c takes 9, but by way of b only 1 + 1: shorter, and allowed."""
    setups = [[0, 1, 9], [0, 0, 1], [0, 0, 0], [0, 0, 0]]
    assert found(single_machine([1, 1, 1], setups=setups), [0, 2, 4]) == []


def test_tasks_without_a_family_need_no_setup():
    model = Model("paint")
    gun = model.machine("gun")
    model.task(family="red").mode({gun: 1}, 1)
    model.task().mode({gun: 1}, 1)
    model.task(family="blue").mode({gun: 1}, 1)
    model.setup_times(gun, {("red", "blue"): 7, (None, "blue"): 7})
    problem = model.problem()
    assert problem.tasks.family[1] not in (problem.tasks.family[0], problem.tasks.family[2])
    assert found(problem, [0, 1, 2]) == []
    assert found(problem, [0, 9, 1]) == [("setup", (0, 2), 7)]


def test_a_setup_follows_the_time_at_which_the_machine_is_free_again():
    model = Model("hold")
    saw = model.machine("saw")
    model.setup_times(saw, {("a", "b"): 3})
    first = model.task(family="a").mode({saw: 1}, 2)
    second = model.task(family="b").mode({saw: 1}, 2)
    other = model.task().mode({}, 1)
    model.blocking(first, other)
    problem = model.problem()
    assert found(problem, [0, 8, 5]) == []
    assert found(problem, [0, 7, 5]) == [("setup", (first.index, second.index), 1)]


def three_on_saw():
    model = Model("row")
    saw, drill = model.machine("saw"), model.machine("drill")
    tasks = [model.task(name=name).mode({saw: 1}, 1).mode({drill: 1}, 1) for name in "abc"]
    model.consecutive(tasks[0], tasks[1])
    return model.problem()


def test_the_second_of_two_consecutive_tasks_follows_directly():
    problem = three_on_saw()
    assert found(problem, [0, 5, 9]) == []
    assert found(problem, [0, 2, 1]) == [("consecutive", (0, 1), 1)]
    assert found(problem, [1, 0, 2]) == [("consecutive", (0, 1), 2)]
    [violation] = report(problem, [0, 2, 1])
    assert violation.message == ("'b' does not directly follow 'a' on 'saw': 'c' comes between")


def test_consecutive_tasks_on_different_machines_are_free():
    assert found(three_on_saw(), [5, 0, 6], mode=[0, 3, 4]) == []


def flow(starts_first, starts_second):
    """Three jobs over two machines that must keep the same order."""
    model = Model("flow")
    one, two = model.machine("one"), model.machine("two")
    for _ in range(3):
        job = model.job()
        model.task(job).mode({one: 1}, 1)
        model.task(job).mode({two: 1}, 1)
    model.same_sequence(one, two)
    start = [t for pair in zip(starts_first, starts_second, strict=True) for t in pair]
    return found(model.problem(), start)


def test_two_machines_keep_the_same_sequence():
    assert flow([0, 1, 2], [5, 6, 7]) == []
    assert flow([2, 1, 0], [7, 6, 5]) == []


def test_a_task_that_jumps_ahead_on_the_second_machine_is_named_with_its_neighbours():
    """Order 0 1 2 on the first machine, 2 0 1 on the second: 2 jumps ahead of 1 by two places."""
    assert flow([0, 1, 2], [6, 7, 5]) == [("sequence", (2, 4, 3, 5), 2)]
