"""Budgets, stops, warm starts and streams of the exact solver."""

import threading
import time

import numpy as np
import pytest

from headway.model import (
    Model,
    Problem,
    flexible_job_shop,
    job_shop,
    makespan,
    total_completion,
    total_tardiness,
    verify,
)
from headway.solve import cpsat
from headway.solve.cpsat.encoding import Encoding
from headway.solve.cpsat.loads import load_bound
from headway.solve.cpsat.search import Effort, complete, value_of
from headway.solve.cpsat.windows import windows
from headway.solve.cpsat.writer import Sum
from headway.solve.result import Budget, Progress, Status, Stop


def hard_shop(objective=None) -> Problem:
    """A shop far too large to be proven while a test waits."""
    rng = np.random.default_rng(1)
    machines = [rng.permutation(10).tolist() for _ in range(20)]
    options = {"objective": objective} if objective else {}
    return job_shop(machines, rng.integers(1, 99, (20, 10)), due=[300] * 20, **options)


def one_after_another(problem: Problem):
    """Return a valid but poor schedule of a job shop: all tasks in a row."""
    duration = problem.modes.duration
    return problem.schedule(np.cumsum(duration) - duration)


def test_a_stop_ends_the_search_soon_and_keeps_the_best():
    problem, stop = hard_shop(), Stop()
    found: list[Progress] = []

    def hear(progress: Progress) -> None:
        found.append(progress)
        if progress.schedule is not None:
            stop.set()

    began = time.perf_counter()
    result = cpsat.solve(problem, Budget(300.0), on_progress=hear, stop=stop)
    assert time.perf_counter() - began < 60
    assert result.status is Status.FEASIBLE
    assert "stopped" in result.reason
    assert verify(problem, result.schedule).ok


def test_a_stop_set_beforehand_leaves_no_answer():
    stop = Stop()
    stop.set()
    result = cpsat.solve(hard_shop(), Budget(300.0), stop=stop)
    assert result.schedule is None
    assert result.status is Status.UNKNOWN


def test_ctrl_c_in_the_calling_thread_returns_the_best_so_far():
    problem = hard_shop()

    def hear(progress: Progress) -> None:
        if progress.schedule is not None and not interrupted:
            interrupted.append(True)
            raise KeyboardInterrupt

    interrupted: list[bool] = []
    result = cpsat.solve(problem, Budget(300.0), on_progress=hear)
    assert interrupted
    assert result.status is Status.FEASIBLE
    assert verify(problem, result.schedule).ok


def test_the_time_limit_ends_the_search():
    result = cpsat.solve(hard_shop(), Budget(1.0))
    assert result.status in (Status.FEASIBLE, Status.UNKNOWN)
    assert result.reason == "time limit reached"


def test_a_warm_start_is_the_first_incumbent_and_a_valid_hint():
    problem = hard_shop()
    start = one_after_another(problem)
    found: list[Progress] = []
    result = cpsat.solve(problem, Budget(1.0), warm_start=start, on_progress=found.append)
    assert found[0].schedule == start
    assert result.objective <= start.objective_values


def test_a_warm_start_fixes_every_variable_of_the_model():
    """Modes, pauses, setups, stocks, levels: all follow from the schedule."""
    m = Model()
    x, y = m.machine("x", breaks=[(4, 6)]), m.machine("y")
    crew = m.renewable("crew", capacity=2)
    tank = m.reservoir("tank", level=2, minimum=0, maximum=4)
    job = m.job(due=3)
    a = m.task(job, family="a", interruptible=True).mode({x: 1}, 5).mode({y: 1}, 7)
    b = m.task(job, family="b", optional=True).mode({x: 1, crew: 1}, 2, produces={tank: 1})
    c = m.task(family="b").mode({y: 1, crew: 2}, 2, consumes={tank: 1})
    m.setup_times(x, {("a", "b"): 1, ("b", "a"): 3})
    m.exactly_one([b])
    m.blocking(c, b)
    c >> a
    m.minimise(total_tardiness().then(makespan()).then(total_completion()))
    problem = m.problem()
    best = cpsat.solve(problem, Budget(30.0))
    assert best.status is Status.OPTIMAL
    encoding = Encoding(problem)
    hint = encoding.hint(best.schedule)
    total = Sum()
    for level in encoding.levels:
        total.merge(level)
    effort = Effort(30.0, fixed=True)
    values = complete(encoding.proto(), hint, total, effort, None)
    assert len(values) == encoding.n_variables > len(hint)
    assert encoding.schedule(values) == best.schedule
    levels = tuple(value_of(level, values) for level in encoding.levels)
    assert levels == best.objective
    again = cpsat.solve(problem, Budget(30.0), warm_start=best.schedule)
    assert again.status is Status.OPTIMAL
    assert again.schedule == best.schedule


def test_an_invalid_warm_start_is_ignored():
    problem = job_shop([[0, 1], [1, 0]], [[3, 2], [2, 4]])
    wrong = problem.schedule([0, 0, 0, 0])
    result = cpsat.solve(problem, Budget(30.0), warm_start=wrong)
    assert (result.status, result.objective) == (Status.OPTIMAL, (7,))


def test_the_gap_asked_for_ends_the_search():
    problem = hard_shop()
    result = cpsat.solve(problem, Budget(300.0, gap=100.0), warm_start=one_after_another(problem))
    assert result.status is Status.OPTIMAL
    assert result.gap is not None


def test_improvements_and_bounds_come_in_order():
    found: list[Progress] = []
    result = cpsat.solve(hard_shop(), Budget(1.5), on_progress=found.append)
    values = [p.objective for p in found if p.objective is not None]
    bounds = [p.bound for p in found if p.bound is not None]
    assert values == sorted(values, reverse=True)
    assert bounds == sorted(bounds)
    assert all(verify(p.schedule.problem, p.schedule).ok for p in found if p.schedule is not None)
    assert [p.objective for p in result.trajectory] == [p.objective for p in found]
    assert all(p.method == "cpsat" for p in found)


def test_later_levels_get_their_share_of_the_time():
    problem = hard_shop(total_tardiness().then(makespan()))
    result = cpsat.solve(problem, Budget(1.5), warm_start=one_after_another(problem))
    assert result.status is Status.FEASIBLE
    assert len(result.bound) == 2
    assert result.bound <= result.objective


def test_loads_bound_the_makespan_of_a_flexible_shop():
    """Each of five tasks takes 6 on one machine or 9 on the other; 6 + 6 + 6 and 9 + 9."""
    problem = flexible_job_shop([[[(0, 6), (1, 9)]]] * 5)
    assert load_bound(problem, windows(problem), 10.0, Stop(), 0) == 18
    assert cpsat.solve(problem, Budget(30.0)).objective == (18,)


def test_it_runs_in_several_threads_at_once():
    problem = job_shop([[0, 1], [1, 0]], [[3, 2], [2, 4]])
    results = []

    def work() -> None:
        results.append(cpsat.solve(problem, Budget(30.0)))

    threads = [threading.Thread(target=work) for _ in range(3)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert [r.objective for r in results] == [(7,)] * 3


@pytest.mark.parametrize("workers", [1, 2])
def test_both_numbers_of_workers_prove(workers):
    problem = job_shop([[0, 1, 2], [1, 2, 0], [2, 0, 1]], [[3, 2, 4], [2, 4, 1], [5, 1, 2]])
    result = cpsat.solve(problem, Budget(30.0, workers))
    assert result.status is Status.OPTIMAL
    assert not result.reason
    assert result.bound == result.objective
