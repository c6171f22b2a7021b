"""Projects: tasks in one or several modes that share resources."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from itertools import chain

import numpy as np

from headway.errors import ProblemError
from headway.model.families.given import rows
from headway.model.families.parts import end_before_start, resource_table, task_table
from headway.model.objective import Objective, makespan
from headway.model.problem import Problem
from headway.model.tables import (
    ABSENT,
    FOREVER,
    Modes,
    RelationKind,
    Relations,
    ResourceKind,
    bools,
    ints,
)


def project(
    modes: Sequence[Sequence[tuple[int, Sequence[int]]]],
    capacities: Sequence[int],
    successors: Sequence[Sequence[int]],
    *,
    renewable: Sequence[bool] | None = None,
    lags: Iterable[tuple[int, int, int]] = (),
    name: str = "project",
    objective: Objective | None = None,
) -> Problem:
    """Return a resource-constrained project (RCPSP, multi-mode, or with generalised lags).

    Parameters
    ----------
    modes
        ``modes[i]``: the (duration, demand per resource) choices of task i.
    capacities
        One per resource.
    successors
        ``successors[i]``: tasks that start only after task i has ended.
    renewable
        Which resources are renewable (the others are budgets); all by default.
    lags
        (i, j, lag) triples: task j starts at least lag after task i starts. A negative lag is a
        maximum lag in the other direction, as in RCPSP/max.
    name
        Label of the instance.
    objective
        What is minimised; the makespan by default.
    """
    n_tasks, n_resources = len(modes), len(capacities)
    counts = np.fromiter(map(len, modes), dtype=np.int64, count=n_tasks)
    flat = list(chain.from_iterable(modes))
    duration = [length for length, _ in flat]
    demand = rows([row for _, row in flat], n_resources, "modes: demand per resource")
    if len(successors) != n_tasks:
        raise ProblemError(
            f"successors: expected {n_tasks} rows, one per task, got {len(successors)}"
        )
    where = demand != 0
    kinds = [True] * n_resources if renewable is None else list(renewable)
    relations = end_before_start([(i, j) for i, row in enumerate(successors) for j in row])
    extra = list(lags)
    if extra:
        before, after, lag = rows(extra, 3, "lags: (before, after, lag)").T
        size = len(relations)
        relations = Relations(
            kind=ints(np.r_[relations.kind, np.full(len(extra), RelationKind.START_START)]),
            before=ints(np.r_[relations.before, before]),
            after=ints(np.r_[relations.after, after]),
            min_lag=ints(np.r_[relations.min_lag, lag]),
            max_lag=ints(np.full(size + len(extra), FOREVER)),
            transfer=bools(np.zeros(size + len(extra))),
        )
    return Problem(
        name=name,
        resources=resource_table(
            [f"resource {k + 1}" for k in range(n_resources)],
            [ResourceKind.RENEWABLE if kind else ResourceKind.NONRENEWABLE for kind in kinds],
            capacities,
        ),
        tasks=task_table(np.full(n_tasks, ABSENT), [f"task {i}" for i in range(n_tasks)], counts),
        modes=Modes(
            task=ints(np.repeat(np.arange(n_tasks), counts)),
            duration=ints(duration),
            cost=ints(np.zeros(len(flat))),
            demand_ptr=ints(np.r_[0, np.cumsum(where.sum(axis=1))]),
            demand_resource=ints(np.nonzero(where)[1]),
            demand_amount=ints(demand[where]),
        ),
        relations=relations,
        objective=objective if objective is not None else makespan(),
    )
