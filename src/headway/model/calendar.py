"""Breaks: their union over resources, and when work that pauses in them ends."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from typing import Protocol

import numpy as np

from headway.model.arrays import count_before, entries, merge, set_ids
from headway.model.problem import Problem
from headway.model.tables import (
    ABSENT,
    Bools,
    Ints,
    Modes,
    ResourceKind,
    Resources,
    Tasks,
    ints,
)


class Calendars(Protocol):
    """The tables that say how long work takes: those of a `Problem`, or of one in the making."""

    @property
    def resources(self) -> Resources:
        """What has breaks."""
        ...

    @property
    def tasks(self) -> Tasks:
        """What pauses in them."""
        ...

    @property
    def modes(self) -> Modes:
        """What takes time."""
        ...


def breaks_of(problem: Problem, resources: Iterable[int]) -> tuple[Ints, Ints]:
    """Return the union of the breaks of some resources as sorted, separate intervals.

    Returns
    -------
    starts, ends
        Half-open intervals in ticks. Breaks that touch are joined.
    """
    table = problem.resources
    _, index = entries(table.break_ptr, ints(list(resources)))
    _, starts, ends = merge(
        np.zeros(len(index), dtype=np.int64), table.break_start[index], table.break_end[index]
    )
    return ints(starts), ints(ends)


def ends(problem: Calendars, start: Ints, mode: Ints) -> Ints:
    """Return when each task ends if its work is done as soon as possible.

    A task ends a duration after its start. An interruptible task pauses during the breaks of its
    machines and renewable resources, so that it ends as soon as its duration of work is done.

    Parameters
    ----------
    problem
        What is scheduled.
    start
        Ticks, shape (n_tasks,); ignored for tasks that are left out. Nothing is done about a start
        that lies inside a break: the work then begins when the break ends.
    mode
        Position in ``problem.modes``, shape (n_tasks,); `ABSENT` for tasks that are left out.

    Returns
    -------
    Ints
        Ticks, shape (n_tasks,); `ABSENT` for tasks that are left out.
    """
    start, mode = np.asarray(start, dtype=np.int64), np.asarray(mode, dtype=np.int64)
    present = mode >= 0
    end = np.full(len(problem.tasks), ABSENT, dtype=np.int64)
    end[present] = start[present] + problem.modes.duration[mode[present]]
    if len(problem.resources.break_start):
        pausing = np.flatnonzero(present & problem.tasks.interruptible & (end > start))
        if len(pausing):
            pauses = Pauses.of(problem, mode[pausing])
            end[pausing] = pauses.ends(start[pausing], end[pausing] - start[pausing])
    return end


@dataclass(frozen=True, slots=True)
class Pauses:
    """When the resources of some modes rest; modes with equal resources share one calendar.

    Attributes
    ----------
    calendar
        Number of the calendar of each mode, shape (n,).
    group, off, on
        The separate, sorted breaks ``[off, on)`` of all calendars, calendar by calendar.
    """

    calendar: Ints
    group: Ints
    off: Ints
    on: Ints

    @classmethod
    def of(cls, problem: Calendars, mode: Ints) -> Pauses:
        """Return the calendars of the machines and renewable resources of some modes."""
        table, modes = problem.resources, problem.modes
        row, index = entries(modes.demand_ptr, mode)
        resource = modes.demand_resource[index]
        resting = (table.kind[resource] <= ResourceKind.RENEWABLE) & (
            np.diff(table.break_ptr)[resource] > 0
        )
        row, resource = row[resting], resource[resting]
        _, speaker, calendar = np.unique(
            set_ids(row, resource, len(mode)), return_index=True, return_inverse=True
        )
        # One mode of each calendar speaks for all.
        speaks = np.zeros(len(mode), dtype=np.bool_)
        speaks[speaker] = True
        row, resource = row[speaks[row]], resource[speaks[row]]
        which, index = entries(table.break_ptr, resource)
        return cls(
            calendar,
            *merge(calendar[row[which]], table.break_start[index], table.break_end[index]),
        )

    def before(self, time: Ints) -> Ints:
        """Return how many ticks of break each mode's calendar has before an instant."""
        first, begun = self._first(), count_before(self.group, self.off, self.calendar, time)
        paused = self._paused()
        total = paused[begun] - paused[first]
        inside = begun > first
        total[inside] -= np.maximum(self.on[begun[inside] - 1] - time[inside], 0)
        return total

    def around(self, time: Ints) -> tuple[Ints, Ints, Bools]:
        """Return the break around an instant, and whether there is one.

        Returns
        -------
        off, on
            The break; meaningless where there is none.
        inside
            Whether ``off <= time < on``.
        """
        begun = count_before(self.group, self.off, self.calendar, time, inclusive=True)
        inside = begun > self._first()
        off, on = np.zeros_like(time), np.zeros_like(time)
        off[inside], on[inside] = self.off[begun[inside] - 1], self.on[begun[inside] - 1]
        return off, on, inside & (time < on)

    def ends(self, start: Ints, work: Ints) -> Ints:
        """Return when some work, positive ticks for each mode, is done if it starts at `start`."""
        first, paused = self._first(), self._paused()
        # On a clock that stands still in breaks, the end is the start plus the work.
        target = start - self.before(start) + work
        clock = self.off - (paused[:-1] - paused[np.searchsorted(self.group, self.group)])
        passed = count_before(self.group, clock, self.calendar, target)
        end: Ints = target + paused[passed] - paused[first]
        return end

    def _first(self) -> Ints:
        first: Ints = np.searchsorted(self.group, self.calendar)
        return first

    def _paused(self) -> Ints:
        return np.concatenate(([0], np.cumsum(self.on - self.off)))
