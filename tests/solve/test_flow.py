"""Iterated greedy: valid schedules, the same ones for the same seed, and clear refusals."""

from __future__ import annotations

import functools
import itertools

import numpy as np
import pytest

import headway as hw
from headway.errors import ConfigError
from headway.model import Model, Problem, verify
from headway.solve import cpsat, flow
from headway.solve.result import Budget, Status, Stop
from tests.twins.flow_shop import NEVER, PlainFlowShop

OBJECTIVES = [
    hw.makespan(),
    hw.max_lateness(),
    hw.max_tardiness(),
    hw.total_completion(),
    hw.total_completion(weighted=True),
    hw.total_flow_time(),
    hw.total_tardiness(),
    hw.total_tardiness(weighted=True),
    hw.tardy_jobs(),
]


def random_problem(seed: int) -> Problem:
    """A small flow shop of any kind that the search takes."""
    rng = np.random.default_rng(seed)
    n, m = int(rng.integers(2, 6)), int(rng.integers(1, 4))
    kind = ("plain", "setups", "blocking", "no-wait", "no-wait with setups")[seed % 5]
    due = rng.integers(5, 30, n)
    if n > 2:
        due[0] = 2**60  # none
    return hw.flow_shop(
        rng.integers(1, 8, (n, m)),
        blocking=kind == "blocking",
        no_wait=kind.startswith("no-wait"),
        setups=rng.integers(0, 6, (m, n, n)) if kind.endswith("setups") else None,
        initial_setups=rng.integers(0, 6, (m, n)) if kind.endswith("setups") else None,
        release=rng.choice([0, 0, 4], n),
        due=due,
        weight=rng.integers(0, 4, n),
        objective=OBJECTIVES[seed // 5 % len(OBJECTIVES)],
        name=f"{kind} {seed}",
    )


def best_of_all(problem: Problem) -> int:
    """Try every order of the jobs."""
    shop = flow.FlowSearch(problem)
    orders = itertools.permutations(range(problem.n_jobs))
    return min(shop._decode(np.array(order)).objective for order in orders)


@pytest.mark.parametrize("seed", range(90))
def test_small_shops_are_solved_to_their_best_order(seed):
    problem = random_problem(seed)
    assert flow.obstacle(problem) is None
    found = flow.FlowSearch(problem).run(moves=3_000, seed=seed).schedule
    assert verify(problem, found).ok
    assert found.objective == best_of_all(problem)
    assert flow.flow_shop_bound(problem) <= found.objective


@pytest.mark.parametrize("seed", range(0, 45, 2))
def test_no_valid_schedule_is_better(seed):
    problem = random_problem(seed)
    best = cpsat.solve(problem, Budget(time_limit_s=60))
    assert best.status is Status.OPTIMAL
    found = flow.FlowSearch(problem).run(moves=20_000, goal=best.objective[0], seed=seed).schedule
    assert found.objective_values == best.objective


@pytest.mark.parametrize("name", ["tfs001", "tfs031", "tfs061"])
def test_classic_shops_are_solved_to_their_optimum(name):
    info = hw.instances(name)[0]
    found = flow.FlowSearch(info.load()).run(moves=200_000, goal=info.upper)
    assert found.schedule.makespan == info.upper
    assert verify(info.load(), found.schedule).ok


@pytest.mark.parametrize("setups", [False, True])
def test_jobs_that_never_wait_start_as_early_as_they_can(setups):
    rng = np.random.default_rng(7)
    work, matrix = rng.integers(0, 9, (8, 3)), rng.integers(0, 9, (3, 8, 8))
    problem = hw.flow_shop(work, no_wait=True, setups=matrix if setups else None)
    plain = PlainFlowShop(work.tolist(), [0] * 8, [0] * 8, [1] * 8, waits=NEVER)
    if setups:
        rows = [*matrix.transpose(1, 2, 0).tolist(), [[0] * 3] * 8]
        plain.setups = rows
    order = rng.permutation(8)
    starts = plain.starts(order.tolist())
    schedule = flow.FlowSearch(problem)._decode(order)
    assert schedule.start.reshape(8, 3).tolist() == [starts[job] for job in range(8)]


@pytest.mark.parametrize(
    ("objective", "value", "checksum"),
    [(hw.makespan(), 1880, 41289934), (hw.total_completion(), 35758, 40906255)],
)
def test_the_same_answer_comes_back_on_every_machine(objective, value, checksum):
    """The checksum of the starts of a short run, as recorded when this was written."""
    work = np.arange(1, 301).reshape(30, 10) * 7919 % 97
    found = (
        flow.FlowSearch(hw.flow_shop(work, objective=objective)).run(moves=3_000, seed=1).schedule
    )
    assert (found.objective, int(found.start @ np.arange(1, 301))) == (value, checksum)


def test_a_good_order_is_taken_up():
    problem = hw.instance("tfs051")
    good = flow.FlowSearch(problem).run(moves=20_000, seed=3).schedule
    again = flow.FlowSearch(problem).run(moves=2_000, seed=4, start=good).schedule
    assert again.makespan <= good.makespan


def test_a_stop_during_the_construction_leaves_a_schedule():
    stop = Stop()
    stop.set()
    rng = np.random.default_rng(0)
    problem = hw.flow_shop(rng.integers(1, 99, (200, 20)), objective=hw.total_completion())
    found = flow.FlowSearch(problem).run(moves=3)
    assert verify(problem, found.schedule).ok
    assert flow.FlowSearch(problem).run(stop=stop).time_s < 30


@functools.cache
def refused() -> dict[str, Problem]:
    """One problem per obstacle, by the words that name it."""
    work = np.ones((2, 2), dtype=int)
    wide = Problem(
        tasks=(shop := hw.flow_shop(np.ones((8200, 1), dtype=int))).tasks,
        jobs=shop.jobs,
        modes=shop.modes,
        resources=hw.flow_shop([[1]], setups=[[[1]]]).resources,
        setups=(np.ones((2, 1), dtype=np.int64),),
    )

    def small(change):
        model = Model("small")
        machines = [model.machine(name) for name in ("saw", "drill")]
        rows = []
        for name in "ab":
            job = model.job(name)
            rows.append([model.task(job, m.name).mode({m: 1}, duration=2) for m in machines])
            model.end_before_start(*rows[-1])
        change(model, machines, rows)
        return model.problem()

    return {
        "not one measure": hw.flow_shop(work, objective=hw.total_setup()),
        "2 makespan, not one measure": hw.flow_shop(work, objective=2 * hw.makespan()),
        "then makespan, not one measure": hw.flow_shop(
            work, objective=hw.total_completion().then(hw.makespan())
        ),
        "has 2 modes": hw.flexible_job_shop([[[(0, 1), (1, 2)]]]),
        "2 resources": hw.open_shop(work),
        "belongs to no job": hw.project([[(1, [1])]], [1], [[]]),
        "'job 1' does not visit": hw.job_shop([[0, 1], [1, 0]], work),
        "visit a machine twice": hw.job_shop([[0, 0], [0, 0]], work),
        "not chains": hw.job_shop([[0, 1], [0]], [[1, 1], [1]]),
        "different orders": hw.flow_shop(work, permutation=False),
        "several tasks that take no time": hw.flow_shop(work * 0),
        "coarser tick": hw.flow_shop(work * 2**27),
        "weights": hw.flow_shop(np.ones((5, 1), dtype=int), weight=[2**31 - 1] * 5),
        "block machines that have setup": hw.flow_shop(
            work, blocking=True, setups=np.ones((2, 2, 2), dtype=int)
        ),
        "too large": wide,
        "some jobs may wait": small(lambda m, _, rows: m.no_wait(*rows[0])),
        "some tasks block": small(lambda m, _, rows: m.blocking(rows[0][0], until=rows[0][1])),
        "tasks of different jobs": small(
            lambda m, on, rows: m.same_sequence(
                *on, [rows[0][0], rows[1][0]], [rows[1][1], rows[0][1]]
            )
        ),
        "selections": small(lambda m, _, rows: m.at_least_one([rows[0][0]])),
    }


@pytest.mark.parametrize("words", list(refused()))
def test_other_problems_are_refused_by_name(words):
    assert words in flow.obstacle(refused()[words])


@pytest.mark.parametrize(
    "settings", [{"destruction": 0}, {"temperature": -1}, {"patience": 0}], ids=str
)
def test_settings_that_make_no_sense_are_refused(settings):
    with pytest.raises(ConfigError, match=next(iter(settings))):
        flow.Settings(**settings)
