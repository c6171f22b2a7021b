"""Tabu search: valid schedules, the same ones for the same seed, and clear refusals."""

from __future__ import annotations

import random
import threading
from itertools import pairwise

import numpy as np
import pytest

import headway as hw
from headway.errors import ConfigError, UnsupportedError
from headway.model import Measure, Model, Problem, Schedule, verify
from headway.solve import cpsat, tabu
from headway.solve.result import Budget, Progress, Status, Stop


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


def run(problem: Problem, *, seconds: float = 20.0, stop: Stop | None = None, **options):
    seen: list[Progress] = []
    result = tabu.solve(
        problem,
        Budget(time_limit_s=seconds, workers=options.pop("workers", 1), gap=options.pop("gap", 0)),
        warm_start=options.pop("warm_start", None),
        seed=options.pop("seed", 0),
        on_progress=seen.append,
        stop=stop or Stop(),
    )
    return result, seen


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


def test_one_worker_finds_the_same_for_the_same_seed_and_number_of_moves():
    problem = hw.instance("la21")
    first, second = (tabu.TabuSearch(problem).run(moves=60_000, seed=5) for _ in range(2))
    assert first.schedule == second.schedule
    assert first.moves == second.moves


def test_the_same_answer_comes_back_on_every_machine():
    """The checksum of the starts of a short run, as recorded when this was written."""
    found = tabu.TabuSearch(hw.instance("ft10")).run(moves=20_000, seed=1)
    weights = np.arange(1, 101)
    assert (found.schedule.makespan, int(found.schedule.start @ weights)) == (940, 2_439_151)


def test_other_seeds_take_other_ways():
    problem = hw.instance("la21")
    starts = {
        tabu.TabuSearch(problem).run(moves=2_000, seed=s).schedule.start.tobytes() for s in range(3)
    }
    assert len(starts) > 1


def test_two_workers_share_what_they_find():
    problem = hw.instance("la01")
    found = tabu.TabuSearch(problem).run(workers=2, goal=666, time_limit_s=60)
    assert found.schedule.makespan == 666
    assert verify(problem, found.schedule).ok


def test_the_search_is_never_worse_than_what_it_is_offered():
    problem = hw.instance("la21")
    good = tabu.TabuSearch(problem).run(moves=100_000, seed=3).schedule
    again = tabu.TabuSearch(problem).run(moves=1, seed=4, start=good)
    assert again.schedule.makespan <= good.makespan


def test_an_offer_and_a_goal_reach_a_running_search():
    problem = hw.instance("ft10")
    search = tabu.TabuSearch(problem)
    timer = threading.Timer(0.05, search.raise_goal, [2_000])
    timer.start()
    found = search.run(time_limit_s=60)
    timer.join()
    assert found.time_s < 30
    assert found.schedule.makespan <= 2_000


def test_a_stop_from_another_thread_ends_the_search():
    stop = Stop()
    timer = threading.Timer(0.2, stop.set)
    timer.start()
    result, _ = run(hw.instance("ft10"), seconds=60, stop=stop)
    timer.join()
    assert result.time_s < 30
    assert result.status is Status.FEASIBLE


def test_a_listener_that_fails_stops_all_workers():
    def fail(schedule: Schedule) -> None:
        raise RuntimeError("enough")

    with pytest.raises(RuntimeError, match="enough"):
        tabu.TabuSearch(hw.instance("ft10")).run(workers=2, time_limit_s=60, on_improvement=fail)


def test_the_solver_stops_where_value_and_bound_meet():
    result, seen = run(hw.instance("ta71"))
    assert result.status is Status.OPTIMAL
    assert result.objective == result.bound == (5464,)
    assert [p.objective for p in seen] == sorted({p.objective for p in seen}, reverse=True)
    assert all(verify(result.problem, p.schedule).ok for p in seen)


def test_a_gap_that_is_wide_enough_ends_the_search():
    result, _ = run(hw.instance("ft10"), gap=0.3)
    assert result.status is Status.OPTIMAL
    assert result.gap <= 0.3


def test_a_warm_start_is_kept_where_nothing_better_is_found():
    problem = hw.instance("la21")
    good = tabu.TabuSearch(problem).run(moves=100_000, seed=3).schedule
    result, _ = run(problem, seconds=0.01, warm_start=good)
    assert result.schedule.makespan <= good.makespan


def test_the_solver_is_found_by_name():
    result = hw.solve(hw.instance("la01"), method="tabu", workers=1, time_limit=30)
    assert result.status is Status.OPTIMAL
    assert result.objective == (666,)
    assert result.verified


def test_a_horizon_below_the_optimum_leaves_the_question_open():
    model = Model("tight", horizon=5)
    saw = model.machine("saw")
    for name in "ab":
        model.task(None, name).mode({saw: 1}, duration=4)
    result, seen = run(model.problem(), seconds=0.2)
    assert result.status is Status.UNKNOWN
    assert "horizon" in result.reason
    assert seen == []


def refused() -> dict[str, Problem]:
    """One problem per obstacle, by the words that name it."""
    problems = {
        "objective": hw.job_shop([[0]], [[1]], objective=hw.total_completion()),
        "'job 0/0' has 2 modes": hw.flexible_job_shop([[[(0, 1), (1, 2)]]]),
        "latest time": hw.job_shop([[0]], [[1]], deadline=[9]),
        "common sequence": hw.flow_shop(np.ones((2, 2), dtype=int)),
        "2 resources": hw.open_shop(np.ones((2, 2), dtype=int)),
        "setup times": hw.single_machine([1, 1], setups=np.zeros((3, 2), dtype=int)),
        "no machine": hw.project([[(1, [1])]], [1], [[]]),
        "no task": Model("empty").problem(),
    }

    def small(name: str):
        model = Model(name)
        saw = model.machine("saw")
        drill = model.machine("drill")
        a = model.task(None, "a", optional=name == "optional").mode({saw: 1}, duration=2)
        b = model.task(None, "b").mode({drill: 1}, duration=2)
        return model, a, b

    problems["optional"] = small("optional")[0].problem()
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
    problem = refused()[words]
    assert words in tabu.obstacle(problem)
    with pytest.raises(UnsupportedError, match="tabu search does not apply"):
        tabu.TabuSearch(problem)


def test_job_shops_apply():
    assert tabu.obstacle(hw.instance("ft06")) is None
    assert hw.instance("ft06").objective.is_only(Measure.MAKESPAN)


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
