"""Columns that native searches share: dates, machines, breaks, lags and orders."""

from headway.model import Model
from headway.model.tables import ABSENT
from headway.solve import columns


def small():
    """Three tasks in two jobs; the second task has two modes, the third needs nothing."""
    model = Model("small")
    model.machine("idle", breaks=[(1, 2)])
    saw, drill = model.machine("saw"), model.machine("drill", breaks=[(4, 6), (9, 10)])
    first, second = model.job("first", release=3), model.job("second")
    a = model.task(first, "a", start=(1, None)).mode({drill: 1}, duration=2)
    b = model.task(first, "b", end=(9, None))
    b.mode({saw: 1}, duration=4).mode({drill: 1}, duration=8)
    c = model.task(second, "c").mode({}, duration=0)
    return model, a, b, c


def test_a_mode_starts_no_earlier_than_the_dates_of_its_task_and_job():
    problem = small()[0].problem()
    assert columns.earliest_starts(problem).tolist() == [3, 5, 3, 0]


def test_machines_in_use_are_numbered_one_after_another():
    problem = small()[0].problem()
    assert columns.machines(problem).tolist() == [1, 0, 1, ABSENT]
    rows = [column.tolist() for column in columns.machine_breaks(problem)]
    assert rows == [[1, 1], [4, 9], [6, 10]]


def test_lags_between_starts_count_on_short_tasks_before_and_long_ones_after():
    model, a, b, c = small()
    model.end_before_start(a, b, 1)
    model.start_before_end(c, b, 2)
    model.end_before_end(b, c)
    problem = model.problem()
    shortest, longest = columns.extremes(problem)
    assert (shortest.tolist(), longest.tolist()) == ([2, 4, 0], [2, 8, 0])
    lags = columns.Lags.of(problem)
    found = zip(lags.before, lags.after, lags.between_starts(shortest, longest), strict=True)
    assert sorted(found) == [(0, 1, 3), (1, 2, 4), (2, 1, -6)]


def test_no_task_stands_before_one_that_it_waits_for_at_the_same_time():
    model, _, b, c = small()
    model.start_before_start(b, c)
    problem = model.problem()
    schedule = problem.schedule([3, 5, 5], mode=[0, 1, 3])
    lags = columns.Lags.of(problem)
    assert columns.linear_order(schedule, lags.before, lags.after).tolist() == [0, 1, 2]
