"""Constraints between tasks: lags, transfers, resources of pairs, selections, mode dependencies."""

from __future__ import annotations

from collections import defaultdict

import numpy as np

from headway.model import Problem
from headway.model.tables import (
    ABSENT,
    FOREVER,
    PairKind,
    RelationKind,
    ResourceKind,
    SelectionKind,
)
from headway.solve.cpsat.resources import Users
from headway.solve.cpsat.variables import TaskVariables
from headway.solve.cpsat.writer import FALSE, INFINITE, TRUE, Sum, Writer


def add_relations(writer: Writer, problem: Problem, variables: TaskVariables) -> None:
    """Add minimum and maximum lags between tasks."""
    table = problem.relations
    start, end, present = variables.start, variables.end, variables.present
    groups = ResourceSets(writer, problem, variables) if table.transfer.any() else None
    for kind, before, after, least, most, transfer in zip(
        table.kind.tolist(),
        table.before.tolist(),
        table.after.tolist(),
        table.min_lag.tolist(),
        table.max_lag.tolist(),
        table.transfer.tolist(),
        strict=True,
    ):
        earlier = end[before] if kind >= RelationKind.END_START else start[before]
        later = end[after] if kind % 2 else start[after]
        both: tuple[int, ...] = (present[before], present[after])
        if both == (TRUE, TRUE):
            both = ()
        if transfer and groups is not None:
            _add_transfer(writer, groups, before, after, least, both)
        if most == FOREVER:
            if least > -FOREVER:
                writer.at_least(later, earlier, least, both)
            continue
        low = -INFINITE if least <= -FOREVER else least
        writer.linear(Sum().add(later).add(earlier, -1), low, most, both)


class ResourceSets:
    """The modes of each task grouped by the machines and renewable resources they use."""

    def __init__(self, writer: Writer, problem: Problem, variables: TaskVariables) -> None:
        self._writer = writer
        self.problem = problem
        self.variables = variables
        self._literals: dict[tuple[int, tuple[int, ...]], int] = {}
        modes = problem.modes
        owner = np.repeat(np.arange(problem.n_modes), np.diff(modes.demand_ptr))
        counted = problem.resources.kind[modes.demand_resource] <= ResourceKind.RENEWABLE
        self.used: list[tuple[int, ...]] = [()] * problem.n_modes
        rows: dict[int, list[int]] = defaultdict(list)
        for mode, resource in zip(
            owner[counted].tolist(), modes.demand_resource[counted].tolist(), strict=True
        ):
            rows[mode].append(resource)
        for mode, resources in rows.items():
            self.used[mode] = tuple(resources)

    def of(self, task: int) -> dict[tuple[int, ...], list[int]]:
        """Return the possible modes of a task by the set of resources they use."""
        found: dict[tuple[int, ...], list[int]] = defaultdict(list)
        for mode in self.variables.modes_of[task]:
            if self.variables.mode[mode] != FALSE:
                found[self.used[mode]].append(mode)
        return found

    def chosen(self, task: int, resources: tuple[int, ...]) -> int:
        """Return a literal: the task is present and uses exactly these resources."""
        by_set = self.of(task)
        if len(by_set) == 1:
            return self.variables.present[task]
        modes = by_set[resources]
        if len(modes) == 1:
            return self.variables.mode[modes[0]]
        key = (task, resources)
        if key not in self._literals:
            literal = self._writer.boolean()
            self._writer.exactly_one([*(self.variables.mode[m] for m in modes), ~literal])
            self._literals[key] = literal
        return self._literals[key]


def _add_transfer(
    writer: Writer,
    groups: ResourceSets,
    before: int,
    after: int,
    lag: int,
    both: tuple[int, ...],
) -> None:
    """Add the transfer time between the resources that two tasks use to their lag."""
    matrix = groups.problem.transfers
    if not matrix.size:
        return
    earlier, later = groups.variables.end[before], groups.variables.start[after]
    for left in groups.of(before):
        for right in groups.of(after):
            time = int(matrix[np.ix_(left, right)].max()) if left and right else 0
            if time:
                enforce = (groups.chosen(before, left), groups.chosen(after, right), *both)
                writer.at_least(later, earlier, lag + time, tuple(dict.fromkeys(enforce)))


def add_pairs(writer: Writer, problem: Problem, variables: TaskVariables, users: Users) -> None:
    """Let pairs of tasks use the same, or entirely different, machines and renewables."""
    pairs = problem.pairs
    same = np.flatnonzero(pairs.kind == PairKind.IDENTICAL).tolist()
    if same:
        groups = ResourceSets(writer, problem, variables)
        for k in same:
            first, second = int(pairs.first[k]), int(pairs.second[k])
            for one, other in ((first, second), (second, first)):
                matching = groups.of(other)
                for resources, modes in groups.of(one).items():
                    allowed = [variables.mode[m] for m in matching.get(resources, ())]
                    for mode in modes:
                        condition = (variables.mode[mode], variables.present[other])
                        writer.clause(allowed, condition)
    for k in np.flatnonzero(pairs.kind == PairKind.DIFFERENT).tolist():
        first, second = int(pairs.first[k]), int(pairs.second[k])
        for resource in range(problem.n_resources):
            if problem.resources.kind[resource] <= ResourceKind.RENEWABLE:
                left, right = users.on(resource, first), users.on(resource, second)
                if FALSE not in (left, right):
                    writer.clause((~left, ~right))


def add_selections(writer: Writer, problem: Problem, variables: TaskVariables) -> None:
    """Add how many optional tasks of a group are present."""
    table = problem.selections
    for row in range(len(table)):
        tasks = table.task[int(table.task_ptr[row]) : int(table.task_ptr[row + 1])].tolist()
        condition = int(table.condition[row])
        when = () if condition == ABSENT else (variables.present[condition],)
        literals = [variables.present[task] for task in tasks]
        kind = SelectionKind(int(table.kind[row]))
        if kind is SelectionKind.AT_LEAST_ONE:
            writer.clause(literals, when)
        elif kind is SelectionKind.EXACTLY_ONE:
            total = Sum()
            for literal in literals:
                total.add_literal(literal)
            writer.linear(total, 1, 1, when)
        else:
            for one, other in zip(literals, [*literals[1:], *literals[:1]], strict=True):
                if one != other:
                    writer.clause((~one, other), when)


def add_mode_dependencies(writer: Writer, problem: Problem, variables: TaskVariables) -> None:
    """Let a chosen mode limit the modes of another task."""
    table = problem.mode_dependencies
    for row in range(len(table)):
        allowed = table.allowed[int(table.allowed_ptr[row]) : int(table.allowed_ptr[row + 1])]
        trigger = variables.mode[int(table.mode[row])]
        present = variables.present[int(table.task[row])]
        writer.clause([variables.mode[mode] for mode in allowed.tolist()], (trigger, present))
