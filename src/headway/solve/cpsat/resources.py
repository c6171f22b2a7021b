"""Machines, renewable resources, budgets and reservoirs."""

from __future__ import annotations

from collections import defaultdict
from typing import NamedTuple

import numpy as np

from headway.model import Problem, calendar
from headway.model.tables import ResourceKind
from headway.solve.cpsat.variables import TaskVariables
from headway.solve.cpsat.windows import pieces
from headway.solve.cpsat.writer import FALSE, Affine, Sum, Writer, constant


class Apart(NamedTuple):
    """A constraint that keeps the tasks of a machine apart.

    Attributes
    ----------
    constraint
        Its position in the model.
    tasks, intervals
        What it is about; intervals beyond the last task are breaks.
    """

    constraint: int
    tasks: list[int]
    intervals: list[int]


class Users:
    """Which tasks can use which resource, and in which of their modes.

    Attributes
    ----------
    modes
        Per resource: its possible modes with their amounts, grouped by task.
    apart
        What keeps tasks on machines apart, once it has been added.
    """

    def __init__(self, problem: Problem, variables: TaskVariables) -> None:
        self._variables = variables
        self.apart: list[Apart] = []
        self._on: dict[tuple[int, int], int] = {}
        modes = problem.modes
        owner = np.repeat(np.arange(problem.n_modes), np.diff(modes.demand_ptr))
        self.modes: list[dict[int, list[tuple[int, int]]]] = [
            defaultdict(list) for _ in range(problem.n_resources)
        ]
        literal = variables.mode
        for mode, task, resource, amount in zip(
            owner.tolist(),
            modes.task[owner].tolist(),
            modes.demand_resource.tolist(),
            modes.demand_amount.tolist(),
            strict=True,
        ):
            if literal[mode] != FALSE:
                self.modes[resource][task].append((mode, amount))

    def always(self, resource: int, task: int) -> bool:
        """Return whether the task uses the resource in all its possible modes, equally much."""
        rows = self.modes[resource][task]
        variables = self._variables
        possible = [m for m in variables.modes_of[task] if variables.mode[m] != FALSE]
        return len(rows) == len(possible) and len({amount for _, amount in rows}) == 1

    def on(self, resource: int, task: int) -> int:
        """Return a literal that says whether the task uses the resource."""
        rows = self.modes[resource].get(task)
        if not rows:
            return FALSE
        variables = self._variables
        if self.always(resource, task):
            return variables.present[task]
        if len(rows) == 1:
            return variables.mode[rows[0][0]]
        key = (resource, task)
        if key not in self._on:
            literal = variables.writer.boolean()
            variables.writer.exactly_one([*(variables.mode[m] for m, _ in rows), ~literal])
            self._on[key] = literal
        return self._on[key]

    def parts(self, resource: int) -> list[tuple[int, int | None, int, int]]:
        """Return what may occupy the resource as (task, mode or None for all, amount, literal)."""
        variables = self._variables
        found: list[tuple[int, int | None, int, int]] = []
        for task, rows in self.modes[resource].items():
            if self.always(resource, task):
                found.append((task, None, rows[0][1], variables.present[task]))
            else:
                found.extend((task, mode, amount, variables.mode[mode]) for mode, amount in rows)
        return found


def interval_of(variables: TaskVariables, task: int, mode: int | None) -> int:
    """Return the interval of a task, or of one of its modes."""
    return variables.interval(task) if mode is None else variables.interval_in(mode)


def occupancy_of(
    variables: TaskVariables, task: int, mode: int | None
) -> tuple[Affine, Affine, Affine]:
    """Return start, size and end of what a task, or one of its modes, occupies."""
    return variables.occupancy(task) if mode is None else variables.occupancy_in(mode)


def is_rigid(problem: Problem, task: int) -> bool:
    """Return whether a task never occupies anything during a break of its resources."""
    return not problem.tasks.interruptible[task] and problem.tasks.hold_until[task] < 0


def add_machines(
    writer: Writer, problem: Problem, variables: TaskVariables, users: Users, skip: set[int]
) -> None:
    """Let each machine do one task at a time; those in `skip` are kept apart elsewhere."""
    for resource in np.flatnonzero(problem.resources.kind == ResourceKind.MACHINE).tolist():
        if resource in skip:
            continue
        parts = users.parts(resource)
        if len({task for task, *_ in parts}) < 2:
            continue
        tasks = [task for task, *_ in parts]
        intervals = [interval_of(variables, task, mode) for task, mode, _, _ in parts]
        if all(is_rigid(problem, task) for task in tasks):
            intervals += _breaks(writer, problem, variables.horizon, resource)
        users.apart.append(Apart(writer.no_overlap(intervals), tasks, intervals))


