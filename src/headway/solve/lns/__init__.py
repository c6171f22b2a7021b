"""Large-neighbourhood search over CP-SAT, for anything that the model can express."""

from headway.solve.lns.search import LargeNeighbourhoodSearch, Settings, obstacle
from headway.solve.lns.solver import solve

__all__ = ["LargeNeighbourhoodSearch", "Settings", "obstacle", "solve"]
