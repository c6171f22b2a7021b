"""The solver ``project``."""

from __future__ import annotations

from headway.solve.project.bound import project_bound
from headway.solve.project.network import obstacle
from headway.solve.project.search import ProjectSearch
from headway.solve.searcher import Searcher

solve = Searcher("project", "evolution of activity lists", obstacle, ProjectSearch, project_bound)
