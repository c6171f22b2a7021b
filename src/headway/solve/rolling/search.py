"""The search itself: windows of many sizes, and the whole shop, each as often as it pays."""

from __future__ import annotations

from dataclasses import dataclass

from headway.errors import ConfigError
from headway.model.problem import Problem
from headway.model.schedule import Schedule
from headway.model.tables import Ints
from headway.solve import flexible, tabu
from headway.solve.rolling.fixing import Fixing, fix_none
from headway.solve.rolling.steps import Worker
from headway.solve.search import Halt, Search
from headway.solve.searcher import Searcher

_SOLVERS = (tabu.solve, flexible.solve)


@dataclass(frozen=True, slots=True)
class Settings:
    """How the search spends its effort.

    Parameters
    ----------
    sizes
        How many tasks windows have; those that are not smaller than the shop are left out.
    effort
        Work per step: the number of moves times the number of tasks in the window.
    solver
        What solves windows; the first native search that applies if nothing is said.
    fixing
        Which tasks of a window keep their modes, see `headway.solve.rolling.fixing`.
    whole
        Whether the whole shop counts as a window, too.
    """

    sizes: tuple[int, ...] = (1_000, 4_000, 16_000)
    effort: int = 30_000_000
    solver: Searcher | None = None
    fixing: Fixing = fix_none
    whole: bool = True

    def __post_init__(self) -> None:
        if not self.sizes or min(self.sizes) < 2:
            raise ConfigError(f"sizes: expected numbers of at least 2, got {self.sizes}")
        if self.effort < 1:
            raise ConfigError(f"effort: expected at least 1, got {self.effort}")


def solver_for(problem: Problem) -> Searcher | None:
    """Return the native search that solves windows of a shop; None if it is no such shop."""
    return next((solver for solver in _SOLVERS if solver.applies(problem)), None)


class RollingSearch(Search):
    """Search of a very large shop, job shop or flexible, window by window.

    Other threads may `offer` schedules and `raise_goal` while it runs.

    Parameters
    ----------
    problem
        A job shop or a flexible job shop.
    settings
        How the effort is spent.

    Raises
    ------
    UnsupportedError
        If the problem is of another kind.

    Notes
    -----
    A window is a stretch of the tasks in order of time. What lies before it becomes release times,
    what lies after it becomes tails, so that the window is a shop again whose makespan is the
    longest path through it (see `headway.solve.rolling.part`); a native search makes some moves in
    it, and what it finds is put back. Windows in work at the same time do not overlap. Sizes are
    drawn by recent gain per effort, the whole shop being one of them.

    References
    ----------
    Li, Ouyang, Ma, Wu (2025), "Learning-guided rolling horizon optimization for long-horizon
    flexible job-shop scheduling".
    """

    def __init__(self, problem: Problem, settings: Settings | None = None) -> None:
        settings = settings or Settings()
        solver = settings.solver or solver_for(problem) or _SOLVERS[-1]
        solver.require(problem)
        self._worker = Worker(problem, settings, solver)
        super().__init__(problem, self._worker)

    def offer(self, schedule: Schedule) -> None:
        """Go on from a valid schedule if it is better than the best one so far."""
        self._worker.offer(schedule)

    def _decode(self, *arrays: Ints) -> Schedule:
        return Schedule(self.problem, *arrays)

    def _flag(self) -> Halt:
        return Halt()
