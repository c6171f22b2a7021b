"""The solver ``lns``."""

from __future__ import annotations

from headway.model.problem import Problem
from headway.solve.bounds import value_bound
from headway.solve.lns.search import LargeNeighbourhoodSearch
from headway.solve.searcher import Searcher


def obstacle(problem: Problem) -> str | None:
    """Return why large-neighbourhood search does not apply to a problem, or None if it does.

    Examples
    --------
    >>> import headway as hw
    >>> obstacle(hw.instance("mk01"))
    """
    if not problem.n_tasks:
        return "there is no task"
    if not problem.objective.levels:
        return "any valid schedule will do"
    return None


solve = Searcher(
    "lns", "large-neighbourhood search", obstacle, LargeNeighbourhoodSearch, value_bound, pace=4
)
