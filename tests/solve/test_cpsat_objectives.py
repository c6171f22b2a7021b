"""Every measure in the exact model, by hand and against what a schedule says of itself."""

import pytest

from headway.model import (
    Model,
    levelling,
    makespan,
    max_lateness,
    max_tardiness,
    peak_usage,
    resource_cost,
    tardy_jobs,
    total_completion,
    total_earliness,
    total_flow_time,
    total_setup,
    total_tardiness,
    verify,
)
from headway.solve import cpsat
from headway.solve.cpsat.encoding import Encoding
from headway.solve.result import Budget, Status


def best(model, objective):
    """Return the proven values and the schedule."""
    model.minimise(objective)
    problem = model.problem()
    result = cpsat.solve(problem, Budget(30.0))
    assert result.status is Status.OPTIMAL
    assert verify(problem, result.schedule).ok
    assert result.bound == result.objective
    return result.objective, result.schedule


def one_machine(durations, *, due=None, weight=None, release=None):
    """Return a model of jobs with one task each on one machine."""
    m = Model()
    saw = m.machine("saw")
    for k, duration in enumerate(durations):
        job = m.job(
            due=due[k] if due else None,
            weight=weight[k] if weight else 1,
            release=release[k] if release else 0,
        )
        m.task(job).mode({saw: 1}, duration)
    return m


DUE = [5, 4, 6]
"""Durations 2, 3, 4: earliest due date first ends jobs 1, 0, 2 at 3, 5, 9."""


@pytest.mark.parametrize(
    ("objective", "value"),
    [
        (makespan(), 9),
        (total_completion(), 2 + 5 + 9),
        (total_flow_time(), 2 + 5 + 9),
        (total_tardiness(), 3),
        (tardy_jobs(), 1),
        (max_lateness(), 3),
        (max_tardiness(), 3),
        (total_earliness(), 0),
        # In the order 1, 0, 2: job 2 is late by 3, job 1 early by 1.
        (2 * total_tardiness() + total_earliness(), 7),
        # In the order 1, 2, 0: job 2 is late by 1 (five times), job 0 by 4.
        (total_tardiness(weighted=True), 9),
    ],
    ids=str,
)
def test_measures_of_jobs_on_one_machine(objective, value):
    m = one_machine([2, 3, 4], due=DUE, weight=[1, 2, 5])
    assert best(m, objective)[0] == (value,)


def test_completion_and_flow_time_weigh_jobs():
    m = one_machine([2, 3], weight=[1, 9], release=[0, 1])
    # The heavy job first: it ends at 4, the light one at 6. The light one first: 2 and 5.
    assert best(m, total_completion(weighted=True))[0] == (42,)
    assert best(m, total_flow_time(weighted=True))[0] == (42 - 9,)


def test_lateness_may_be_negative_but_tardiness_not():
    m = one_machine([2], due=[7])
    assert best(m, max_lateness())[0] == (-5,)
    assert best(m, max_tardiness())[0] == (0,)


def test_jobs_without_present_tasks_count_nothing():
    m = Model()
    job = m.job(due=1, release=5)
    m.task(job, optional=True).mode({}, 3)
    for objective in (total_completion(), max_lateness(), total_flow_time(), tardy_jobs()):
        values, schedule = best(m, objective)
        assert values == (0,)
        assert schedule.mode[0] == -1


def test_earliness_counts_the_last_task_of_a_job():
    m = Model(horizon=6)
    job = m.job(due=8)
    a, b = m.task(job).mode({}, 2), m.task(job).mode({}, 1)
    m.start_at_start(a, b, 3)
    # b ends last, at the horizon: two ticks early, whatever a does.
    values, schedule = best(m, total_earliness())
    assert values == (2,)
    assert schedule.end[b.index] == 6


