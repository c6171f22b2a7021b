"""Project search: valid schedules, the same ones for the same seed, and clear refusals."""

from __future__ import annotations

import random
from itertools import pairwise

import numpy as np
import pytest

import headway as hw
from headway.errors import ConfigError
from headway.model import Model, Problem, verify
from headway.solve import cpsat, project
from headway.solve.result import Budget, Status


def random_problem(seed: int) -> Problem:
    """A small project with everything that the search takes."""
    rng = random.Random(seed)
    model = Model(f"project {seed}")
    calendar = [(4, 6), (9, 10)] if seed % 4 == 1 else []
    shared = [model.machine("machine", breaks=calendar)]
    for k in range(rng.randint(1, 2)):
        capacity = rng.randint(2, 4)
        steps = [(5, 0), (8, capacity)] if seed % 3 == 1 else []
        shared.append(model.renewable(f"crew {k}", capacity=capacity, steps=steps))
    n = rng.randint(3, 7)
    purse = model.budget("purse", capacity=4 * n) if seed % 2 else None
    tasks = []
    for i in range(n):
        job = model.job(f"job {i}", release=rng.choice([0, 0, 0, 3]))
        task = model.task(job, str(i), start=(rng.choice([0, 0, 5]), None))
        for _ in range(rng.randint(1, 3) if seed % 2 else 1):
            needs = {r: rng.choice([1, 1, 2]) for r in shared[1:] if rng.random() < 0.7}
            if rng.random() < 0.3:
                needs[shared[0]] = 1
            if purse is not None:
                needs[purse] = rng.randint(1, 6)
            task.mode(needs, duration=rng.randint(1, 4))
        tasks.append(task)
    relate = [model.end_before_start, model.start_before_start, model.end_before_end]
    for a, b in pairwise(tasks):
        if rng.random() < 0.5:
            kind = rng.choice(relate) if seed % 5 == 0 else relate[0]
            kind(a, b, rng.choice([0, 0, 2]))
    return model.problem()


@pytest.mark.parametrize("seed", range(40))
def test_small_projects_are_solved_as_well_as_by_the_exact_solver(seed):
    problem = random_problem(seed)
    best = cpsat.solve(problem, Budget(time_limit_s=60))
    if best.status is Status.INFEASIBLE:
        assert project.ProjectSearch(problem).run(moves=20_000).schedule is None
        return
    assert best.status is Status.OPTIMAL
    goal = best.schedule.makespan
    assert project.solve.bound(problem) <= goal
    found = project.ProjectSearch(problem).run(moves=50_000, goal=goal, seed=seed).schedule
    assert verify(problem, found).ok
    assert found.makespan == goal


@pytest.mark.parametrize("name", ["j30_13_1", "j60_2_1", "j90_2_1", "j120_5_1"])
def test_classic_projects_are_solved_to_their_optimum(name):
    info = hw.instances(name)[0]
    found = project.ProjectSearch(info.load()).run(moves=300_000, goal=info.upper)
    assert found.schedule.makespan == info.upper
    assert verify(info.load(), found.schedule).ok


def test_job_shops_are_projects_too():
    found = project.ProjectSearch(hw.instance("ft06")).run(moves=200_000, goal=55)
    assert found.schedule.makespan == 55


def test_long_durations_change_nothing():
    """The search keeps steps in place of ticks, but goes the same way."""
    problem = hw.instance("j30_13_1")
    demands = np.zeros((problem.n_tasks, problem.n_resources), dtype=np.int64)
    mode, resource, amount = problem.occupied
    demands[mode, resource] = amount
    after: list[list[int]] = [[] for _ in range(problem.n_tasks)]
    for i, j in zip(problem.relations.before, problem.relations.after, strict=True):
        after[i].append(int(j))
    times = (problem.modes.duration * 1000).tolist()
    modes = [[(time, row)] for time, row in zip(times, demands.tolist(), strict=True)]
    long = hw.project(modes, problem.resources.capacity.tolist(), after)
    found = project.ProjectSearch(long).run(moves=100_000, goal=58_000).schedule
    assert found.makespan == 58_000
    assert verify(long, found).ok


def test_the_same_answer_comes_back_on_every_machine():
    """The checksum of the starts of a short run, as recorded when this was written."""
    found = project.ProjectSearch(hw.instance("j60_9_1")).run(moves=6_000, seed=1)
    weights = np.arange(1, 63)
    assert (found.schedule.makespan, int(found.schedule.start @ weights)) == (91, 102_850)


def test_a_budget_that_cannot_be_kept_leaves_the_question_open():
    model = Model("poor")
    purse = model.budget("purse", capacity=3)
    for name in "ab":
        task = model.task(None, name)
        task.mode({purse: 2}, duration=4)
        task.mode({purse: 3}, duration=2)
    seen = []
    result = hw.solve(
        model, method="project", workers=1, time_limit=0.2, on_improvement=seen.append
    )
    assert result.status is Status.UNKNOWN
    assert seen == []


def refused() -> dict[str, Problem]:
    """One problem per obstacle, by the words that name it."""
    problems = {
        "objective": hw.job_shop([[0]], [[1]], objective=hw.total_completion()),
        "common sequence": hw.flow_shop(np.ones((2, 2), dtype=int)),
        "setup times": hw.single_machine([1, 1], setups=np.zeros((3, 2), dtype=int)),
        "more of a resource than there is in the end": hw.project([[(1, [2])]], [1], [[]]),
    }

    def small(name: str):
        model = Model(name)
        saw = model.machine("saw", breaks=[(2, 3)])
        sand = model.reservoir("sand", level=5)
        a = model.task(None, "a", interruptible=name == "pause")
        a.mode({saw: 1}, duration=2)
        b = model.task(None, "b").mode(
            {saw: 1} if name == "instant" else {},
            duration=0 if name == "instant" else 2,
            consumes={sand: 1} if name == "reservoir" else None,
        )
        return model, a, b

    for name, words in (
        ("pause", "'a' may pause in breaks"),
        ("instant", "'b' needs 'saw' without taking time"),
        ("reservoir", "'sand' is a reservoir"),
    ):
        problems[words] = small(name)[0].problem()
    model, a, b = small("lag")
    model.end_before_start(a, b, max_lag=3)
    problems["'a' has a maximum lag"] = model.problem()
    model, a, b = small("circle")
    model.start_before_start(a, b)
    model.start_before_start(b, a)
    problems["form a cycle"] = model.problem()
    return problems


@pytest.mark.parametrize("words", list(refused()))
def test_other_problems_are_refused_by_name(words):
    assert words in project.obstacle(refused()[words])


@pytest.mark.parametrize("settings", [{"population": 1}, {"patience": 0}])
def test_settings_that_make_no_sense_are_refused(settings):
    with pytest.raises(ConfigError, match=next(iter(settings))):
        project.Settings(**settings)
