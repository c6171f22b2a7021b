"""Tasks in step with one another: sets that are tied together by lags without play."""

from __future__ import annotations

from collections import defaultdict, deque

import numpy as np

from headway.model.problem import Problem
from headway.model.tables import ABSENT, FOREVER, Ints
from headway.model.transfers import transfer_times


class Steps:
    """Which tasks begin at fixed times from one another.

    Parameters
    ----------
    problem
        Every task has one mode; none is interruptible by breaks.

    Attributes
    ----------
    item
        Number of the set of each task, by first task.
    offset
        Ticks from the beginning of its set to the start of each task; 0 for the first.
    held
        Ticks for which each task holds its machines.
    span
        Ticks from the beginning of each set to its last end.
    obstacle
        What keeps the tasks from being a no-wait shop, in words that follow "because", or None.
        Without it, all relations are within sets, and hold.
    """

    def __init__(self, problem: Problem) -> None:
        self._problem = problem
        before, after, low, high = _distances(problem)
        self.item, self.offset = _tied(problem.n_tasks, before, after, low, high)
        self.count = int(self.item.max()) + 1
        duration, until = problem.modes.duration, problem.tasks.hold_until
        blocks = until != ABSENT
        self.held = duration.copy()
        self.held[blocks] = np.maximum(
            duration[blocks], self.offset[until[blocks]] - self.offset[blocks]
        )
        self.span = np.zeros(self.count, dtype=np.int64)
        np.maximum.at(self.span, self.item, self.offset + duration)
        self.obstacle = self._obstacle(before, after, low, high)

    def _obstacle(self, before: Ints, after: Ints, low: Ints, high: Ints) -> str | None:
        def name(task: int) -> str:
            return repr(self._problem.task_label(int(task)))

        apart = np.flatnonzero(self.item[before] != self.item[after])
        if len(apart):
            k = apart[0]
            return f"task {name(after[k])} may wait after {name(before[k])}"
        distance = self.offset[after] - self.offset[before]
        wrong = np.flatnonzero((distance < low) | (distance > high))
        if len(wrong):
            k = wrong[0]
            return f"the lags between {name(before[k])} and {name(after[k])} contradict others"
        until = self._problem.tasks.hold_until
        holder = np.flatnonzero(until != ABSENT)
        loose = holder[self.item[holder] != self.item[until[holder]]]
        if len(loose):
            return f"task {name(loose[0])} blocks its machine until a task that it is not tied to"
        if self.count == self._problem.n_tasks:
            return "no task follows another one without a wait"
        return None


def _distances(problem: Problem) -> tuple[Ints, Ints, Ints, Ints]:
    """Return the relations as (before, after, least, most ticks from start to start)."""
    table, duration = problem.relations, problem.modes.duration
    shift = np.where(table.from_end, duration[table.before], 0)
    shift -= np.where(table.to_end, duration[table.after], 0)
    low = np.where(table.min_lag > -FOREVER, table.min_lag + shift, -FOREVER)
    high = np.where(table.max_lag < FOREVER, table.max_lag + shift, FOREVER)
    moved = table.transfer
    low[moved] += transfer_times(problem, table.before[moved], table.after[moved])
    return table.before, table.after, low, high


def _tied(n_tasks: int, before: Ints, after: Ints, low: Ints, high: Ints) -> tuple[Ints, Ints]:
    """Return the set of each task and its offset there, by the relations without play."""
    neighbours: dict[int, list[tuple[int, int]]] = defaultdict(list)
    for k in np.flatnonzero(low == high).tolist():
        a, b, lag = int(before[k]), int(after[k]), int(low[k])
        neighbours[a].append((b, lag))
        neighbours[b].append((a, -lag))
    item, offset = np.full(n_tasks, ABSENT), np.zeros(n_tasks, dtype=np.int64)
    count = 0
    for root in range(n_tasks):
        if item[root] != ABSENT:
            continue
        item[root] = count
        members, queue = [root], deque([root])
        while queue:
            task = queue.popleft()
            for other, lag in neighbours[task]:
                if item[other] == ABSENT:
                    item[other], offset[other] = count, offset[task] + lag
                    members.append(other)
                    queue.append(other)
        offset[members] -= offset[members].min()
        count += 1
    return item, offset
