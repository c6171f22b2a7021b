"""Search over machines and orders: valid schedules, the same for the same seed, clear refusals."""

from __future__ import annotations

import random
import threading
from itertools import pairwise

import numpy as np
import pytest

import headway as hw
from headway.errors import ConfigError, UnsupportedError
from headway.model import Model, Problem, Schedule, verify
from headway.solve import cpsat, flexible
from headway.solve.result import Budget, Progress, Status, Stop


def random_problem(seed: int) -> Problem:
    """A small flexible shop with everything that the search takes."""
    rng = random.Random(seed)
    model = Model(f"shop {seed}")
    machines = [model.machine(f"machine {k}") for k in range(rng.randint(1, 3))]
    tasks = []
    for j in range(rng.randint(2, 4)):
        job = model.job(f"job {j}", release=rng.choice([0, 0, 3]))
        row = []
        for k in range(rng.randint(1, 3)):
            window = rng.choice([(0, None), (0, None), (7, None)])
            task = model.task(job, str(k), start=window, end=(rng.choice([0, 0, 9]), None))
            for machine in rng.sample(machines, rng.randint(1, len(machines))):
                needs = {machine: 1} if rng.random() < 0.9 else {}
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
    result = flexible.solve(
        problem,
        Budget(time_limit_s=seconds, workers=options.pop("workers", 1), gap=options.pop("gap", 0)),
        warm_start=options.pop("warm_start", None),
        seed=options.pop("seed", 0),
        on_progress=seen.append,
        stop=stop or Stop(),
    )
    return result, seen


@pytest.mark.parametrize("seed", range(30))
def test_small_shops_are_solved_as_well_as_by_the_exact_solver(seed):
    problem = random_problem(seed)
    best = cpsat.solve(problem, Budget(time_limit_s=60))
    assert best.status is Status.OPTIMAL
    goal = best.schedule.makespan
    assert flexible.flexible_bound(problem) <= goal
    found = flexible.FlexibleSearch(problem).run(moves=20_000, goal=goal, seed=seed).schedule
    assert verify(problem, found).ok
    assert found.makespan == goal


@pytest.mark.parametrize("name", ["mk01", "mk04", "mt10c1", "mk05", "vdata-la06", "kacem3"])
def test_classic_shops_are_solved_to_their_optimum(name):
    info = hw.instances(name)[0]
    found = flexible.FlexibleSearch(info.load()).run(moves=1_000_000, goal=info.upper)
    assert found.schedule.makespan == info.upper
    assert verify(info.load(), found.schedule).ok


@pytest.mark.parametrize(
    ("name", "bound"),
    [("mk04", 60), ("mk05", 172), ("mk09", 307), ("mk10", 186), ("vdata-la21", 800)],
)
def test_sharing_the_work_out_gives_good_bounds(name, bound):
    info = hw.instances(name)[0]
    assert flexible.flexible_bound(info.load()) == bound <= info.lower


def test_jobs_that_are_no_chains_give_valid_schedules():
    rng = random.Random(1)
    jobs = [[[(k, rng.randint(1, 9)) for k in range(3)] for _ in range(6)] for _ in range(4)]
    assembly = [(0, 2), (1, 2), (2, 5), (3, 4), (4, 5)]
    problem = hw.flexible_job_shop(jobs, precedence=[assembly] * 4)
    found = flexible.FlexibleSearch(problem).run(moves=5_000)
    assert verify(problem, found.schedule).ok
    assert found.schedule.makespan == cpsat.solve(problem, Budget(60)).schedule.makespan


def test_one_worker_finds_the_same_for_the_same_seed_and_number_of_moves():
    problem = hw.instance("mk10")
    first, second = (flexible.FlexibleSearch(problem).run(moves=20_000, seed=5) for _ in range(2))
    assert first.schedule == second.schedule
    assert first.moves == second.moves


def test_the_same_answer_comes_back_on_every_machine():
    """The checksum of the starts of a short run, as recorded when this was written."""
    found = flexible.FlexibleSearch(hw.instance("mk06")).run(moves=5_000, seed=1)
    weights = np.arange(1, 151)
    assert (found.schedule.makespan, int(found.schedule.start @ weights)) == (61, 346_138)


def test_other_seeds_take_other_ways():
    problem = hw.instance("mk10")
    starts = {
        flexible.FlexibleSearch(problem).run(moves=1_000, seed=s).schedule.start.tobytes()
        for s in range(3)
    }
    assert len(starts) > 1


def test_two_workers_share_what_they_find():
    problem = hw.instance("mk02")
    found = flexible.FlexibleSearch(problem).run(workers=2, goal=26, time_limit_s=60)
    assert found.schedule.makespan == 26
    assert verify(problem, found.schedule).ok


