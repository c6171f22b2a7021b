"""Tabu search on machines that rest: against its twin, and against the exact solver."""

from __future__ import annotations

import random
from itertools import pairwise

import pytest

import headway as hw
from headway import _core
from headway.model import Model, Problem, verify
from headway.model.tables import bools, ints
from headway.solve import cpsat, tabu
from headway.solve.result import Budget, Status
from headway.solve.tabu.bound import job_shop_bound
from tests.twins.job_shop import random_order
from tests.twins.resting_shop import RestingShop, random_resting_shop

SEEDS = range(120)
BATCHES = [SEEDS[k : k + 30] for k in range(0, len(SEEDS), 30)]


def native(shop: RestingShop) -> _core.JobShop:
    before, after, lag = zip(*shop.arcs, strict=True) if shop.arcs else ((), (), ())
    machine, off, on = zip(*shop.breaks, strict=True) if shop.breaks else ((), (), ())
    return _core.JobShop(
        ints(shop.machine),
        ints(shop.duration),
        ints(shop.release),
        bools(shop.pauses),
        ints(before),
        ints(after),
        ints(lag),
        bools([shop.pauses[a] for a in before]),
        ints(machine),
        ints(off),
        ints(on),
    )


@pytest.mark.parametrize("seeds", BATCHES, ids=str)
def test_moves_keep_heads_and_latest_starts_right(seeds):
    made = 0
    for seed in seeds:
        shop = random_resting_shop(seed)
        state = _core.Orientation(native(shop))
        state.load(ints(random_order(shop, seed)))
        rng = random.Random(seed)
        for step in range(6):
            orders = shop.machine_orders(state.order.tolist())
            heads = shop.resting_heads(orders)
            assert state.head.tolist() == heads, seed
            assert state.makespan == max(shop.end(i, s) for i, s in enumerate(heads))
            latest = shop.latest_starts(orders, state.makespan)
            if not shop.breaks:
                continue
            assert (state.makespan - state.tail).tolist() == latest, seed
            moves = state.moves(step, _core.Neighbourhood.N8)
            if not moves:
                break
            task, anchor, forward, _ = rng.choice(moves)
            state.move(task, anchor, forward)
            made += 1
    assert made > 50


@pytest.mark.parametrize("seeds", BATCHES, ids=str)
def test_estimates_are_what_their_definition_says(seeds):
    compared = 0
    for seed in seeds:
        shop = random_resting_shop(seed)
        if not shop.breaks:
            continue
        state = _core.Orientation(native(shop))
        state.load(ints(random_order(shop, seed)))
        orders = shop.machine_orders(state.order.tolist())
        for task, anchor, forward, estimate in state.moves(seed, _core.Neighbourhood.N8):
            assert estimate == shop.resting_estimate(orders, task, anchor, forward=forward), seed
            compared += 1
    assert compared > 50


def random_problem(seed: int) -> Problem:
    """A small shop with breaks, and with tasks that pause in them."""
    rng = random.Random(seed)
    model = Model(f"resting shop {seed}")
    rests = [[(3, 5), (9, 15)], [(7, 8)], []]
    machines = [model.machine(f"machine {k}", breaks=rests[k]) for k in range(3)]
    for j in range(rng.randint(2, 4)):
        job = model.job(f"job {j}", release=rng.choice([0, 0, 3]))
        row = []
        for k in range(rng.randint(1, 4)):
            pauses = rng.random() < 0.4
            task = model.task(job, str(k), interruptible=pauses)
            row.append(task.mode({rng.choice(machines): 1}, duration=rng.randint(seed % 2, 6)))
        for a, b in pairwise(row):
            if rng.random() < 0.8:
                model.end_before_start(a, b, rng.choice([0, 0, 2]))
            else:
                model.start_before_start(a, b, rng.randint(0, 5))
    return model.problem()


@pytest.mark.parametrize("seed", range(12))
def test_small_shops_are_solved_as_well_as_by_the_exact_solver(seed):
    problem = random_problem(seed)
    best = cpsat.solve(problem, Budget(time_limit_s=60))
    assert best.status is Status.OPTIMAL
    goal = best.schedule.makespan
    assert job_shop_bound(problem) <= goal
    found = tabu.TabuSearch(problem).run(moves=20_000, goal=goal, seed=seed).schedule
    assert verify(problem, found).ok
    assert found.makespan == goal


def test_the_bound_knows_when_a_machine_rests():
    """Eight ticks of work with a break of ten after the first five."""
    model = Model("night shift")
    saw = model.machine("saw", breaks=[(5, 15)])
    for name in "ab":
        model.task(None, name).mode({saw: 1}, duration=4)
    assert job_shop_bound(model.problem()) == 18
    assert hw.solve(model, method="tabu", workers=1, time_limit=5).status is Status.FEASIBLE


def test_an_end_that_is_bound_from_below_must_not_pause():
    for bind in ("window", "relation"):
        model = Model(bind)
        saw = model.machine("saw", breaks=[(5, 15)])
        window = (7, None) if bind == "window" else (0, None)
        a = model.task(None, "a", interruptible=True, end=window).mode({saw: 1}, duration=4)
        b = model.task(None, "b").mode({saw: 1}, duration=4)
        if bind == "relation":
            model.end_before_end(b, a)
        assert "'a' may pause" in tabu.obstacle(model.problem())


@pytest.mark.parametrize(
    ("rest", "error"),
    [((0, 3, 3), "ends before"), ((0, -1, 3), "ends before"), ((1, 3, 4), "without tasks")],
)
def test_malformed_breaks_are_refused(rest, error):
    shop = random_resting_shop(1)
    shop.machine, shop.duration, shop.release, shop.pauses = [0], [1], [0], [False]
    shop.arcs, shop.breaks = [], [rest]
    with pytest.raises((ValueError, IndexError), match=error):
        native(shop)


def test_one_worker_finds_the_same_for_the_same_seed_and_number_of_moves():
    problem = random_problem(7)
    first, second = (tabu.TabuSearch(problem).run(moves=5_000, seed=5) for _ in range(2))
    assert first.schedule == second.schedule
    assert first.moves == second.moves
