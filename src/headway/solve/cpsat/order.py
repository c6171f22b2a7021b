"""The order of tasks on machines: setups, consecutive tasks, and equal sequences.

Tasks on a machine are ordered by start, then by the time at which they free the machine, then by
position. Two formulations express what depends on that order:

*arcs*: one literal per ordered pair says that one task directly follows the other; a circuit
through all tasks of the machine holds them together. It is needed where only the directly
preceding task matters.

*pairs*: one literal per unordered pair says which comes first. It is lighter, and equivalent for
setup times as long as no detour over a third task is shorter than the direct setup.
"""

from __future__ import annotations

from collections.abc import Iterable

import numpy as np
from numpy.typing import NDArray

from headway.model import Measure, Problem
from headway.model.tables import ABSENT, PairKind
from headway.solve.cpsat.resources import Apart, Users, occupancy_of
from headway.solve.cpsat.variables import TaskVariables
from headway.solve.cpsat.writer import FALSE, INFINITE, TRUE, Sum, Writer, constant


class Order:
    """Creates order literals on demand, and the setups of all machines.

    Attributes
    ----------
    covered
        Machines whose tasks are kept apart here already.
    setup_totals
        The total setup time of machines with arcs, by machine.
    precedes, follows
        Literals by (machine, first task, second task): the first comes before the second; the
        second directly follows the first. They mean nothing unless both tasks use the machine.
    """

    def __init__(
        self, writer: Writer, problem: Problem, variables: TaskVariables, users: Users
    ) -> None:
        self._writer = writer
        self._problem = problem
        self._variables = variables
        self._users = users
        self.precedes: dict[tuple[int, int, int], int] = {}
        self.follows: dict[tuple[int, int, int], int] = {}
        self._with_arcs: set[int] = set()
        self._lags: dict[int, dict[tuple[int, int], int]] = {}
        self.covered: set[int] = set()
        self.setup_totals: dict[int, Sum] = {}

    # Setups

    def add_setups(self) -> None:
        """Add the setup times of all machines."""
        counted = counted_setups(self._problem)
        for machine in np.flatnonzero(self._problem.resources.setup >= 0).tolist():
            tasks = [t for t in self._users.modes[machine] if self._users.on(machine, t) != FALSE]
            if not tasks:
                continue
            matrix = self._times(machine, tasks)
            if not matrix.any():
                continue
            if machine in counted or not self._detours_are_longer(machine, tasks, matrix):
                self._add_arcs(machine, tasks, matrix)
            else:
                self._add_pairs(machine, tasks, matrix)

    def _times(self, machine: int, tasks: list[int]) -> NDArray[np.int64]:
        """Return setup times between tasks, shape (n + 1, n); the last row is the initial state."""
        family = self._problem.tasks.family[tasks]
        table = self._problem.setups[int(self._problem.resources.setup[machine])]
        rows = np.append(family, table.shape[0] - 1)
        times: NDArray[np.int64] = table[np.ix_(rows, family)].copy()
        times[rows == ABSENT] = 0
        times[:, family == ABSENT] = 0
        np.fill_diagonal(times[:-1], 0)
        return times

    def _shortest(self, machine: int, task: int) -> int:
        """Return the least time that a task occupies a machine."""
        lengths = self._variables.lengths
        return min(lengths[mode] for mode, _ in self._users.modes[machine][task])

    def _detours_are_longer(
        self, machine: int, tasks: list[int], matrix: NDArray[np.int64]
    ) -> bool:
        """Return whether setup times between all pairs say the same as those in sequence."""
        for k, task in enumerate(tasks):
            direct = np.delete(np.delete(matrix, k, axis=0), k, axis=1)
            there = np.delete(matrix[:, k], k)
            back = np.delete(matrix[k], k)
            around = there[:, None] + self._shortest(machine, task) + back[None, :]
            np.fill_diagonal(around[:-1], INFINITE)
            if (direct > around).any():
                return False
        return True

    def _add_pairs(self, machine: int, tasks: list[int], matrix: NDArray[np.int64]) -> None:
        """Add setup times between all pairs of tasks."""
        lags: dict[tuple[int, int], int] = {}
        self._lags[machine] = lags
        for i, first in enumerate(tasks):
            if matrix[-1, i]:
                self._writer.at_least(
                    self._variables.start[first],
                    constant(0),
                    int(matrix[-1, i]),
                    (self._users.on(machine, first),),
                )
            for j, second in enumerate(tasks):
                lags[first, second] = int(matrix[i, j])
        for i, first in enumerate(tasks):
            for j in range(i + 1, len(tasks)):
                if matrix[i, j] or matrix[j, i]:
                    self.before(machine, first, tasks[j])
        self._add_padded(machine, tasks, matrix)

    def _add_arcs(self, machine: int, tasks: list[int], matrix: NDArray[np.int64]) -> None:
        """Add a circuit through the tasks of a machine, with setup times on its arcs."""
        writer, variables, users = self._writer, self._variables, self._users
        self._with_arcs.add(machine)
        depot = len(tasks)
        on = [users.on(machine, task) for task in tasks]
        arcs: list[tuple[int, int, int]] = []
        total = Sum()
        for i, task in enumerate(tasks):
            if on[i] != TRUE:
                arcs.append((i, i, ~on[i]))
            first, last = writer.booleans(2)
            arcs += [(depot, i, first), (i, depot, last)]
            if matrix[-1, i]:
                writer.at_least(variables.start[task], constant(0), int(matrix[-1, i]), (first,))
                total.add_literal(first, int(matrix[-1, i]))
            for j, other in enumerate(tasks):
                if i == j:
                    continue
                arc = writer.boolean()
                arcs.append((i, j, arc))
                self.follows[machine, task, other] = arc
                self._in_order(machine, task, other, int(matrix[i, j]), (arc,))
                if matrix[i, j]:
                    total.add_literal(arc, int(matrix[i, j]))
        if all(literal != TRUE for literal in on):
            idle = writer.boolean()
            arcs.append((depot, depot, idle))
            for literal in on:
                writer.clause((~idle, ~literal))
        writer.circuit(arcs)
        self.setup_totals[machine] = total
        self._add_padded(machine, tasks, matrix)

    def _add_padded(self, machine: int, tasks: list[int], matrix: NDArray[np.int64]) -> None:
        """Keep tasks apart together with the least setup before, or after, each of them."""
        writer, variables = self._writer, self._variables
        between = matrix[:-1].copy()
        np.fill_diagonal(between, INFINITE)
        before = np.minimum(between.min(axis=0), matrix[-1])
        after = between.min(axis=1) if len(tasks) > 1 else np.zeros_like(before)
        leads = int(before.sum()) > int(after.sum())
        pad = dict(zip(tasks, (before if leads else after).tolist(), strict=True))
        parts = self._users.parts(machine)
        intervals = []
        for task, mode, _, literal in parts:
            start, size, end = occupancy_of(variables, task, mode)
            extra = pad[task]
            if leads:
                start = start.plus(-extra)
            else:
                end = end.plus(extra)
            intervals.append(writer.interval(start, size.plus(extra), end, literal))
        apart = Apart(writer.no_overlap(intervals), [task for task, *_ in parts], intervals)
        self._users.apart.append(apart)
        self.covered.add(machine)

    # Order of two tasks

    def before(self, machine: int, first: int, second: int) -> int:
        """Return a literal that says that one task comes before another on a machine.

        It means nothing unless both tasks use the machine.
        """
        key = (machine, first, second)
        if key not in self.precedes:
            self._define(machine, first, second, self._writer.boolean())
        return self.precedes[key]

    def _define(self, machine: int, first: int, second: int, literal: int) -> None:
        """Make a literal the order of two tasks."""
        on = (self._users.on(machine, first), self._users.on(machine, second))
        lags = self._lags.get(machine, {})
        self.precedes[machine, first, second] = literal
        self.precedes[machine, second, first] = ~literal
        if FALSE not in on:
            there, back = lags.get((first, second), 0), lags.get((second, first), 0)
            self._in_order(machine, first, second, there, (literal, *on))
            self._in_order(machine, second, first, back, (~literal, *on))

    def _in_order(
        self, machine: int, first: int, second: int, lag: int, enforce: tuple[int, ...]
    ) -> None:
        """Require that one task comes before another, while the literals hold."""
        variables = self._variables
        self._writer.at_least(variables.start[second], variables.free[first], lag, enforce)
        if first > second and not self._shortest(machine, first) | self._shortest(machine, second):
            # Two tasks without length at the same instant are ordered by position.
            self._writer.at_least(variables.free[second], variables.start[first], 1, enforce)

    # Constraints on the order

    def add_consecutive(self) -> None:
        """Add the pairs that must follow each other directly on machines they share."""
        pairs, users, writer = self._problem.pairs, self._users, self._writer
        for k in np.flatnonzero(pairs.kind == PairKind.CONSECUTIVE).tolist():
            first, second = int(pairs.first[k]), int(pairs.second[k])
            for machine in self._shared_machines(first, second):
                both = (users.on(machine, first), users.on(machine, second))
                if machine in self._with_arcs:
                    writer.clause((self.follows[machine, first, second],), both)
                    continue
                writer.clause((self.before(machine, first, second),), both)
                for other in users.modes[machine]:
                    if other not in (first, second):
                        outside = (
                            self.before(machine, other, first),
                            self.before(machine, second, other),
                        )
                        writer.clause(outside, (*both, users.on(machine, other)))

    def _shared_machines(self, first: int, second: int) -> list[int]:
        kind = self._problem.resources.kind
        return [
            r
            for r in range(self._problem.n_resources)
            if kind[r] == 0 and first in self._users.modes[r] and second in self._users.modes[r]
        ]

    def add_sequences(self) -> None:
        """Let matched tasks run in the same order on two machines."""
        table, users = self._problem.sequences, self._users
        for row in range(len(table)):
            one, two = int(table.first_machine[row]), int(table.second_machine[row])
            span = slice(int(table.task_ptr[row]), int(table.task_ptr[row + 1]))
            matched = [
                (a, b, (users.on(one, a), users.on(two, b)))
                for a, b in zip(
                    table.first_task[span].tolist(), table.second_task[span].tolist(), strict=True
                )
            ]
            matched = [m for m in matched if FALSE not in m[2]]
            for k, (a, b, on) in enumerate(matched):
                for c, d, on_too in matched[:k]:
                    if a != c and b != d:
                        self._same_order((one, c, a), (two, d, b), (*on, *on_too))

    def _same_order(
        self, left: tuple[int, int, int], right: tuple[int, int, int], enforce: tuple[int, ...]
    ) -> None:
        """Let two order literals agree; where nothing is optional they become one literal."""
        always = all(literal == TRUE for literal in enforce)
        if always and right not in self.precedes:
            self._define(*right, self.before(*left))
        elif always and left not in self.precedes:
            self._define(*left, self.precedes[right])
        else:
            one, other = self.before(*left), self.before(*right)
            if one != other:
                self._writer.clause((~one, other), enforce)
                self._writer.clause((one, ~other), enforce)


def counted_setups(problem: Problem) -> set[int]:
    """Return the machines whose setup times are part of the objective."""
    machines: set[int] = set()
    for term in problem.objective.terms:
        if term.measure is Measure.SETUP:
            machines.update(term.resources or range(problem.n_resources))
    return machines


def total_setup(order: Order, resources: Iterable[int]) -> Sum:
    """Return the total setup time on some machines."""
    total = Sum()
    for machine in resources:
        if machine in order.setup_totals:
            total.merge(order.setup_totals[machine])
    return total
