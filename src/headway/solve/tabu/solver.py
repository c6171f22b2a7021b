"""The solver ``tabu``."""

from __future__ import annotations

from headway.solve.searcher import Searcher
from headway.solve.tabu.bound import job_shop_bound
from headway.solve.tabu.search import TabuSearch
from headway.solve.tabu.shop import obstacle

solve = Searcher("tabu", "tabu search", obstacle, TabuSearch, job_shop_bound)
