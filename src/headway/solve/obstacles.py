"""What keeps methods from problems: the checks that many of them share.

Each yields phrases that follow "because", with the names of the first thing that is in the way.
A method strings together those that concern it and looks at the first one only, so that later
checks may rely on what earlier ones have found.
"""

from __future__ import annotations

from collections.abc import Iterator

import numpy as np

from headway.model.objective import Measure
from headway.model.problem import Problem
from headway.model.tables import ABSENT, FOREVER, Bools, Ints, ResourceKind


def first_task(problem: Problem, mask: Bools) -> str:
    """Return the quoted name of the first task of a mask, shape (n_tasks,)."""
    return repr(problem.task_label(int(np.argmax(mask))))


def other_objectives(problem: Problem) -> Iterator[str]:
    """Yield that the objective is not the makespan alone."""
    if not problem.objective.is_only(Measure.MAKESPAN):
        yield f"the objective is {problem.objective}, not the makespan"


def missing_tasks(problem: Problem) -> Iterator[str]:
    """Yield that there is nothing to schedule, or that some of it is optional."""
    if not problem.n_tasks:
        yield "there is no task"
    if problem.tasks.optional.any():
        yield f"task {first_task(problem, problem.tasks.optional)} is optional"


def several_modes(problem: Problem) -> Iterator[str]:
    """Yield that a task has more than one mode. Otherwise a task is its mode."""
    counts = np.diff(problem.tasks.mode_ptr)
    if (counts != 1).any():
        several = counts != 1
        yield f"task {first_task(problem, several)} has {counts[several][0]} modes"


def several_resources(problem: Problem) -> Iterator[str]:
    """Yield that a mode needs several resources at once."""
    used = np.diff(problem.modes.demand_ptr)
    if (used > 1).any():
        mode = int(np.argmax(used > 1))
        task = problem.task_label(int(problem.modes.task[mode]))
        yield f"task {task!r} needs {used[mode]} resources at once"


def other_resources(problem: Problem) -> Iterator[str]:
    """Yield that a resource in use is no machine."""
    table, used = problem.resources, _used(problem)
    for r in used[table.kind[used] != ResourceKind.MACHINE].tolist():
        yield f"resource {table.name[r]!r} is no machine"


def breaks(problem: Problem, *, later: bool = False) -> Iterator[str]:
    """Yield that a machine in use has breaks, or has any `later` than one that begins at 0."""
    table = problem.resources
    if not len(table.break_start):
        return
    for r in _used(problem).tolist():
        own = table.break_start[table.break_ptr[r] : table.break_ptr[r + 1]]
        if (own > 0).any() if later else len(own):
            yield f"machine {table.name[r]!r} has breaks"


def setups(problem: Problem) -> Iterator[str]:
    """Yield that a machine in use has setup times."""
    table, used = problem.resources, _used(problem)
    for r in used[table.setup[used] != ABSENT].tolist():
        yield f"machine {table.name[r]!r} has setup times"


def latest_times(problem: Problem) -> Iterator[str]:
    """Yield that a task must start or end by some time."""
    tasks = problem.tasks
    dated = (tasks.latest_start < FOREVER) | (tasks.latest_end < FOREVER)
    dated |= np.append(problem.jobs.deadline, FOREVER)[tasks.job] < FOREVER
    if dated.any():
        yield f"task {first_task(problem, dated)} has a latest time"


def blocking(problem: Problem) -> Iterator[str]:
    """Yield that a task keeps its resources beyond its end."""
    holding = problem.tasks.hold_until != ABSENT
    if holding.any():
        yield f"task {first_task(problem, holding)} blocks its machine"


def maximum_lags(problem: Problem) -> Iterator[str]:
    """Yield that a task may not be too far ahead of another one."""
    relations = problem.relations
    limited = np.zeros(problem.n_tasks, dtype=np.bool_)
    limited[relations.before[relations.max_lag < FOREVER]] = True
    if limited.any():
        yield f"task {first_task(problem, limited)} has a maximum lag"


def early_starts(problem: Problem, before: Ints, after: Ints, ticks: Ints) -> Iterator[str]:
    """Yield that a task may start before another one, though a minimum lag is between them."""
    if (ticks < 0).any():
        k = int(np.argmax(ticks < 0))
        names = (repr(problem.task_label(int(task))) for task in (after[k], before[k]))
        yield "task {} may start before {}, which it waits for".format(*names)


def ties(problem: Problem, *, sequences: bool = False) -> Iterator[str]:
    """Yield constraints on modes, presence and order that few methods know.

    Parameters
    ----------
    problem
        What is looked at.
    sequences
        Whether machines with a common sequence are welcome.
    """
    for table, what in (
        (problem.pairs, "pairs of tasks with a say on each other's resources"),
        (() if sequences else problem.sequences, "machines with a common sequence"),
        (problem.selections, "selections of tasks"),
        (problem.mode_dependencies, "dependencies between modes"),
    ):
        if len(table):
            yield f"there are {what}"


def _used(problem: Problem) -> Ints:
    counts = np.bincount(problem.modes.demand_resource, minlength=problem.n_resources)
    return np.flatnonzero(counts)
