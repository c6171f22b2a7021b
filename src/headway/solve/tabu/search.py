"""The search itself: tabu search with path relinking on the orders of tasks on machines."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

from headway import _core
from headway.errors import ConfigError
from headway.model.problem import Problem
from headway.model.schedule import Schedule
from headway.model.tables import Ints
from headway.solve.search import Search
from headway.solve.tabu.shop import JobShop


@dataclass(frozen=True, slots=True)
class Settings:
    """How the search spends its effort.

    Parameters
    ----------
    population
        Schedules kept for path relinking.
    patience
        Moves without improvement after which a run of tabu search ends.
    neighbourhood
        Which moves of critical tasks are tried, the later with those of the earlier: to the ends
        of their block (N6), from its ends inside (N7), out of the block (N8).
    tenure
        Least number of moves for which an arc that was turned round may not be turned back, twice
        that at most; None to go by the shop.
    """

    population: int = 12
    patience: int = 12_500
    neighbourhood: Literal["N6", "N7", "N8"] = "N7"
    tenure: int | None = None

    def __post_init__(self) -> None:
        if self.population < 2:
            raise ConfigError(f"population: expected at least 2, got {self.population}")
        if self.patience < 1:
            raise ConfigError(f"patience: expected at least 1, got {self.patience}")
        if self.neighbourhood not in _core.Neighbourhood.__members__:
            raise ConfigError(f"neighbourhood: expected N6, N7 or N8, got {self.neighbourhood!r}")
        if self.tenure is not None and not 1 <= self.tenure <= 1_000_000:
            raise ConfigError(f"tenure: expected 1 to a million, got {self.tenure}")


class TabuSearch(Search):
    """Tabu search with path relinking on one job shop.

    Other threads may `offer` schedules and `raise_goal` while it runs.

    Parameters
    ----------
    problem
        A job shop: a problem with no `obstacle`.
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

    Examples
    --------
    >>> import headway as hw
    >>> TabuSearch(hw.instance("ft06")).run(goal=55).schedule.makespan
    55
    """

    def __init__(self, problem: Problem, settings: Settings | None = None) -> None:
        settings = settings or Settings()
        self._shop = JobShop(problem)
        self._native = _core.JobShopSearch(
            self._shop.native,
            settings.population,
            settings.patience,
            _core.Neighbourhood[settings.neighbourhood],
            settings.tenure or 0,
        )
        super().__init__(problem, self._native)

    def offer(self, schedule: Schedule) -> None:
        """Search from a schedule next; its order on machines is what counts."""
        self._native.offer(self._shop.order(schedule))

    def _decode(self, *arrays: Ints) -> Schedule:
        return self._shop.schedule(*arrays)
