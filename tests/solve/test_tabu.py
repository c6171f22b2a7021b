"""Tabu search: valid schedules, the same ones for the same seed, and clear refusals."""

from __future__ import annotations

import random
from itertools import pairwise

import numpy as np
import pytest

import headway as hw
from headway.errors import ConfigError
from headway.model import Model, Problem, verify
from headway.solve import cpsat, tabu
from headway.solve.result import Budget, Status


def random_problem(seed: int) -> Problem:
    """A small shop with everything that tabu search takes."""
    rng = random.Random(seed)
    model = Model(f"shop {seed}")
    machines = [model.machine(f"machine {k}") for k in range(rng.randint(1, 3))]
    tasks = []
    for j in range(rng.randint(2, 4)):
        job = model.job(f"job {j}", release=rng.choice([0, 0, 3]))
        row = []
        for k in range(rng.randint(1, 4)):
            task = model.task(job, str(k), start=(rng.choice([0, 0, 0, 7]), None))
            needs = {rng.choice(machines): 1} if rng.random() < 0.9 else {}
            task.mode(needs, duration=rng.randint(seed % 2, 6))
            row.append(task)
        for a, b in pairwise(row):
            model.end_before_start(a, b, rng.choice([0, 0, 2]))
        tasks.append(row)
    if seed % 3 == 0:
        model.start_before_start(tasks[0][0], tasks[1][-1], rng.randint(0, 5))
    return model.problem()


@pytest.mark.parametrize("seed", range(40))
def test_small_shops_are_solved_as_well_as_by_the_exact_solver(seed):
    problem = random_problem(seed)
    best = cpsat.solve(problem, Budget(time_limit_s=60))
    assert best.status is Status.OPTIMAL
    goal = best.schedule.makespan
    found = tabu.TabuSearch(problem).run(moves=20_000, goal=goal, seed=seed).schedule
    assert verify(problem, found).ok
    assert found.makespan == goal


@pytest.mark.parametrize("name", ["ft06", "la01", "la16"])
def test_classic_shops_are_solved_to_their_optimum(name):
    info = hw.instances(name)[0]
    found = tabu.TabuSearch(info.load()).run(moves=3_000_000, goal=info.upper)
    assert found.schedule.makespan == info.upper
    assert verify(info.load(), found.schedule).ok


def test_re_entrant_shops_and_unequal_jobs_give_valid_schedules():
    machines = [[0, 1, 0, 2, 0], [1, 1, 0], [2, 0, 2, 1, 2, 0], [0]]
    durations = [[3, 2, 4, 1, 2], [2, 2, 5], [1, 3, 1, 4, 2, 2], [6]]
    problem = hw.job_shop(machines, durations)
    found = tabu.TabuSearch(problem).run(moves=5_000)
    assert verify(problem, found.schedule).ok
    assert found.schedule.makespan == cpsat.solve(problem, Budget(20)).schedule.makespan


def test_the_same_answer_comes_back_on_every_machine():
    """The checksum of the starts of a short run, as recorded when this was written."""
    found = tabu.TabuSearch(hw.instance("ft10")).run(moves=20_000, seed=1)
    weights = np.arange(1, 101)
    assert (found.schedule.makespan, int(found.schedule.start @ weights)) == (940, 2_439_151)


def test_a_horizon_below_the_optimum_leaves_the_question_open():
    model = Model("tight", horizon=5)
    saw = model.machine("saw")
    for name in "ab":
        model.task(None, name).mode({saw: 1}, duration=4)
    seen = []
    result = hw.solve(model, method="tabu", workers=1, time_limit=0.2, on_improvement=seen.append)
    assert result.status is Status.UNKNOWN
    assert "horizon" in result.reason
    assert seen == []


def refused() -> dict[str, Problem]:
    """One problem per obstacle, by the words that name it."""
    problems = {
        "objective": hw.job_shop([[0]], [[1]], objective=hw.total_completion()),
        "'job 0/0' has 2 modes": hw.flexible_job_shop([[[(0, 1), (1, 2)]]]),
        "common sequence": hw.flow_shop(np.ones((2, 2), dtype=int)),
        "2 resources": hw.open_shop(np.ones((2, 2), dtype=int)),
        "setup times": hw.single_machine([1, 1], setups=np.zeros((3, 2), dtype=int)),
        "no machine": hw.project([[(1, [1])]], [1], [[]]),
    }

    def small(name: str):
        model = Model(name)
        saw = model.machine("saw")
        drill = model.machine("drill")
        a = model.task(None, "a").mode({saw: 1}, duration=2)
        b = model.task(None, "b").mode({drill: 1}, duration=2)
        return model, a, b

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


@pytest.mark.parametrize("words", list(refused()))
def test_other_problems_are_refused_by_name(words):
    assert words in tabu.obstacle(refused()[words])


@pytest.mark.parametrize("neighbourhood", ["N6", "N8"])
def test_other_neighbourhoods_find_the_optimum_of_small_shops(neighbourhood):
    settings = tabu.Settings(neighbourhood=neighbourhood, tenure=7)
    found = tabu.TabuSearch(hw.instance("ft06"), settings).run(moves=50_000, goal=55)
    assert found.schedule.makespan == 55


@pytest.mark.parametrize(
    "settings",
    [
        {"population": 1},
        {"patience": 0},
        {"neighbourhood": "N9"},
        {"tenure": 0},
        {"tenure": 10_000_000},
    ],
)
def test_settings_that_make_no_sense_are_refused(settings):
    with pytest.raises(ConfigError, match=next(iter(settings))):
        tabu.Settings(**settings)
