"""What is left of a plan: whatever continues history is a schedule of it, and the other way."""

from __future__ import annotations

import numpy as np
import pytest

import headway as hw
from headway.errors import InfeasibleError
from headway.model.tables import ABSENT, ResourceKind
from headway.simulate.events import DurationChange, MachineDown
from headway.simulate.reschedule import residual
from headway.solve import Budget, cpsat
from tests.problems import random_problem
from tests.simulate.reschedule.shops import bakery, plan


@pytest.mark.parametrize("seed", range(25))
def test_the_rest_of_any_problem_allows_what_history_allows(seed: int) -> None:
    """Without events, the rest of an optimal schedule is valid, and no better one exists."""
    problem = random_problem(seed)
    best = cpsat.solve(problem, Budget(time_limit_s=60, workers=1)).schedule
    if best is None:
        return
    for now in (1, 3, 5):
        rest = residual(best, (), now)
        low = rest.lower(best)
        assert hw.verify(rest.problem, low).ok
        assert rest.lift(low) == best
        if not rest.problem.n_tasks:
            continue
        again = cpsat.solve(rest.problem, Budget(time_limit_s=60, workers=1)).schedule
        assert again is not None
        lifted = rest.lift(again)
        assert hw.verify(problem, lifted).ok
        assert lifted.objective_values == best.objective_values
        started = best.present & (best.start < now)
        assert np.array_equal(lifted.start[started], best.start[started])
        assert (lifted.start[~started & lifted.present] >= now).all()


def test_in_a_shop_nothing_that_has_started_is_left() -> None:
    rest = residual(plan(bakery()), (), 9)
    assert [rest.problem.task_label(k) for k in range(rest.problem.n_tasks)] == ["cake/bake"]
    assert rest.problem.tasks.earliest_start.tolist() == [12]  # cake is being mixed until then
    left, right = (rest.problem.resources.name.index(name) for name in ("left", "right"))
    ptr, table = rest.problem.resources.break_ptr, rest.problem.resources
    assert table.break_start[ptr[left] : ptr[left + 1]].tolist() == [0]
    assert table.break_end[ptr[left] : ptr[left + 1]].tolist() == [14]
    assert table.break_end[ptr[right] : ptr[right + 1]].tolist() == [20]


def test_a_machine_in_use_is_an_earliest_start_where_there_is_no_choice() -> None:
    shop = hw.job_shop([[0, 1], [1, 0]], [[5, 2], [4, 3]])
    rest = residual(shop.schedule([0, 5, 0, 5]), (), 2)
    assert rest.problem.tasks.earliest_start.tolist() == [5, 5]
    assert not len(rest.problem.resources.break_start)


def test_planned_breaks_to_come_stay_breaks() -> None:
    down = MachineDown(time=6, machine="right", start=30, end=35)
    rest = residual(plan(bakery()), [down], 6)
    assert (30, 35) in zip(
        rest.problem.resources.break_start.tolist(),
        rest.problem.resources.break_end.tolist(),
        strict=True,
    )


def test_units_in_use_are_missing_until_they_are_given_back() -> None:
    m = hw.Model("crew")
    crew = m.renewable("crew", capacity=3, steps=[(8, 4)])
    for duration in (5, 9, 2):
        m.task().mode({crew: 1}, duration=duration)
    rest = residual(m.problem().schedule([0, 0, 9]), (), 1)
    table = rest.problem.resources
    assert table.kind.tolist() == [ResourceKind.RENEWABLE]
    time, level = hw.Schedule(rest.problem, *(np.array([ABSENT]) for _ in range(3))).profile(0)
    assert time.tolist() == [0]
    assert level.tolist() == [0]
    steps = dict(zip(table.step_time.tolist(), table.step_capacity.tolist(), strict=True))
    assert steps == {1: 1, 5: 2, 8: 3, 9: 4}


def test_no_time_left_is_said_at_once() -> None:
    m = hw.Model("rush")
    press = m.machine("press")
    job = m.job("order", deadline=10)
    first = m.task(job, "cut").mode({press: 1}, duration=4)
    first >> m.task(job, "fold").mode({press: 1}, duration=4)
    schedule = m.problem().schedule([0, 4])
    with pytest.raises(InfeasibleError, match="'order/fold' cannot start before 8, but must end b"):
        residual(schedule, [DurationChange(time=2, task="order/cut", duration=8)])
