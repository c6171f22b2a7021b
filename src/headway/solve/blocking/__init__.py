"""Tabu search for blocking job shops, in which jobs hold a machine until the next one is free."""

from headway.solve.blocking.search import BlockingSearch
from headway.solve.blocking.shop import obstacle
from headway.solve.blocking.solver import solve

__all__ = ["BlockingSearch", "obstacle", "solve"]
