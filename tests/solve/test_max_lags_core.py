"""Native schedule generation under maximum lags against its twin, and what the core refuses."""

from __future__ import annotations

import dataclasses
import random

import numpy as np
import pytest

from headway import _core
from tests.twins.max_lags import PlainLags, random_lags

SEEDS = range(240)
BATCHES = [SEEDS[k : k + 40] for k in range(0, len(SEEDS), 40)]


def ints(values):
    return np.array(values, dtype=np.int64)


@pytest.mark.parametrize("turn", [None, 40], ids=["forward", "backward"])
@pytest.mark.parametrize("seeds", BATCHES, ids=str)
def test_passes_agree_with_their_twin(seeds, turn):
    """In any order of the tasks, also where one stands before those that it waits for."""
    made = 0
    for seed in seeds:
        project = random_lags(seed)
        order = random.Random(seed).sample(range(project.n_tasks), project.n_tasks)
        expected = project.generate(order, turn)
        start = _core.generate_with_lags(project.native(), ints(order), turn)
        assert (None if start is None else start.tolist()) == expected, seed
        made += expected is not None
    assert made > len(seeds) / 2


@pytest.mark.parametrize("seeds", BATCHES, ids=str)
def test_passes_keep_all_lags_and_capacities(seeds):
    for seed in seeds:
        project = random_lags(seed)
        start = _core.generate_with_lags(project.native(), ints(range(project.n_tasks)))
        if start is None:
            continue
        assert all(start[j] - start[i] >= lag for i, j, lag in project.arcs)
        assert all(start >= project.release)
        for r, row in enumerate(project.steps):
            for tick in range(int(start.max()) + 6):
                used = sum(
                    needs.get(r, 0)
                    for begin, (length, needs) in zip(start, project.tasks, strict=True)
                    if begin <= tick < begin + length
                )
                assert used <= [units for time, units in row if time <= tick][-1]


def test_what_may_not_be_far_ahead_is_delayed():
    """Task 2 finds the saw taken until 6, two ticks later than task 1 allows, which moves."""
    project = PlainLags(
        [(6, {0: 1}), (1, {1: 1}), (2, {0: 1})], [0] * 3, [[(0, 1)], [(0, 1)]], [(2, 1, -4)]
    )
    start = _core.generate_with_lags(project.native(), ints([0, 1, 2]))
    assert start.tolist() == [0, 2, 6]


def test_contradictory_lags_are_refused():
    project = dataclasses.replace(small(), arcs=[(0, 1, 3), (1, 0, -2)])
    assert project.distances() is None
    with pytest.raises(ValueError, match="contradict"):
        project.native()


def small() -> PlainLags:
    return PlainLags([(2, {0: 1}), (3, {0: 2})], [0, 0], [[(0, 2)]], [(0, 1, 2), (1, 0, -4)])


@pytest.mark.parametrize(
    "change",
    [
        {"tasks": [], "release": [], "arcs": []},
        {"release": [0]},
        {"release": [-1, 0]},
        {"tasks": [(-2, {}), (3, {})]},
        {"tasks": [(2, {3: 1}), (3, {})]},
        {"tasks": [(2, {0: 3}), (3, {})]},
        {"tasks": [(2, {0: -1}), (3, {})]},
        {"tasks": [(2**28, {}), (3, {})]},
        {"steps": [[(1, 2)]]},
        {"steps": [[(0, 2), (5, 1)]]},
        {"arcs": [(0, 2, 0)]},
        {"arcs": [(-1, 0, 0)]},
        {"arcs": [(0, 0, 1)]},
        {"arcs": [(0, 1, 2**40)]},
        {"arcs": [(0, 1, -(2**28))]},
    ],
    ids=str,
)
def test_malformed_projects_are_refused(change):
    with pytest.raises((ValueError, IndexError), match=r"project|lags"):
        dataclasses.replace(small(), **change).native()


def test_columns_of_different_length_are_refused():
    one, two = ints([1]), ints([1, 1])
    with pytest.raises(ValueError, match="lags"):
        _core.LagProject(
            two, two, ints([0, 0, 0]), *[ints([])] * 2, ints([0]), *[ints([])] * 2, one, one, two
        )


@pytest.mark.parametrize(
    ("order", "turn"), [([0], None), ([0, 0], None), ([0, 2], None), ([-1, 0], 9), ([0, 1], -1)]
)
def test_malformed_lists_are_refused(order, turn):
    with pytest.raises(ValueError, match=r"order|turn"):
        _core.generate_with_lags(small().native(), ints(order), turn)


@pytest.mark.parametrize(("population", "patience"), [(1, 1), (2, 0), (10**7, 1)])
def test_a_search_refuses_settings_that_make_no_sense(population, patience):
    with pytest.raises(ValueError, match="population"):
        _core.LagSearch(small().native(), population, patience)


@pytest.mark.parametrize("start", [[0], [0, -1], [0, 2**40]])
def test_a_search_refuses_plans_that_are_none(start):
    with pytest.raises(ValueError, match="plan"):
        _core.LagSearch(small().native(), 2, 1).offer(ints(start))
