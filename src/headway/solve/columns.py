"""Problems as native searches take them: the columns that many of them share."""

from __future__ import annotations

import heapq
from dataclasses import dataclass

import numpy as np

from headway.model.problem import Problem
from headway.model.schedule import Schedule
from headway.model.tables import ABSENT, FOREVER, Bools, Ints, bools, ints
from headway.model.transfers import transfer_times


def machines(problem: Problem) -> Ints:
    """Return the machine of each mode, `ABSENT` for none.

    Those that are used are numbered one after another. No mode needs several.
    """
    machine = np.full(problem.n_modes, ABSENT)
    needs = np.diff(problem.modes.demand_ptr) > 0
    _, machine[needs] = np.unique(problem.modes.demand_resource, return_inverse=True)
    return ints(machine)


def machine_breaks(problem: Problem) -> tuple[Ints, Ints, Ints]:
    """Return the breaks of resources in use, numbered as above, as (machine, start, end)."""
    table = problem.resources
    used = np.unique(problem.modes.demand_resource)
    owner = np.repeat(np.arange(len(table)), np.diff(table.break_ptr))
    keep = np.isin(owner, used)
    machine = np.searchsorted(used, owner[keep])
    return ints(machine), ints(table.break_start[keep]), ints(table.break_end[keep])


def earliest_starts(problem: Problem) -> Ints:
    """Return the earliest start of each mode by the dates of its task and job, at least 0."""
    tasks, task = problem.tasks, problem.modes.task
    release = np.append(problem.jobs.release, 0)[tasks.job]
    start = np.maximum(tasks.earliest_start, release)[task]
    by_end = tasks.earliest_end[task] - problem.modes.duration
    return ints(np.maximum(np.maximum(start, by_end), 0))


def extremes(problem: Problem) -> tuple[Ints, Ints]:
    """Return the shortest and the longest duration of each task."""
    first, duration = problem.tasks.mode_ptr[:-1], problem.modes.duration
    return ints(np.minimum.reduceat(duration, first)), ints(np.maximum.reduceat(duration, first))


@dataclass(frozen=True, slots=True)
class Lags:
    """Minimum lags between tasks.

    Attributes
    ----------
    before, after
        The two tasks of each.
    least
        Smallest difference in ticks, transfer times included.
    from_end, to_end
        Whether it is from the end of the first task, and to the end of the second.
    """

    before: Ints
    after: Ints
    least: Ints
    from_end: Bools
    to_end: Bools

    @classmethod
    def of(cls, problem: Problem) -> Lags:
        """Return those of a problem in which tasks with transfer times have one mode."""
        table = problem.relations
        keep = table.min_lag > -FOREVER
        before, after, least = table.before[keep], table.after[keep], table.min_lag[keep]
        moved, mode = table.transfer[keep], problem.tasks.mode_ptr
        least[moved] += transfer_times(problem, mode[before[moved]], mode[after[moved]])
        ends = bools(table.from_end[keep]), bools(table.to_end[keep])
        return cls(ints(before), ints(after), ints(least), *ends)

    def between_starts(self, shortest: Ints, longest: Ints) -> Ints:
        """Return the ticks that at least lie between starts, given durations of tasks."""
        lag = self.least + np.where(self.from_end, shortest[self.before], 0)
        return ints(lag - np.where(self.to_end, longest[self.after], 0))


def linear_order(schedule: Schedule, before: Ints, after: Ints) -> Ints:
    """Return all tasks by start, then by end, none before a task that it waits for."""
    n = len(schedule.start)
    order = np.lexsort((np.arange(n), schedule.end, schedule.start))
    place = np.empty(n, dtype=np.int64)
    place[order] = np.arange(n)
    if (place[before] < place[after]).all():
        return ints(order)
    waits = np.bincount(after, minlength=n).tolist()
    grouped = np.argsort(before, kind="stable")
    first = np.searchsorted(before[grouped], np.arange(n + 1)).tolist()
    following = after[grouped].tolist()
    start, end = schedule.start.tolist(), schedule.end.tolist()
    heap = [(start[i], end[i], i) for i in range(n) if not waits[i]]
    heapq.heapify(heap)
    found = []
    while heap:
        *_, task = heapq.heappop(heap)
        found.append(task)
        for other in following[first[task] : first[task + 1]]:
            waits[other] -= 1
            if not waits[other]:
                heapq.heappush(heap, (start[other], end[other], other))
    return ints(found)
