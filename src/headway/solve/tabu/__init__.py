"""Tabu search with path relinking for job shops: the best schedules of large shops, fast."""

from headway.solve.tabu.search import Settings, TabuSearch
from headway.solve.tabu.shop import obstacle
from headway.solve.tabu.solver import solve

__all__ = ["Settings", "TabuSearch", "obstacle", "solve"]
