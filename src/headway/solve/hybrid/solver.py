"""The solver ``hybrid``."""

from __future__ import annotations

from headway.solve.hybrid.bound import hybrid_bound
from headway.solve.hybrid.recognise import obstacle
from headway.solve.hybrid.search import HybridSearch
from headway.solve.searcher import Searcher

solve = Searcher("hybrid", "annealing", obstacle, HybridSearch, hybrid_bound)
