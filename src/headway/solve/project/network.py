"""Problems as the native project search sees them, and why some are none."""

from __future__ import annotations

from collections.abc import Iterator

import numpy as np

from headway import _core
from headway.errors import UnsupportedError
from headway.model.problem import Problem
from headway.model.schedule import Schedule
from headway.model.tables import (
    Ints,
    ResourceKind,
    ints,
)
from headway.solve import columns, obstacles


class Network:
    """A problem in which tasks wait for one another and share resources.

    Parameters
    ----------
    problem
        Every task is to be done, in one of its modes, without a pause. Modes need machines,
        renewable resources, whose capacity may vary and have breaks, and budgets. Relations are
        minimum lags without a cycle. Release times are welcome; the makespan is minimised. A
        horizon is not looked at.

    Attributes
    ----------
    native
        What `_core.ProjectSearch` takes.

    Raises
    ------
    UnsupportedError
        If the problem is not of that kind; the message names the first thing that is in the way.
    """

    def __init__(self, problem: Problem) -> None:
        native = _translated(problem)
        if isinstance(native, str):
            raise UnsupportedError(
                f"project search does not apply to {problem.name!r}, because {native};"
                " method 'auto' picks what suits"
            )
        self.problem = problem
        self.native = native

    def schedule(self, start: Ints, mode: Ints) -> Schedule:
        """Return the schedule in which tasks start at given times in given modes."""
        return Schedule(self.problem, start, start + self.problem.modes.duration[mode], mode)


def obstacle(problem: Problem) -> str | None:
    """Return why the project search does not apply to a problem, or None if it does.

    Examples
    --------
    >>> import headway as hw
    >>> obstacle(hw.instance("j30_1_1"))
    >>> obstacle(hw.single_machine([1, 2], setups=[[0, 1], [1, 0], [0, 0]]))
    "machine 'machine' has setup times"
    """
    native = _translated(problem)
    return native if isinstance(native, str) else None


def _translated(problem: Problem) -> _core.Project | str:
    """Return the native project, or what keeps the problem from being one."""
    reason = next(_obstacles(problem), None)
    if reason is not None:
        return reason
    mode, used, amount = problem.occupied
    shared, used = np.unique(used, return_inverse=True)
    spender, budget, spent = _spending(problem)
    budgets = np.flatnonzero(problem.resources.kind == ResourceKind.NONRENEWABLE)
    edges = np.arange(problem.n_modes + 1)
    lags = columns.Lags.of(problem)
    try:
        return _core.Project(
            problem.tasks.mode_ptr,
            problem.modes.duration,
            # Where a task has several modes, its earliest start is the same in all.
            ints(columns.earliest_starts(problem)[problem.tasks.mode_ptr[:-1]]),
            ints(np.searchsorted(mode, edges)),
            ints(used),
            amount,
            ints(np.searchsorted(spender, edges)),
            ints(np.searchsorted(budgets, budget)),
            ints(spent),
            ints(problem.resources.capacity[budgets]),
            *capacity_steps(problem, shared),
            lags.before,
            lags.after,
            lags.least,
            lags.from_end,
            lags.to_end,
        )
    except (ValueError, IndexError) as error:  # the latter for numbers too large for it
        return str(error).removeprefix("project: ")


def _obstacles(problem: Problem) -> Iterator[str]:
    """Yield what keeps a problem from being such a project, in words that follow "because"."""
    tasks, relations = problem.tasks, problem.relations

    yield from obstacles.other_objectives(problem)
    yield from obstacles.missing_tasks(problem)
    yield from resource_obstacles(problem)
    yield from obstacles.latest_times(problem)
    yield from obstacles.blocking(problem)
    yield from obstacles.maximum_lags(problem)
    if problem.n_modes > problem.n_tasks:
        if (tasks.earliest_end > 0).any():
            task = obstacles.first_task(problem, tasks.earliest_end > 0)
            yield f"task {task} has several modes and an earliest end"
        if relations.transfer.any():
            yield "there are transfer times between tasks with several modes"
    yield from obstacles.ties(problem)


def resource_obstacles(problem: Problem) -> Iterator[str]:
    """Yield what projects do not take of resources, in words that follow "because"."""
    table, modes, tasks = problem.resources, problem.modes, problem.tasks
    pauses = table.break_ptr[1:] > table.break_ptr[:-1]
    for r in np.unique(modes.demand_resource).tolist():
        if table.kind[r] == ResourceKind.RESERVOIR:
            yield f"resource {table.name[r]!r} is a reservoir"
        if table.kind[r] == ResourceKind.NONRENEWABLE and pauses[r]:
            yield f"budget {table.name[r]!r} has breaks"
    yield from obstacles.setups(problem)
    mode, resource, _ = problem.occupied
    task = modes.task[mode]
    paused = tasks.interruptible[task] & pauses[resource]
    if paused.any():
        yield f"task {problem.task_label(int(task[np.argmax(paused)]))!r} may pause in breaks"
    # Such a task takes no part of a capacity, but may not stand in the midst of another one.
    instant = (table.kind[resource] == ResourceKind.MACHINE) | pauses[resource]
    instant &= modes.duration[mode] == 0
    if instant.any():
        k = int(np.argmax(instant))
        yield (
            f"task {problem.task_label(int(task[k]))!r} needs {table.name[resource[k]]!r}"
            " without taking time"
        )


def _spending(problem: Problem) -> tuple[Ints, Ints, Ints]:
    """Return demands on budgets as (mode, resource, amount) triples."""
    modes = problem.modes
    mode = np.repeat(np.arange(len(modes)), np.diff(modes.demand_ptr))
    mask = problem.resources.kind[modes.demand_resource] == ResourceKind.NONRENEWABLE
    return ints(mode[mask]), ints(modes.demand_resource[mask]), ints(modes.demand_amount[mask])


def capacity_steps(problem: Problem, shared: Ints) -> tuple[Ints, Ints, Ints]:
    """Return the capacities of shared resources as rows of steps: pointers, times, capacities."""
    table = problem.resources
    times, capacities = [], []
    for r in shared.tolist():
        own = slice(table.step_ptr[r], table.step_ptr[r + 1])
        off = slice(table.break_ptr[r], table.break_ptr[r + 1])
        start, end = table.break_start[off], table.break_end[off]
        time = np.unique(np.concatenate(([0], table.step_time[own], start, end)))
        time = time[time >= 0]
        levels = np.concatenate((table.capacity[r : r + 1], table.step_capacity[own]))
        level = levels[np.searchsorted(table.step_time[own], time, side="right")]
        on_break = np.searchsorted(start, time, side="right")
        level[on_break > np.searchsorted(end, time, side="right")] = 0
        times.append(time)
        capacities.append(level)
    ptr = np.cumsum([0, *map(len, times)])
    empty = [np.zeros(0, dtype=np.int64)]
    return (
        ints(ptr),
        ints(np.concatenate(times or empty)),
        ints(np.concatenate(capacities or empty)),
    )
