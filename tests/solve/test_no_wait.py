"""Search for no-wait shops: against its twin, the exact solver and published optima."""

from __future__ import annotations

import random
from dataclasses import replace
from itertools import pairwise

import numpy as np
import pytest

import headway as hw
from headway import _core
from headway.model import Model, Problem, verify
from headway.model.tables import ints
from headway.solve import cpsat, no_wait
from headway.solve.result import Budget, Status
from tests.solve.samples import without_waits
from tests.twins.no_wait import PlainNoWaitShop

OBJECTIVES = {
    "makespan": hw.makespan(),
    "completion": hw.total_completion(weighted=True),
    "flow time": hw.total_flow_time(),
    "tardiness": hw.total_tardiness(weighted=True),
    "lateness": hw.max_lateness(),
    "most tardiness": 3 * hw.max_tardiness(),
}


def random_problem(seed: int, objective: hw.Objective) -> Problem:
    """A small shop with everything that the search takes."""
    rng = random.Random(seed)
    model = Model(f"no-wait shop {seed}")
    rest = [(5, 8), (20, 22)] if seed % 3 == 0 else []
    machines = [model.machine(f"machine {k}", breaks=rest if k else []) for k in range(3)]
    for j in range(rng.randint(2, 4)):
        job = model.job(
            f"job {j}",
            release=rng.choice([0, 0, 3]),
            due=rng.choice([None, 6, 12]) if j else 9,
            weight=rng.randint(1, 3),
        )
        row = []
        for k in range(rng.randint(2, 4)):
            needs = dict.fromkeys(rng.sample(machines, rng.choice([0, 1, 1, 1, 2])), 1)
            task = model.task(job, str(k), start=(rng.choice([0, 0, 0, 7]), None))
            row.append(task.mode(needs, duration=rng.randint(0 if seed % 2 else 1, 4)))
        for a, b in pairwise(row):
            lag = rng.choice([0, 0, 0, 2, -1 if seed % 4 == 2 else 1])
            model.end_before_start(a, b, lag, max_lag=lag)
            if rng.random() < 0.2:
                model.blocking(a, b)
    model.minimise(objective)
    return model.problem()


@pytest.mark.parametrize("name", OBJECTIVES)
def test_small_shops_are_solved_as_well_as_by_the_exact_solver(name):
    """Not every timetable comes from an order, so that a rare optimum may be missed."""
    missed = compared = 0
    for seed in range(10):
        problem = random_problem(seed, OBJECTIVES[name])
        reason = no_wait.obstacle(problem)
        best = cpsat.solve(problem, Budget(time_limit_s=60))
        if reason is not None:
            assert "overlap" in reason
            assert best.status is Status.INFEASIBLE
            continue
        assert best.status is Status.OPTIMAL
        assert no_wait.solve.bound(problem) <= best.objective[0]
        found = no_wait.NoWaitSearch(problem).run(moves=3_000, seed=seed).schedule
        assert verify(problem, found).ok
        assert found.objective_values >= best.objective
        missed += found.objective_values > best.objective
        compared += 1
    assert compared > 6
    assert missed <= 1


@pytest.mark.parametrize(
    ("name", "optimum"), [("ft06", 73), ("la01", 971), ("la02", 937), ("ft10", 1607)]
)
def test_classic_shops_without_waits_are_solved_to_their_published_optimum(name, optimum):
    problem = without_waits(hw.instance(name))
    search = no_wait.NoWaitSearch(problem)
    search.raise_goal(optimum)
    found = search.run(moves=2_000_000)
    assert verify(problem, found.schedule).ok
    assert found.schedule.makespan == optimum


def random_plain(seed: int) -> PlainNoWaitShop:
    rng = random.Random(seed)
    claims, span = [], []
    for _ in range(rng.randint(1, 6)):
        time, row = 0, []
        for _ in range(rng.randint(1, 4)):
            length = rng.randint(0, 5)
            row.append((rng.randrange(3), time, length))
            time += length + rng.choice([0, 0, 1])
        claims.append(row)
        span.append(time)
    n = len(claims)

    def column(low: int, high: int) -> list[int]:
        return [rng.randint(low, high) for _ in range(n)]

    weight = column(0, 3)
    weight[0] = 1
    breaks = [(rng.randrange(3), 4, 9), (0, 15, 16)] if seed % 2 else []
    return PlainNoWaitShop(
        claims, column(0, 6), span, weight, column(-3, 20), column(-9, 0), seed % 3 == 0, breaks
    )


