"""Headway problems as problems of other libraries, so that both solve the very same thing."""

from __future__ import annotations

import numpy as np
import pyjobshop

from headway import Problem
from headway.model import RelationKind, ResourceKind


def to_pyjobshop(problem: Problem) -> pyjobshop.ProblemData:
    """Return a shop or a project with end-to-start relations and makespan as PyJobShop data.

    Raises
    ------
    ValueError
        If the problem uses anything else.
    """
    if (problem.relations.kind != RelationKind.END_START).any() or problem.setups:
        raise ValueError(f"{problem.name}: only end-to-start relations are translated")
    model = pyjobshop.Model()
    table = problem.resources
    resources = [
        model.add_machine(name=name)
        if kind == ResourceKind.MACHINE
        else model.add_renewable(capacity=int(capacity), name=name)
        for name, kind, capacity in zip(table.name, table.kind, table.capacity, strict=True)
    ]
    jobs = [model.add_job(name=name) for name in problem.jobs.name]
    tasks = [
        model.add_task(job=jobs[job] if job >= 0 else None, name=name)
        for name, job in zip(problem.tasks.name, problem.tasks.job.tolist(), strict=True)
    ]
    modes = problem.modes
    for mode, (first, last) in enumerate(
        zip(modes.demand_ptr[:-1].tolist(), modes.demand_ptr[1:].tolist(), strict=True)
    ):
        used = modes.demand_resource[first:last].tolist()
        machine = table.kind[used] == ResourceKind.MACHINE
        model.add_mode(
            tasks[modes.task[mode]],
            [resources[r] for r in used],
            int(modes.duration[mode]),
            demands=np.where(machine, 0, modes.demand_amount[first:last]).tolist(),
        )
    for before, after, lag in zip(
        problem.relations.before.tolist(),
        problem.relations.after.tolist(),
        problem.relations.min_lag.tolist(),
        strict=True,
    ):
        model.add_end_before_start(tasks[before], tasks[after], delay=lag)
    return model.data()
