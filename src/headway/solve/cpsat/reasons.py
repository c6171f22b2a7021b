"""The constraints of a problem one by one: in words, and how to leave them out."""

from __future__ import annotations

from collections.abc import Collection, Iterator
from dataclasses import dataclass, fields, replace
from typing import Any

import numpy as np

from headway.model import Objective, Problem
from headway.model.tables import (
    ABSENT,
    FOREVER,
    LARGEST_TIME,
    Ints,
    PairKind,
    RelationKind,
    ResourceKind,
    SelectionKind,
    ints,
)

_NO_LEVEL = 2**40
"""From here on the largest level of a reservoir stands for none."""


@dataclass(frozen=True, slots=True, eq=False)
class Reason:
    """A constraint that a user can take away.

    Attributes
    ----------
    subject
        What kind of constraint, as in "deadline" or "relation".
    index
        The job, task, resource or row it belongs to.
    text
        The constraint in words.
    removable
        Whether the problem without it allows every schedule that it allows with it.
    """

    subject: str
    index: int
    text: str
    removable: bool = True


def reasons(problem: Problem) -> list[Reason]:
    """Return all constraints that can be left out, limits first, structure last."""
    return [*_dates(problem), *_of_resources(problem), *_between_tasks(problem)]


def _dates(problem: Problem) -> Iterator[Reason]:
    tasks, jobs = problem.tasks, problem.jobs
    if problem.horizon < FOREVER:
        yield Reason("horizon", 0, f"everything must end by {problem.horizon}, the horizon")
    for job in np.flatnonzero(jobs.deadline < FOREVER).tolist():
        name, date = jobs.name[job], jobs.deadline[job]
        yield Reason("deadline", job, f"job {name!r} must end by {date}")
    for job in np.flatnonzero(jobs.release > 0).tolist():
        name, date = jobs.name[job], jobs.release[job]
        yield Reason("release", job, f"job {name!r} cannot start before {date}")
    for column, words in (
        ("latest_start", "must start by"),
        ("latest_end", "must end by"),
        ("earliest_start", "cannot start before"),
        ("earliest_end", "cannot end before"),
    ):
        dates: Ints = getattr(tasks, column)
        limited = dates < FOREVER if column.startswith("latest") else dates > 0
        for task in np.flatnonzero(limited).tolist():
            yield Reason(column, task, f"task {_task(problem, task)} {words} {dates[task]}")


def _of_resources(problem: Problem) -> Iterator[Reason]:
    table = problem.resources
    pausing = _met_by_interruptible(problem)
    for resource, name in enumerate(table.name):
        kind = ResourceKind(int(table.kind[resource]))
        if table.break_ptr[resource] < table.break_ptr[resource + 1]:
            text = f"the breaks of {name!r}"
            yield Reason("breaks", resource, text, removable=resource not in pausing)
        if table.setup[resource] >= 0:
            yield Reason("setup", resource, f"the setup times on machine {name!r}")
        if kind is ResourceKind.MACHINE:
            text = f"machine {name!r} does one task at a time"
        elif kind is ResourceKind.RENEWABLE:
            text = f"the capacity of {name!r} is {table.capacity[resource]}"
            if table.step_ptr[resource] < table.step_ptr[resource + 1]:
                values = capacities(problem, resource)
                text = f"the capacity of {name!r} varies from {min(values)} to {max(values)}"
        elif kind is ResourceKind.NONRENEWABLE:
            text = f"the budget of {name!r} is {table.capacity[resource]}"
        else:
            low, high = table.level_min[resource], table.level_max[resource]
            text = f"the level of {name!r} stays between {low} and {high}"
            if high >= _NO_LEVEL:
                text = f"the level of {name!r} never falls below {low}"
        yield Reason("capacity", resource, text)


def capacities(problem: Problem, resource: int) -> list[int]:
    """Return the capacities that a renewable resource has at one time or another."""
    table = problem.resources
    steps = slice(int(table.step_ptr[resource]), int(table.step_ptr[resource + 1]))
    values = [int(table.capacity[resource]), *table.step_capacity[steps].tolist()]
    return values[1:] if 0 in table.step_time[steps] else values


