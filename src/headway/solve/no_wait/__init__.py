"""Iterated greedy search for no-wait shops: jobs whose tasks follow at fixed times, once begun."""

from headway.solve.no_wait.search import NoWaitSearch
from headway.solve.no_wait.shop import obstacle
from headway.solve.no_wait.solver import solve

__all__ = ["NoWaitSearch", "obstacle", "solve"]
