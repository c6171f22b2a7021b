"""Search on one machine: as good as all permutations, reproducible, clear about what it takes."""

from __future__ import annotations

import threading

import numpy as np
import pytest

import headway as hw
from headway import _core
from headway.model import Model, Problem, verify
from headway.model.tables import ints
from headway.solve import single
from headway.solve.result import Status, Stop
from headway.solve.single import SingleMachineSearch
from headway.solve.single.bound import single_machine_bound
from headway.solve.single.line import OneMachine
from tests.twins import one_machine as twin


def weighted(jobs: int = 40, seed: int = 1) -> Problem:
    return hw.generate("single-machine", jobs=jobs, seed=seed)


@pytest.mark.parametrize("objective", list(twin.OBJECTIVES))
@pytest.mark.parametrize("kind", ["plain", "releases", "setups", "both"])
@pytest.mark.parametrize("seed", range(2))
def test_small_problems_are_solved_as_well_as_by_trying_all_orders(seed, kind, objective):
    problem = twin.random_problem(
        seed, objective, releases=kind in ("releases", "both"), setups=kind in ("setups", "both")
    )
    best = twin.least(problem)
    assert single_machine_bound(problem) <= best
    found = SingleMachineSearch(problem).run(moves=40, seed=seed).schedule
    assert verify(problem, found).ok
    assert found.objective_values == (best,)


@pytest.mark.parametrize("objective", list(twin.OBJECTIVES))
def test_the_native_value_is_that_of_the_schedule(objective):
    rng = np.random.default_rng(1)
    for seed in range(10):
        problem = twin.random_problem(seed, objective, n=9, releases=True, setups=True)
        line = OneMachine(problem)
        order = ints(rng.permutation(9))
        schedule = line.schedule(order)
        assert verify(problem, schedule).ok
        assert line.native.value(order) + line.constant == schedule.objective_values[0]
        assert schedule.objective_values[0] == twin.value(problem, order.tolist())
        assert line.order(schedule).tolist() == order.tolist()


def test_total_tardiness_of_100_jobs_is_proven_optimal():
    problem = hw.generate("single-machine", jobs=100, weighted=False, seed=3)
    result = hw.solve(problem, method="single", workers=1, time_limit=30)
    assert result.status is Status.OPTIMAL
    value, _ = single.least_total_tardiness(problem.modes.duration, problem.jobs.due)
    assert result.objective == result.bound == (value,)
    assert result.verified


def test_up_to_20_jobs_are_proven_optimal():
    result = hw.solve(weighted(20), method="single", workers=1, time_limit=30)
    assert result.status is Status.OPTIMAL


def test_weighted_tardiness_of_50_jobs_comes_with_a_close_bound():
    search = SingleMachineSearch(weighted(50))
    assert search.bound is None
    value = search.run(moves=100).schedule.objective_values[0]
    assert 0.95 * value <= search.bound <= value


def test_a_stop_from_another_thread_ends_the_search():
    stop = Stop()
    timer = threading.Timer(1.0, stop.set)
    timer.start()
    found = SingleMachineSearch(weighted(300)).run(stop=stop)
    timer.join()
    assert found.time_s < 20
    assert found.schedule is not None


def test_a_thousand_jobs_get_a_valid_schedule():
    problem = weighted(1000)
    found = SingleMachineSearch(problem).run(time_limit_s=1.0)
    assert verify(problem, found.schedule).ok


def refused() -> dict[str, Problem]:
    """One problem per obstacle, by the words that name it."""
    late = {"due": [3, 3], "objective": hw.total_tardiness()}
    problems = {
        "2 machines": hw.job_shop([[0, 1]], [[1, 1]]),
        "2 levels": hw.single_machine([1], objective=hw.makespan().then(hw.total_completion())),
        "earliness": hw.single_machine([1], due=[1], objective=hw.total_earliness()),
        "no machine": hw.project([[(1, [1])]], [1], [[]]),
        "64 bits": hw.single_machine([2**43] * 2, weight=[2**20] * 2,
                                     objective=hw.total_completion(weighted=True)),
        "takes no time": hw.single_machine([0, 1], setups=np.zeros((3, 2), dtype=int), **late),
    }  # fmt: skip

    def small(name: str):
        model = Model(name)
        saw = model.machine("saw", breaks=[(2, 3)] if name == "breaks" else [])
        a, b = (model.task(model.job(job), job) for job in "ab")
        a.mode({saw: 1}, duration=2)
        if name != "needs no machine":
            b.mode({saw: 1}, duration=2)
        else:
            b.mode({}, duration=2)
        return model, a, b

    for name in ("breaks", "needs no machine"):
        problems[name] = small(name)[0].problem()
    model, a, b = small("relation")
    a >> b
    problems["relations"] = model.problem()
    model = Model("several")
    saw, job = model.machine("saw"), model.job("long")
    for name in "ab":
        model.task(job, name).mode({saw: 1}, duration=2)
    problems["'long' has several tasks"] = model.problem()
    model = Model("modes")
    saw = model.machine("saw")
    model.task(None, "a").mode({saw: 1}, duration=2).mode({saw: 1}, duration=3)
    problems["'a' has 2 modes"] = model.problem()
    return problems


@pytest.mark.parametrize("words", list(refused()))
def test_other_problems_are_refused_by_name(words):
    assert words in single.obstacle(refused()[words])


def test_setup_of_other_machines_does_not_count():
    problem = hw.single_machine(
        [1, 2], setups=[[0, 5], [5, 0], [1, 1]], objective=hw.makespan() + hw.total_setup()
    )
    assert single.obstacle(problem) is None
    best = SingleMachineSearch(problem).run(moves=20).schedule
    assert best.objective_values == (twin.least(problem),)


def line(**changed: object) -> _core.Line:
    columns = {
        name: ints([1, 1]) for name in ("work", "release", "due", "per_tick", "per_late", "if_late")
    }
    columns["setup"] = ints([])
    rest = dict.fromkeys(("makespan", "max_lateness", "max_tardiness", "total_setup"), 0)
    return _core.Line(**{**columns, **rest, **changed})


@pytest.mark.parametrize(
    ("column", "value"),
    [
        ("work", ints([1])),
        ("work", ints([1, -1])),
        ("per_late", ints([-1, 1])),
        ("setup", ints([1, 2, 3])),
        ("makespan", -1),
    ],
)
def test_the_core_refuses_columns_that_do_not_fit(column, value):
    with pytest.raises(ValueError, match="line"):
        line(**{column: value})


@pytest.mark.parametrize("order", [[0], [0, 0], [0, 2], [-1, 0]])
def test_the_core_refuses_what_is_no_order(order):
    jobs = line()
    with pytest.raises(ValueError, match="order"):
        jobs.value(ints(order))
    with pytest.raises(ValueError, match="order"):
        _core.SingleMachineSearch(jobs).offer(ints(order))


def test_a_proof_that_was_cut_short_is_begun_again():
    """Searches that take turns are stopped again and again."""
    problem = hw.generate("single-machine", jobs=200, weighted=False, seed=3)
    search = SingleMachineSearch(problem)
    for seconds in (0.05, 0.1, 0.2, 0.4):
        search.run(time_limit_s=seconds)
    search.run(moves=2_000)
    value, _ = single.least_total_tardiness(problem.modes.duration, problem.jobs.due)
    assert search.bound == value
