"""Evolution of activity lists for projects with minimum and maximum time lags."""

from headway.solve.max_lags.network import obstacle
from headway.solve.max_lags.search import LagSearch
from headway.solve.max_lags.solver import solve
from headway.solve.project.search import Settings

__all__ = ["LagSearch", "Settings", "obstacle", "solve"]
