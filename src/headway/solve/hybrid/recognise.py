"""Whether a problem is a hybrid flow shop, and its stages."""

from __future__ import annotations

from collections.abc import Iterator

import numpy as np

from headway.model.problem import Problem
from headway.model.tables import ABSENT, FOREVER
from headway.solve.flow.recognise import (
    NO_CHAINS,
    chains,
    objective_obstacles,
    size_obstacles,
    task_obstacles,
)


def obstacle(problem: Problem) -> str | None:
    """Return why hybrid flow shop search does not apply to a problem, or None if it does.

    Examples
    --------
    >>> import headway as hw
    >>> obstacle(hw.hybrid_flow_shop([[3, 2], [1, 4]], machines=[1, 2]))
    >>> obstacle(hw.instance("mk01"))
    'its jobs are not chains of as many tasks each, by relations without lags'
    """
    return next(_obstacles(problem), None)


def operations(problem: Problem) -> np.ndarray:
    """Return the tasks of each job in order; shape (n_jobs, n_stages).

    The problem has no `obstacle`.
    """
    rows = chains(problem)
    if rows is None:
        raise ValueError(f"{problem.name} is no hybrid flow shop")
    return rows


def stages(problem: Problem, tasks: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """Return the machines of all stages and the stage of each; a machine may appear twice.

    Both are sorted by stage, then by machine.
    """
    stage = np.empty(problem.n_tasks, dtype=np.int64)
    stage[tasks] = np.arange(tasks.shape[1])
    key = stage[problem.modes.task] * problem.n_resources + problem.modes.demand_resource
    at, machine = np.divmod(np.unique(key), problem.n_resources)
    return machine, at


def _obstacles(problem: Problem) -> Iterator[str]:
    """Yield what keeps a problem from being a hybrid flow shop, in words that follow "because"."""
    yield from objective_obstacles(problem)
    yield from task_obstacles(problem)
    tasks = chains(problem)
    if tasks is None:
        yield NO_CHAINS
        return
    table, machines = problem.tasks, stages(problem, tasks)[0]
    if len(machines) == tasks.shape[1]:
        yield "no stage has several machines"
    if len(np.unique(machines)) < len(machines):
        yield "a machine serves two stages"
    if len(problem.sequences):
        yield "there are machines with a common sequence"
    used = problem.resources.setup[machines] != ABSENT
    if used.any():
        yield f"machine {problem.resources.name[machines[np.argmax(used)]]!r} has setup times"
    if (table.hold_until != ABSENT).any():
        yield "tasks block their machines"
    if (problem.relations.max_lag < FOREVER).any():
        yield "tasks may wait for some time only"
    dated = table.earliest_end > 0
    dated[tasks[:, 1:]] |= table.earliest_start[tasks[:, 1:]] > 0
    if dated.any():
        task = problem.task_label(int(np.argmax(dated)))
        yield f"task {task!r} has an earliest time of its own"
    yield from size_obstacles(problem)
