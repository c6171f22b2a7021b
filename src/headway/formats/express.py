"""Whether a format can express a problem: take it apart, rebuild it, compare.

A writer takes from a problem what its format has room for, rebuilds a problem from just that with
the constructor that its reader uses, and calls `require_same`. Whatever the format has no room for
shows as a difference, so no writer can silently drop a due date, a break or a constraint. Names,
the length of a tick and the date of tick 0 are labels; most formats have no room for them, and
their loss is accepted.
"""

from __future__ import annotations

from dataclasses import fields

import numpy as np

from headway.errors import UnsupportedError
from headway.model import Problem
from headway.model.tables import ABSENT, FOREVER, Bools, Ints, Relations, columns

JobRows = list[list[int]]
Column = Ints | Bools

_WORDS = {
    ("jobs", "release"): "a release date of {job!r}",
    ("jobs", "due"): "a due date of {job!r}",
    ("jobs", "deadline"): "a deadline of {job!r}",
    ("jobs", "weight"): "the weight of {job!r}",
    ("resources", "kind"): "the kind of {resource!r}",
    ("resources", "capacity"): "the capacity of {resource!r}",
    ("resources", "cost"): "the cost of {resource!r}",
    ("resources", "level"): "the level of {resource!r}",
    ("resources", "level_min"): "the level of {resource!r}",
    ("resources", "level_max"): "the level of {resource!r}",
    ("resources", "setup"): "the setup times of {resource!r}",
    ("tasks", "job"): "the order of tasks: those of a job must follow one another",
    ("tasks", "earliest_start"): "a start window of {task!r}",
    ("tasks", "latest_start"): "a start window of {task!r}",
    ("tasks", "earliest_end"): "an end window of {task!r}",
    ("tasks", "latest_end"): "an end window of {task!r}",
    ("tasks", "optional"): "the optional task {task!r}",
    ("tasks", "interruptible"): "the interruptible task {task!r}",
    ("tasks", "hold_until"): "that {task!r} blocks its machine",
    ("tasks", "family"): "the setup family of {task!r}",
    ("modes", "cost"): "the cost of a mode of {mode!r}",
    ("modes", "duration"): "the durations of {mode!r}",
}
_TABLES = {
    "jobs": "these jobs",
    "resources": "breaks or varying capacities",
    "tasks": "these tasks",
    "modes": "these resource demands",
    "pairs": "identical, different or consecutive resources",
    "sequences": "this same-sequence constraint",
    "selections": "a selection of optional tasks",
    "mode_dependencies": "mode dependencies",
}


def refuse(what: str, format_name: str) -> UnsupportedError:
    """Return the error of a writer whose format has no room for `what`."""
    return UnsupportedError(f"format {format_name!r} cannot express {what}; 'json' can")


def require_same(problem: Problem, rebuilt: Problem, format_name: str) -> None:
    """Check that nothing but labels is lost in a format.

    Parameters
    ----------
    problem
        What is to be written.
    rebuilt
        What a reader would make of it.
    format_name
        For the message.

    Raises
    ------
    UnsupportedError
        Naming the first thing that differs.
    """
    if problem.horizon != rebuilt.horizon:
        raise refuse(f"the horizon {problem.horizon}", format_name)
    for f in fields(problem):
        mine, other = getattr(problem, f.name), getattr(rebuilt, f.name)
        if f.name in _TABLES:
            for column, values in columns(mine).items():
                if not np.array_equal(values, getattr(other, column)):
                    what = _difference(problem, f.name, column, values, getattr(other, column))
                    raise refuse(what, format_name)
    _require_same_relations(problem, rebuilt.relations, format_name)
    same_setups = len(problem.setups) == len(rebuilt.setups) and all(
        np.array_equal(a, b) for a, b in zip(problem.setups, rebuilt.setups, strict=True)
    )
    if not same_setups:
        raise refuse("these setup times", format_name)
    if not np.array_equal(problem.transfers, rebuilt.transfers):
        raise refuse("transfer times", format_name)
    if problem.objective != rebuilt.objective:
        raise refuse(f"the objective {problem.objective}", format_name)


def job_rows(problem: Problem, format_name: str) -> JobRows:
    """Return the tasks of every job; every task must have a job, and every job a task."""
    outside = np.flatnonzero(problem.tasks.job == ABSENT)
    if outside.size:
        raise refuse(f"{problem.task_label(int(outside[0]))!r}, a task without a job", format_name)
    rows = [problem.tasks_of(job).tolist() for job in range(problem.n_jobs)]
    for job, row in enumerate(rows):
        if not row:
            raise refuse(f"{problem.jobs.name[job]!r}, a job without tasks", format_name)
    if not rows:
        raise refuse("a problem without jobs", format_name)
    return rows


def machine_modes(problem: Problem, task: int, format_name: str) -> list[tuple[int, int]]:
    """Return (machine, duration) per mode of a task that needs one resource at a time."""
    modes = problem.modes
    found = []
    for mode in range(problem.tasks.mode_ptr[task], problem.tasks.mode_ptr[task + 1]):
        low, high = modes.demand_ptr[mode], modes.demand_ptr[mode + 1]
        if high - low != 1:
            label = problem.task_label(task)
            raise refuse(f"{label!r}, a task that needs {high - low} resources", format_name)
        found.append((int(modes.demand_resource[low]), int(modes.duration[mode])))
    return found


def single_mode(problem: Problem, task: int, format_name: str) -> tuple[int, int]:
    """Return the machine and the duration of a task that has no choice."""
    modes = machine_modes(problem, task, format_name)
    if len(modes) != 1:
        raise refuse(f"the {len(modes)} modes of {problem.task_label(task)!r}", format_name)
    return modes[0]


def _difference(problem: Problem, table: str, column: str, mine: Column, other: Column) -> str:
    template = _WORDS.get((table, column))
    if template is None or mine.shape != other.shape:
        return _TABLES[table]
    where = int(np.argmax(mine != other))
    if table == "jobs":
        return template.format(job=problem.jobs.name[where])
    if table == "resources":
        return template.format(resource=problem.resources.name[where])
    if table == "tasks":
        return template.format(task=problem.task_label(where))
    return template.format(mode=problem.task_label(int(problem.modes.task[where])))


def _require_same_relations(problem: Problem, rebuilt: Relations, format_name: str) -> None:
    mine, theirs = _rows(problem.relations), _rows(rebuilt)
    if mine == theirs:
        return
    extra = sorted(set(mine) - set(theirs)) or mine
    if len(mine) >= len(theirs) or set(mine) - set(theirs):
        _, before, after, low, high, transfer = extra[0]
        label = f"between {problem.task_label(before)!r} and {problem.task_label(after)!r}"
        kind = (
            "transfer times"
            if transfer
            else "a maximum lag"
            if high != FOREVER
            else ("a lag" if low else "the relation")
        )
        raise refuse(f"{kind} {label}", format_name)
    _, before, after, *_ = min(set(theirs) - set(mine), default=theirs[0])
    raise refuse(
        f"that {problem.task_label(after)!r} need not wait for {problem.task_label(before)!r}",
        format_name,
    )


def _rows(relations: Relations) -> list[tuple[int, ...]]:
    arrays = [array.tolist() for array in columns(relations).values()]
    return sorted(zip(*arrays, strict=True))
