"""Native schedule generation of projects against its plain twin, and what the core refuses."""

from __future__ import annotations

import dataclasses
import random

import numpy as np
import pytest

from headway import _core
from tests.twins.project import PlainProject, random_project

SEEDS = range(240)
BATCHES = [SEEDS[k : k + 40] for k in range(0, len(SEEDS), 40)]


def ints(values):
    return np.array(values, dtype=np.int64)


def random_list(project: PlainProject, rng: random.Random, *, backward: bool) -> list[int]:
    """Return a list in which no task stands before one that it waits for."""
    waits: dict[int, set[int]] = {i: set() for i in range(project.n_tasks)}
    for before, after, *_ in project.arcs:
        if backward:
            waits[before].add(after)
        else:
            waits[after].add(before)
    order: list[int] = []
    while len(order) < project.n_tasks:
        ready = [i for i in waits if i not in order and waits[i] <= set(order)]
        order.append(rng.choice(ready))
    return order


def random_modes(project: PlainProject, rng: random.Random) -> list[int]:
    ptr = np.cumsum([0, *map(len, project.modes)])
    return [int(ptr[i]) + rng.randrange(len(row)) for i, row in enumerate(project.modes)]


def stretched(project: PlainProject, factor: int) -> PlainProject:
    """Return the project on a finer clock, where the core keeps steps instead of ticks."""
    return PlainProject(
        [[(factor * d, needs, spends) for d, needs, spends in row] for row in project.modes],
        [factor * time for time in project.release],
        [[(factor * time, units) for time, units in row] for row in project.steps],
        project.budget,
        [(i, j, factor * lag, *flags) for i, j, lag, *flags in project.arcs],
    )


@pytest.mark.parametrize("backward", [False, True], ids=["forward", "backward"])
@pytest.mark.parametrize("seeds", BATCHES, ids=str)
def test_passes_agree_with_their_twin_on_both_clocks(seeds, backward):
    failed = 0
    for seed in seeds:
        project = random_project(seed)
        rng = random.Random(seed)
        order = random_list(project, rng, backward=backward)
        modes = random_modes(project, rng)
        turn = 30 if backward else None
        choose = seed % 7 < 4
        expected = project.generate(order, modes, choose=choose, turn=turn)
        for factor in (1, 10_000):
            native = stretched(project, factor).native()
            far = None if turn is None else factor * turn
            made = _core.generate_project(native, ints(order), ints(modes), choose, far)
            if expected is None:
                assert made is None
                failed += 1
            else:
                start, mode = made
                assert (start.tolist(), mode.tolist()) == (
                    [factor * time for time in expected[0]],
                    expected[1],
                ), (seed, factor)
    assert failed < len(seeds)


def small() -> PlainProject:
    return PlainProject(
        [[(2, {0: 1}, {0: 1})], [(3, {0: 2}, {})]],
        [0, 0],
        [[(0, 2)]],
        [4],
        [(0, 1, 0, True, False)],
    )


@pytest.mark.parametrize(
    "change",
    [
        {"modes": [], "release": [], "arcs": []},
        {"release": [0]},
        {"release": [-1, 0]},
        {"modes": [[(2, {0: 1}, {})], []]},
        {"modes": [[(-2, {}, {})], [(3, {}, {})]]},
        {"modes": [[(2, {3: 1}, {})], [(3, {}, {})]]},
        {"modes": [[(2, {0: 3}, {})], [(3, {}, {})]]},
        {"modes": [[(2, {0: -1}, {})], [(3, {}, {})]]},
        {"modes": [[(2, {}, {1: 1})], [(3, {}, {})]]},
        {"modes": [[(2**28, {}, {})], [(3, {}, {})]]},
        {"steps": [[(1, 2)]]},
        {"steps": [[(0, 2), (0, 3)]]},
        {"steps": [[(0, 2), (5, 1)]]},
        {"budget": [-1]},
        {"arcs": [(0, 2, 0, True, False)]},
        {"arcs": [(0, 0, 0, True, False)]},
        {"arcs": [(0, 1, 0, True, False), (1, 0, 0, True, False)]},
        {"arcs": [(0, 1, 2**40, True, False)]},
    ],
    ids=str,
)
def test_malformed_projects_are_refused(change):
    with pytest.raises((ValueError, IndexError), match="project"):
        dataclasses.replace(small(), **change).native()


@pytest.mark.parametrize(
    ("order", "modes", "turn"),
    [
        ([1, 0], [0, 1], None),
        ([0, 1], [0, 1], 9),
        ([0], [0, 1], None),
        ([0, 0], [0, 1], None),
        ([0, 2], [0, 1], None),
        ([0, 1], [0, 2], None),
        ([0, 1], [0], None),
        ([1, 0], [0, 1], -1),
    ],
)
def test_malformed_lists_are_refused(order, modes, turn):
    with pytest.raises(ValueError, match=r"order|plan|turn"):
        _core.generate_project(small().native(), ints(order), ints(modes), False, turn)


@pytest.mark.parametrize(("population", "patience"), [(1, 1), (2, 0), (10**7, 1)])
def test_a_search_refuses_settings_that_make_no_sense(population, patience):
    with pytest.raises(ValueError, match="population"):
        _core.ProjectSearch(small().native(), population, patience)


@pytest.mark.parametrize(("start", "mode"), [([0], [0, 1]), ([0, -1], [0, 1]), ([0, 2], [1, 1])])
def test_a_search_refuses_plans_that_are_none(start, mode):
    with pytest.raises(ValueError, match="plan"):
        _core.ProjectSearch(small().native(), 2, 1).offer(ints(start), ints(mode))
