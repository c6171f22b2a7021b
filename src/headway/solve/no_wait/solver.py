"""The solver ``no_wait``."""

from __future__ import annotations

from headway.solve.bounds import value_bound
from headway.solve.no_wait.search import NoWaitSearch
from headway.solve.no_wait.shop import obstacle
from headway.solve.searcher import Searcher

solve = Searcher("no_wait", "iterated greedy search", obstacle, NoWaitSearch, value_bound)
