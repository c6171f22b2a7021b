"""Evolution of activity lists for projects: tasks that share resources over time."""

from headway.solve.project.network import obstacle
from headway.solve.project.search import ProjectSearch, Settings
from headway.solve.project.solver import solve

__all__ = ["ProjectSearch", "Settings", "obstacle", "solve"]
