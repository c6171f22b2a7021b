"""The search itself: tabu search with path relinking on modes and on the orders on machines."""

from __future__ import annotations

from dataclasses import dataclass

from headway import _core
from headway.errors import ConfigError
from headway.model.problem import Problem
from headway.model.schedule import Schedule
from headway.model.tables import Ints
from headway.solve.flexible.shop import FlexibleShop
from headway.solve.search import Search


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
    patience: int = 5_000

    def __post_init__(self) -> None:
        if self.population < 2:
            raise ConfigError(f"population: expected at least 2, got {self.population}")
        if self.patience < 1:
            raise ConfigError(f"patience: expected at least 1, got {self.patience}")


class FlexibleSearch(Search):
    """Tabu search with path relinking on one flexible job shop.

    Other threads may `offer` schedules and `raise_goal` while it runs.

    Parameters
    ----------
    problem
        A flexible job shop: a problem with no `obstacle`.
    settings
        How the effort is spent.

    Raises
    ------
    UnsupportedError
        If the problem is of another kind.

    Notes
    -----
    A state is a mode for each task and an order of tasks on each machine. A move takes a task of a
    critical path to another place in its critical block (N7), or to the best place in another mode;
    its value is the longest path through the moved tasks, estimated from heads and tails. Where
    machines differ in speed, two runs out of three also count what a mode takes of the machines'
    time, priced by how scarce it is. Modes just left and pairs of tasks just turned round may not
    come back for a while. Runs end after `Settings.patience` moves without improvement. A
    population of their results is kept, none nearly the same as another. New runs begin between two
    members: modes are taken from either, and tasks are sorted by means of their times in both, so
    that whatever both agree on is kept; the best of a few such schedules after a short run is
    taken. When nothing new is found for long, a new population is built.

    References
    ----------
    Mastrolilli, Gambardella (2000), "Effective neighbourhood functions for the flexible job shop
    problem"; González, Vela, Varela (2015), "Scatter search with path relinking for the flexible
    job shop scheduling problem"; Peng, Lü, Cheng (2015), "A tabu search/path relinking algorithm
    to solve the job shop scheduling problem".

    Examples
    --------
    >>> import headway as hw
    >>> FlexibleSearch(hw.instance("mk01")).run(goal=40).schedule.makespan
    40
    """

    def __init__(self, problem: Problem, settings: Settings | None = None) -> None:
        settings = settings or Settings()
        self._shop = FlexibleShop(problem)
        self._native = _core.FlexibleSearch(
            self._shop.native, settings.population, settings.patience
        )
        super().__init__(problem, self._native)

    def offer(self, schedule: Schedule) -> None:
        """Search from a schedule next; its modes and its order on machines are what counts."""
        self._native.offer(self._shop.order(schedule), schedule.mode)

    def _decode(self, *arrays: Ints) -> Schedule:
        return self._shop.schedule(*arrays)