def _between_tasks(problem: Problem) -> Iterator[Reason]:
    def name(task: int) -> str:
        return _task(problem, task)

    tasks, pairs, sequences = problem.tasks, problem.pairs, problem.sequences
    for row in range(len(problem.relations)):
        yield Reason("relation", row, _relation(problem, row))
    for task in np.flatnonzero(tasks.hold_until >= 0).tolist():
        until = int(tasks.hold_until[task])
        yield Reason("hold", task, f"{name(task)} keeps its resources until {name(until)} starts")
    words = {
        PairKind.IDENTICAL: "use the same resources",
        PairKind.DIFFERENT: "share no resource",
        PairKind.CONSECUTIVE: "follow each other directly on machines they share",
    }
    for row in range(len(pairs)):
        both = f"{name(int(pairs.first[row]))} and {name(int(pairs.second[row]))}"
        yield Reason("pair", row, f"{both} {words[PairKind(int(pairs.kind[row]))]}")
    for row in range(len(sequences)):
        one, other = (
            problem.resources.name[int(machine[row])]
            for machine in (sequences.first_machine, sequences.second_machine)
        )
        yield Reason("sequence", row, f"tasks run in the same order on {one!r} and {other!r}")
    table = problem.selections
    rules = {
        SelectionKind.EXACTLY_ONE: "exactly one of {} is done",
        SelectionKind.AT_LEAST_ONE: "at least one of {} is done",
        SelectionKind.ALL_OR_NONE: "all or none of {} are done",
    }
    for row in range(len(table)):
        group = table.task[int(table.task_ptr[row]) : int(table.task_ptr[row + 1])]
        text = rules[SelectionKind(int(table.kind[row]))].format(
            ", ".join(name(task) for task in group.tolist())
        )
        if table.condition[row] != ABSENT:
            text += f" if {name(int(table.condition[row]))} is"
        yield Reason("selection", row, text)
    dependencies = problem.mode_dependencies
    for row in range(len(dependencies)):
        mode = int(dependencies.mode[row])
        task = int(problem.modes.task[mode])
        number = mode - int(tasks.mode_ptr[task])
        other = name(int(dependencies.task[row]))
        text = f"mode {number} of {name(task)} limits the modes of {other}"
        yield Reason("dependency", row, text)


def _task(problem: Problem, task: int) -> str:
    return repr(problem.task_label(task))


def _relation(problem: Problem, row: int) -> str:
    table = problem.relations
    kind, least, most = (int(c[row]) for c in (table.kind, table.min_lag, table.max_lag))
    first = "ends" if kind >= RelationKind.END_START else "starts"
    second = "ends" if kind % 2 else "starts"
    if least == most:
        lag = "exactly when" if least == 0 else f"exactly {least} after"
    elif most >= FOREVER:
        lag = "no earlier than" if least == 0 else f"at least {least} after"
    elif least <= -FOREVER:
        lag = f"at most {most} after"
    else:
        lag = f"{least} to {most} after"
    before, after = int(table.before[row]), int(table.after[row])
    text = f"{_task(problem, after)} {second} {lag} {_task(problem, before)} {first}"
    return f"{text}, plus the transfer" if table.transfer[row] else text


def _met_by_interruptible(problem: Problem) -> set[int]:
    """Return the resources whose breaks can lengthen a task."""
    mode, resource, _ = problem.occupied
    return set(resource[problem.tasks.interruptible[problem.modes.task[mode]]].tolist())


