"""The native state of the job shop search against its plain twin, move by move."""

from __future__ import annotations

import itertools
import random

import numpy as np
import pytest

from headway import _core
from tests.twins.job_shop import PlainShop, random_order, random_shop

SEEDS = range(120)
BATCHES = [SEEDS[k : k + 30] for k in range(0, len(SEEDS), 30)]


def ints(values):
    return np.array(values, dtype=np.int64)


def native(shop: PlainShop) -> _core.JobShop:
    before, after, lag = zip(*shop.arcs, strict=True) if shop.arcs else ((), (), ())
    still, none = np.zeros(len(shop), dtype=bool), ints([])
    return _core.JobShop(
        *map(ints, (shop.machine, shop.duration, shop.release)),
        still,
        *map(ints, (before, after, lag)),
        np.zeros(len(shop.arcs), dtype=bool),
        *(none, none, none),
    )


def oriented(seed: int) -> tuple[PlainShop, _core.Orientation]:
    shop = random_shop(seed)
    state = _core.Orientation(native(shop))
    state.load(ints(random_order(shop, seed)))
    return shop, state


def assert_agrees(shop: PlainShop, state: _core.Orientation) -> None:
    orders = shop.machine_orders(state.order.tolist())
    heads, tails = shop.heads(orders), shop.tails(orders)
    assert state.head.tolist() == heads
    assert state.tail.tolist() == tails
    ends = [head + duration for head, duration in zip(heads, shop.duration, strict=True)]
    assert state.makespan == max(ends)
    place = {task: k for k, task in enumerate(state.order.tolist())}
    assert all(place[a] < place[b] for a, b, _ in shop.all_arcs(orders))


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
            task, anchor, forward, _ = rng.choice(moves)
            expected = shop.moved(
                shop.machine_orders(state.order.tolist()), task, anchor, forward=forward
            )
            state.move(task, anchor, forward)
            assert shop.machine_orders(state.order.tolist()) == expected
            assert_agrees(shop, state)
            made += 1
    assert made > 50


@pytest.mark.parametrize("seeds", BATCHES, ids=str)
def test_estimates_are_what_their_definition_says(seeds):
    for seed in seeds:
        shop, state = oriented(seed)
        orders = shop.machine_orders(state.order.tolist())
        for step in range(4):
            for task, anchor, forward, estimate in state.moves(step, _core.Neighbourhood.N8):
                assert estimate == shop.estimate(orders, task, anchor, forward=forward), seed


@pytest.mark.parametrize("seeds", BATCHES, ids=str)
def test_the_critical_path_is_tight_and_as_long_as_the_makespan(seeds):
    for seed in seeds:
        shop, state = oriented(seed)
        orders = shop.machine_orders(state.order.tolist())
        heads, arcs = shop.heads(orders), shop.all_arcs(orders)
        for step in range(4):
            path = state.critical_path(step).tolist()
            assert heads[path[-1]] + shop.duration[path[-1]] == state.makespan
            tight = {(a, b) for a, b, lag in arcs if heads[a] + lag == heads[b]}
            assert set(itertools.pairwise(path)) <= tight
            assert heads[path[0]] in (0, shop.release[path[0]])


def test_the_neighbourhood_is_n7_without_what_cannot_help():
    """One block, long enough to show all moves, between two tasks of other machines.

    Tasks 1 to 4 form the block on machine 1; 0 leads to 1, and 4 to 5. The tasks at the ends go
    anywhere, the inner ones to either end: 4 * 3 moves in all, less three swaps counted twice,
    less those that change neither end.
    """
    machine, duration = [0, 1, 1, 1, 1, 2], [3, 2, 2, 2, 2, 3]
    shop = PlainShop(machine, duration, [0] * 6, [(0, 1, 3), (4, 5, 2)])
    state = _core.Orientation(native(shop))
    state.load(ints(range(6)))
    assert state.critical_path(0).tolist() == [0, 1, 2, 3, 4, 5]
    moved = {
        tuple(shop.moved({1: [1, 2, 3, 4]}, a, b, forward=forward)[1])
        for a, b, forward, _ in state.moves(0)
    }
    assert len(moved) == len(state.moves(0))
    row = [1, 2, 3, 4]
    expected = set()
    for i, j in itertools.combinations(range(4), 2):
        if i == 0 or j == 3:
            forward, backward = row.copy(), row.copy()
            forward.insert(j, forward.pop(i))
            backward.insert(i, backward.pop(j))
            expected |= {tuple(forward), tuple(backward)}
    assert moved == expected


