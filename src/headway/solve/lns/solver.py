"""The solver ``lns``."""

from __future__ import annotations

from headway.solve.bounds import value_bound
from headway.solve.lns.search import LargeNeighbourhoodSearch, obstacle
from headway.solve.searcher import Searcher

solve = Searcher(
    "lns", "large-neighbourhood search", obstacle, LargeNeighbourhoodSearch, value_bound, pace=4
)