def relaxed(problem: Problem, kept: Collection[Reason]) -> Problem:
    """Return the problem with only some of its constraints, and without an objective."""
    keep: dict[str, set[int]] = {}
    for reason in kept:
        keep.setdefault(reason.subject, set()).add(reason.index)

    def chosen(subject: str, count: int) -> np.ndarray:
        mask = np.zeros(count, dtype=np.bool_)
        mask[list(keep.get(subject, ()))] = True
        return mask

    tasks, jobs, resources = problem.tasks, problem.jobs, problem.resources
    n_tasks, n_jobs, n_resources = problem.n_tasks, problem.n_jobs, problem.n_resources
    limits: dict[str, Any] = {
        column: ints(np.where(chosen(column, n_tasks), getattr(tasks, column), free))
        for column, free in (
            ("earliest_start", 0),
            ("earliest_end", 0),
            ("latest_start", FOREVER),
            ("latest_end", FOREVER),
        )
    }
    scarce = chosen("capacity", n_resources)
    sequenced = chosen("sequence", len(problem.sequences))
    sequenced &= scarce[problem.sequences.first_machine] & scarce[problem.sequences.second_machine]
    return replace(
        problem,
        horizon=problem.horizon if "horizon" in keep else FOREVER,
        objective=Objective(),
        jobs=replace(
            jobs,
            release=ints(np.where(chosen("release", n_jobs), jobs.release, 0)),
            deadline=ints(np.where(chosen("deadline", n_jobs), jobs.deadline, FOREVER)),
        ),
        tasks=replace(
            tasks,
            hold_until=ints(np.where(chosen("hold", n_tasks), tasks.hold_until, ABSENT)),
            **limits,
        ),
        resources=_relaxed_resources(
            resources, scarce, chosen("breaks", n_resources), chosen("setup", n_resources)
        ),
        relations=_rows(problem.relations, chosen("relation", len(problem.relations))),
        pairs=_rows(problem.pairs, chosen("pair", len(problem.pairs))),
        sequences=_rows(problem.sequences, sequenced, ("task_ptr", "first_task", "second_task")),
        selections=_rows(
            problem.selections,
            chosen("selection", len(problem.selections)),
            ("task_ptr", "task"),
        ),
        mode_dependencies=_rows(
            problem.mode_dependencies,
            chosen("dependency", len(problem.mode_dependencies)),
            ("allowed_ptr", "allowed"),
        ),
    )


def _relaxed_resources(
    table: Any, scarce: np.ndarray, broken: np.ndarray, set_up: np.ndarray
) -> Any:
    """Return resources without some capacities, breaks and setups.

    A machine that may do everything at once becomes a renewable resource without a limit.
    """
    break_ptr, breaks = _entries(table.break_ptr, broken)
    step_ptr, steps = _entries(table.step_ptr, scarce)
    free_machine = ~scarce & (table.kind == ResourceKind.MACHINE)
    return replace(
        table,
        kind=ints(np.where(free_machine, int(ResourceKind.RENEWABLE), table.kind)),
        capacity=ints(np.where(scarce, table.capacity, LARGEST_TIME)),
        level_min=ints(np.where(scarce, table.level_min, -LARGEST_TIME)),
        level_max=ints(np.where(scarce, table.level_max, LARGEST_TIME)),
        setup=ints(np.where(scarce & set_up, table.setup, ABSENT)),
        break_ptr=break_ptr,
        break_start=ints(table.break_start[breaks]),
        break_end=ints(table.break_end[breaks]),
        step_ptr=step_ptr,
        step_time=ints(table.step_time[steps]),
        step_capacity=ints(table.step_capacity[steps]),
    )


def _entries(ptr: Ints, mask: np.ndarray) -> tuple[Ints, np.ndarray]:
    """Empty the rows of a compressed column outside a mask; return pointers and entries kept."""
    counts = np.diff(ptr)
    entries = np.repeat(mask, counts)
    return ints(np.concatenate(([0], np.cumsum(np.where(mask, counts, 0))))), entries


def _rows(table: Any, mask: np.ndarray, ragged: tuple[str, ...] = ()) -> Any:
    """Return the rows of a table within a mask; `ragged` names a pointer and its columns."""
    columns: dict[str, Any] = {}
    if ragged:
        ptr = getattr(table, ragged[0])
        counts = np.diff(ptr)
        entries = np.repeat(mask, counts)
        columns[ragged[0]] = ints(np.concatenate(([0], np.cumsum(counts[mask]))))
        for key in ragged[1:]:
            columns[key] = ints(getattr(table, key)[entries])
    for field in fields(table):
        if field.name not in columns:
            values = getattr(table, field.name)[mask]
            values.setflags(write=False)
            columns[field.name] = values
    return type(table)(**columns)
