"""The solver ``no_wait``."""

from __future__ import annotations

from headway.model.problem import Problem
from headway.solve.bounds import lower_bounds
from headway.solve.no_wait.search import NoWaitSearch
from headway.solve.no_wait.shop import obstacle
from headway.solve.searcher import Searcher


def bound(problem: Problem) -> int:
    """Return a lower bound on the objective of a problem with no `obstacle`."""
    bounds = lower_bounds(problem)
    assert bounds is not None, "relations that contradict each other are an obstacle"
    return bounds[0]


solve = Searcher("no_wait", "iterated greedy search", obstacle, NoWaitSearch, bound)
