"""The native state of the flexible job shop search against its plain twin, move by move."""

from __future__ import annotations

import itertools
import random

import numpy as np
import pytest

from headway import _core
from tests.twins.flexible import PlainShop, random_plan, random_shop

SEEDS = range(70)
BATCHES = [SEEDS[k : k + 35] for k in range(0, len(SEEDS), 35)]


def ints(values):
    return np.array(values, dtype=np.int64)


def native(shop: PlainShop) -> _core.FlexibleShop:
    mode_ptr = np.cumsum([0, *map(len, shop.modes)])
    columns = zip(*(mode for _, mode in shop.flat), strict=True)
    before, after, lag, from_end = (
        zip(*shop.relations, strict=True) if shop.relations else ((), (), (), ())
    )
    return _core.FlexibleShop(
        ints(mode_ptr),
        *map(ints, columns),
        *map(ints, (before, after, lag)),
        np.array(from_end, bool),
    )


def oriented(seed: int) -> tuple[PlainShop, _core.FlexibleOrientation]:
    shop = random_shop(seed)
    state = _core.FlexibleOrientation(native(shop))
    state.load(*map(ints, random_plan(shop, seed)))
    return shop, state


def assert_agrees(shop: PlainShop, state: _core.FlexibleOrientation) -> None:
    mode = state.mode.tolist()
    rows = shop.rows(state.order.tolist(), mode)
    assert state.head.tolist() == shop.heads(rows, mode)
    assert state.tail.tolist() == shop.tails(rows, mode)
    assert state.makespan == shop.makespan(rows, mode)
    place = {task: k for k, task in enumerate(state.order.tolist())}
    assert all(place[a] < place[b] for a, b, _ in shop.arcs(rows, mode))


@pytest.mark.parametrize("seeds", BATCHES, ids=str)
def test_moves_keep_heads_tails_and_order_right(seeds):
    made = 0
    for seed in seeds:
        shop, state = oriented(seed)
        rng = random.Random(seed)
        assert_agrees(shop, state)
        for step in range(12):
            moves = state.moves(step)
            if not moves:
                break
            task, mode, left, *_ = rng.choice(moves)
            rows = shop.rows(state.order.tolist(), state.mode.tolist())
            plain, modes = shop.moved(rows, state.mode.tolist(), task, mode, left)
            state.move(task, mode, left)
            assert state.mode.tolist() == modes
            assert shop.rows(state.order.tolist(), modes) == plain
            assert_agrees(shop, state)
            made += 1
    assert made > 100


@pytest.mark.parametrize("seeds", BATCHES, ids=str)
def test_estimates_are_what_their_definition_says(seeds):
    for seed in seeds:
        shop, state = oriented(seed)
        mode = state.mode.tolist()
        rows = shop.rows(state.order.tolist(), mode)
        for task, new, left, right, estimate in state.moves(seed):
            if new == mode[task]:
                assert estimate == shop.estimate(rows, mode, task, left), seed
            else:
                assert estimate == shop.through(rows, mode, task, new, left, right), seed


@pytest.mark.parametrize("seeds", BATCHES, ids=str)
def test_no_place_in_another_mode_has_a_better_estimate(seeds):
    looked_at = 0
    for seed in seeds:
        shop, state = oriented(seed)
        mode = state.mode.tolist()
        rows = shop.rows(state.order.tolist(), mode)
        for task, new, _, _, estimate in state.moves(seed):
            machine = shop.machine(new)
            if machine in (-1, shop.machine(mode[task])):
                continue
            places = itertools.pairwise([-1, *rows[machine], -1])
            values = [shop.through(rows, mode, task, new, left, right) for left, right in places]
            assert estimate == min(values), seed
            looked_at += 1
    assert looked_at > 20


@pytest.mark.parametrize("seeds", BATCHES, ids=str)
def test_every_critical_task_is_offered_each_of_its_modes(seeds):
    for seed in (s for s in seeds if s % 3):  # no durations of zero, which may look like cycles
        shop, state = oriented(seed)
        offered = {(task, new) for task, new, *_ in state.moves(1)}
        for task in state.critical_path(1).tolist():
            assert {(task, m) for m in shop.modes_of(task) if m != state.mode[task]} <= offered


