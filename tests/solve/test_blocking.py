"""Search for blocking job shops: against its twin, the exact solver and published optima."""

from __future__ import annotations

import random
from dataclasses import replace
from itertools import pairwise

import pytest

import headway as hw
from headway import _core
from headway.model import Model, Problem, verify
from headway.model.tables import bools, ints
from headway.solve import blocking, cpsat
from headway.solve.result import Budget, Status
from tests.solve.samples import holding
from tests.twins.blocking import PlainBlockingShop, one_after_another, random_blocking_shop


def native(shop: PlainBlockingShop) -> _core.BlockingShop:
    columns = (shop.machine, shop.duration, shop.release, shop.next, shop.lag)
    return _core.BlockingShop(*map(ints, columns), bools(shop.holds))


def test_moves_lead_to_the_earliest_starts_of_orders_that_can_be_kept():
    made = 0
    for seed in range(150):
        shop, rng = random_blocking_shop(seed), random.Random(seed)
        state = _core.Selection(native(shop))
        state.load(ints(one_after_another(shop, seed)))
        for step in range(12):
            start = state.start.tolist()
            assert shop.starts(shop.orders(start)) == start, (seed, step)
            assert state.makespan == max(map(sum, zip(start, shop.duration, strict=True)))
            arcs = state.critical(step)
            if not arcs:
                break
            left, right = rng.choice(arcs)
            assert shop.job(left) != shop.job(right)
            assert shop.free(left, start) == start[right]
            state.move(left, right, rng.random() < 0.5)
            start = state.start.tolist()
            assert (start[right], shop.free(right, start)) <= (start[left], shop.free(left, start))
            made += 1
    assert made > 300


def random_problem(seed: int) -> Problem:
    """A small shop with everything that the search takes."""
    rng = random.Random(seed)
    model = Model(f"blocking shop {seed}")
    machines = [model.machine(f"machine {k}") for k in range(3)]
    for j in range(rng.randint(2, 4)):
        job = model.job(f"job {j}", release=rng.choice([0, 0, 3]))
        row = []
        for k in range(rng.randint(2, 4)):
            task = model.task(job, str(k), start=(rng.choice([0, 0, 0, 7]), None))
            needs = {rng.choice(machines): 1} if rng.random() < 0.9 else {}
            row.append(task.mode(needs, duration=rng.randint(1, 6)))
        for a, b in pairwise(row):
            model.end_before_start(a, b, rng.choice([0, 0, 2]))
            if a is row[0] or rng.random() < 0.8:
                model.blocking(a, b)
    return model.problem()


@pytest.mark.parametrize("seed", range(12))
def test_small_shops_are_solved_as_well_as_by_the_exact_solver(seed):
    problem = random_problem(seed)
    best = cpsat.solve(problem, Budget(time_limit_s=60))
    assert best.status is Status.OPTIMAL
    goal = best.schedule.makespan
    assert blocking.solve.bound(problem) <= goal
    search = blocking.BlockingSearch(problem)
    search.raise_goal(goal)
    found = search.run(moves=50_000, seed=seed).schedule
    assert verify(problem, found).ok
    assert found.makespan == goal


def test_two_jobs_swap_their_machines():
    """Each job waits for the machine that the other one holds; at 5 they change places."""
    problem = holding(hw.job_shop([[0, 1], [1, 0]], [[5, 3], [4, 2]]))
    found = blocking.BlockingSearch(problem).run(moves=1_000).schedule
    assert verify(problem, found).ok
    assert found.makespan == 8
    assert found.start.tolist() == [0, 5, 0, 5]


def test_a_classic_shop_with_blocking_is_solved_to_its_published_optimum():
    problem = holding(hw.instance("ft06"))
    search = blocking.BlockingSearch(problem)
    search.raise_goal(63)
    found = search.run(moves=1_000_000)
    assert verify(problem, found.schedule).ok
    assert found.schedule.makespan == 63


def refused() -> dict[str, Problem]:
    """One problem per obstacle, by the words that name it."""
    shop = holding(hw.job_shop([[0, 1], [1, 0]], [[2, 3], [4, 5]]))
    problems = {
        "no task blocks": hw.instance("ft06"),
        "the objective is": replace(shop, objective=hw.total_completion()),
    }

    def small(**options: object):
        model = Model("small")
        saw, drill = model.machine("saw", **options), model.machine("drill")
        job = model.job("job")
        row = [model.task(job, name).mode({saw: 1}, duration=2) for name in "abc"]
        model.end_before_start(row[0], row[1])
        model.blocking(row[0], row[1])
        return model, row, drill

    problems["has breaks"] = small(breaks=[(8, 9)])[0].problem()
    model, (a, _, c), _ = small()
    model.end_before_start(a, c)
    problems["is followed by several"] = model.problem()
    model, (_, b, c), _ = small()
    model.end_before_start(c, b)
    problems["follows several"] = model.problem()
    model, (_, b, c), _ = small()
    model.blocking(b, c)
    problems["does not follow it"] = model.problem()
    model, (_, b, c), _ = small()
    model.end_before_start(b, c, max_lag=3)
    problems["maximum lag"] = model.problem()
    model, (_, b, c), _ = small()
    model.end_before_start(b, c, -5)
    problems["may start before"] = model.problem()
    model, (_, b, c), _ = small()
    model.start_before_start(b, c)
    model.blocking(b, c)
    problems["one that overlaps"] = model.problem()
    model, (_, b, _), drill = small()
    b.mode({drill: 1}, duration=1)
    problems["has 2 modes"] = model.problem()
    return problems


@pytest.mark.parametrize("words", list(refused()))
def test_other_problems_are_refused_by_name(words):
    assert words in blocking.obstacle(refused()[words])


SOUND = PlainBlockingShop(
    [0, 1, 0], [2, 2, 2], [0] * 3, [1, -1, -1], [2, 0, 0], [True, False, False]
)


@pytest.mark.parametrize(
    ("change", "error"),
    [
        ({"machine": [0]}, "differ in length"),
        ({"machine": [0, 1, 200]}, "no such"),
        ({"next": [1, -1, 3]}, "no such"),
        ({"next": [1, -1, 1]}, "follows two"),
        ({"next": [1, 0, -1]}, "circle"),
        ({"lag": [1, 0, 0]}, "overlaps"),
        ({"duration": [2, -2, 2]}, "negative"),
        ({"release": [0, 0, 2**42]}, "coarser tick"),
    ],
)
def test_malformed_tables_are_refused(change, error):
    with pytest.raises((ValueError, IndexError), match=error):
        native(replace(SOUND, **change))


@pytest.mark.parametrize("start", [[0], [0, -1, 0], [0, 2, 2**62]])
def test_starts_that_are_none_are_refused(start):
    with pytest.raises(ValueError, match="start"):
        _core.BlockingSearch(native(SOUND)).offer(ints(start))


@pytest.mark.parametrize("move", [(0, 1), (2, 0), (0, 0)])
def test_moves_of_other_pairs_than_neighbours_are_refused(move):
    state = _core.Selection(native(SOUND))
    state.load(ints([0, 2, 2]))
    with pytest.raises(ValueError, match="neighbours"):
        state.move(*move, True)
