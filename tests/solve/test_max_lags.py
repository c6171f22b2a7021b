"""Search with maximum lags: valid schedules, as good as exact ones, and clear refusals."""

from __future__ import annotations

import random
from pathlib import Path

import numpy as np
import pytest

import headway as hw
from headway.model import Model, Problem, verify
from headway.solve import cpsat, max_lags
from headway.solve.portfolio.solver import SEARCHERS
from headway.solve.result import Budget, Status
from tests.solve.samples import lagged

DATA = Path(__file__).parents[1] / "data"


def mixed(seed: int) -> Problem:
    """A small project with all kinds of lags, release times, a machine with breaks and crews."""
    rng = random.Random(seed)
    model = Model(f"mixed {seed}")
    saw = model.machine("saw", breaks=[(4, 6)] if seed % 3 == 1 else [])
    crew = model.renewable("crew", capacity=3, steps=[(5, 0), (8, 3)] if seed % 4 == 1 else [])
    tasks = []
    for i in range(rng.randint(3, 7)):
        job = model.job(f"job {i}", release=rng.choice([0, 0, 0, 3]))
        needs = {crew: rng.randint(1, 2)} | ({saw: 1} if rng.random() < 0.4 else {})
        duration = rng.randint(1, 4)
        tasks.append(model.task(job, str(i)).mode(needs, duration=duration))
    kinds = (
        model.end_before_start,
        model.start_before_start,
        model.end_before_end,
        model.start_before_end,
    )
    for i, a in enumerate(tasks):
        for b in tasks[i + 1 : i + 3]:
            if rng.random() < 0.6:
                low = rng.randint(-2, 2)
                rng.choice(kinds)(a, b, low, max_lag=low + rng.randint(2, 9))
    return model.problem()


@pytest.mark.parametrize("seed", range(30))
def test_small_problems_with_all_kinds_of_lags_are_solved_to_their_optimum(seed):
    problem = mixed(seed)
    best = cpsat.solve(problem, Budget(time_limit_s=60))
    if best.status is Status.INFEASIBLE:
        obstacle = max_lags.obstacle(problem)
        assert obstacle is not None or max_lags.LagSearch(problem).run(moves=2_000).schedule is None
        return
    assert best.status is Status.OPTIMAL
    goal = best.schedule.makespan
    assert max_lags.solve.bound(problem) <= goal
    found = max_lags.LagSearch(problem).run(moves=20_000, goal=goal, seed=seed).schedule
    assert verify(problem, found).ok
    assert found.makespan == goal


@pytest.mark.parametrize("seed", range(4))
def test_projects_of_twelve_tasks_are_solved_to_their_optimum(seed):
    problem = lagged(seed, 12)
    best = cpsat.solve(problem, Budget(time_limit_s=60))
    assert best.status is Status.OPTIMAL
    found = max_lags.LagSearch(problem).run(moves=50_000, goal=best.schedule.makespan).schedule
    assert verify(problem, found).ok
    assert found.makespan == best.schedule.makespan


def test_a_file_with_maximum_lags_is_solved():
    problem = hw.read(DATA / "small.sch")
    result = hw.solve(problem, method="max_lags", workers=1, time_limit=20)
    best = cpsat.solve(problem, Budget(time_limit_s=60))
    assert result.objective == best.objective


def test_an_ordinary_project_is_solved_to_its_optimum():
    found = max_lags.LagSearch(hw.instance("j30_1_1")).run(moves=50_000, goal=43)
    assert found.schedule.makespan == 43


def test_long_durations_change_nothing():
    problem = lagged(1, 15)
    scale = 1000
    demands = np.zeros((problem.n_tasks, problem.n_resources), dtype=np.int64)
    mode, resource, amount = problem.occupied
    demands[mode, resource] = amount
    rows = zip((problem.modes.duration * scale).tolist(), demands.tolist(), strict=True)
    relations = problem.relations
    lags = np.column_stack((relations.before, relations.after, relations.min_lag * scale)).tolist()
    long = hw.project(
        [[row] for row in rows],
        problem.resources.capacity.tolist(),
        [[] for _ in range(problem.n_tasks)],
        lags=lags,
    )
    short = max_lags.LagSearch(problem).run(moves=2_000).schedule.makespan
    found = max_lags.LagSearch(long).run(moves=20_000, goal=scale * short).schedule
    assert found.makespan <= scale * short
    assert verify(long, found).ok


def test_the_portfolio_leaves_maximum_lags_to_it():
    problem = lagged(6, 12)
    assert next(s.name for s in SEARCHERS if s.applies(problem)) == "max_lags"


def refused() -> dict[str, Problem]:
    """One problem per obstacle, by the words that name it."""
    one = [(1, [1])]
    problems = {
        "objective": hw.job_shop([[0]], [[1]], objective=hw.total_completion()),
        "setup times": hw.single_machine([1, 1], setups=np.zeros((3, 2), dtype=int)),
        "has 2 modes": hw.project([[(1, [1]), (2, [1])]], [1], [[]]),
        "there are 1001 tasks": hw.project([one] * 1001, [1], [[]] * 1001),
        "'task 0' needs more of a resource": hw.project([[(1, [2])]], [1], [[]]),
        "contradict": hw.project([one, one], [1], [[], []], lags=[(0, 1, 3), (1, 0, -2)]),
        "a coarser tick": hw.project([[(2**28, [1])]], [1], [[]]),
        "is a budget": hw.project([one], [1], [[]], renewable=[False]),
    }
    model = Model("pause")
    saw = model.machine("saw", breaks=[(2, 3)])
    model.task(None, "a", interruptible=True).mode({saw: 1}, duration=2)
    problems["'a' may pause in breaks"] = model.problem()
    return problems


@pytest.mark.parametrize("words", list(refused()))
def test_other_problems_are_refused_by_name(words):
    assert words in max_lags.obstacle(refused()[words])
