"""Tabu search for shops of any kind: dates, weights, setups, choices of machines, open shops."""

from headway.solve.shop.obstacles import obstacle
from headway.solve.shop.search import Settings, ShopSearch
from headway.solve.shop.solver import solve

__all__ = ["Settings", "ShopSearch", "obstacle", "solve"]
