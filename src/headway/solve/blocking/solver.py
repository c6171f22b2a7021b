"""The solver ``blocking``."""

from __future__ import annotations

from headway.solve.blocking.search import BlockingSearch
from headway.solve.blocking.shop import obstacle
from headway.solve.searcher import Searcher
from headway.solve.tabu.bound import job_shop_bound

solve = Searcher("blocking", "job insertion tabu search", obstacle, BlockingSearch, job_shop_bound)
