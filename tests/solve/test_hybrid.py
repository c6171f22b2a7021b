"""Annealing on hybrid flow shops: valid schedules, the same ones for a seed, clear refusals."""

from __future__ import annotations

import functools

import numpy as np
import pytest

import headway as hw
from headway.errors import ConfigError
from headway.model import Model, Problem, verify
from headway.solve import cpsat, hybrid
from headway.solve.result import Budget, Status

OBJECTIVES = [
    hw.makespan(),
    hw.max_lateness(),
    hw.total_completion(),
    hw.total_tardiness(weighted=True),
    hw.tardy_jobs(),
]


def random_problem(seed: int, jobs: int = 6) -> Problem:
    """A hybrid flow shop, its machines alike or not, with and without releases."""
    rng = np.random.default_rng(seed)
    machines = [2, *rng.integers(1, 4, rng.integers(0, 3)).tolist()]
    columns = len(machines) if seed % 2 else sum(machines)
    return hw.hybrid_flow_shop(
        rng.integers(1, 10, (jobs, columns)),
        machines,
        release=rng.choice([0, 4], jobs) if seed % 3 == 0 else None,
        due=rng.integers(5, 30, jobs),
        weight=rng.integers(1, 4, jobs),
        objective=OBJECTIVES[seed % len(OBJECTIVES)],
    )


@pytest.mark.parametrize("seed", range(30))
def test_schedules_are_valid_and_close_to_the_optimum(seed):
    """Jobs that go on as they come need not be optimal, but nearly are."""
    problem = random_problem(seed)
    assert hybrid.obstacle(problem) is None
    best = cpsat.solve(problem, Budget(time_limit_s=60))
    assert best.status is Status.OPTIMAL
    found = (
        hybrid.HybridSearch(problem).run(moves=3_000, goal=best.objective[0], seed=seed).schedule
    )
    assert verify(problem, found).ok
    assert found.objective >= best.objective[0] >= hybrid.hybrid_bound(problem)
    assert found.objective - best.objective[0] <= 2 + abs(best.objective[0]) // 5


def test_the_same_answer_comes_back_on_every_machine():
    """The checksum of the starts of a short run, as recorded when this was written."""
    work = np.arange(1, 121).reshape(30, 4) * 7919 % 97
    found = (
        hybrid.HybridSearch(hw.hybrid_flow_shop(work, [2, 3, 2, 3]))
        .run(moves=3_000, seed=1)
        .schedule
    )
    assert (found.makespan, int(found.start @ np.arange(1, 121))) == (852, 3118750)


def test_a_good_order_is_taken_up():
    problem = random_problem(5, jobs=40)
    good = hybrid.HybridSearch(problem).run(moves=5_000, seed=3).schedule
    again = hybrid.HybridSearch(problem).run(moves=100, seed=4, start=good).schedule
    assert again.makespan <= good.makespan


def test_the_shortest_of_several_modes_on_a_machine_is_taken():
    model = Model("modes")
    slow, fast = model.machine("slow"), model.machine("fast")
    task = model.task(model.job("only"), "only")
    for machine, duration in ((slow, 5), (fast, 9), (fast, 3), (fast, 7)):
        task.mode({machine: 1}, duration=duration)
    assert hybrid.HybridSearch(model.problem()).run(moves=10).schedule.makespan == 3


@functools.cache
def refused() -> dict[str, Problem]:
    """One problem per obstacle, by the words that name it."""

    def small(change, **window):
        model = Model("small")
        machines = [model.machine(name) for name in ("saw", "other saw", "drill")]
        rows = []
        for name in "ab":
            job = model.job(name)
            cut = model.task(job, "cut")
            for saw in machines[:2]:
                cut.mode({saw: 1}, duration=2)
            bore = model.task(job, "bore", **window)
            rows.append([cut, bore.mode({machines[2]: 1}, duration=2)])
            model.end_before_start(*rows[-1])
        change(model, machines, rows)
        return model.problem()

    return {
        "not one measure": small(lambda m, on, rows: m.minimise(hw.total_setup())),
        "no stage has several": hw.flow_shop([[1, 2]], permutation=False),
        "serves two stages": hw.flexible_job_shop([[[(0, 1), (1, 1)], [(1, 1), (2, 1)]]]),
        "common sequence": small(lambda m, on, rows: m.same_sequence(*on[1:])),
        "setup times": small(lambda m, on, rows: m.setup_times(on[2], {})),
        "block their": small(lambda m, on, rows: m.blocking(*rows[0])),
        "for some time only": small(lambda m, on, rows: m.no_wait(*rows[0])),
        "not chains": small(lambda m, on, rows: m.end_before_start(rows[0][0], rows[1][0])),
        "earliest time of its own": small(lambda m, on, rows: None, start=(9, None)),
        "coarser tick": hw.hybrid_flow_shop([[2**27], [2**27]], [2]),
    }


@pytest.mark.parametrize("words", list(refused()))
def test_other_problems_are_refused_by_name(words):
    assert words in hybrid.obstacle(refused()[words])


@pytest.mark.parametrize("settings", [{"temperature": -1}, {"cycle": 0}], ids=str)
def test_settings_that_make_no_sense_are_refused(settings):
    with pytest.raises(ConfigError, match=next(iter(settings))):
        hybrid.Settings(**settings)