@pytest.mark.parametrize("seeds", BATCHES, ids=str)
def test_each_neighbourhood_contains_the_one_before_it_and_closes_no_cycle(seeds):
    sizes = np.zeros(3, dtype=int)
    for seed in seeds:
        shop, state = oriented(seed)
        orders = shop.machine_orders(state.order.tolist())
        found = []
        for neighbourhood in (_core.Neighbourhood[name] for name in ("N6", "N7", "N8")):
            moves = state.moves(seed, neighbourhood)
            results = {
                (shop.machine[task], *shop.moved(orders, task, anchor, forward=forward)[m])
                for task, anchor, forward, _ in moves
                for m in (shop.machine[task],)
            }
            assert len(results) == len(moves)
            found.append(results)
            for task, anchor, forward, _ in moves:
                shop.heads(shop.moved(orders, task, anchor, forward=forward))
        assert found[0] <= found[1] <= found[2]
        sizes += [len(results) for results in found]
    assert sizes[0] < sizes[1] < sizes[2]


def test_n8_moves_tasks_out_of_their_block():
    """Tasks 0 and 1 form the block; 2 runs on the same machine later, after a gap."""
    shop = PlainShop([0, 0, 0, 1, 1], [2, 2, 1, 6, 1], [0, 0, 8, 0, 9], [(1, 3, 2), (3, 4, 6)])
    state = _core.Orientation(native(shop))
    state.load(ints(range(5)))
    assert state.critical_path(0).tolist() == [0, 1, 3, 4]
    assert {move[:3] for move in state.moves(0)} == {(0, 1, True)}
    beyond = {move[:3] for move in state.moves(0, _core.Neighbourhood.N8)}
    assert beyond == {(0, 1, True), (0, 2, True), (1, 2, True)}


def test_a_block_at_the_start_of_the_path_keeps_its_beginning():
    """Tasks 0 to 2 begin at time 0 on one machine; only what changes the last one can help."""
    shop = PlainShop([0, 0, 0, 1], [2, 2, 2, 5], [0] * 4, [(2, 3, 2)])
    state = _core.Orientation(native(shop))
    state.load(ints(range(4)))
    results = {
        tuple(shop.moved({0: [0, 1, 2]}, a, b, forward=forward)[0])
        for a, b, forward, _ in state.moves(0)
    }
    assert results == {(0, 2, 1), (1, 2, 0), (2, 0, 1)}


def test_moves_that_close_a_cycle_are_refused():
    shop = PlainShop([0, 0], [2, 2], [0, 0], [(0, 1, 2)])
    state = _core.Orientation(native(shop))
    assert state.moves(0) == []
    with pytest.raises(ValueError, match="cycle"):
        state.move(0, 1, True)


def test_moves_to_another_machine_are_refused():
    shop = PlainShop([0, 1], [2, 2], [0, 0], [])
    with pytest.raises(ValueError, match="elsewhere"):
        _core.Orientation(native(shop)).move(0, 1, True)


@pytest.mark.parametrize("order", [[0, 0], [0], [1, 0], [0, 2]])
def test_orders_that_are_none_are_refused(order):
    shop = PlainShop([0, 0], [2, 2], [0, 0], [(0, 1, 2)])
    with pytest.raises(ValueError, match="order"):
        _core.Orientation(native(shop)).load(ints(order))


def test_relations_in_a_circle_are_refused():
    with pytest.raises(ValueError, match="cycle"):
        native(PlainShop([0, 0], [2, 2], [0, 0], [(0, 1, 0), (1, 0, 0)]))


def test_times_beyond_all_measure_are_refused():
    with pytest.raises(ValueError, match="coarser tick"):
        native(PlainShop([0, 0], [2**41, 2**41], [0, 0], []))
