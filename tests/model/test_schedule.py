"""A schedule fills in what follows from its starts, and judges itself."""

import numpy as np
import pytest

import headway as hw
from headway.model import ABSENT

SHOP = hw.job_shop([[0, 1], [1, 0]], [[3, 2], [2, 4]])


def test_ends_follow_from_starts() -> None:
    schedule = hw.Schedule.of(SHOP, [0, 3, 0, 3])
    assert schedule.end.tolist() == [3, 5, 2, 7]
    assert schedule.makespan == schedule.objective == 7


def test_ends_wait_for_the_break_to_pass() -> None:
    """Work of 5 from 1 meets the break [3, 7): it pauses there and ends at 10."""
    model = hw.Model()
    saw = model.machine("saw", breaks=[(3, 7)])
    model.task(interruptible=True).mode({saw: 1}, duration=5)
    assert model.problem().schedule([1]).end.tolist() == [10]


def test_a_task_left_out_has_neither_start_nor_end() -> None:
    model = hw.Model()
    model.task(optional=True).mode(duration=2)
    model.task().mode(duration=3)
    schedule = model.problem().schedule([5, 0], mode=[ABSENT, 1])
    assert schedule.start.tolist() == [ABSENT, 0]
    assert schedule.end.tolist() == [ABSENT, 3]
    assert schedule.present.tolist() == [False, True]
    assert schedule.makespan == 3


def test_a_choice_counts_among_the_modes_of_its_task() -> None:
    problem = hw.flexible_job_shop([[[(0, 1), (1, 2)], [(0, 1), (1, 4)]]])
    assert problem.schedule([0, 2], mode=[1, 2]).choice.tolist() == [1, 0]


def test_ranked_objectives_give_a_tuple() -> None:
    problem = hw.job_shop([[0]], [[3]], objective=hw.makespan().then(hw.total_completion()))
    assert problem.schedule([2]).objective == (5, 5)


def test_a_schedule_cannot_be_changed() -> None:
    with pytest.raises(ValueError, match="read-only"):
        SHOP.schedule([0, 3, 0, 3]).start[0] = 1


@pytest.mark.parametrize("start", [[0, 1], [0, 1, 2, 3, 4]])
def test_a_wrong_number_of_starts_is_refused(start: list[int]) -> None:
    with pytest.raises(ValueError, match="4"):
        SHOP.schedule(start)


def test_modes_out_of_range_are_refused() -> None:
    with pytest.raises(ValueError, match="0 to 3"):
        SHOP.schedule([0, 0, 0, 0], mode=[0, 1, 2, 9])


def test_equal_schedules_are_equal() -> None:
    assert SHOP.schedule([0, 3, 0, 3]) == SHOP.schedule(np.array([0, 3, 0, 3]))
    assert SHOP.schedule([0, 3, 0, 3]) != SHOP.schedule([0, 3, 0, 4])


def test_it_introduces_itself() -> None:
    assert repr(SHOP.schedule([0, 3, 0, 3])) == "<Schedule of job shop: 4 tasks, makespan = 7>"


def test_arrays_that_do_not_fit_are_refused_as_bad_input() -> None:
    problem = hw.job_shop([[0, 1], [1, 0]], [[3, 2], [2, 4]])
    with pytest.raises(hw.ProblemError, match="4 starts"):
        problem.schedule([0])
    with pytest.raises(hw.ProblemError, match="0 to 3"):
        problem.schedule([0] * 4, mode=[0, 1, 2, 4])
