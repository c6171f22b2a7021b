"""The search itself: tabu search with path relinking on modes and orders of tasks."""

from __future__ import annotations

from dataclasses import dataclass

from headway import _core
from headway.errors import ConfigError, UnsupportedError
from headway.model.problem import Problem
from headway.model.schedule import Schedule
from headway.model.tables import Ints
from headway.solve.search import Search
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

    Examples
    --------
    >>> import headway as hw
    >>> ShopSearch(hw.instance("mk01")).run(goal=40).schedule.makespan
    40
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
