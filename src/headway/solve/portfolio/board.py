"""The board: what is known about a problem during one run, shared by all who work on it."""

from __future__ import annotations

import threading
import time
from collections.abc import Callable

from headway.model.problem import Problem
from headway.model.schedule import Schedule
from headway.solve.result import Progress, Stop, Values, relative_gap

Listener = Callable[[str, Schedule | None], None]
"""Called with the author of the news, and with a schedule that is worth looking at, if any."""


class Board:
    """The best schedule and the best bound so far; all of it may be used from several threads.

    Parameters
    ----------
    problem
        What is solved.
    gap
        Relative gap at which the problem counts as settled.
    on_progress
        Called with each improvement.
    stop
        Asked for from outside.
    """

    def __init__(
        self,
        problem: Problem,
        gap: float,
        on_progress: Callable[[Progress], None],
        stop: Stop,
    ) -> None:
        self.problem = problem
        self.stop = stop
        self._gap = gap
        self._on_progress = on_progress
        self._began = time.perf_counter()
        self._lock = threading.RLock()
        self._best: Schedule | None = None
        self._author = ""
        self._bound: Values | None = None
        self._closed = False
        self._listeners: list[Listener] = []
        self._trajectory: list[Progress] = []

    @property
    def best(self) -> Schedule | None:
        """The best schedule so far."""
        return self._best

    @property
    def author(self) -> str:
        """Who found the best schedule."""
        return self._author

    @property
    def bound(self) -> Values | None:
        """The best bound so far, one value per level or fewer."""
        return self._bound

    @property
    def trajectory(self) -> tuple[Progress, ...]:
        """All improvements so far, without their schedules."""
        with self._lock:
            return tuple(self._trajectory)

    @property
    def gap(self) -> float | None:
        """Relative gap between value and bound; None if either is unknown."""
        with self._lock:
            value = None if self._best is None else self._best.objective_values
            return relative_gap(value, self._bound)

    @property
    def settled(self) -> bool:
        """Whether nothing is left to do: value and bound are within the gap, or it was closed."""
        with self._lock:
            return self._closed or (self.gap is not None and self.gap <= self._gap)

    @property
    def over(self) -> bool:
        """Whether to end: settled, or asked to stop."""
        return self.stop.is_set() or self.settled

    def close(self) -> None:
        """Declare the problem settled, as after a proof that there is no schedule."""
        self._closed = True

    def listen(self, listener: Listener) -> None:
        """Have a function called with each improvement, in the thread of its author."""
        with self._lock:
            self._listeners.append(listener)

    def offer(self, schedule: Schedule, author: str) -> bool:
        """Note a schedule if it is the best so far; return whether it is."""
        if schedule.makespan > self.problem.horizon:
            return False  # not every search looks at the horizon
        with self._lock:
            best = self._best
            if best is not None and schedule.objective_values >= best.objective_values:
                return False
            self._best, self._author = schedule, author
            if self._bound is not None and _refutes(schedule, self._bound):
                self._bound = None
            self._announce(author, schedule)
        return True

    def suggest(self, schedule: Schedule, author: str) -> None:
        """Show everybody a schedule that is good and different, even if it is not the best."""
        if not self.offer(schedule, author):
            with self._lock:
                self._tell(author, schedule)

    def raise_bound(self, bound: Values, author: str) -> bool:
        """Note a lower bound if it is the best so far; return whether it is.

        A bound that a known schedule refutes is never taken.
        """
        with self._lock:
            # A longer bound settles more levels and is the larger tuple.
            if self._bound is not None and bound <= self._bound:
                return False
            if self._best is not None and _refutes(self._best, bound):
                return False
            self._bound = bound
            self._announce(author, None)
        return True

    def hear(self, progress: Progress) -> None:
        """Take over what a solver reports."""
        if progress.schedule is not None:
            self.offer(progress.schedule, progress.method)
        if progress.bound is not None:
            self.raise_bound(progress.bound, progress.method)

    def _announce(self, author: str, schedule: Schedule | None) -> None:
        value = None if self._best is None else self._best.objective_values
        now = time.perf_counter() - self._began
        self._trajectory.append(Progress(now, value, self._bound, author))
        self._on_progress(Progress(now, value, self._bound, author, schedule))
        self._tell(author, schedule)

    def _tell(self, author: str, schedule: Schedule | None) -> None:
        for listener in self._listeners:
            listener(author, schedule)


def _refutes(schedule: Schedule, bound: Values) -> bool:
    """Return whether a schedule is better than a bound allows."""
    return schedule.objective_values[: len(bound)] < bound
