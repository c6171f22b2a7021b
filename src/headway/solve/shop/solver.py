"""The solver ``shop``."""

from __future__ import annotations

from headway.model.problem import Problem
from headway.solve.bounds import lower_bounds
from headway.solve.searcher import Searcher
from headway.solve.shop.obstacles import obstacle
from headway.solve.shop.search import ShopSearch


def bound(problem: Problem) -> int:
    """Return a lower bound on the value of a shop, a problem with no `obstacle`."""
    bounds = lower_bounds(problem)
    assert bounds is not None, "minimum lags alone contradict nothing"
    return bounds[0]


solve = Searcher(
    "shop", "tabu search on shops of any kind", obstacle, ShopSearch, bound, pace=40_000
)
