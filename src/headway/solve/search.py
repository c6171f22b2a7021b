"""Searches: workers in threads, incumbents and goals from outside, better schedules out."""

from __future__ import annotations

import math
import threading
import time
from abc import ABC, abstractmethod
from collections.abc import Callable, Iterator
from concurrent.futures import FIRST_EXCEPTION, Future, ThreadPoolExecutor, wait
from contextlib import contextmanager
from dataclasses import dataclass
from typing import Any, Protocol

from headway import _core
from headway.model.problem import Problem
from headway.model.schedule import Schedule
from headway.model.tables import Ints
from headway.solve.result import Stop, Values

_TICK_S = 0.02
"""How often the clock, the stop flag and the news are looked at."""

_NO_LIMIT = 2**63
_SEED_STEP = 0xD1B54A32D192ED03


class Flag(Protocol):
    """What the workers of a search look at to learn that it is over."""

    def set(self) -> None:
        """Ask the workers to return soon."""
        ...


class Halt(Stop):
    """A flag that also calls functions when it is set, so that long native calls end soon."""

    __slots__ = ("_calls", "_lock")

    def __init__(self) -> None:
        super().__init__()
        self._calls: list[Callable[[], None]] = []
        self._lock = threading.Lock()

    def set(self) -> None:
        """Ask to stop, and call what waits for that."""
        with self._lock:
            super().set()
            for call in self._calls:
                call()

    @contextmanager
    def calling(self, call: Callable[[], None]) -> Iterator[None]:
        """Have a function called if the flag is set before the block ends."""
        with self._lock:
            self._calls.append(call)
            if self.is_set():
                call()
        try:
            yield
        finally:
            with self._lock:
                self._calls.remove(call)


class Core(Protocol):
    """What the working part of a search has to offer; its methods may be called from any thread."""

    def run(
        self,
        seed: int,
        iterations: int,
        stop: Any,
        on_improvement: Callable[..., None],
    ) -> int:
        """Work until a limit, and return the number of moves made.

        `stop` is what `Search._flag` makes. `on_improvement` is called with the value of each
        better solution, a number or one per level of the objective, and with the arrays that
        describe it, whatever `Search._decode` understands.
        """
        ...

    def raise_goal(self, goal: int) -> None:
        """End as soon as a value is at most `goal`; the largest one given counts."""
        ...


@dataclass(frozen=True, slots=True)
class Found:
    """What a search brought.

    Attributes
    ----------
    schedule
        The best one, or None if there was no time for any.
    moves
        Moves made by all workers together.
    time_s
        Wall-clock seconds.
    proven
        Whether there is no better schedule than the best one if the goal was a lower bound.
    """

    schedule: Schedule | None
    moves: int
    time_s: float
    proven: bool = False


class Search(ABC):
    """A search for the schedule of smallest value.

    Native ones know one level of objective, others may know them all. Other threads may `offer`
    schedules and `raise_goal` while it runs.

    Parameters
    ----------
    problem
        What is searched.
    core
        The part that works, in as many threads as are asked for.
    """

    def __init__(self, problem: Problem, core: Core) -> None:
        self.problem = problem
        self._core = core
        self._lock = threading.Lock()
        self._value: Values | None = None
        self._arrays: tuple[Ints, ...] = ()

    @abstractmethod
    def offer(self, schedule: Schedule) -> None:
        """Search from a valid schedule next; only the decisions in it count, not the times."""

    @abstractmethod
    def _decode(self, *arrays: Ints) -> Schedule:
        """Return the schedule that the arrays of an improvement describe."""

    @property
    def bound(self) -> int | None:
        """Lower bound that the search itself has proven so far, if it proves any."""
        return None

    def raise_goal(self, goal: int) -> None:
        """Stop as soon as the value is at most `goal`, as it is when it meets a lower bound.

        If the objective has several levels, the goal is one of the first, and the search goes on
        with the others.
        """
        self._core.raise_goal(goal)

    def _flag(self) -> Flag:
        """Return a new flag for the workers."""
        return _core.StopFlag()

    def _proven(self) -> bool:
        """Return whether no better schedule exists than the best one of the last run."""
        return False

    def run(
        self,
        *,
        workers: int = 1,
        moves: int | None = None,
        time_limit_s: float = math.inf,
        seed: int = 0,
        start: Schedule | None = None,
        goal: int | None = None,
        stop: Stop | None = None,
        on_improvement: Callable[[Schedule], None] | None = None,
    ) -> Found:
        """Search until a limit is reached, a stop is asked for or the goal is met.

        Without a limit, the search ends only when asked to stop or at its goal.

        Parameters
        ----------
        workers
            Threads, which share their best schedules. One worker finds the same for the same seed
            and number of moves on every machine.
        moves
            Most moves per worker, rounded up to what is made between two looks at the clock; None
            for no limit.
        time_limit_s
            Wall-clock seconds.
        seed
            Seed of all random choices.
        start
            A valid schedule to search from first, as with `offer`.
        goal
            A value that is good enough, such as a lower bound; see `raise_goal`.
        stop
            Flag to look at.
        on_improvement
            Called from this thread with better schedules, a few times a second at most.
        """
        began = time.perf_counter()
        if goal is not None:
            self.raise_goal(goal)
        if start is not None:
            self.offer(start)
        flag = self._flag()
        told: Values | None = None
        until = began + time_limit_s
        pending: list[Future[int]] = []
        with ThreadPoolExecutor(workers, thread_name_prefix="headway-search") as pool:
            try:
                for w in range(workers):
                    # Many threads on few cores take long to begin.
                    if pending and (time.perf_counter() >= until or _asked(stop)):
                        break
                    work = pool.submit(
                        self._core.run,
                        (seed ^ (w * _SEED_STEP)) & (2**64 - 1),
                        _NO_LIMIT if moves is None else moves,
                        flag,
                        self._take,
                    )
                    pending.append(work)
                while not _over(pending, until, stop):
                    told = self._tell(on_improvement, told)
            finally:
                flag.set()
        made = sum(future.result() for future in pending)
        self._tell(on_improvement, told)
        best = None if self._value is None else self._decode(*self._arrays)
        return Found(best, made, time.perf_counter() - began, self._proven())

    def _take(self, value: int | Values, *arrays: Ints) -> None:
        """Keep what a worker found, from its thread."""
        levels = (value,) if isinstance(value, int) else value
        with self._lock:
            if self._value is None or levels < self._value:
                self._value, self._arrays = levels, arrays

    def _tell(
        self, listener: Callable[[Schedule], None] | None, told: Values | None
    ) -> Values | None:
        """Pass the best schedule on if it is new; return its value."""
        with self._lock:
            value, arrays = self._value, self._arrays
        if listener is not None and value is not None and value != told:
            listener(self._decode(*arrays))
        return value


def _over(pending: list[Future[int]], until: float, stop: Stop | None) -> bool:
    left = until - time.perf_counter()
    done, running = wait(pending, min(_TICK_S, max(left, 0)), return_when=FIRST_EXCEPTION)
    failed = any(future.exception() for future in done)
    return not running or failed or _asked(stop) or time.perf_counter() >= until


def _asked(stop: Stop | None) -> bool:
    return stop is not None and stop.is_set()
