"""The search itself: native workers in threads, incumbents and goals from outside."""

from __future__ import annotations

import math
import threading
import time
from collections.abc import Callable
from concurrent.futures import FIRST_EXCEPTION, Future, ThreadPoolExecutor, wait
from dataclasses import dataclass

from headway import _core
from headway.errors import ConfigError
from headway.model.problem import Problem
from headway.model.schedule import Schedule
from headway.model.tables import Ints
from headway.solve.result import Stop
from headway.solve.tabu.shop import JobShop

_TICK_S = 0.02
"""How often the clock, the stop flag and the news are looked at."""

_NO_LIMIT = 2**63
_SEED_STEP = 0xD1B54A32D192ED03


@dataclass(frozen=True, slots=True)
class Settings:
    """How the search spends its effort.

    Parameters
    ----------
    population
        Schedules kept for path relinking.
    patience
        Moves without improvement after which a run of tabu search ends.
    """

    population: int = 12
    patience: int = 12_500

    def __post_init__(self) -> None:
        if self.population < 2:
            raise ConfigError(f"population: expected at least 2, got {self.population}")
        if self.patience < 1:
            raise ConfigError(f"patience: expected at least 1, got {self.patience}")


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
    """

    schedule: Schedule | None
    moves: int
    time_s: float


class Search:
    """Tabu search with path relinking on one job shop.

    Other threads may `offer` schedules and `raise_goal` while it runs.

    Parameters
    ----------
    problem
        A job shop in the sense of `applies`.
    settings
        How the effort is spent.

    Raises
    ------
    UnsupportedError
        If the problem is of another kind.

    Notes
    -----
    A state is an order of tasks on each machine. A move takes a task of a critical block to
    another place in the block (N7); its value is estimated from heads and tails; arcs that were
    turned round may not be turned back for a while. Runs end after `Settings.patience` moves
    without improvement. A population of their results is kept, none nearly the same as another.
    New runs begin between two members: tasks are sorted by means of their times in both, so that
    whatever both agree on is kept, and the best of five such schedules after a short run is taken.
    When nothing new is found for long, a new population is built.

    References
    ----------
    Balas, Vazacopoulos (1998), "Guided local search with shifting bottleneck for job shop
    scheduling"; Zhang, Li, Guan, Rao (2007), "A tabu search algorithm with a new neighborhood
    structure for the job shop scheduling problem"; Peng, Lü, Cheng (2015), "A tabu search/path
    relinking algorithm to solve the job shop scheduling problem".
    """

    def __init__(self, problem: Problem, settings: Settings | None = None) -> None:
        settings = settings or Settings()
        self._shop = JobShop(problem)
        self._core = _core.JobShopSearch(self._shop.native, settings.population, settings.patience)
        self._lock = threading.Lock()
        self._value: int | None = None
        self._start: Ints | None = None

    def offer(self, schedule: Schedule) -> None:
        """Search from a schedule next; its order on machines is what counts."""
        self._core.offer(self._shop.order(schedule))

    def raise_goal(self, goal: int) -> None:
        """Stop as soon as the makespan is at most `goal`, as it is when it meets a lower bound."""
        self._core.raise_goal(goal)

    def run(
        self,
        *,
        workers: int = 1,
        moves: int | None = None,
        time_limit_s: float = math.inf,
        seed: int = 0,
        stop: Stop | None = None,
        on_improvement: Callable[[Schedule], None] | None = None,
    ) -> Found:
        """Search until a limit is reached, a stop is asked for or the goal is met.

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
        stop
            Flag to look at.
        on_improvement
            Called from this thread with better schedules, a few times a second at most.
        """
        began = time.perf_counter()
        flag = _core.StopFlag()
        told: int | None = None
        with ThreadPoolExecutor(workers, thread_name_prefix="headway-tabu") as pool:
            pending = [
                pool.submit(
                    self._core.run,
                    (seed ^ (w * _SEED_STEP)) & (2**64 - 1),
                    _NO_LIMIT if moves is None else moves,
                    flag,
                    self._take,
                )
                for w in range(workers)
            ]
            try:
                while not self._over(pending, began + time_limit_s, stop):
                    told = self._tell(on_improvement, told)
            finally:
                flag.set()
        made = sum(future.result() for future in pending)
        self._tell(on_improvement, told)
        best = None if self._start is None else self._shop.schedule(self._start)
        return Found(best, made, time.perf_counter() - began)

    def _over(self, pending: list[Future[int]], until: float, stop: Stop | None) -> bool:
        left = until - time.perf_counter()
        done, running = wait(pending, min(_TICK_S, max(left, 0)), return_when=FIRST_EXCEPTION)
        failed = any(future.exception() for future in done)
        asked = stop is not None and stop.is_set()
        return not running or failed or asked or time.perf_counter() >= until

    def _take(self, value: int, start: Ints) -> None:
        """Keep what a worker found, from its thread."""
        with self._lock:
            if self._value is None or value < self._value:
                self._value, self._start = value, start

    def _tell(self, listener: Callable[[Schedule], None] | None, told: int | None) -> int | None:
        """Pass the best schedule on if it is new; return its value."""
        with self._lock:
            value, start = self._value, self._start
        if listener is not None and start is not None and value != told:
            listener(self._shop.schedule(start))
        return value


def search(
    problem: Problem,
    *,
    moves: int | None = None,
    time_limit_s: float = math.inf,
    seed: int = 0,
    workers: int = 1,
    start: Schedule | None = None,
    goal: int = 0,
    settings: Settings | None = None,
    stop: Stop | None = None,
    on_improvement: Callable[[Schedule], None] | None = None,
) -> Found:
    """Search a job shop for a schedule of small makespan.

    Parameters
    ----------
    problem
        A job shop in the sense of `applies`.
    start
        A valid schedule to search from first.
    goal
        A makespan that is good enough, such as a lower bound.
    moves, time_limit_s, seed, workers, settings, stop, on_improvement
        See `Search`; without a limit, the search ends only when asked to stop or at its goal.

    Raises
    ------
    UnsupportedError
        If the problem is of another kind.

    Examples
    --------
    >>> import headway as hw
    >>> search(hw.instance("ft06"), goal=55).schedule.makespan
    55
    """
    run = Search(problem, settings)
    run.raise_goal(goal)
    if start is not None:
        run.offer(start)
    return run.run(
        workers=workers,
        moves=moves,
        time_limit_s=time_limit_s,
        seed=seed,
        stop=stop,
        on_improvement=on_improvement,
    )
