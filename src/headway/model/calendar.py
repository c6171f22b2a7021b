"""Breaks: their union over resources, and when work that pauses in them ends."""

from __future__ import annotations

from collections.abc import Iterable

import numpy as np

from headway.model.arrays import count_before, entries, merge, set_ids
from headway.model.problem import Problem
from headway.model.tables import ABSENT, Ints, ints


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


def ends(problem: Problem, start: Ints, mode: Ints) -> Ints:
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
    end = np.full(problem.n_tasks, ABSENT, dtype=np.int64)
    end[present] = start[present] + problem.modes.duration[mode[present]]
    if len(problem.resources.break_start):
        pausing = np.flatnonzero(present & problem.tasks.interruptible & (end > start))
        end[pausing] = _ends_with_pauses(problem, start[pausing], mode[pausing])
    return end


def _ends_with_pauses(problem: Problem, start: Ints, mode: Ints) -> Ints:
    """Return the ends of work that starts at `start` in `mode` and pauses in breaks."""
    table, modes = problem.resources, problem.modes
    row, index = entries(modes.demand_ptr, mode)
    resource = modes.demand_resource[index]
    pauses = (table.kind[resource] <= 1) & (np.diff(table.break_ptr)[resource] > 0)
    row, resource = row[pauses], resource[pauses]

    # Tasks on the same set of resources share one calendar; one task of each set speaks for it.
    calendar = set_ids(row, resource, len(mode))
    _, speaker, calendar = np.unique(calendar, return_index=True, return_inverse=True)
    speaks = np.zeros(len(mode), dtype=np.bool_)
    speaks[speaker] = True
    spoken = speaks[row]
    which, index = entries(table.break_ptr, resource[spoken])
    group, off, on = merge(
        calendar[row[spoken]][which], table.break_start[index], table.break_end[index]
    )

    # Breaks before an instant, and work that could have been done before it, by prefix sums.
    paused = np.concatenate(([0], np.cumsum(on - off)))
    first = np.searchsorted(group, calendar)
    begun = count_before(group, off, calendar, start)
    lost = paused[begun] - paused[first]
    inside = begun > first
    lost[inside] -= np.maximum(on[begun[inside] - 1] - start[inside], 0)
    target = start - lost + modes.duration[mode]
    worked = off - (paused[:-1] - paused[np.searchsorted(group, group)])
    passed = count_before(group, worked, calendar, target)
    end: Ints = target + paused[passed] - paused[first]
    return end
