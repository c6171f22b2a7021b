"""One machine: heuristics by name, exact methods, and local search with proof."""

from headway.solve.single.exact import least_total_tardiness
from headway.solve.single.line import obstacle
from headway.solve.single.search import SingleMachineSearch
from headway.solve.single.solver import solve
from headway.solve.single.tardiness import HEURISTICS, find, total_tardiness

__all__ = [
    "HEURISTICS",
    "SingleMachineSearch",
    "find",
    "least_total_tardiness",
    "obstacle",
    "solve",
    "total_tardiness",
]
