"""The portfolio behind ``auto``: searches and exact proof side by side, each helping the others."""

from headway.solve.portfolio.board import Board
from headway.solve.portfolio.solver import SEARCHERS, Portfolio, solve

__all__ = ["SEARCHERS", "Board", "Portfolio", "solve"]
