"""Taking a project apart, for the writers of project formats."""

from __future__ import annotations

import numpy as np

from headway.formats.express import refuse
from headway.model import Problem
from headway.model.tables import FOREVER, RelationKind, ResourceKind

ModeRow = tuple[int, list[int]]
"""Duration, and demand on every resource."""


def project_data(
    problem: Problem, format_name: str
) -> tuple[list[list[ModeRow]], list[int], list[list[int]], list[bool]]:
    """Return modes, capacities, successors and which resources are renewable.

    Only plain end-before-start relations become successors; comparing the rebuilt project with the
    original shows whether there was anything else.
    """
    kinds = problem.resources.kind
    if problem.n_tasks == 0:
        raise refuse("a problem without tasks", format_name)
    if problem.n_jobs:
        raise refuse(f"jobs, such as {problem.jobs.name[0]!r}", format_name)
    other = np.flatnonzero((kinds != ResourceKind.RENEWABLE) & (kinds != ResourceKind.NONRENEWABLE))
    if other.size:
        position = int(other[0])
        kind = ResourceKind(int(kinds[position])).name.lower()
        raise refuse(f"the {kind} {problem.resources.name[position]!r}", format_name)
    table = problem.modes
    demands = np.zeros((problem.n_modes, problem.n_resources), dtype=np.int64)
    owner = np.repeat(np.arange(problem.n_modes), np.diff(table.demand_ptr))
    demands[owner, table.demand_resource] = table.demand_amount
    rows: list[ModeRow] = list(zip(table.duration.tolist(), demands.tolist(), strict=True))
    ptr = problem.tasks.mode_ptr
    modes = [rows[ptr[task] : ptr[task + 1]] for task in range(problem.n_tasks)]
    successors: list[list[int]] = [[] for _ in range(problem.n_tasks)]
    r = problem.relations
    plain = (r.kind == RelationKind.END_START) & (r.min_lag == 0) & (r.max_lag == FOREVER)
    for before, after in zip(r.before[plain].tolist(), r.after[plain].tolist(), strict=True):
        successors[before].append(after)
    renewable = (kinds == ResourceKind.RENEWABLE).tolist()
    return modes, problem.resources.capacity.tolist(), successors, renewable
