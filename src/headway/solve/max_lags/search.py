"""The search itself: evolution of activity lists, with tasks delayed that others must not leave."""

from __future__ import annotations

from headway import _core
from headway.model.problem import Problem
from headway.model.schedule import Schedule
from headway.model.tables import Ints
from headway.solve.max_lags.network import Network
from headway.solve.project.search import Settings
from headway.solve.search import Search

_POPULATION = 40
"""Fewer members than for other projects: lists bred from schedules that keep all lags mostly keep
them too, while most of the first ones, made at random, do not."""


class LagSearch(Search):
    """Evolution of activity lists on one project with minimum and maximum lags.

    Other threads may `offer` schedules and `raise_goal` while it runs.

    Parameters
    ----------
    problem
        A project: a problem with no `obstacle`.
    settings
        How the effort is spent; a smaller population than for other projects by default.

    Raises
    ------
    UnsupportedError
        If the problem is of another kind.

    Notes
    -----
    A list of tasks becomes a schedule by serial generation: each task in turn starts as early as
    tasks before it in the list allow. Where that is too late for a maximum lag, the tasks that it
    may not be so far behind of are delayed, and all that starts after the first of them is
    scheduled anew; after many delays the list is given up. What often finds no place stands
    further ahead in later lists, and so do, together, tasks that bind one another. Schedules are
    moved to the right and back, and bred, as in `headway.solve.project.ProjectSearch`.

    References
    ----------
    Franck, Neumann, Schwindt (2001), "Truncated branch-and-bound, schedule-construction, and
    schedule-improvement procedures for resource-constrained project scheduling"; Ballestín,
    Barrios, Valls (2011), "An evolutionary algorithm for the resource-constrained project
    scheduling problem with minimum and maximum time lags".

    Examples
    --------
    >>> import headway as hw
    >>> pair = hw.project([[(2, [1])], [(3, [1])]], [1], [[], []], lags=[(0, 1, 1), (1, 0, -4)])
    >>> LagSearch(pair).run(goal=5).schedule.makespan
    5
    """

    def __init__(self, problem: Problem, settings: Settings | None = None) -> None:
        settings = settings or Settings(population=_POPULATION)
        self._network = Network(problem)
        self._native = _core.LagSearch(self._network.native, settings.population, settings.patience)
        super().__init__(problem, self._native)

    def offer(self, schedule: Schedule) -> None:
        """Search from a valid schedule next."""
        self._native.offer(schedule.start)

    def _decode(self, *arrays: Ints) -> Schedule:
        return self._network.schedule(*arrays)
