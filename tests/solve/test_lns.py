"""Large-neighbourhood search: valid, never worse, optimal where that can be checked."""

import math
import threading

import numpy as np
import pytest

import headway as hw
from headway.errors import ConfigError, UnsupportedError
from headway.model.objective import Objective
from headway.solve import lns, rules
from headway.solve.lns.arms import Arms
from headway.solve.lns.model import ExactModel
from headway.solve.lns.neighbourhoods import Companions, Scene, anywhere, neighbourhoods
from headway.solve.result import Budget, Status, Stop
from headway.solve.search import Halt
from tests.features import FEATURES
from tests.problems import random_problem


def first_schedule(problem):
    return rules.solve(
        problem, Budget(5), warm_start=None, seed=0, on_progress=lambda _: None, stop=Stop()
    ).schedule


@pytest.mark.parametrize("seed", range(40))
def test_small_problems_with_all_constraints_are_solved_to_the_optimum(seed):
    problem = random_problem(seed, n_tasks=None if seed % 2 else 7)
    if lns.obstacle(problem):
        return
    exact = hw.solve(problem, method="cpsat", time_limit=60, workers=1)
    if exact.status is not Status.OPTIMAL:
        return
    found = hw.solve(problem, method="lns", time_limit=60, workers=1)
    assert found.status is Status.OPTIMAL
    assert found.objective == exact.objective


@pytest.mark.parametrize("measure", [f for f in FEATURES if f in set(hw.Measure)])
def test_every_measure_improves_or_stays(measure):
    problem = random_problem(11, features={measure, "machine", "several modes"}, n_tasks=12)
    start = hw.solve(problem, method="rules", time_limit=5, workers=1).schedule
    if start is None:
        return
    search = lns.LargeNeighbourhoodSearch(problem)
    search.offer(start)
    seen = []
    found = search.run(moves=20, on_improvement=lambda s: seen.append(s.objective_values))
    assert hw.verify(problem, found.schedule).ok
    assert found.schedule.objective_values <= start.objective_values
    assert seen == sorted(seen, reverse=True)


def test_an_offer_from_another_thread_is_taken():
    problem = hw.instance("la06")
    best = hw.solve(problem, method="cpsat", time_limit=20, workers=1).schedule
    search = lns.LargeNeighbourhoodSearch(problem)
    search.offer(first_schedule(problem))
    search.raise_goal(best.makespan)
    threading.Timer(0.1, lambda: search.offer(best)).start()
    assert search.run(time_limit_s=60, workers=2).schedule.makespan == best.makespan


def test_a_stop_ends_a_long_trial_soon():
    problem = hw.instance("ta41")
    search = lns.LargeNeighbourhoodSearch(problem, lns.Settings(effort=1e3, most_effort=1e3))
    search.offer(first_schedule(problem))
    stop = Stop()
    threading.Timer(1.0, stop.set).start()
    assert search.run(stop=stop).time_s < 120


def test_without_a_start_cpsat_finds_the_first_schedule():
    problem = hw.instance("ft06")
    found = lns.LargeNeighbourhoodSearch(problem).run(time_limit_s=60)
    assert found.proven
    assert found.schedule.makespan == 55


def test_ranked_objectives_are_proven_level_by_level():
    problem = hw.flexible_job_shop([[[(0, 3), (1, 3)], [(0, 2)]], [[(1, 4)], [(0, 1), (1, 2)]]])
    problem = hw.Problem(
        **{f: getattr(problem, f) for f in ("jobs", "resources", "tasks", "modes", "relations")},
        objective=Objective.parse("makespan, completion"),
    )
    exact = hw.solve(problem, method="cpsat", time_limit=20, workers=1)
    found = hw.solve(problem, method="lns", time_limit=60, workers=1)
    assert found.status is exact.status is Status.OPTIMAL
    assert found.objective == found.bound == exact.objective


def test_frozen_tasks_keep_their_modes_and_their_order():
    problem = hw.instance("mk01")
    start = first_schedule(problem)
    model = ExactModel(problem)
    incumbent = model.take(start, Halt())
    random = np.random.default_rng(0)
    for _ in range(50):
        free = random.random(problem.n_tasks) < 0.6
        part = model.freeze(incumbent, free, 10**6)
        answer = model.improve(part, incumbent, 0, seed=0, effort=0.2, halt=Halt())
        if answer.values is not None:
            break
    assert answer.values is not None
    found = model.incumbent(answer.values).lowered
    kept = ~free
    assert (found.mode == incumbent.lowered.mode)[kept].all()
    for machine in range(problem.n_resources):
        before = [t for t in incumbent.lowered.sequence(machine).tolist() if kept[t]]
        assert [t for t in found.sequence(machine).tolist() if kept[t]] == before


@pytest.mark.parametrize("name", ["la01", "mk01", "j30_1_1"])
def test_neighbourhoods_return_distinct_tasks(name):
    problem = hw.instance(name)
    scene = Scene(first_schedule(problem))
    random = np.random.default_rng(0)
    for select in neighbourhoods(problem):
        for size in (4, 20, problem.n_tasks):
            tasks = select(scene, random, size)
            assert size >= len(set(tasks.tolist())) == len(tasks) > 0
            assert set(tasks.tolist()) <= set(range(problem.n_tasks))


def test_alternatives_are_freed_together():
    problem = random_problem(5, features={"exactly-one", "condition"}, n_tasks=6)
    table = problem.selections
    free = np.zeros(problem.n_tasks, dtype=np.bool_)
    first = table.task[table.task_ptr[0] : table.task_ptr[1]]
    free[first[0]] = True
    Companions(problem).close(free)
    assert free[first].all()


def test_what_succeeds_is_drawn_more_often_and_what_is_solved_grows():
    arms = Arms([anywhere, anywhere], size=10, largest=100)
    random = np.random.default_rng(0)
    good, bad = arms._arms[0], arms._arms[1]
    for _ in range(30):
        arms.learn(good, better=True, solved=True, effort=0.1, allowed=1.0)
        arms.learn(bad, better=False, solved=False, effort=0.1, allowed=1.0)
    drawn = [arms.draw(random) for _ in range(200)]
    assert drawn.count(good) > 2 * drawn.count(bad) > 0
    assert good.size == 100
    assert bad.size == 4


def test_what_it_cannot_take_is_said():
    m = hw.Model("idle")
    m.task(m.job("a")).mode({}, duration=1)
    problem = m.problem()
    nothing = hw.Problem(
        jobs=problem.jobs, tasks=problem.tasks, modes=problem.modes, objective=Objective()
    )
    with pytest.raises(UnsupportedError, match="any valid schedule will do"):
        hw.solve(nothing, method="lns")
    with pytest.raises(ConfigError, match="size"):
        lns.Settings(size=1)
    with pytest.raises(ConfigError, match="effort"):
        lns.Settings(effort=math.nan)


def test_it_beats_the_rules_on_a_project():
    problem = hw.instance("j60_9_1")
    start = first_schedule(problem)
    found = lns.LargeNeighbourhoodSearch(problem)
    found.offer(start)
    assert found.run(moves=10).schedule.makespan < start.makespan
