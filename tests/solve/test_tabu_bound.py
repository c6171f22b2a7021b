"""Exact one-machine bounds against brute force and published values."""

from __future__ import annotations

import itertools
import random

import numpy as np
import pytest

import headway as hw
from headway import _core
from headway.solve.bounds import one_machine_bound
from headway.solve.tabu.bound import job_shop_bound


def optimum(head, work, tail, nodes=10_000):
    columns = (np.array(column, dtype=np.int64) for column in (head, work, tail))
    return _core.one_machine_optimum(*columns, nodes)


def best_of_all(head, work, tail):
    """Try every order of the tasks."""
    values = []
    for order in itertools.permutations(range(len(head))):
        time, value = 0, 0
        for i in order:
            time = max(time, head[i]) + work[i]
            value = max(value, time + tail[i])
        values.append(value)
    return min(values)


@pytest.mark.parametrize("seed", range(60))
def test_branch_and_bound_finds_the_best_of_all_orders(seed):
    rng = random.Random(seed)
    n = rng.randint(1, 6)
    columns = [[rng.randint(low, 12) for _ in range(n)] for low in (0, seed % 2, 0)]
    best = best_of_all(*columns)
    assert optimum(*columns) == best
    assert one_machine_bound(*columns) <= optimum(*columns, nodes=1) <= best


def test_the_example_of_carlier():
    """Seven tasks from Carlier (1982); the best value is 50, the preemptive one 49 or less."""
    head, work, tail = [10, 13, 11, 20, 30, 0, 30], [5, 6, 7, 4, 3, 6, 2], [7, 26, 24, 21, 8, 17, 0]
    assert optimum(head, work, tail) == best_of_all(head, work, tail) == 50


def test_no_task_needs_no_time():
    assert optimum([], [], []) == 0


def test_columns_of_different_length_are_refused():
    with pytest.raises(ValueError, match="differ in length"):
        optimum([1], [1, 2], [0])


@pytest.mark.parametrize(
    ("name", "bound"), [("ft10", 808), ("ft20", 1164), ("la16", 875), ("ta61", 2868)]
)
def test_bounds_of_classic_shops_are_the_published_ones(name, bound):
    assert job_shop_bound(hw.instance(name)) == bound
