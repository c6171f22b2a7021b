"""Search with maximum lags: valid schedules, as good as exact ones, and clear refusals."""

from __future__ import annotations

import random
import threading
from pathlib import Path

import numpy as np
import pytest

import headway as hw
from headway.errors import UnsupportedError
from headway.model import Model, Problem, verify
from headway.solve import cpsat, max_lags
from headway.solve.bounds import makespan_bound
from headway.solve.portfolio.solver import SEARCHERS
from headway.solve.result import Budget, Progress, Status, Stop

DATA = Path(__file__).parents[1] / "data"


def lagged(seed: int, n: int, *, tightness: float = 0.3) -> Problem:
    """A project with maximum lags that the tasks keep if they follow one another at random."""
    rng = random.Random(seed)
    capacities = [rng.randint(3, 6) for _ in range(3)]
    modes, start, now = [], [], 0
    for _ in range(n):
        needs = [rng.choice([0, rng.randint(1, capacity)]) for capacity in capacities]
        modes.append([(rng.randint(1, 9), needs)])
        start.append(now)
        now += modes[-1][0][0]
    lags = []
    for i in range(n):
        for j in range(i + 1, min(n, i + 8)):
            apart = start[j] - start[i]
            if rng.random() < 0.2:
                lags.append((i, j, rng.randint(0, modes[i][0][0])))
            if rng.random() < tightness / 4:
                lags.append((j, i, -apart))
    return hw.project(modes, capacities, [[] for _ in modes], lags=lags, name=f"lagged {seed}")


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


def run(problem: Problem, *, seconds: float = 20.0, stop: Stop | None = None, workers: int = 1):
    seen: list[Progress] = []
    result = max_lags.solve(
        problem,
        Budget(time_limit_s=seconds, workers=workers),
        warm_start=None,
        seed=0,
        on_progress=seen.append,
        stop=stop or Stop(),
    )
    return result, seen


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
    result, _ = run(problem)
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


def test_one_worker_finds_the_same_for_the_same_seed_and_number_of_moves():
    problem = lagged(2, 40)
    first, second = (max_lags.LagSearch(problem).run(moves=3_000, seed=5) for _ in range(2))
    assert first.schedule == second.schedule
    assert first.moves == second.moves


def test_two_workers_share_what_they_find():
    problem = lagged(3, 12)
    goal = max_lags.LagSearch(problem).run(moves=5_000).schedule.makespan
    found = max_lags.LagSearch(problem).run(workers=2, goal=goal, time_limit_s=60)
    assert found.schedule.makespan <= goal
    assert verify(problem, found.schedule).ok


def test_search_goes_on_from_what_it_is_offered():
    """The offer joins the first members: the next plans are bred from it."""
    problem = lagged(4, 40)
    good = max_lags.LagSearch(problem).run(moves=4_000, seed=3).schedule
    again = max_lags.LagSearch(problem).run(moves=3, seed=4, start=good)
    assert again.schedule is None or verify(problem, again.schedule).ok
    result = max_lags.solve(
        problem,
        Budget(time_limit_s=0.2),
        warm_start=good,
        seed=1,
        on_progress=lambda _: None,
        stop=Stop(),
    )
    assert result.objective <= (good.makespan,)


def test_a_stop_from_another_thread_ends_the_search():
    stop = Stop()
    timer = threading.Timer(0.2, stop.set)
    timer.start()
    result, _ = run(lagged(5, 60), seconds=60, stop=stop)
    timer.join()
    assert result.time_s < 30


def test_the_solver_stops_where_value_and_bound_meet():
    problem = hw.project(
        [[(2, [1])], [(3, [1])], [(1, [1])]],
        [1],
        [[], [], []],
        lags=[(0, 1, 1), (1, 0, -4), (2, 0, 1)],
    )
    result, seen = run(problem)
    assert result.status is Status.OPTIMAL
    assert result.objective == result.bound == (6,)
    assert all(verify(problem, p.schedule).ok for p in seen)
    assert makespan_bound(problem) <= 6


def test_the_solver_is_found_by_name_and_takes_part_in_the_portfolio():
    problem = lagged(6, 12)
    result = hw.solve(problem, method="max_lags", workers=1, time_limit=0.5)
    assert result.verified
    assert next(s.name for s in SEARCHERS if s.applies(problem)) == "max_lags"


def refused() -> dict[str, Problem]:
    """One problem per obstacle, by the words that name it."""
    one = [(1, [1])]
    problems = {
        "objective": hw.job_shop([[0]], [[1]], objective=hw.total_completion()),
        "latest time": hw.job_shop([[0]], [[1]], deadline=[9]),
        "setup times": hw.single_machine([1, 1], setups=np.zeros((3, 2), dtype=int)),
        "no task": Model("empty").problem(),
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
    problem = refused()[words]
    assert words in max_lags.obstacle(problem)
    with pytest.raises(UnsupportedError, match="search with maximum lags does not apply"):
        max_lags.LagSearch(problem)
