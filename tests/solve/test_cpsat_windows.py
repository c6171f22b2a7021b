"""Starts around breaks against the calendar, tick by tick; windows and horizons by hand."""

from hypothesis import given
from hypothesis import strategies as st

from headway.model import Model, calendar, job_shop
from headway.model.tables import ints
from headway.solve.cpsat.domains import clip, interrupted, pairs, uninterrupted, union, without
from headway.solve.cpsat.windows import windows

HORIZON = 25

breaks = st.lists(st.tuples(st.integers(0, 20), st.integers(1, 5)), max_size=4).map(
    lambda rows: [(a, b + 1) for a, b in pairs(union((s, s + n - 1) for s, n in rows))]
)


def members(domain):
    return [t for a, b in pairs(domain) for t in range(a, b + 1)]


@given(breaks, st.integers(1, 9))
def test_paused_work_takes_as_long_as_the_calendar_says(rows, duration):
    m = Model()
    saw = m.machine(breaks=rows)
    m.task(interruptible=True).mode({saw: 1}, duration)
    problem = m.problem()
    found = {
        t: n for n, domain in interrupted(duration, rows, HORIZON).items() for t in members(domain)
    }
    for start in range(HORIZON + 1):
        if any(a <= start < b for a, b in rows):
            assert start not in found
        else:
            end = int(calendar.ends(problem, ints([start]), ints([0]))[0])
            assert found[start] == end - start


@given(breaks, st.integers(0, 6))
def test_rigid_work_never_meets_the_inside_of_a_break(rows, duration):
    (domain,) = uninterrupted(duration, rows, HORIZON).values()
    free = [s for s in range(HORIZON + 1) if not any(s < b and s + duration > a for a, b in rows)]
    assert members(domain) == free


@given(st.lists(st.tuples(st.integers(0, 20), st.integers(-1, 5)), max_size=5))
def test_domains_are_sets(rows):
    spans = [(a, a + n) for a, n in rows]
    inside = {t for a, b in spans for t in range(a, b + 1)}
    assert members(union(spans)) == sorted(inside)
    assert members(without(3, 18, spans)) == [t for t in range(3, 19) if t not in inside]
    assert members(clip(union(spans), 4, 9)) == sorted(inside & set(range(4, 10)))


def test_heads_and_tails_follow_the_chain():
    problem = job_shop([[0, 1, 0]], [[3, 2, 4]])
    found = windows(problem, 12)
    assert found.earliest_start.tolist() == [0, 3, 5]
    assert found.latest_end.tolist() == [3, 5, 9]
    assert found.horizon == 9


def test_optional_tasks_push_nobody():
    m = Model(horizon=20)
    a, b, c = m.task().mode({}, 3), m.task(optional=True).mode({}, 5), m.task().mode({}, 1)
    a >> b >> c
    found = windows(m.problem())
    assert found.earliest_start.tolist() == [0, 3, 0]
    assert found.latest_end.tolist() == [9, 8, 9]


def test_the_horizon_counts_dates_work_lags_and_setups():
    m = Model()
    saw = m.machine(breaks=[(10, 30)])
    a, b = m.task(family="a").mode({saw: 1}, 4), m.task(family="b").mode({saw: 1}, 0)
    m.end_before_start(a, b, 7)
    m.setup_times(saw, {("a", "b"): 5, ("b", "a"): 2})
    # The break ends at 30; work 4 and 0, one tick for the task without length, lag 7, setups 5 + 2.
    assert windows(m.problem()).horizon == 30 + 4 + 1 + 7 + 5 + 2
