"""From a draft to a frozen problem: lists become columns, names become positions."""

from __future__ import annotations

from collections.abc import Hashable
from itertools import chain

import numpy as np
from numpy.typing import NDArray

from headway.errors import ProblemError
from headway.model.build.draft import Draft
from headway.model.build.handles import Task
from headway.model.problem import Problem
from headway.model.tables import (
    ABSENT,
    Jobs,
    ModeDependencies,
    Modes,
    Pairs,
    Relations,
    Resources,
    Selections,
    Sequences,
    Tasks,
    bools,
    flat,
    ints,
    pointers,
)


def freeze(draft: Draft) -> Problem:
    """Return the frozen problem.

    Raises
    ------
    ProblemError
        If it is not well formed; the message names the object and the value.
    """
    order = list(chain.from_iterable(draft.tasks.modes))
    position = {mode: k for k, mode in enumerate(order)}
    family, setups, users = _setup_tables(draft)
    return Problem(
        name=draft.name,
        tick_s=draft.tick_s,
        origin=draft.origin,
        horizon=draft.horizon,
        jobs=Jobs(
            name=tuple(draft.jobs.name),
            release=ints(draft.jobs.release),
            due=ints(draft.jobs.due),
            deadline=ints(draft.jobs.deadline),
            weight=ints(draft.jobs.weight),
        ),
        resources=_resource_table(draft, users),
        tasks=_task_table(draft, family),
        modes=_mode_table(draft, order),
        relations=_relation_table(draft),
        pairs=_pair_table(draft),
        sequences=_sequence_table(draft),
        selections=_selection_table(draft),
        mode_dependencies=_dependency_table(draft, position),
        setups=setups,
        transfers=_transfer_matrix(draft),
        objective=draft.objective,
    )


def _resource_table(draft: Draft, users: dict[int, int]) -> Resources:
    table = draft.resources
    breaks = np.array(list(chain.from_iterable(table.breaks)), np.int64).reshape(-1, 2)
    steps = np.array(list(chain.from_iterable(table.steps)), np.int64).reshape(-1, 2)
    return Resources(
        name=tuple(table.name),
        kind=ints(table.kind),
        capacity=ints(table.capacity),
        cost=ints(table.cost),
        level=ints(table.level),
        level_min=ints(table.level_min),
        level_max=ints(table.level_max),
        break_ptr=pointers(table.breaks),
        break_start=ints(breaks[:, 0]),
        break_end=ints(breaks[:, 1]),
        step_ptr=pointers(table.steps),
        step_time=ints(steps[:, 0]),
        step_capacity=ints(steps[:, 1]),
        setup=ints([users.get(k, ABSENT) for k in range(len(table.name))]),
    )


def _task_table(draft: Draft, family: list[int]) -> Tasks:
    table = draft.tasks
    hold = _holds(draft)
    return Tasks(
        name=tuple(table.name),
        job=ints(table.job),
        earliest_start=ints(table.earliest_start),
        latest_start=ints(table.latest_start),
        earliest_end=ints(table.earliest_end),
        latest_end=ints(table.latest_end),
        optional=bools(table.optional),
        interruptible=bools(table.interruptible),
        hold_until=ints(hold),
        family=ints(family),
        mode_ptr=pointers(table.modes),
    )


def _holds(draft: Draft) -> list[int]:
    """Return which task each task blocks its machines for: the next one of its job."""
    table = draft.tasks
    hold = [ABSENT] * len(table.name)
    if any(table.blocking):
        following: dict[int, int] = {}
        for task in reversed(range(len(hold))):
            job = table.job[task]
            if table.blocking[task] and job != ABSENT:
                hold[task] = following.get(job, ABSENT)
            following[job] = task
    for task, until in table.hold_until.items():
        hold[task] = until
    return hold


def _mode_table(draft: Draft, order: list[int]) -> Modes:
    modes = draft.modes
    demands = [modes.demands[k] for k in order]
    flat = np.array(list(chain.from_iterable(demands)), np.int64).reshape(-1, 2)
    counts = [len(row) for row in draft.tasks.modes]
    return Modes(
        task=ints(np.repeat(np.arange(len(counts)), counts)),
        duration=ints([modes.duration[k] for k in order]),
        cost=ints([modes.cost[k] for k in order]),
        demand_ptr=pointers(demands),
        demand_resource=ints(flat[:, 0]),
        demand_amount=ints(flat[:, 1]),
    )


def _relation_table(draft: Draft) -> Relations:
    columns = zip(*draft.relations, strict=True) if draft.relations else ([],) * 6
    kind, before, after, low, high, transfer = columns
    return Relations(
        kind=ints(kind),
        before=ints(before),
        after=ints(after),
        min_lag=ints(low),
        max_lag=ints(high),
        transfer=bools(transfer),
    )


