"""Energetic bounds of projects: right by hand, never above the optimum, never below weaker ones."""

from __future__ import annotations

import itertools
import random

import numpy as np
import pytest

import headway as hw
from headway import _core
from headway.model import Problem
from headway.solve import cpsat
from headway.solve.bounds import makespan_bound
from headway.solve.project.bound import project_bound
from headway.solve.result import Budget, Status


def energetic(head, work, tail, amount, steps=((0, 1),), low=0, effort=10**9):
    times, capacities = zip(*steps, strict=True)
    columns = (head, work, tail, amount, times, capacities)
    return _core.energetic_bound(*(np.array(c, dtype=np.int64) for c in columns), low, effort)


def refuted(rows, steps, makespan) -> bool:
    """Whether some interval has too much work to do, tick by tick."""
    if any(head + work + tail > makespan for head, work, tail, _ in rows):
        return True
    capacity = [[c for t, c in steps if t <= tick][-1] for tick in range(makespan)]
    for begin, end in itertools.combinations(range(makespan + 1), 2):
        needed = 0
        for head, work, tail, amount in rows:
            first = max(0, min(end, head + work) - max(begin, head))
            late = makespan - tail
            last = max(0, min(end, late) - max(begin, late - work))
            needed += amount * min(first, last)
        if needed > sum(capacity[begin:end]):
            return True
    return False


@pytest.mark.parametrize("seed", range(80))
def test_the_bound_is_what_its_definition_says(seed):
    rng = random.Random(seed)
    capacity = rng.randint(1, 4)
    steps = [(0, capacity)]
    if seed % 2:
        steps += [(3, rng.randint(0, 3)), (rng.randint(4, 9), capacity)]
    rows = [
        (rng.randint(0, 5), rng.randint(1, 5), rng.randint(0, 5), rng.randint(1, capacity))
        for _ in range(rng.randint(1, 6))
    ]
    expected = next(makespan for makespan in range(200) if not refuted(rows, steps, makespan))
    assert energetic(*zip(*rows, strict=True), steps) == expected
    assert energetic(*zip(*rows, strict=True), steps, effort=1) <= expected
    assert energetic(*zip(*rows, strict=True), steps, low=expected + 3) == expected + 3


def test_three_equal_tasks_do_not_share_two_units_evenly():
    """The work of 12 units would fit into 6 ticks, but then all three are at work from 2 to 4."""
    assert energetic([0] * 3, [4] * 3, [0] * 3, [1] * 3, [(0, 2)]) == 8


def test_what_cannot_move_far_counts_where_it_is():
    """Both tasks must work from 2 to 4 if all is to end by 6, but one unit serves one of them."""
    assert energetic([0, 0], [4, 4], [0, 0], [1, 1], [(0, 2)]) == 4
    assert energetic([0, 0], [4, 4], [2, 2], [1, 1]) == 10


def test_no_task_needs_no_time():
    assert energetic([], [], [], [], low=7) == 7


@pytest.mark.parametrize(
    "change",
    [
        {"work": [1, 2]},
        {"work": [-1]},
        {"amount": [2**50]},
        {"work": [2**43], "amount": [2**43]},
        {"steps": ((1, 1),)},
        {"low": -1},
    ],
    ids=str,
)
def test_malformed_columns_are_refused(change):
    columns = {"head": [0], "work": [1], "tail": [0], "amount": [1]} | change
    with pytest.raises(ValueError, match="energetic bound"):
        energetic(**columns)


def random_project(seed: int) -> Problem:
    rng = random.Random(seed)
    capacities = [rng.randint(2, 5) for _ in range(2)]
    modes = [
        [(rng.randint(1, 6), [rng.randint(0, c) for c in capacities]) for _ in range(1 + seed % 2)]
        for _ in range(rng.randint(4, 8))
    ]
    after = [[j for j in range(i + 1, len(modes)) if rng.random() < 0.2] for i in range(len(modes))]
    return hw.project(modes, capacities, after)


@pytest.mark.parametrize("seed", range(40))
def test_no_optimum_is_below_the_bound(seed):
    problem = random_project(seed)
    best = cpsat.solve(problem, Budget(time_limit_s=60))
    assert best.status is Status.OPTIMAL
    assert makespan_bound(problem) <= project_bound(problem) <= best.schedule.makespan


def test_classic_projects_are_bounded_and_some_closed():
    infos = hw.instances("j60_*", access="shipped")
    bounds = [project_bound(info.load()) for info in infos]
    assert all(bound <= info.upper for bound, info in zip(bounds, infos, strict=True))
    assert sum(bound == info.upper for bound, info in zip(bounds, infos, strict=True)) == 32