@pytest.mark.parametrize("seeds", BATCHES, ids=str)
def test_the_critical_path_is_tight_and_as_long_as_the_makespan(seeds):
    for seed in seeds:
        shop, state = oriented(seed)
        mode = state.mode.tolist()
        rows = shop.rows(state.order.tolist(), mode)
        heads, arcs = shop.heads(rows, mode), shop.arcs(rows, mode)
        for step in range(4):
            path = state.critical_path(step).tolist()
            assert heads[path[-1]] + shop.duration(mode[path[-1]]) == state.makespan
            tight = {(a, b) for a, b, length in arcs if heads[a] + length == heads[b]}
            assert set(itertools.pairwise(path)) <= tight
            assert heads[path[0]] in (0, shop.flat[mode[path[0]]][1][2])


def test_a_task_leaves_a_busy_machine():
    """Two tasks of 3 on one machine; the second can take 4 on another one: 6 becomes 4."""
    shop = PlainShop([[(0, 3, 0)], [(0, 3, 0), (1, 4, 0)]], [])
    state = _core.FlexibleOrientation(native(shop))
    state.load(ints([0, 1]), ints([0, 1]))
    assert state.makespan == 6
    assert state.moves(0) == [(1, 2, -1, -1, 4)]
    state.move(1, 2, -1)
    assert (state.makespan, state.head.tolist()) == (4, [0, 0])


@pytest.mark.parametrize(
    ("task", "mode", "left", "error", "words"),
    [
        (0, 0, 1, ValueError, "cycle"),
        (2, 0, -1, IndexError, "no such task"),
        (-1, 0, -1, IndexError, "no such task"),
        (0, 0, 0, IndexError, "no such task"),
        (0, 0, 2, IndexError, "no such task"),
        (0, 1, -1, ValueError, "another task"),
        (1, 2, 0, ValueError, "elsewhere"),
    ],
)
def test_moves_that_cannot_be_are_refused(task, mode, left, error, words):
    shop = PlainShop([[(0, 2, 0)], [(0, 2, 0), (1, 2, 0)]], [(0, 1, 0, True)])
    state = _core.FlexibleOrientation(native(shop))
    with pytest.raises(error, match=words):
        state.move(task, mode, left)


@pytest.mark.parametrize(
    ("order", "mode"),
    [
        ([0, 0], [0, 1]),
        ([0], [0, 1]),
        ([1, 0], [0, 1]),
        ([0, 2], [0, 1]),
        ([0, 1], [0]),
        ([0, 1], [0, 0]),
        ([0, 1], [0, 3]),
    ],
)
def test_plans_that_are_none_are_refused(order, mode):
    shop = PlainShop([[(0, 2, 0)], [(0, 2, 0), (1, 2, 0)]], [(0, 1, 0, True)])
    with pytest.raises(ValueError, match="plan"):
        _core.FlexibleOrientation(native(shop)).load(ints(order), ints(mode))
    with pytest.raises(ValueError, match="plan"):
        _core.FlexibleSearch(native(shop), 2, 1).offer(ints(order), ints(mode))


@pytest.mark.parametrize(
    ("change", "error", "words"),
    [
        ({"mode_ptr": [0, 1]}, ValueError, "to have a mode"),
        ({"mode_ptr": [0, 0, 2]}, ValueError, "to have a mode"),
        ({"mode_ptr": []}, ValueError, "differ in length"),
        ({"duration": [1]}, ValueError, "differ in length"),
        ({"lag": []}, ValueError, "differ in length"),
        ({"machine": [0, -2]}, IndexError, "numbered from 0"),
        ({"machine": [0, 2**40]}, IndexError, "numbered from 0"),
        ({"duration": [1, -1]}, ValueError, "negative"),
        ({"release": [-1, 0]}, ValueError, "negative"),
        ({"duration": [2**41, 2**41]}, ValueError, "coarser tick"),
        ({"lag": [-2]}, ValueError, "before one that it waits for"),
        ({"after": [2]}, IndexError, "does not exist"),
        ({"after": [0]}, ValueError, "cycle"),
    ],
)
def test_tables_that_do_not_fit_are_refused(change, error, words):
    tables = {
        "mode_ptr": [0, 1, 2],
        "machine": [0, 0],
        "duration": [1, 1],
        "release": [0, 0],
        "before": [0],
        "after": [1],
        "lag": [0],
    }
    columns = {name: ints(column) for name, column in (tables | change).items()}
    with pytest.raises(error, match=words):
        _core.FlexibleShop(**columns, from_end=np.array([True]))


@pytest.mark.parametrize(("population", "patience"), [(1, 10), (2, 0)])
def test_settings_that_make_no_sense_are_refused(population, patience):
    shop = native(PlainShop([[(0, 2, 0)]], []))
    with pytest.raises(ValueError, match="population from 2"):
        _core.FlexibleSearch(shop, population, patience)
