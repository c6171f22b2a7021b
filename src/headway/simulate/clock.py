"""The one clock of a simulation: events in order of time, class and arrival."""

from __future__ import annotations

import heapq
from enum import IntEnum
from typing import Generic, TypeVar

_Event = TypeVar("_Event")


class EventClass(IntEnum):
    """What comes first among events of the same instant.

    Work that ends frees its place before anything else; machines go down and come up next; then
    new work is seen; decisions are made last, with everything known that the instant brings.
    """

    COMPLETION = 0
    AVAILABILITY = 1
    ARRIVAL = 2
    DECISION = 3


class Clock(Generic[_Event]):
    """Pending events, a heap; O(log n) to add and to take one.

    Events of one instant and class come in the order in which they were added, so that a run is
    the same every time. Cancelled events are marked and dropped when their turn comes.

    Attributes
    ----------
    now
        Time of the last event taken, in the unit of the simulation.

    Examples
    --------
    >>> clock: Clock[str] = Clock()
    >>> _ = clock.add(5, EventClass.ARRIVAL, "job")
    >>> ticket = clock.add(5, EventClass.COMPLETION, "cut")
    >>> clock.take(), clock.now
    ('cut', 5)
    """

    def __init__(self, now: float = 0) -> None:
        self.now = now
        self._heap: list[tuple[float, int, int]] = []
        self._events: dict[int, _Event] = {}
        self._added = 0

    def __len__(self) -> int:
        return len(self._events)

    def add(self, time: float, kind: EventClass, event: _Event) -> int:
        """Plan an event and return its ticket.

        Raises
        ------
        ValueError
            If the time has passed.
        """
        if not time >= self.now:
            raise ValueError(f"an event at {time} cannot be planned at {self.now}")
        ticket = self._added
        self._added += 1
        heapq.heappush(self._heap, (time, int(kind), ticket))
        self._events[ticket] = event
        return ticket

    def cancel(self, ticket: int) -> bool:
        """Drop a pending event; return whether it was still pending."""
        return self._events.pop(ticket, None) is not None

    @property
    def next_time(self) -> float | None:
        """Time of the next event, None without any."""
        self._drop_cancelled()
        return self._heap[0][0] if self._heap else None

    def take(self) -> _Event:
        """Move on to the next event and return it.

        Raises
        ------
        IndexError
            If nothing is pending.
        """
        self._drop_cancelled()
        time, _, ticket = heapq.heappop(self._heap)
        self.now = time
        return self._events.pop(ticket)

    def _drop_cancelled(self) -> None:
        while self._heap and self._heap[0][2] not in self._events:
            heapq.heappop(self._heap)
