"""Annealing on the order of jobs for hybrid flow shops."""

from headway.solve.hybrid.bound import hybrid_bound
from headway.solve.hybrid.recognise import obstacle
from headway.solve.hybrid.search import HybridSearch, Settings
from headway.solve.hybrid.solver import solve

__all__ = ["HybridSearch", "Settings", "hybrid_bound", "obstacle", "solve"]
