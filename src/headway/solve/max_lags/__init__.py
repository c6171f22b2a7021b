"""Evolution of activity lists for projects with minimum and maximum time lags."""

from headway.solve.max_lags.network import obstacle
from headway.solve.max_lags.search import LagSearch, Settings, search
from headway.solve.max_lags.solver import solve

__all__ = ["LagSearch", "Settings", "obstacle", "search", "solve"]
