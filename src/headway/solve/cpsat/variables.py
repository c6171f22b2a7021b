"""Variables of tasks: starts, ends, presence, modes, and the intervals they occupy.

A task with one mode and one possible length has a start variable and nothing else: its end is an
expression. Where the length varies, by mode or because work pauses in breaks, each (mode, length)
has a literal, and the end is ``start + sum(length * literal)``. Lengths are known beforehand for
each start, so breaks become domains of starts and no arithmetic on calendars enters the model.
"""

from __future__ import annotations

from itertools import pairwise

import numpy as np

from headway.model import Problem, calendar
from headway.model.arrays import entries
from headway.model.tables import ResourceKind, ints
from headway.solve.cpsat.domains import (
    Domain,
    clip,
    interrupted,
    pairs,
    uninterrupted,
    union,
    without,
)
from headway.solve.cpsat.windows import Windows
from headway.solve.cpsat.writer import FALSE, TRUE, Affine, Sum, Writer, constant


class TaskVariables:
    """Start, end, presence, modes and occupancy of every task of a problem.

    Attributes
    ----------
    start, end
        Expressions per task; meaningless while the task is absent.
    free
        When the task lets go of its resources: its end, or later if it blocks them.
    present
        A literal per task.
    mode
        A literal per mode.
    lengths
        The smallest elapsed time of each mode, -1 if the mode is impossible.
    """

    def __init__(self, writer: Writer, problem: Problem, windows: Windows) -> None:
        self.writer = writer
        self.problem = problem
        self.horizon = windows.horizon
        self.start: list[Affine] = []
        self.end: list[Affine] = []
        self.free: list[Affine] = []
        self.present: list[int] = []
        self.mode: list[int] = [FALSE] * problem.n_modes
        self.lengths: list[int] = problem.modes.duration.tolist()
        self._one_length: list[bool] = [True] * problem.n_modes
        self._size: dict[int, Affine] = {}
        self._main: dict[int, int] = {}
        self._by_mode: dict[int, int] = {}
        self._calendars: dict[tuple[int, bool, tuple[int, ...]], dict[int, Domain]] = {}
        self._demands = _demands_with_breaks(problem)
        first = problem.tasks.mode_ptr.tolist()
        self.modes_of: list[range] = [range(a, b) for a, b in pairwise(first)]
        rows = zip(
            windows.earliest_start.tolist(),
            windows.latest_start.tolist(),
            windows.earliest_end.tolist(),
            windows.latest_end.tolist(),
            problem.tasks.optional.tolist(),
            strict=True,
        )
        durations = self.lengths.copy()
        for task, (early, late, early_end, late_end, optional) in enumerate(rows):
            modes = self.modes_of[task]
            if len(modes) == 1 and not optional and modes[0] not in self._demands:
                duration = durations[modes[0]]
                low, high = max(early, early_end - duration), min(late, late_end - duration)
                if low > high:
                    writer.contradiction()
                    high = low
                start = Affine(writer.integer(low, high))
                self.start.append(start)
                self.end.append(start.plus(duration))
                self.present.append(TRUE)
                self.mode[modes[0]] = TRUE
            else:
                self._general(task, early, late, early_end, late_end, optional=optional)
        self.free.extend(self.end)
        for task in np.flatnonzero(problem.tasks.hold_until >= 0).tolist():
            self._hold(task, int(problem.tasks.hold_until[task]))

    # Construction

    def _general(
        self, task: int, early: int, late: int, early_end: int, late_end: int, *, optional: bool
    ) -> None:
        """Add a task that is optional, has several modes, or meets breaks."""
        writer = self.writer
        choices: list[tuple[int, dict[int, Domain]]] = []
        for mode in self.modes_of[task]:
            clipped = {
                length: clip(domain, max(early, early_end - length), min(late, late_end - length))
                for length, domain in self._starts(task, mode).items()
            }
            lengths = {length: domain for length, domain in clipped.items() if domain}
            if lengths:
                choices.append((mode, lengths))
            else:
                self.lengths[mode] = -1
        if not choices:
            if not optional:
                writer.contradiction()
            self.start.append(constant(0))
            self.end.append(constant(0))
            self.present.append(FALSE)
            return
        present = writer.boolean() if optional else TRUE
        self.present.append(present)
        whole = union(p for _, by in choices for domain in by.values() for p in pairs(domain))
        start = Affine(writer.within(whole))
        self.start.append(start)
        if len(choices) == 1:
            self.mode[choices[0][0]] = present
        else:
            literals = writer.booleans(len(choices))
            for (mode, _), literal in zip(choices, literals, strict=True):
                self.mode[mode] = literal
            writer.exactly_one(literals if present == TRUE else (*literals, ~present))
        picks: list[tuple[int, int]] = []
        for mode, by_length in choices:
            chosen = self.mode[mode]
            self.lengths[mode] = min(by_length)
            self._one_length[mode] = len(by_length) == 1
            parts = [chosen] if len(by_length) == 1 else list(writer.booleans(len(by_length)))
            if len(parts) > 1:
                writer.exactly_one(parts if chosen == TRUE else (*parts, ~chosen))
            for (length, domain), pick in zip(sorted(by_length.items()), parts, strict=True):
                picks.append((length, pick))
                if domain != whole:
                    writer.member(Sum().add(start), domain, (pick,))
        shortest, longest = min(picks)[0], max(picks)[0]
        if shortest == longest:
            self.end.append(start.plus(shortest))
            return
        end = Affine(writer.integer(whole[0] + shortest, whole[-1] + longest))
        total = Sum().add(end).add(start, -1)
        for length, pick in picks:
            total.add_literal(pick, shortest - length)
        writer.linear(total, shortest, shortest, (present,))
        self.end.append(end)

    def _starts(self, task: int, mode: int) -> dict[int, Domain]:
        """Return the possible starts of a mode by elapsed time, windows left aside."""
        duration = self.lengths[mode]
        demands = self._demands.get(mode)
        if demands is None:
            return {duration: [0, self.horizon]}
        working, instants = demands
        pausing = bool(self.problem.tasks.interruptible[task]) and duration > 0
        key = (duration, pausing, working)
        table = self.problem.resources
        if key not in self._calendars:
            if pausing:
                starts, ends = calendar.breaks_of(self.problem, working)
            else:  # work without length fits between two breaks that touch, so they stay apart
                _, index = entries(table.break_ptr, ints(working))
                starts, ends = table.break_start[index], table.break_end[index]
            breaks = list(zip(starts.tolist(), ends.tolist(), strict=True))
            find = interrupted if pausing else uninterrupted
            self._calendars[key] = find(duration, breaks, self.horizon)
        result = self._calendars[key]
        if not instants:
            return result
        found: dict[int, Domain] = {}
        for length, domain in result.items():
            holes = []
            for resource, at_end in instants:
                shift = length if at_end else 0
                for k in range(int(table.break_ptr[resource]), int(table.break_ptr[resource + 1])):
                    begin, stop = int(table.break_start[k]), int(table.break_end[k])
                    holes.append((begin - shift, stop - 1 - shift))
            free = without(0, self.horizon, holes)
            found[length] = _intersection(domain, free)
        return found

    def _hold(self, task: int, until: int) -> None:
        """Let a task keep its resources until another one starts."""
        writer, present = self.writer, self.present[until]
        end, start = self.end[task], self.start[until]
        if present == FALSE or self.present[task] == FALSE:
            return
        free = Affine(writer.integer(writer.low(end), max(writer.high(end), writer.high(start))))
        if present == TRUE and self.present[task] == TRUE:
            writer.maximum(free, (end, start))
        else:
            both = (self.present[task], present)
            later = writer.boolean()
            writer.at_least(free, end, 0)
            writer.at_least(free, start, 0, both)
            writer.at_least(end, free, 0, (~later,))
            writer.at_least(start, free, 0, (later,))
            writer.imply(later, present)
            writer.imply(later, self.present[task])
        self.free[task] = free
        self._size[task] = self._difference(free, self.start[task], self.present[task])

    def _difference(self, end: Affine, start: Affine, present: int) -> Affine:
        """Return a variable for ``end - start``."""
        writer = self.writer
        high = max(0, writer.high(end) - writer.low(start))
        size = Affine(writer.integer(0, high))
        writer.linear(Sum().add(end).add(start, -1).add(size, -1), 0, 0, (present,))
        return size

    # Occupancy

    def fixed_length(self, task: int) -> int | None:
        """Return how long a task occupies its resources if that is known, else None."""
        start, free = self.start[task], self.free[task]
        if start[:2] == free[:2]:
            return free.offset - start.offset
        return None

    def occupancy(self, task: int) -> tuple[Affine, Affine, Affine]:
        """Return start, size and end of what a task occupies, whatever its mode."""
        start, free = self.start[task], self.free[task]
        length = self.fixed_length(task)
        if length is not None:
            return start, constant(length), free
        if task not in self._size:
            self._size[task] = self._difference(free, start, self.present[task])
        return start, self._size[task], free

    def occupancy_in(self, mode: int) -> tuple[Affine, Affine, Affine]:
        """Return start, size and end of what a task occupies in one of its modes."""
        task = int(self.problem.modes.task[mode])
        if self._one_length[mode] and self.free[task] == self.end[task]:
            start = self.start[task]
            length = self.lengths[mode]
            return start, constant(length), start.plus(length)
        return self.occupancy(task)

    def interval(self, task: int) -> int:
        """Return the interval of a task, present whenever the task is."""
        if task not in self._main:
            self._main[task] = self.writer.interval(*self.occupancy(task), self.present[task])
        return self._main[task]

    def interval_in(self, mode: int) -> int:
        """Return the interval of a mode, present when the mode is chosen."""
        if mode not in self._by_mode:
            self._by_mode[mode] = self.writer.interval(*self.occupancy_in(mode), self.mode[mode])
        return self._by_mode[mode]


