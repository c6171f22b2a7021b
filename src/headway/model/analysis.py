"""Reading a schedule: order on a resource, profiles, critical path and slack.

All of it is meant for valid schedules; on others the functions return something of the right
shape, but `headway.verify` is the one to ask.
"""

from __future__ import annotations

import heapq
from collections import deque
from typing import TYPE_CHECKING

import numpy as np

from headway.model.arcs import arcs_of
from headway.model.evaluate import usage_steps
from headway.model.tables import Ints, ResourceKind, ints

if TYPE_CHECKING:
    from headway.model.schedule import Schedule


def sequence(schedule: Schedule, resource: int) -> Ints:
    """Return the tasks that use a resource of any kind, in order.

    The order is by start, then by the time at which the task frees the resource, then by position.
    """
    task, _ = _demands(schedule, resource)
    order = np.lexsort((task, schedule.free[task], schedule.start[task]))
    return ints(task[order])


def profile(schedule: Schedule, resource: int) -> tuple[Ints, Ints]:
    """Return how a resource is used over time, as steps.

    For machines and renewable resources the value is the usage, for reservoirs the level, and for
    non-renewable resources what has been spent by the tasks started so far.

    Returns
    -------
    time
        Increasing instants at which the value changes; the first is 0.
    value
        The value from each instant on.
    """
    problem = schedule.problem
    kind = problem.resources.kind[resource]
    if kind <= ResourceKind.RENEWABLE:
        _, time, value = usage_steps(schedule, (resource,))
        change = np.diff(value, prepend=0)
        initial = 0
    else:
        task, amount = _demands(schedule, resource)
        time = np.where(amount > 0, schedule.start[task], schedule.end[task])
        stock = kind == ResourceKind.RESERVOIR
        change = -amount if stock else amount
        initial = int(problem.resources.level[resource]) if stock else 0
    time, step = np.unique(np.append(np.maximum(time, 0), 0), return_inverse=True)
    total = np.zeros(len(time), dtype=np.int64)
    np.add.at(total, step, np.append(change, initial))
    changes = total != 0
    changes[0] = True
    return ints(time[changes]), ints(np.cumsum(total)[changes])


def slack(schedule: Schedule) -> Ints:
    r"""Return how far each task could move right without delaying the makespan.

    All decisions are kept: modes, the order on machines, the passing on of units in renewable
    resources and reservoirs (see `headway.model.arcs`). Relations, windows, deadlines and the
    horizon are respected. Later tasks may be pushed right as well. Tasks keep their lengths, and
    breaks are not looked at: a task moved by its slack may run into one.

    Returns
    -------
    Ints
        Ticks, shape (n_tasks,); `ABSENT` for a task that is left out.

    Notes
    -----
    With starts :math:`s` and arcs :math:`s_j \ge s_i + l_{ij}`, the arc's own slack
    :math:`c_{ij} = s_j - s_i - l_{ij}` is not negative in a valid schedule, and the slack of a task
    is the smallest of its room and :math:`c_{ij}` plus the slack of :math:`j`: a shortest path,
    found by Dijkstra's algorithm even where maximum lags make cycles.
    """
    arcs = arcs_of(schedule)
    cost = np.maximum(schedule.start[arcs.after] - schedule.start[arcs.before] - arcs.lag, 0)
    ptr, order = _by(arcs.after, schedule.problem.n_tasks)
    first, before, costs = ptr.tolist(), arcs.before[order].tolist(), cost[order].tolist()
    best: list[int] = arcs.room.tolist()
    heap = [(room, task) for task, room in enumerate(best) if schedule.present[task]]
    heapq.heapify(heap)
    while heap:
        distance, task = heapq.heappop(heap)
        if distance > best[task]:
            continue
        for k in range(first[task], first[task + 1]):
            longer = distance + costs[k]
            if longer < best[before[k]]:
                best[before[k]] = longer
                heapq.heappush(heap, (longer, before[k]))
    return ints(best)


def critical_path(schedule: Schedule) -> tuple[int, ...]:
    """Return a chain of tasks, each starting as early as the one before it permits.

    The chain ends with a task that ends at the makespan. Each link is tight: a relation, the order
    on a machine (with setup and blocking) or units passed on in a renewable resource or reservoir
    forbid the later task to start one tick earlier. Among all such chains, one that starts earliest
    is returned, and among these one with fewest tasks. Its first task is held by nothing that
    another task does: by time 0, a release, a window, a break, an initial setup, or by nothing at
    all if the schedule is idle before it.
    """
    n = schedule.problem.n_tasks
    if not schedule.present.any():
        return ()
    arcs = arcs_of(schedule)
    start = schedule.start
    tight = start[arcs.after] - start[arcs.before] == arcs.lag
    before = arcs.before[tight]
    ptr, order = _by(arcs.after[tight], n)
    first, sources = ptr.tolist(), before[order].tolist()
    last = np.flatnonzero(schedule.present & (schedule.end == schedule.makespan)).tolist()
    following = dict.fromkeys(last, -1)
    queue = deque(last)
    while queue:
        task = queue.popleft()
        for source in sources[first[task] : first[task + 1]]:
            if source not in following:
                following[source] = task
                queue.append(source)
    task = min(following, key=lambda t: int(start[t]))
    chain = []
    while task >= 0:
        chain.append(task)
        task = following[task]
    return tuple(chain)


def _demands(schedule: Schedule, resource: int) -> tuple[Ints, Ints]:
    """Return the tasks whose modes need a resource, and how much of it."""
    modes = schedule.problem.modes
    index = np.flatnonzero(modes.demand_resource == resource)
    mode = np.searchsorted(modes.demand_ptr, index, side="right") - 1
    amount = np.zeros(len(modes), dtype=np.int64)
    amount[mode] = modes.demand_amount[index]
    task = np.flatnonzero(schedule.present & (schedule.mode < len(modes)))
    needed = amount[schedule.mode[task]]
    return task[needed != 0], needed[needed != 0]


def _by(key: Ints, n: int) -> tuple[Ints, Ints]:
    """Return pointers and an order that group positions by a key in ``range(n)``."""
    order = np.argsort(key, kind="stable")
    return np.searchsorted(key[order], np.arange(n + 1)), order
