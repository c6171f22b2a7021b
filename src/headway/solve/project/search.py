"""The search itself: evolution of activity lists."""

from __future__ import annotations

from dataclasses import dataclass

from headway import _core
from headway.errors import ConfigError
from headway.model.problem import Problem
from headway.model.schedule import Schedule
from headway.model.tables import Ints
from headway.solve.project.network import Network
from headway.solve.search import Search


@dataclass(frozen=True, slots=True)
class Settings:
    """How the search spends its effort.

    Parameters
    ----------
    population
        Schedules kept for breeding.
    patience
        The population is given up once so many children in a row, times its size, bring no better
        schedule.
    """

    population: int = 200
    patience: int = 300

    def __post_init__(self) -> None:
        if self.population < 2:
            raise ConfigError(f"population: expected at least 2, got {self.population}")
        if self.patience < 1:
            raise ConfigError(f"patience: expected at least 1, got {self.patience}")


class ProjectSearch(Search):
    """Evolution of activity lists on one project.

    Other threads may `offer` schedules and `raise_goal` while it runs.

    Parameters
    ----------
    problem
        A project: a problem with no `obstacle`.
    settings
        How the effort is spent.

    Raises
    ------
    UnsupportedError
        If the problem is of another kind.

    Notes
    -----
    A list of tasks becomes a schedule by serial generation: each task in turn starts as early as
    tasks before it in the list allow. The schedule is then moved to the right, tasks that end last
    first, and back to the left, which often shortens it and never makes it longer. A child takes
    the tasks that start within some window of time from one parent, in their order there, and
    those before and behind from the other, in whose place it is kept unless it is worse. Of two
    schedules of one makespan, the one in which tasks have more room to the right is better. A task
    brings along its mode; while some of the schedules move to the right and back, tasks change to
    modes in which they end sooner, as far as budgets allow.

    References
    ----------
    Valls, Ballestín, Quintanilla (2005), "Justification and RCPSP: a technique that pays";
    Valls, Ballestín, Quintanilla (2008), "A hybrid genetic algorithm for the resource-constrained
    project scheduling problem"; Debels, Vanhoucke (2007), "A decomposition-based genetic algorithm
    for the resource-constrained project-scheduling problem"; Lova, Tormos, Cervantes, Barber
    (2009), "An efficient hybrid genetic algorithm for scheduling projects with resource
    constraints and multiple execution modes".

    Examples
    --------
    >>> import headway as hw
    >>> ProjectSearch(hw.instance("j30_1_1")).run(goal=43).schedule.makespan
    43
    """

    def __init__(self, problem: Problem, settings: Settings | None = None) -> None:
        settings = settings or Settings()
        self._network = Network(problem)
        self._native = _core.ProjectSearch(
            self._network.native, settings.population, settings.patience
        )
        super().__init__(problem, self._native)

    def offer(self, schedule: Schedule) -> None:
        """Search from a schedule next; its modes and the order of its starts are what counts."""
        self._native.offer(schedule.start, schedule.mode)

    def _decode(self, *arrays: Ints) -> Schedule:
        return self._network.schedule(*arrays)
