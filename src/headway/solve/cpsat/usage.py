"""Measures of how evenly renewable resources are used: squared usage and peaks.

The sum over time of the squared usage is a sum over pairs of tasks: usage is the sum of the
amounts of the tasks in progress, so its square adds up ``amount_i * amount_j`` for each ordered
pair (i, j), i = j included, over the time both are in progress.
"""

from __future__ import annotations

from headway.model import Problem
from headway.solve.cpsat.resources import Users, interval_of, occupancy_of
from headway.solve.cpsat.variables import TaskVariables
from headway.solve.cpsat.writer import INFINITE, TRUE, Affine, Sum, Writer, constant

Part = tuple[int, int | None, int, int]
"""Something that occupies a resource: task, mode or None for all, amount, literal."""


class Usage:
    """Creates the variables of usage measures on demand."""

    def __init__(
        self, writer: Writer, problem: Problem, variables: TaskVariables, users: Users
    ) -> None:
        self._writer = writer
        self._problem = problem
        self._variables = variables
        self._users = users
        self._peaks: dict[int, Affine] = {}
        self._squares: dict[int, Sum] = {}
        self._overlaps: dict[tuple[int, int | None, int, int | None], Affine] = {}

    def _parts(self, resource: int) -> list[Part]:
        """Return what can occupy a resource for any time at all."""
        return [
            part
            for part in self._users.parts(resource)
            if occupancy_of(self._variables, part[0], part[1])[1] != constant(0)
        ]

    # Peaks

    def peak(self, resource: int) -> Affine:
        """Return the largest usage of a resource; or more, which minimising forbids."""
        if resource not in self._peaks:
            self._peaks[resource] = self._peak(resource)
        return self._peaks[resource]

    def _peak(self, resource: int) -> Affine:
        writer, parts = self._writer, self._parts(resource)
        if not parts:
            return constant(0)
        most: dict[int, int] = {}
        least = 0
        for task, mode, amount, literal in parts:
            most[task] = max(most.get(task, 0), amount)
            if mode is None and literal == TRUE and self._variables.fixed_length(task):
                least = max(least, amount)
        peak = Affine(writer.integer(least, sum(most.values())))
        writer.cumulative(
            [interval_of(self._variables, task, mode) for task, mode, _, _ in parts],
            [amount for _, _, amount, _ in parts],
            peak,
        )
        return peak

    # Levelling

    def squares(self, resource: int) -> Sum:
        """Return the sum over time of the squared usage; or more, which minimising forbids."""
        if resource not in self._squares:
            parts = self._parts(resource)
            total = Sum()
            for k, part in enumerate(parts):
                task, _, amount, _ = part
                total.merge(self._duration(part), amount * amount)
                for other in parts[:k]:
                    if other[0] != task:
                        overlap = self._overlap(part, other)
                        total.add(overlap, 2 * amount * other[2])
            self._squares[resource] = total
        return self._squares[resource]

    def least_squares(self, resource: int) -> int:
        """Return the sum of squares if the work that is there in any case is spread evenly.

        The bound stays outside the model, where it would only distract the search.
        """
        writer, variables = self._writer, self._variables
        certain = [p for p in self._parts(resource) if p[1] is None and p[3] == TRUE]
        work = sum(
            amount * writer.low(variables.occupancy(task)[1]) for task, _, amount, _ in certain
        )
        begin = min((writer.low(variables.start[task]) for task, *_ in certain), default=0)
        time = max(1, variables.horizon - begin)
        usage, rest = divmod(work, time)
        return rest * (usage + 1) ** 2 + (time - rest) * usage**2

    def _duration(self, part: Part) -> Sum:
        """Return how long a part occupies its resources, 0 if it is absent."""
        task, mode, _, literal = part
        _, size, _ = occupancy_of(self._variables, task, mode)
        if not size.coefficient:
            return Sum().add_literal(literal, size.offset)
        if literal == TRUE:
            return Sum().add(size)
        key = (task, mode, task, mode)
        if key not in self._overlaps:
            writer = self._writer
            length = Affine(writer.integer(0, writer.high(size)))
            writer.at_least(length, size, 0, (literal,))
            self._overlaps[key] = length
        return Sum().add(self._overlaps[key])

    def _overlap(self, left: Part, right: Part) -> Affine:
        """Return how long two parts are in progress together."""
        key = (left[0], left[1], right[0], right[1])
        if key in self._overlaps:
            return self._overlaps[key]
        writer = self._writer
        start, size, end = occupancy_of(self._variables, left[0], left[1])
        begin, length, stop = occupancy_of(self._variables, right[0], right[1])
        longest = min(writer.high(size), writer.high(length))
        latest = min(writer.high(end), writer.high(stop))
        longest = max(0, min(longest, latest - max(writer.low(start), writer.low(begin))))
        if not longest:
            self._overlaps[key] = constant(0)
            return self._overlaps[key]
        overlap = Affine(writer.integer(0, longest))
        both = (left[3], right[3])
        # The overlap is the least of four differences, so it is at least one of them.
        reasons = writer.booleans(4)
        differences = ((end, start), (end, begin), (stop, start), (stop, begin))
        for reason, (late, early) in zip(reasons, differences, strict=True):
            total = Sum().add(overlap).add(late, -1).add(early)
            writer.linear(total, 0, INFINITE, (reason, *both))
        writer.clause(reasons, both)
        self._overlaps[key] = overlap
        return overlap
