"""Tabu search on shops of any kind: valid schedules, the same for the same seed, clear refusals."""

from __future__ import annotations

import numpy as np
import pytest

import headway as hw
from headway.errors import ConfigError
from headway.model import Model, Problem, verify
from headway.solve import cpsat, shop
from headway.solve.result import Budget, Status
from tests.solve.shops import OBJECTIVES, random_shop, tardy


@pytest.mark.parametrize("seed", range(64))
def test_small_shops_are_solved_as_well_as_by_the_exact_solver(seed):
    problem = random_shop(seed)
    best = cpsat.solve(problem, Budget(time_limit_s=60))
    assert best.status is Status.OPTIMAL
    goal = best.schedule.objective
    found = shop.ShopSearch(problem).run(moves=30_000, goal=goal, seed=seed).schedule
    assert verify(problem, found).ok
    assert found.objective == goal
    assert shop.solve.bound(problem) <= goal


def test_random_shops_show_every_objective_and_every_kind():
    problems = [random_shop(seed) for seed in range(64)]
    assert {str(p.objective) for p in problems} == set(OBJECTIVES)
    assert any(p.setups for p in problems)
    assert any(p.relations.transfer.any() and p.transfers.any() for p in problems)
    assert any((np.diff(p.modes.demand_ptr) > 1).any() for p in problems)


@pytest.mark.parametrize(("name", "optimum"), [("la18", 929), ("la19", 948), ("orb01", 2568)])
def test_tardy_job_shops_are_solved_to_their_published_optimum(name, optimum):
    """Singer and Pinedo (1998), due dates at 1.3 times the work of a job."""
    found = shop.ShopSearch(tardy(name)).run(moves=1_000_000, goal=optimum)
    assert found.schedule.objective == optimum


@pytest.mark.parametrize(("name", "optimum"), [("gp06-01", 1264), ("mk01", 40), ("la05", 593)])
def test_classic_shops_are_solved_to_their_optimum(name, optimum):
    problem = hw.instance(name)
    found = shop.ShopSearch(problem).run(moves=1_000_000, goal=optimum)
    assert found.schedule.objective == optimum
    assert verify(problem, found.schedule).ok


def test_the_same_answer_comes_back_on_every_machine():
    """The checksum of the starts of a short run, as recorded when this was written."""
    found = shop.ShopSearch(tardy("orb05")).run(moves=5_000, seed=1).schedule
    assert (found.objective, int(found.start @ np.arange(1, 101))) == (2007, 2_192_141)


def test_work_that_is_never_late_is_proven_optimal():
    problem = hw.job_shop(
        [[0, 1], [1, 0]], [[3, 2], [2, 4]], due=[9, 9], objective=hw.total_tardiness()
    )
    result = hw.solve(problem, method="shop", workers=1, time_limit=20)
    assert (result.status, result.objective) == (Status.OPTIMAL, (0,))


def refused() -> dict[str, Problem]:
    """One problem per obstacle, by the words that name it."""
    problems = {
        "levels": hw.job_shop([[0]], [[1]], objective=hw.makespan().then(hw.total_completion())),
        "counts setup": hw.job_shop([[0]], [[1]], objective=hw.total_setup()),
        "common sequence": hw.flow_shop(np.ones((2, 2), dtype=int)),
        "several tasks of no duration": hw.single_machine(
            [0, 0], setups=np.zeros((3, 2), dtype=int)
        ),
        "no machine": hw.project([[(1, [1])]], [1], [[]]),
        "too many tasks and jobs": hw.single_machine(
            np.ones(2_100, dtype=int), objective=hw.total_completion()
        ),
        "weights are too large": hw.single_machine(
            [1], weight=[2**30], objective=2**30 * hw.total_completion(weighted=True)
        ),
        "coarser tick": hw.single_machine([2**43]),
    }

    def small(name: str):
        model = Model(name)
        saw = model.machine("saw", breaks=[(2, 3)] if name == "breaks" else [])
        drill = model.machine("drill")
        a = model.task(None, "a").mode({saw: 1}, duration=2)
        b = model.task(None, "b").mode({drill: 1}, duration=2)
        return model, a, b

    problems["breaks"] = small("breaks")[0].problem()
    model, a, b = small("lag")
    model.end_before_start(a, b, max_lag=3)
    problems["maximum lag"] = model.problem()
    model, a, b = small("early")
    model.end_before_start(a, b, -5)
    problems["'b' may start before 'a'"] = model.problem()
    model, a, b = small("circle")
    model.start_before_start(a, b)
    model.start_before_start(b, a)
    problems["form a cycle"] = model.problem()
    return problems


@pytest.mark.parametrize("exponent", [13, 15, 20, 30])
def test_lateness_of_any_weight_is_taken_or_refused(exponent):
    late = hw.single_machine([2], due=[5], objective=2**exponent * hw.max_lateness())
    reason = shop.obstacle(late)
    assert reason is None or "weights are too large" in reason
    assert (reason is None) == (exponent < 15)


@pytest.mark.parametrize("words", list(refused()))
def test_other_problems_are_refused_by_name(words):
    assert words in shop.obstacle(refused()[words])


@pytest.mark.parametrize("settings", [{"population": 1}, {"patience": 0}])
def test_settings_that_make_no_sense_are_refused(settings):
    with pytest.raises(ConfigError, match=next(iter(settings))):
        shop.Settings(**settings)
