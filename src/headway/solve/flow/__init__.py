"""Iterated greedy search for flow shops in which all machines take the jobs in one order."""

from headway.solve.flow.bound import flow_shop_bound
from headway.solve.flow.recognise import obstacle
from headway.solve.flow.search import FlowSearch, Settings
from headway.solve.flow.solver import solve

__all__ = ["FlowSearch", "Settings", "flow_shop_bound", "obstacle", "solve"]
