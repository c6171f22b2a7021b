"""Search over machines and orders: valid schedules, the same for the same seed, clear refusals."""

from __future__ import annotations

import random
from itertools import pairwise

import numpy as np
import pytest

import headway as hw
from headway.errors import ConfigError
from headway.model import Model, Problem, verify
from headway.solve import cpsat, flexible
from headway.solve.result import Budget, Status


def random_problem(seed: int) -> Problem:
    """A small flexible shop with everything that the search takes."""
    rng = random.Random(seed)
    model = Model(f"shop {seed}")
    machines = [
        model.machine(f"machine {k}", breaks=[(0, 4)] if (seed + k) % 4 == 0 else [])
        for k in range(rng.randint(1, 3))
    ]
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


def test_the_same_answer_comes_back_on_every_machine():
    """The checksum of the starts of a short run, as recorded when this was written."""
    found = flexible.FlexibleSearch(hw.instance("mk06")).run(moves=5_000, seed=1)
    weights = np.arange(1, 151)
    assert (found.schedule.makespan, int(found.schedule.start @ weights)) == (61, 346_138)


def refused() -> dict[str, Problem]:
    """One problem per obstacle, by the words that name it."""
    modes = [[[(0, 1), (1, 2)]]]
    problems = {
        "objective": hw.flexible_job_shop(modes, objective=hw.total_completion()),
        "common sequence": hw.flow_shop(np.ones((2, 2), dtype=int)),
        "2 resources": hw.open_shop(np.ones((2, 2), dtype=int)),
        "setup times": hw.single_machine([1, 1], setups=np.zeros((3, 2), dtype=int)),
        "no machine": hw.project([[(1, [1])]], [1], [[]]),
    }

    def small(name: str):
        model = Model(name)
        saw = model.machine("saw", breaks=[(2, 3)] if name == "breaks" else [])
        drill = model.machine("drill")
        a = model.task(None, "a").mode({saw: 1}, duration=2)
        b = model.task(None, "b").mode({drill: 1}, duration=2).mode({saw: 1}, duration=3)
        return model, a, b

    problems["breaks"] = small("breaks")[0].problem()
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
    assert words in flexible.obstacle(refused()[words])


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