def test_the_search_is_never_worse_than_what_it_is_offered():
    problem = hw.instance("mk10")
    good = flexible.FlexibleSearch(problem).run(moves=20_000, seed=3).schedule
    again = flexible.FlexibleSearch(problem).run(moves=1, seed=4, start=good)
    assert again.schedule.makespan <= good.makespan


def test_a_goal_reaches_a_running_search():
    search = flexible.FlexibleSearch(hw.instance("mk10"))
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
    result, _ = run(hw.instance("mk10"), seconds=60, stop=stop)
    timer.join()
    assert result.time_s < 30
    assert result.status is Status.FEASIBLE


def test_a_listener_that_fails_stops_all_workers():
    def fail(schedule: Schedule) -> None:
        raise RuntimeError("enough")

    with pytest.raises(RuntimeError, match="enough"):
        flexible.FlexibleSearch(hw.instance("mk10")).run(
            workers=2, time_limit_s=60, on_improvement=fail
        )


def test_the_solver_stops_where_value_and_bound_meet():
    result, seen = run(hw.instance("mk08"))
    assert result.status is Status.OPTIMAL
    assert result.objective == result.bound == (523,)
    assert [p.objective for p in seen] == sorted({p.objective for p in seen}, reverse=True)
    assert all(verify(result.problem, p.schedule).ok for p in seen)


def test_a_warm_start_is_kept_where_nothing_better_is_found():
    problem = hw.instance("mk10")
    good = flexible.FlexibleSearch(problem).run(moves=20_000, seed=3).schedule
    result, _ = run(problem, seconds=0.01, warm_start=good)
    assert result.schedule.makespan <= good.makespan


def test_the_solver_is_found_by_name():
    result = hw.solve(hw.instance("mk04"), method="flexible", workers=1, time_limit=30)
    assert result.status is Status.OPTIMAL
    assert result.objective == (60,)
    assert result.verified


def refused() -> dict[str, Problem]:
    """One problem per obstacle, by the words that name it."""
    modes = [[[(0, 1), (1, 2)]]]
    problems = {
        "objective": hw.flexible_job_shop(modes, objective=hw.total_completion()),
        "latest time": hw.flexible_job_shop(modes, deadline=[9]),
        "common sequence": hw.flow_shop(np.ones((2, 2), dtype=int)),
        "2 resources": hw.open_shop(np.ones((2, 2), dtype=int)),
        "setup times": hw.single_machine([1, 1], setups=np.zeros((3, 2), dtype=int)),
        "no machine": hw.project([[(1, [1])]], [1], [[]]),
        "no task": Model("empty").problem(),
    }

    def small(name: str):
        model = Model(name)
        saw = model.machine("saw", breaks=[(2, 3)] if name == "breaks" else [])
        drill = model.machine("drill")
        a = model.task(None, "a", optional=name == "optional").mode({saw: 1}, duration=2)
        b = model.task(None, "b").mode({drill: 1}, duration=2).mode({saw: 1}, duration=3)
        return model, a, b

    for name in ("breaks", "optional"):
        problems[name] = small(name)[0].problem()
    model, a, b = small("lag")
    model.end_before_start(a, b, max_lag=3)
    problems["maximum lag"] = model.problem()
    model, a, b = small("early")
    model.end_before_start(b, a, -3)
    problems["'a' may start before 'b'"] = model.problem()
    model, a, b = small("vague")
    model.end_before_end(a, b)
    problems["the end of task 'b', whose duration is open"] = model.problem()
    model, a, b = small("circle")
    model.start_before_start(a, b)
    model.start_before_start(b, a)
    problems["form a cycle"] = model.problem()
    return problems


@pytest.mark.parametrize("words", list(refused()))
def test_other_problems_are_refused_by_name(words):
    problem = refused()[words]
    assert words in flexible.obstacle(problem)
    with pytest.raises(UnsupportedError, match="machines and orders does not apply"):
        flexible.FlexibleSearch(problem)


def test_transfer_times_are_refused():
    model = Model("transfers")
    saw, drill = model.machine("saw"), model.machine("drill")
    a = model.task(None, "a").mode({saw: 1}, duration=2)
    b = model.task(None, "b").mode({drill: 1}, duration=2)
    model.transfer_time(saw, drill, 3)
    model.end_before_start(a, b, transfer=True)
    assert "transfer times" in flexible.obstacle(model.problem())


@pytest.mark.parametrize("settings", [{"population": 1}, {"patience": 0}])
def test_settings_that_make_no_sense_are_refused(settings):
    with pytest.raises(ConfigError, match=next(iter(settings))):
        flexible.Settings(**settings)
