"""The solver ``flexible``."""

from __future__ import annotations

from headway.solve.flexible.bound import flexible_bound
from headway.solve.flexible.search import FlexibleSearch
from headway.solve.flexible.shop import obstacle
from headway.solve.searcher import Searcher

solve = Searcher(
    "flexible", "tabu search over machines and orders", obstacle, FlexibleSearch, flexible_bound
)
