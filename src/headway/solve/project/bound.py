"""Lower bounds on the makespan of projects."""

from __future__ import annotations

from headway.model.problem import Problem
from headway.solve.bounds import makespan_bound


def project_bound(problem: Problem) -> int:
    """Return a lower bound on the makespan of a project, a problem with no `obstacle`."""
    return makespan_bound(problem)
