"""The one place where a problem is checked for being well formed.

Everything downstream may rely on what is checked here: positions are in range, pointers are
monotone, times are bounded so that sums never overflow, calendars are sorted and disjoint.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING

from headway.model.validate import objects, ties

if TYPE_CHECKING:
    from headway.model.problem import Problem

TABLES = (
    "jobs",
    "resources",
    "tasks",
    "modes",
    "relations",
    "pairs",
    "sequences",
    "selections",
    "mode_dependencies",
)

_CHECKS: tuple[tuple[Callable[[Problem], None], tuple[str, ...]], ...] = (
    (ties.check_matrices, ("setups", "transfers", "resources")),
    (objects.check_jobs, ("jobs",)),
    (objects.check_resources, ("resources", "setups")),
    (objects.check_tasks, ("tasks", "jobs", "modes", "setups")),
    (objects.check_modes, ("modes", "tasks", "resources")),
    (ties.check_relations, ("relations", "tasks")),
    (ties.check_pairs, ("pairs", "tasks")),
    (ties.check_sequences, ("sequences", "tasks", "resources")),
    (ties.check_selections, ("selections", "tasks")),
    (ties.check_mode_dependencies, ("mode_dependencies", "tasks", "modes")),
    (ties.check_objective, ("objective", "jobs", "resources")),
)
"""In this order, for later checks rely on earlier ones; each with the tables that it looks at."""


def validate(problem: Problem, known: Problem | None = None) -> None:
    """Check that the tables of a problem are well formed and fit together.

    Parameters
    ----------
    problem
        What is checked.
    known
        A problem that has been checked. What looks only at tables that the two share, as the very
        same objects, is not checked once more.

    Raises
    ------
    ProblemError
        At the first thing that is wrong, naming it, its value, and what was expected.
    """

    def fresh(*names: str) -> bool:
        """Return whether any of some tables is not that of the known problem."""
        return known is None or any(getattr(problem, n) is not getattr(known, n) for n in names)

    for label in TABLES:
        if fresh(label):
            objects.check_shape(label, getattr(problem, label))
    objects.check_header(problem)
    for check, looks_at in _CHECKS:
        if fresh(*looks_at):
            check(problem)
