"""Exact solving with OR-Tools CP-SAT: every constraint, every objective, with a proof."""

from headway.solve.cpsat.encoding import build
from headway.solve.cpsat.run import solve

__all__ = ["build", "solve"]
