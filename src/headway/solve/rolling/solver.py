"""The solver ``rolling``."""

from __future__ import annotations

from headway.model.problem import Problem
from headway.solve import flexible
from headway.solve.rolling.search import RollingSearch, solver_for
from headway.solve.searcher import Searcher


def obstacle(problem: Problem) -> str | None:
    """Return why rolling windows do not apply to a problem, or None if they do.

    Examples
    --------
    >>> import headway as hw
    >>> obstacle(hw.instance("mk01"))
    >>> obstacle(hw.instance("j30_1_1"))
    "resource 'resource 1' is no machine"
    """
    return None if solver_for(problem) is not None else flexible.solve.obstacle(problem)


def _bound(problem: Problem) -> int:
    solver = solver_for(problem)
    return 0 if solver is None else solver.bound(problem)


solve = Searcher("rolling", "rolling windows", obstacle, RollingSearch, _bound, pace=2)