def _breaks(writer: Writer, problem: Problem, horizon: int, resource: int) -> list[int]:
    """Return one interval per break; work without length fits between two that touch."""
    table = problem.resources
    row = slice(table.break_ptr[resource], table.break_ptr[resource + 1])
    return [
        writer.fixed_interval(a, b)
        for a, b in zip(table.break_start[row].tolist(), table.break_end[row].tolist(), strict=True)
        if a < horizon
    ]


def add_renewables(
    writer: Writer, problem: Problem, variables: TaskVariables, users: Users
) -> None:
    """Keep the usage of renewable resources within capacity."""
    for resource in np.flatnonzero(problem.resources.kind == ResourceKind.RENEWABLE).tolist():
        parts = []
        for part in users.parts(resource):
            task, mode, _, _ = part
            _, size, _ = occupancy_of(variables, task, mode)
            if size != constant(0):
                parts.append(part)
        if not parts:
            continue
        profile = pieces(problem, resource, variables.horizon)
        capacity = max(value for _, _, value in profile)
        blocked = [(a, b, capacity - value) for a, b, value in profile if value < capacity]
        if all(is_rigid(problem, task) for task, *_ in parts):
            blocked = _with_breaks(problem, resource, profile, capacity, variables.horizon)
        intervals = [interval_of(variables, task, mode) for task, mode, _, _ in parts]
        demands = [amount for _, _, amount, _ in parts]
        most: dict[int, int] = {}
        for task, _, amount, _ in parts:
            most[task] = max(most.get(task, 0), amount)
        if sum(most.values()) > capacity or blocked:
            fixed = [writer.fixed_interval(a, b) for a, b, _ in blocked]
            writer.cumulative(
                intervals + fixed, demands + [d for _, _, d in blocked], constant(capacity)
            )


def _with_breaks(
    problem: Problem,
    resource: int,
    profile: list[tuple[int, int, int]],
    capacity: int,
    horizon: int,
) -> list[tuple[int, int, int]]:
    """Return the missing capacity over time, all of it during breaks."""
    starts, ends = calendar.breaks_of(problem, [resource])
    breaks = [
        (a, min(b, horizon))
        for a, b in zip(starts.tolist(), ends.tolist(), strict=True)
        if a < horizon
    ]
    found = [(a, b, capacity) for a, b in breaks]
    for begin, stop, value in profile:
        if value == capacity:
            continue
        at = begin
        for a, b in breaks:
            if b <= at or a >= stop:
                continue
            if at < a:
                found.append((at, a, capacity - value))
            at = b
        if at < stop:
            found.append((at, stop, capacity - value))
    return [(a, b, missing) for a, b, missing in found if missing > 0]


def add_budgets(writer: Writer, problem: Problem, users: Users, variables: TaskVariables) -> None:
    """Keep what the chosen modes take together within each budget."""
    for resource in np.flatnonzero(problem.resources.kind == ResourceKind.NONRENEWABLE).tolist():
        total = Sum()
        worst = 0
        for rows in users.modes[resource].values():
            worst += max(amount for _, amount in rows)
            for mode, amount in rows:
                total.add_literal(variables.mode[mode], amount)
        capacity = int(problem.resources.capacity[resource])
        if worst > capacity:
            writer.linear(total, 0, capacity)


def add_reservoirs(
    writer: Writer, problem: Problem, users: Users, variables: TaskVariables
) -> None:
    """Keep the level of each reservoir within its limits at every instant."""
    resources = problem.resources
    for resource in np.flatnonzero(resources.kind == ResourceKind.RESERVOIR).tolist():
        events: list[tuple[Affine, int, int]] = []
        for task, rows in users.modes[resource].items():
            if users.always(resource, task):
                rows, literal = rows[:1], variables.present[task]
            else:
                literal = FALSE
            for mode, amount in rows:
                time = variables.start[task] if amount > 0 else variables.end[task]
                active = variables.mode[mode] if literal == FALSE else literal
                events.append((time, -amount, active))
        level = int(resources.level[resource])
        low = int(resources.level_min[resource]) - level
        high = int(resources.level_max[resource]) - level
        falls = sum(change for _, change, _ in events if change < 0)
        rises = sum(change for _, change, _ in events if change > 0)
        if events and (falls < low or rises > high):
            writer.reservoir(events, low, high)


def measured(problem: Problem, resources: tuple[int, ...]) -> list[int]:
    """Return the renewable resources that a usage measure counts."""
    if resources:
        return sorted(set(resources))
    return np.flatnonzero(problem.resources.kind == ResourceKind.RENEWABLE).tolist()
