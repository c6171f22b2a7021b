"""The solver ``flow``."""

from __future__ import annotations

from headway.solve.flow.bound import flow_shop_bound
from headway.solve.flow.recognise import obstacle
from headway.solve.flow.search import FlowSearch
from headway.solve.searcher import Searcher

solve = Searcher("flow", "iterated greedy", obstacle, FlowSearch, flow_shop_bound)