def native(shop: PlainNoWaitShop) -> _core.NoWaitShop:
    *columns, total = shop.columns()
    return _core.NoWaitShop(*(np.array(column, dtype=np.int64) for column in columns), total)


def test_items_take_the_starts_that_their_twin_takes():
    for seed in range(200):
        shop = random_plain(seed)
        order = list(range(len(shop.claims)))
        random.Random(seed).shuffle(order)
        start, value = native(shop).place(ints(order))
        assert start.tolist() == shop.place(order), seed
        assert value == shop.value(start.tolist()), seed


def refused() -> dict[str, Problem]:
    """One problem per obstacle, by the words that name it."""
    shop = without_waits(hw.job_shop([[0, 1], [1, 0]], [[2, 3], [4, 5]]))
    problems = {
        "may wait after": hw.instance("ft06"),
        "the objective is": replace(shop, objective=hw.makespan().then(hw.total_completion())),
        "has 2 modes": hw.flexible_job_shop([[[(0, 1), (1, 2)]]]),
        "without a wait": hw.single_machine([1, 2]),
        "no machine": hw.project([[(1, [1])]], [1], [[]]),
    }

    def small(**options: object):
        model = Model("small")
        saw = model.machine("saw", breaks=[(8, 9)])
        job = model.job("job")
        row = [model.task(job, name, **options).mode({saw: 1}, duration=2) for name in "abc"]
        model.no_wait(*row[:2])
        return model, row

    problems["may be interrupted"] = small(interruptible=True)[0].problem()
    model, (_, b, c) = small()
    model.blocking(b, c)
    problems["blocks its machine until"] = model.problem()
    model, (a, b, _) = small()
    model.end_before_start(a, b, 1, max_lag=1)
    problems["contradict"] = model.problem()
    model, (a, b, _) = small()
    model.start_before_start(a, b, 1, max_lag=1)
    problems["contradict others"] = model.problem()
    model, (_, b, c) = small()
    model.start_before_start(b, c, 1, max_lag=1)
    problems["overlap on their machine"] = model.problem()
    model, (_, b, c) = small()
    model.no_wait(b, c)
    model.job("empty", due=3)
    model.minimise(hw.max_lateness())
    problems["no job with tasks"] = model.problem()
    model, _ = small()
    model.minimise(hw.total_completion())
    problems["are not all tied"] = model.problem()
    return problems


@pytest.mark.parametrize("words", list(refused()))
def test_other_problems_are_refused_by_name(words):
    assert words in no_wait.obstacle(refused()[words])


SOUND = PlainNoWaitShop([[(0, 0, 2)], [(0, 0, 3)]], [0, 0], [2, 3], [1, 1], [0, 0], [0, 0], False)


@pytest.mark.parametrize(
    ("change", "error"),
    [
        ({"claims": [[(0, 0, 2)], [(0, 0, 4)]]}, "outside"),
        ({"claims": [[(0, 0, 2)], [(0, 0, 2), (0, 1, 2)]]}, "overlap"),
        ({"claims": [[(-1, 0, 2)], []]}, "numbered"),
        ({"claims": [[], [], [(0, 0, 1)]]}, "does not exist"),
        ({"release": [0]}, "differ in length"),
        ({"release": [0, 2**42]}, "coarser tick"),
        ({"release": [0, -1]}, "negative"),
        ({"weight": [1, 2**60]}, "too large"),
        ({"due": [0, -(2**63)]}, "too large"),
        ({"breaks": [(0, 3, 3)]}, "ends before"),
    ],
)
def test_malformed_tables_are_refused(change, error):
    with pytest.raises((ValueError, IndexError), match=error):
        native(replace(SOUND, **change))


@pytest.mark.parametrize("order", [[0], [0, 0], [0, 2]])
def test_orders_that_are_none_are_refused(order):
    with pytest.raises(ValueError, match="order"):
        native(SOUND).place(ints(order))


@pytest.mark.parametrize("start", [[0], [0, -1], [0, 2**62]])
def test_starts_that_are_none_are_refused(start):
    with pytest.raises(ValueError, match="start"):
        _core.NoWaitSearch(native(SOUND)).offer(ints(start))
