"""The search itself: tabu search with path relinking on modes and orders of tasks."""

from __future__ import annotations

import math
from collections.abc import Callable
from dataclasses import dataclass

from headway import _core
from headway.errors import ConfigError, UnsupportedError
from headway.model.problem import Problem
from headway.model.schedule import Schedule
from headway.model.tables import Ints
from headway.solve.result import Stop
from headway.solve.search import Found, Search
from headway.solve.shop.obstacles import native_shop


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
    patience: int = 1_500

    def __post_init__(self) -> None:
        if self.population < 2:
            raise ConfigError(f"population: expected at least 2, got {self.population}")
        if self.patience < 1:
            raise ConfigError(f"patience: expected at least 1, got {self.patience}")


class ShopSearch(Search):
    """Tabu search with path relinking on one shop of any kind.

    Other threads may `offer` schedules and `raise_goal` while it runs.

    Parameters
    ----------
    problem
        A shop: a problem with no `obstacle`.
    settings
        How the effort is spent.

    Raises
    ------
    UnsupportedError
        If the problem is of another kind.

    Notes
    -----
    A state is a mode for every task and an order of tasks on each machine; a task may hold several
    machines at once. The objective is a sum over groups of tasks of what their completion costs, so
    every task has one head, its earliest start, and a tail per group, the longest path to its
    completion. Moves act on the longest paths to completions that cost something:

    - a task moves within a block of its machine; the value to be expected is that of the longest
      paths through the tasks between its old and its new place (Balas and Vazacopoulos), while a
      group whose longest path runs elsewhere keeps its completion (Mati, Dauzère-Pérès, Lahlou);
    - a task is taken out and put into the best mode and place on all machines, whose values are
      exact (Mastrolilli and Gambardella).

    What was turned round may not be turned back for a while. Runs end after `Settings.patience`
    moves without improvement. A population of their results is kept, none nearly the same as
    another, and new runs begin between two members (Peng, Lü, Cheng). First schedules are built by
    randomised priority rules (apparent tardiness cost where many completions count).

    References
    ----------
    Balas, Vazacopoulos (1998), "Guided local search with shifting bottleneck for job shop
    scheduling"; Mastrolilli, Gambardella (2000), "Effective neighbourhood functions for the
    flexible job shop problem"; Mati, Dauzère-Pérès, Lahlou (2011), "A general approach for
    optimizing regular criteria in the job-shop scheduling problem"; Peng, Lü, Cheng (2015), "A tabu
    search/path relinking algorithm to solve the job shop scheduling problem"; Vepsalainen, Morton
    (1987), "Priority rules for job shops with weighted tardiness costs".
    """

    def __init__(self, problem: Problem, settings: Settings | None = None) -> None:
        settings = settings or Settings()
        shop = native_shop(problem)
        if isinstance(shop, str):
            raise UnsupportedError(
                f"tabu search on shops does not apply to {problem.name!r}, because {shop};"
                " method 'auto' picks what suits"
            )
        self._shop = shop
        self._native = _core.ShopSearch(shop, settings.population, settings.patience)
        super().__init__(problem, self._native)

    def offer(self, schedule: Schedule) -> None:
        """Search from a schedule next; its modes and its order on machines are what counts."""
        self._native.offer(schedule.start, schedule.mode)

    def _decode(self, *arrays: Ints) -> Schedule:
        start, mode = arrays
        return Schedule.of(self.problem, start, mode)


def search(
    problem: Problem,
    *,
    moves: int | None = None,
    time_limit_s: float = math.inf,
    seed: int = 0,
    workers: int = 1,
    start: Schedule | None = None,
    goal: int | None = None,
    settings: Settings | None = None,
    stop: Stop | None = None,
    on_improvement: Callable[[Schedule], None] | None = None,
) -> Found:
    """Search a shop for a schedule of small objective value.

    Parameters
    ----------
    problem
        A shop: a problem with no `obstacle`.
    start
        A valid schedule to search from first.
    goal
        A value that is good enough, such as a lower bound.
    moves, time_limit_s, seed, workers, settings, stop, on_improvement
        See `Search.run`; without a limit, the search ends only when asked to stop or at its goal.

    Raises
    ------
    UnsupportedError
        If the problem is of another kind.

    Examples
    --------
    >>> import headway as hw
    >>> search(hw.instance("mk01"), goal=40).schedule.makespan
    40
    """
    run = ShopSearch(problem, settings)
    if goal is not None:
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
