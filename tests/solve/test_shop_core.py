"""The native state of the shop search against its plain twin, move by move."""

from __future__ import annotations

import random

import numpy as np
import pytest

from headway import _core
from headway.model import Problem, Schedule, verify
from headway.solve import rules
from headway.solve.shop.obstacles import native_shop
from tests.solve.shops import random_shop
from tests.twins.shop import Orders, PlainShop

SEEDS = range(120)
BATCHES = [SEEDS[k : k + 30] for k in range(0, len(SEEDS), 30)]


def ints(values):
    return np.array(values, dtype=np.int64)


def native(problem: Problem) -> _core.Shop:
    shop = native_shop(problem)
    assert not isinstance(shop, str), shop
    return shop


def loaded(seed: int) -> tuple[Problem, _core.ShopState]:
    problem = random_shop(seed)
    state = _core.ShopState(native(problem))
    start = rules.generate(problem, rule="RANDOM", seed=seed)
    state.load(start.start, start.mode)
    return problem, state


def plain(problem: Problem, state: _core.ShopState) -> tuple[PlainShop, Orders]:
    shop = PlainShop(problem, state.modes.tolist())
    return shop, {m: state.sequence(m) for m in shop.orders([])}


def assert_agrees(problem: Problem, state: _core.ShopState) -> None:
    shop, orders = plain(problem, state)
    order = state.order.tolist()
    assert orders == shop.orders(order)
    heads = shop.heads(orders)
    assert state.heads.tolist() == heads
    assert [heads[task] for task in order] == sorted(heads)
    tails = [shop.tails(orders, g) for g in range(len(shop.groups))]
    for task in range(problem.n_tasks):
        expected = [row[task] for row in tails]
        # Where no path leads there is no length, only something very small.
        assert [max(t, -(2**59)) for t in state.tails(task)] == [max(t, -(2**59)) for t in expected]
    assert state.value == shop.value(orders)
    schedule = Schedule.of(problem, state.heads, state.modes)
    assert verify(problem, schedule).ok
    assert schedule.objective == state.value


@pytest.mark.parametrize("seeds", BATCHES, ids=str)
def test_moves_keep_heads_tails_and_order_right(seeds):
    made = 0
    for seed in seeds:
        problem, state = loaded(seed)
        rng = random.Random(seed)
        assert_agrees(problem, state)
        for step in range(8):
            shifts = state.shifts(step)
            if shifts and rng.random() < 0.6:
                k = rng.randrange(len(shifts))
                machine, task, anchor, forward, _ = shifts[k]
                shop, orders = plain(problem, state)
                row = shop.shifted(orders[machine], task, anchor, forward=forward)
                state.shift(step, k)
                assert state.sequence(machine) == row
            else:
                task = rng.randrange(problem.n_tasks)
                k = rng.randrange(len(state.insertions(task)))
                mode, left, _ = state.insertions(task)[k]
                state.insert(task, k)
                shop, orders = plain(problem, state)
                assert shop.modes[task] == mode
                rows = [orders[m] for m in shop.machines(task)]
                assert left == [([-1, *row])[row.index(task)] for row in rows]
            assert_agrees(problem, state)
            made += 1
    assert made > 50


@pytest.mark.parametrize("seeds", BATCHES, ids=str)
def test_expected_values_of_shifts_are_what_their_definition_says(seeds):
    seen = 0
    for seed in seeds:
        problem, state = loaded(seed)
        shop, orders = plain(problem, state)
        for machine, task, anchor, forward, value in state.shifts(seed):
            expected = shop.estimate(orders, machine, task, anchor, forward=forward)
            assert value == expected, (seed, machine, task, anchor, forward)
            seen += 1
    assert seen > 20


@pytest.mark.parametrize("seeds", BATCHES, ids=str)
def test_values_of_insertions_are_exact(seeds):
    """Or too large, where a detour over a third task shortens a setup, or a mode a transfer."""
    for seed in seeds:
        problem, state = loaded(seed)
        for task in range(problem.n_tasks):
            for k, (_, _, value) in enumerate(state.insertions(task)):
                again = _core.ShopState(native(problem))
                again.load(state.heads, state.modes)
                if any(again.sequence(m) != state.sequence(m) for m in range(problem.n_resources)):
                    continue
                again.insert(task, k)
                if not problem.setups and not problem.transfers.any():
                    assert again.value == value
                else:
                    assert again.value <= value


@pytest.mark.parametrize("seeds", BATCHES, ids=str)
def test_tasks_are_improved_as_if_the_best_place_were_taken_each_time(seeds):
    moved = 0
    for seed in seeds:
        problem, state = loaded(seed)
        again = _core.ShopState(native(problem))
        again.load(state.heads, state.modes)
        tasks = random.Random(seed).choices(range(problem.n_tasks), k=2 * problem.n_tasks)
        expected = 0
        for task in tasks:
            before = again.value
            values = [value for *_, value in again.insertions(task)]
            if values and min(values) < before:
                again.insert(task, values.index(min(values)))
                expected += again.value < before
        assert state.improve(ints(tasks)) == expected
        assert state.value == again.value
        assert state.heads.tolist() == again.heads.tolist()
        assert state.modes.tolist() == again.modes.tolist()
        moved += expected
    assert moved > 20


def test_every_mode_and_place_is_offered_where_nothing_binds():
    """One job of one task on either of two machines, another with the first machine alone."""
    import headway as hw

    problem = hw.flexible_job_shop([[[(0, 2), (1, 3)]], [[(0, 4)]]])
    state = _core.ShopState(native(problem))
    state.load(ints([0, 2]), ints([0, 2]))
    assert sorted(state.insertions(0)) == [(0, [-1], 6), (0, [1], 6), (1, [-1], 4)]


def test_malformed_input_is_refused():
    problem = random_shop(1)
    shop = native(problem)
    state = _core.ShopState(shop)
    start, mode = state.heads, state.modes
    with pytest.raises(ValueError, match="one start and one mode"):
        state.load(start[:-1], mode)
    with pytest.raises(IndexError, match="no such mode"):
        state.load(start, mode + problem.n_modes)
    with pytest.raises(IndexError):
        state.insertions(problem.n_tasks)
    with pytest.raises(IndexError):
        state.insert(0, 10_000)
    for task in (-1, problem.n_tasks, 2**32):
        with pytest.raises(IndexError, match="no such task"):
            state.improve(ints([0, task]))
    with pytest.raises(IndexError):
        state.shift(0, 10_000)
    with pytest.raises(IndexError):
        state.sequence(-1)
    with pytest.raises(ValueError, match="population"):
        _core.ShopSearch(shop, 1, 10)
    search = _core.ShopSearch(shop, 2, 10)
    with pytest.raises(IndexError):
        search.offer(start, mode - problem.n_modes)


@pytest.mark.parametrize(
    ("change", "words"),
    [
        ({"member_ptr": [0, 2]}, "differ in length"),
        ({"member": [99]}, "does not exist"),
        ({"threshold": [2**50]}, "out of bounds"),
        ({"slope": [-1]}, "negative"),
        ({"slope": [2**40]}, "too large"),
        ({"jump": []}, "differ in length"),
    ],
)
def test_malformed_costs_are_refused(change, words):
    columns = {"member_ptr": [0, 1], "member": [0], "offset": [0]}
    columns |= {"threshold": [0], "slope": [1], "jump": [0]}
    columns |= change
    with pytest.raises((ValueError, IndexError), match=words):
        _core.Shop(random_shop(1), *(ints(column) for column in columns.values()), 0)
