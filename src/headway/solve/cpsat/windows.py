"""When each task can start and end at all: windows tightened along relations, and a horizon.

The horizon is the latest end that needs to be considered. If the problem has none, one follows
from this observation: take a schedule and an instant after the last date of the problem at which
no task is in progress, no lag, transfer or setup runs, and no due date lies ahead. Everything
later may move one tick to the left: no minimum lag suffers because none spans the instant,
maximum lags only relax, holds shorten, profiles keep their shape, and no measure grows. So some
best schedule ends by the last date plus all durations, lags, transfers and setups together. A
task without length gets one more tick, which keeps it from changing places with a neighbour when
both meet.
"""

from __future__ import annotations

from typing import NamedTuple

import numpy as np

from headway.model import Measure, Problem
from headway.model.tables import FOREVER, Bools, Ints, RelationKind, ResourceKind

_MOST_ROUNDS = 100


class Windows(NamedTuple):
    """Bounds on starts and ends of tasks, each of shape (n_tasks,), and the horizon.

    Attributes
    ----------
    earliest_start, latest_start, earliest_end, latest_end
        Inclusive; they hold for every best schedule in which the task is present.
    horizon
        No task needs to end later.
    """

    earliest_start: Ints
    latest_start: Ints
    earliest_end: Ints
    latest_end: Ints
    horizon: int


def windows(problem: Problem, limit: int = FOREVER) -> Windows:
    """Return the windows of all tasks.

    Parameters
    ----------
    problem
        What is scheduled.
    limit
        No schedule that ends later is wanted, as when one with this makespan is known.
    """
    tasks, jobs = problem.tasks, problem.jobs
    shortest, longest = durations(problem)
    low = np.empty((problem.n_tasks, 2), dtype=np.int64)
    high = np.empty((problem.n_tasks, 2), dtype=np.int64)
    low[:, 0] = tasks.earliest_start
    low[:, 1] = tasks.earliest_end
    bound = min(last_date(problem) + _busy(problem, longest), problem.horizon, limit)
    high[:, 0] = np.minimum(tasks.latest_start, bound)
    high[:, 1] = np.minimum(tasks.latest_end, bound)
    owned = tasks.job >= 0
    if owned.any():
        job = tasks.job[owned]
        low[owned, 0] = np.maximum(low[owned, 0], jobs.release[job])
        high[owned, 1] = np.minimum(high[owned, 1], jobs.deadline[job])
    rigid = ~tasks.interruptible | (len(problem.resources.break_start) == 0)
    tail, head, lag = _arcs(problem, shortest, longest, rigid)
    must = np.repeat(~tasks.optional, 2)
    _propagate(low.reshape(-1), tail, head, lag, must[tail] | (tail // 2 == head // 2), bound)
    mirrored = -high.reshape(-1)
    _propagate(mirrored, head, tail, lag, must[head] | (tail // 2 == head // 2), 0)
    high = -mirrored.reshape(-1, 2)
    return Windows(low[:, 0], high[:, 0], low[:, 1], high[:, 1], bound)


def durations(problem: Problem) -> tuple[Ints, Ints]:
    """Return the shortest and longest duration of each task over its modes."""
    first = problem.tasks.mode_ptr[:-1]
    if not len(first):
        return first, first
    return (
        np.minimum.reduceat(problem.modes.duration, first),
        np.maximum.reduceat(problem.modes.duration, first),
    )


def _arcs(problem: Problem, shortest: Ints, longest: Ints, rigid: Bools) -> tuple[Ints, Ints, Ints]:
    """Return arcs (tail, head, lag) meaning ``head >= tail + lag``.

    Node ``2 i`` is the start of task i, node ``2 i + 1`` its end.
    """
    relations = problem.relations
    task = np.arange(problem.n_tasks)
    kind = relations.kind
    before = 2 * relations.before + (kind >= RelationKind.END_START)
    after = 2 * relations.after + (kind % 2)
    least = relations.min_lag > -FOREVER
    most = relations.max_lag < FOREVER
    tail = (2 * task, 2 * task[rigid] + 1, before[least], after[most])
    head = (2 * task + 1, 2 * task[rigid], after[least], before[most])
    lag = (shortest, -longest[rigid], relations.min_lag[least], -relations.max_lag[most])
    return np.concatenate(tail), np.concatenate(head), np.concatenate(lag)


def _propagate(value: Ints, tail: Ints, head: Ints, lag: Ints, binds: Bools, ceiling: int) -> None:
    """Raise `value` along arcs, in place, until nothing changes or a value passes the ceiling."""
    tail, head, lag = tail[binds], head[binds], lag[binds]
    for _ in range(_MOST_ROUNDS):
        before = value.copy()
        np.maximum.at(value, head, value[tail] + lag)
        if np.array_equal(before, value) or value.max() > ceiling:
            return


def last_date(problem: Problem) -> int:
    """Return the last instant at which the problem changes by itself or a due date lies."""
    tasks, jobs, resources = problem.tasks, problem.jobs, problem.resources
    dates = [
        tasks.earliest_start,
        tasks.earliest_end,
        jobs.release,
        resources.break_end,
        resources.step_time,
    ]
    if problem.objective.uses(Measure.EARLINESS):
        dates.append(jobs.due[jobs.due < FOREVER])
    return max((int(d.max()) for d in dates if len(d)), default=0)


def _busy(problem: Problem, longest: Ints) -> int:
    """Return the sum of everything that can keep time from being idle."""
    relations = problem.relations
    total = int(longest.sum()) + int(np.count_nonzero(durations(problem)[0] == 0))
    lag = np.maximum(relations.min_lag, -relations.max_lag)
    total += int(lag[lag > 0].sum())
    if problem.transfers.size:
        total += int(np.count_nonzero(relations.transfer)) * int(problem.transfers.max())
    if problem.setups:
        total += _all_setups(problem)
    return total


def _all_setups(problem: Problem) -> int:
    """Return the sum of the longest setup before each task on each machine that it may use."""
    mode, resource, _ = problem.occupied
    task = problem.modes.task[mode]
    matrix, family = problem.resources.setup[resource], problem.tasks.family[task]
    counted = (matrix >= 0) & (family >= 0)
    if not counted.any():
        return 0
    key = np.unique(np.stack((task, resource, matrix, family))[:, counted], axis=1)
    worst = np.stack([table.max(axis=0) for table in problem.setups])
    return int(worst[key[2], key[3]].sum())


def pieces(problem: Problem, resource: int, horizon: int) -> list[tuple[int, int, int]]:
    """Return the capacity of a machine or renewable resource over time, its breaks left aside.

    Returns
    -------
    list of (start, end, capacity)
        Consecutive pieces from 0 to the horizon.
    """
    table = problem.resources
    if table.kind[resource] == ResourceKind.MACHINE:
        return [(0, horizon, 1)]
    times = [0]
    values = [int(table.capacity[resource])]
    for k in range(int(table.step_ptr[resource]), int(table.step_ptr[resource + 1])):
        time, value = int(table.step_time[k]), int(table.step_capacity[k])
        if time == times[-1]:
            values[-1] = value
        else:
            times.append(time)
            values.append(value)
    ends = [*times[1:], horizon]
    return [
        (start, min(end, horizon), value)
        for start, end, value in zip(times, ends, values, strict=True)
        if start < horizon
    ]