def _demands_with_breaks(
    problem: Problem,
) -> dict[int, tuple[tuple[int, ...], list[tuple[int, bool]]]]:
    """Return what limits the starts of modes that meet breaks.

    Returns
    -------
    dict
        For each such mode: its machines and renewable resources with breaks, and its budgets and
        reservoirs with breaks, each with whether it is touched at the end of the task.
    """
    modes, resources = problem.modes, problem.resources
    broken = np.diff(resources.break_ptr) > 0
    found: dict[int, tuple[list[int], list[tuple[int, bool]]]] = {}
    if not broken.any():
        return {}
    owner = np.repeat(np.arange(problem.n_modes), np.diff(modes.demand_ptr))
    for k in np.flatnonzero(broken[modes.demand_resource]).tolist():
        resource = int(modes.demand_resource[k])
        working, instants = found.setdefault(int(owner[k]), ([], []))
        kind = resources.kind[resource]
        if kind <= ResourceKind.RENEWABLE:
            working.append(resource)
        else:
            at_end = bool(kind == ResourceKind.RESERVOIR and modes.demand_amount[k] < 0)
            instants.append((resource, at_end))
    return {mode: (tuple(working), instants) for mode, (working, instants) in found.items()}


def _intersection(first: Domain, second: Domain) -> Domain:
    result: Domain = []
    for a, b in pairs(second):
        result += clip(first, a, b)
    return result
