"""Tabu search over machines and orders: the best schedules of flexible job shops, fast."""

from headway.solve.flexible.bound import flexible_bound
from headway.solve.flexible.search import FlexibleSearch, Settings
from headway.solve.flexible.shop import obstacle
from headway.solve.flexible.solver import solve

__all__ = ["FlexibleSearch", "Settings", "flexible_bound", "obstacle", "solve"]
