"""The clock: order of simultaneous events, cancellation, no way back."""

import heapq

import pytest
from hypothesis import given
from hypothesis import strategies as st

from headway.simulate import Clock, EventClass


def test_simultaneous_events_come_by_class_then_as_they_were_added() -> None:
    clock: Clock[str] = Clock()
    clock.add(3, EventClass.DECISION, "decide")
    clock.add(3, EventClass.ARRIVAL, "second")
    clock.add(3, EventClass.COMPLETION, "done")
    clock.add(3, EventClass.ARRIVAL, "third")
    clock.add(3, EventClass.AVAILABILITY, "down")
    assert [clock.take() for _ in range(5)] == ["done", "down", "second", "third", "decide"]
    assert clock.now == 3


def test_the_past_is_closed() -> None:
    clock: Clock[str] = Clock(now=10)
    with pytest.raises(ValueError, match="at 9 cannot be planned at 10"):
        clock.add(9, EventClass.ARRIVAL, "late")
    with pytest.raises(ValueError, match="nan"):
        clock.add(float("nan"), EventClass.ARRIVAL, "never")


def test_a_cancelled_event_never_comes() -> None:
    clock: Clock[str] = Clock()
    ticket = clock.add(1, EventClass.ARRIVAL, "dropped")
    clock.add(2, EventClass.ARRIVAL, "kept")
    assert clock.cancel(ticket)
    assert not clock.cancel(ticket)
    assert len(clock) == 1
    assert clock.next_time == 2
    assert clock.take() == "kept"
    assert clock.next_time is None
    with pytest.raises(IndexError):
        clock.take()


@given(st.lists(st.tuples(st.integers(0, 20), st.sampled_from(EventClass), st.booleans())))
def test_events_come_in_order_whatever_is_cancelled(
    plan: list[tuple[int, EventClass, bool]],
) -> None:
    clock: Clock[int] = Clock()
    expected: list[tuple[int, int, int]] = []
    for k, (time, kind, cancelled) in enumerate(plan):
        ticket = clock.add(time, kind, k)
        if cancelled:
            clock.cancel(ticket)
        else:
            heapq.heappush(expected, (time, int(kind), k))
    taken = [(clock.take(), clock.now) for _ in range(len(clock))]
    assert taken == [
        (k, time) for time, _, k in (heapq.heappop(expected) for _ in range(len(expected)))
    ]