def test_setup_time_is_minimised_even_if_that_takes_longer():
    m = Model()
    x, y = m.machine("x"), m.machine("y")
    for name in "aab":
        m.task(name=name, family=name).mode({x: 1}, 2)
    m.task(start=(20, None), family="a").mode({y: 1}, 1)
    m.setup_times(x, {("a", "b"): 5, ("b", "a"): 2, (None, "a"): 1, (None, "b"): 1})
    m.setup_times(y, {(None, "a"): 4})
    # On x: b, a, a costs 1 + 2; on y the initial setup of 4 is needed anyway.
    assert best(m, total_setup())[0] == (7,)
    assert best(m, total_setup([x]))[0] == (3,)


def test_cost_counts_modes_and_resources():
    m = Model()
    x, gold = m.machine("x", cost=3), m.budget("gold", capacity=9, cost=5)
    m.task().mode({x: 1}, 4, cost=1).mode({x: 1, gold: 2}, 1, cost=2)
    # 1 + 12 = 13, or 2 + 3 + 10 = 15; counting the machine alone, 12 or 3.
    assert best(m, resource_cost())[0] == (13,)
    assert best(m, resource_cost([x]))[0] == (3,)


def test_levelling_spreads_usage_and_lets_tasks_touch():
    m = Model(horizon=6)
    crew = m.renewable("crew", capacity=9)
    for _ in range(2):
        m.task().mode({crew: 2}, 3)
    # Apart: 2^2 * 6. Three tasks in six ticks overlap: usage 4 for three of them.
    assert best(m, levelling())[0] == (24,)
    m.task().mode({crew: 2}, 3)
    assert best(m, levelling())[0] == (3 * 16 + 3 * 4,)


def test_levelling_with_modes_and_optional_tasks():
    m = Model(horizon=4)
    crew, other = m.renewable("crew", capacity=9), m.renewable("other", capacity=9)
    m.task().mode({crew: 3}, 2).mode({crew: 1}, 4)
    m.task(optional=True).mode({crew: 1}, 1)
    m.task(start=0).mode({crew: 1, other: 7}, 2)
    # The second mode: usage 2, 2, 1, 1. The first after the third task: 1, 1, 3, 3.
    assert best(m, levelling([crew]))[0] == (10,)


def test_peaks_are_what_must_be_bought():
    m = Model(horizon=5)
    crew = m.renewable("crew", capacity=9, cost=4)
    for duration in (2, 3, 2):
        m.task().mode({crew: 2}, duration)
    # Nine ticks of work do not fit one after the other into five; two at a time do.
    assert best(m, peak_usage())[0] == (16,)


def test_levels_are_minimised_in_order_of_importance():
    m = one_machine([2, 3, 4], due=DUE)
    values, _ = best(m, total_tardiness().then(total_completion()))
    # Tardiness 3 needs job 0 to end by 5, job 1 by 4 and job 2 last; 1, 0, 2 is the only order.
    assert values == (3, 3 + 5 + 9)
    values, _ = best(m, makespan().then(total_completion()))
    assert values == (9, 16)


def test_three_levels_each_break_the_ties_of_the_last():
    m = Model()
    x, y = m.machine("x"), m.machine("y", cost=1)
    for duration in (2, 2):
        job = m.job(due=3)
        m.task(job).mode({x: 1}, duration).mode({y: 1}, duration)
    values, _ = best(m, resource_cost().then(total_tardiness()).then(total_completion()))
    assert values == (0, 1, 6)
    values, _ = best(m, total_tardiness().then(resource_cost()))
    assert values == (0, 2)


def test_levelling_is_bounded_before_any_search():
    """Eight units of work in five ticks: two units at a time in three of them, one in two."""
    m = Model(horizon=5)
    crew = m.renewable("crew", capacity=9)
    for _ in range(4):
        m.task().mode({crew: 1}, 2)
    m.minimise(levelling())
    problem = m.problem()
    assert Encoding(problem).least == [3 * 4 + 2 * 1]
    # Two tasks from 0 to 2, one from 2 to 4, one from 3 to 5 reach it.
    assert best(m, levelling())[0] == (14,)
