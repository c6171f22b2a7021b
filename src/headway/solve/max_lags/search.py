"""The search itself: evolution of activity lists, with tasks delayed that others must not leave."""

from __future__ import annotations

import math
from collections.abc import Callable

from headway import _core
from headway.model.problem import Problem
from headway.model.schedule import Schedule
from headway.model.tables import Ints
from headway.solve.max_lags.network import Network
from headway.solve.project.search import Settings
from headway.solve.result import Stop
from headway.solve.search import Found, Search


class LagSearch(Search):
    """Evolution of activity lists on one project with minimum and maximum lags.

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
    """

    def __init__(self, problem: Problem, settings: Settings | None = None) -> None:
        settings = settings or Settings()
        self._network = Network(problem)
        self._native = _core.LagSearch(self._network.native, settings.population, settings.patience)
        super().__init__(problem, self._native)

    def offer(self, schedule: Schedule) -> None:
        """Search from a valid schedule next."""
        self._native.offer(schedule.start)

    def _decode(self, *arrays: Ints) -> Schedule:
        return self._network.schedule(*arrays)


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
    """Search a project with maximum lags for a schedule of small makespan.

    Parameters
    ----------
    problem
        A project: a problem with no `obstacle`.
    start
        A valid schedule to search from first.
    goal
        A makespan that is good enough, such as a lower bound.
    moves, time_limit_s, seed, workers, settings, stop, on_improvement
        See `Search.run`; a move is one pass of schedule generation. Without a limit, the search
        ends only when asked to stop or at its goal.

    Raises
    ------
    UnsupportedError
        If the problem is of another kind.

    Examples
    --------
    >>> import headway as hw
    >>> pair = hw.project([[(2, [1])], [(3, [1])]], [1], [[], []], lags=[(0, 1, 1), (1, 0, -4)])
    >>> search(pair, goal=5).schedule.makespan
    5
    """
    run = LagSearch(problem, settings)
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
