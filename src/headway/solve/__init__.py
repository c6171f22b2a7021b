"""Offline solving: one door (`solve`), many methods behind it, one result."""

from headway.solve.registry import solvers
from headway.solve.result import Budget, Progress, Result, Solver, Status, Stop
from headway.solve.run import solve
from headway.solve.shape import Shape, shape

__all__ = [
    "Budget",
    "Progress",
    "Result",
    "Shape",
    "Solver",
    "Status",
    "Stop",
    "shape",
    "solve",
    "solvers",
]
