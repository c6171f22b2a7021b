"""The solver ``max_lags``."""

from __future__ import annotations

from headway.solve.max_lags.network import obstacle
from headway.solve.max_lags.search import LagSearch
from headway.solve.project.bound import project_bound
from headway.solve.searcher import Searcher

solve = Searcher("max_lags", "evolution of activity lists", obstacle, LagSearch, project_bound)
