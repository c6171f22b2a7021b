"""Rolling windows: parts that stand for the whole, and schedules that only get better."""

import threading

import numpy as np
import pytest

import headway as hw
from headway.errors import ConfigError
from headway.instances import generate
from headway.solve import lns, rolling, rules
from headway.solve.result import Budget, Stop
from headway.solve.rolling.part import part_of, put_back
from headway.solve.rolling.search import solver_for
from headway.solve.rolling.shop import Shop


def first_schedule(problem):
    return rules.solve(
        problem, Budget(30), warm_start=None, seed=0, on_progress=lambda _: None, stop=Stop()
    ).schedule


def job_shop(seed=0):
    return generate("jobshop", jobs=20, machines=6, seed=seed)


def flexible_shop(seed=0):
    return generate("flexible-jobshop", jobs=20, machines=6, seed=seed)


def lagged_shop(seed=0):
    """Return a shop with releases, lags of several kinds and transfers, which is no chain."""
    random = np.random.default_rng(seed)
    m = hw.Model("lagged")
    machines = [m.machine(f"m{k}") for k in range(4)]
    for a in machines:
        for b in machines:
            if a is not b:
                m.transfer_time(a, b, int(random.integers(1, 5)))
    for j in range(12):
        job = m.job(f"j{j}", release=int(random.integers(0, 40)))
        tasks = [
            m.task(job, f"t{k}").mode({machines[k]: 1}, duration=int(random.integers(1, 9)))
            for k in random.permutation(4).tolist()
        ]
        m.end_before_start(tasks[0], tasks[1], lag=2)
        m.end_before_start(tasks[1], tasks[2], transfer=True)
        m.end_before_start(tasks[0], tasks[3])
    return m.problem()


def state_of(problem):
    shop = Shop(problem)
    schedule = first_schedule(problem)
    state = shop.state_of(schedule)
    assert state.makespan <= schedule.makespan
    return shop, state


@pytest.mark.parametrize("make", [job_shop, flexible_shop])
@pytest.mark.parametrize("seed", range(4))
def test_a_window_is_a_shop_whose_makespan_is_that_of_the_whole(make, seed):
    problem = make(seed)
    shop, state = state_of(problem)
    n = problem.n_tasks
    for first, last in ((0, 30), (40, 80), (n - 30, n), (0, n)):
        none = np.zeros(last - first, dtype=np.bool_)
        part = part_of(shop, state, first, last, none)
        assert rolling.obstacle(part.problem) is None
        assert hw.verify(part.problem, part.start).ok
        assert part.start.makespan == state.makespan
        same = put_back(shop, state, first, part, part.start)
        assert same.makespan == state.makespan
        assert (same.mode == state.mode).all()


@pytest.mark.parametrize("seed", range(6))
def test_what_a_window_of_a_job_shop_gains_the_whole_gains(seed):
    problem = job_shop(seed)
    shop, state = state_of(problem)
    solver = solver_for(problem)
    for first in range(0, 90, 15):
        part = part_of(shop, state, first, first + 30, np.zeros(30, dtype=np.bool_))
        search = solver.search(part.problem)
        search.offer(part.start)
        found = search.run(moves=500, seed=seed).schedule
        after = put_back(shop, state, first, part, found)
        assert after.makespan <= max(found.makespan, state.makespan)
        assert hw.verify(problem, shop.schedule(after)).ok
        if after.makespan <= state.makespan:
            state = shop.sorted_by_time(after)


@pytest.mark.parametrize("make", [job_shop, flexible_shop, lagged_shop])
@pytest.mark.parametrize("workers", [1, 2])
def test_schedules_only_get_better(make, workers):
    problem = make()
    start = first_schedule(problem)
    settings = rolling.Settings(sizes=(12, 40), effort=20_000)
    search = rolling.RollingSearch(problem, settings)
    search.offer(start)
    seen = []
    found = search.run(workers=workers, moves=40, on_improvement=seen.append)
    assert hw.verify(problem, found.schedule).ok
    assert all(hw.verify(problem, schedule).ok for schedule in seen)
    values = [schedule.makespan for schedule in seen]
    assert values == sorted(values, reverse=True)
    assert found.schedule.makespan < start.makespan


@pytest.mark.parametrize(
    "fixing",
    [rolling.fix_first(0.4), rolling.fix_at_random(0.4), rolling.fix_uncritical, rolling.fix_none],
)
def test_fixed_tasks_have_one_mode_left(fixing):
    problem = flexible_shop()
    shop, state = state_of(problem)
    tasks = state.order[20:70]
    fixed = fixing(shop, state, tasks, np.random.default_rng(0))
    part = part_of(shop, state, 20, 70, fixed)
    counts = np.diff(part.problem.tasks.mode_ptr)[:50]
    assert (counts[fixed] == 1).all()
    free = np.diff(problem.tasks.mode_ptr)[tasks[~fixed]]
    assert (counts[~fixed] == free).all()
    search = rolling.RollingSearch(
        problem, rolling.Settings(sizes=(50,), effort=20_000, fixing=fixing, whole=False)
    )
    start = shop.schedule(state)
    search.offer(start)
    assert search.run(moves=10).schedule.makespan <= start.makespan


def test_any_searcher_can_solve_the_windows():
    problem = flexible_shop()
    start = first_schedule(problem)
    settings = rolling.Settings(sizes=(20,), effort=40, solver=lns.solve, whole=False)
    search = rolling.RollingSearch(problem, settings)
    search.offer(start)
    found = search.run(moves=2).schedule
    assert hw.verify(problem, found).ok
    assert found.makespan <= start.makespan


def test_an_offer_and_a_goal_from_outside_are_heeded():
    problem = job_shop()
    best = hw.solve(problem, method="tabu", time_limit=2, workers=1).schedule
    search = rolling.RollingSearch(problem, rolling.Settings(sizes=(12,), effort=10, whole=False))
    search.offer(first_schedule(problem))
    search.raise_goal(best.makespan)
    threading.Timer(0.1, lambda: search.offer(best)).start()
    assert search.run(time_limit_s=60).schedule.makespan <= best.makespan


def test_without_a_start_a_rule_gives_one():
    problem = job_shop()
    search = rolling.RollingSearch(problem, rolling.Settings(sizes=(12,), effort=10, whole=False))
    assert hw.verify(problem, search.run(moves=1).schedule).ok


def test_settings_are_checked():
    with pytest.raises(ConfigError, match="sizes"):
        rolling.Settings(sizes=())
    with pytest.raises(ConfigError, match="effort"):
        rolling.Settings(effort=0)


def test_a_large_shop_improves_within_seconds():
    problem = generate("jobshop", jobs=60, machines=60)
    start = first_schedule(problem)
    search = rolling.RollingSearch(problem)
    search.offer(start)
    assert search.run(moves=6).schedule.makespan < start.makespan