def _pair_table(draft: Draft) -> Pairs:
    kind, first, second = zip(*draft.pairs, strict=True) if draft.pairs else ([],) * 3
    return Pairs(kind=ints(kind), first=ints(first), second=ints(second))


def _sequence_table(draft: Draft) -> Sequences:
    rows = [
        (a, b, *((x, y) if x is not None and y is not None else _matched(draft, a, b)))
        for a, b, x, y in draft.sequences
    ]
    for a, b, x, y in rows:
        if len(x) != len(y):
            names = draft.resources.name
            raise ProblemError(
                f"same_sequence of {names[a]!r} and {names[b]!r}: {len(x)} tasks cannot be"
                f" matched with {len(y)}"
            )
    return Sequences(
        first_machine=ints([row[0] for row in rows]),
        second_machine=ints([row[1] for row in rows]),
        task_ptr=pointers([row[2] for row in rows]),
        first_task=flat(row[2] for row in rows),
        second_task=flat(row[3] for row in rows),
    )


def _matched(draft: Draft, first: int, second: int) -> tuple[list[int], list[int]]:
    """Return the tasks of each job that can use the two machines, matched by job."""
    by_machine: list[dict[int, list[int]]] = [{}, {}]
    for task, modes in enumerate(draft.tasks.modes):
        used = {resource for mode in modes for resource, _ in draft.modes.demands[mode]}
        for side, machine in enumerate((first, second)):
            if machine in used and draft.tasks.job[task] != ABSENT:
                by_machine[side].setdefault(draft.tasks.job[task], []).append(task)
    left, right = by_machine
    first_tasks: list[int] = []
    second_tasks: list[int] = []
    for job in sorted(left.keys() & right.keys()):
        if len(left[job]) != 1 or len(right[job]) != 1:
            raise ProblemError(
                f"same_sequence: job {draft.jobs.name[job]!r} visits a machine twice; give the"
                " tasks to match"
            )
        first_tasks += left[job]
        second_tasks += right[job]
    return first_tasks, second_tasks


def _selection_table(draft: Draft) -> Selections:
    rows = [row for _, _, row in draft.selections]
    return Selections(
        kind=ints([kind for kind, _, _ in draft.selections]),
        condition=ints([when for _, when, _ in draft.selections]),
        task_ptr=pointers(rows),
        task=flat(rows),
    )


def _dependency_table(draft: Draft, position: dict[int, int]) -> ModeDependencies:
    rows = [[position[mode] for mode in allowed] for _, _, allowed in draft.dependencies]
    return ModeDependencies(
        mode=ints([position[mode] for mode, _, _ in draft.dependencies]),
        task=ints([task for _, task, _ in draft.dependencies]),
        allowed_ptr=pointers(rows),
        allowed=flat(rows),
    )


def _setup_tables(
    draft: Draft,
) -> tuple[list[int], tuple[NDArray[np.int64], ...], dict[int, int]]:
    """Return the family of each task, the setup matrices, and the matrix of each machine."""
    if not draft.setups:
        return [ABSENT] * len(draft.tasks.name), (), {}
    singled_out = {
        label.index
        for table in draft.setups.values()
        for pair in table
        for label in pair
        if isinstance(label, Task)
    }
    number: dict[Hashable, int] = {}
    members: dict[Hashable, set[int]] = {}
    family: list[int] = []
    for task, label in enumerate(draft.tasks.family):
        key: Hashable = task if task in singled_out else ("family", label)
        if label is None and task not in singled_out:
            family.append(ABSENT)
            continue
        family.append(number.setdefault(key, len(number)))
        members.setdefault(label, set()).add(family[-1])

    def rows(label: Hashable) -> list[int]:
        return [number[label.index]] if isinstance(label, Task) else sorted(members.get(label, ()))

    matrices: list[NDArray[np.int64]] = []
    users: dict[int, int] = {}
    for machine, table in draft.setups.items():
        matrix = np.zeros((len(number) + 1, len(number)), dtype=np.int64)
        # What is said of single tasks overrides what is said of their families.
        for (before, after), time in sorted(
            table.items(), key=lambda item: sum(isinstance(label, Task) for label in item[0])
        ):
            first = [len(number)] if before is None else rows(before)
            matrix[np.ix_(first, rows(after))] = time
        users[machine] = len(matrices)
        matrices.append(matrix)
    return family, tuple(matrices), users


def _transfer_matrix(draft: Draft) -> NDArray[np.int64]:
    count = len(draft.resources.name) if draft.transfers else 0
    matrix = np.zeros((count, count), dtype=np.int64)
    for (a, b), time in draft.transfers.items():
        matrix[a, b] = time
    return matrix
