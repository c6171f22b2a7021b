"""Tabu search with path relinking for job shops: the best schedules of large shops, fast."""

from headway.solve.tabu.search import Found, Search, Settings, search
from headway.solve.tabu.shop import applies
from headway.solve.tabu.solver import solve

__all__ = ["Found", "Search", "Settings", "applies", "search", "solve"]
