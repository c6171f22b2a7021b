"""Problems as the native flexible job shop search sees them, and why some are none."""

from __future__ import annotations

import heapq
from collections.abc import Iterator

import numpy as np

from headway import _core
from headway.errors import UnsupportedError
from headway.model.problem import Problem
from headway.model.schedule import Schedule
from headway.model.tables import (
    ABSENT,
    FOREVER,
    Bools,
    Ints,
    RelationKind,
    bools,
    ints,
)
from headway.solve import obstacles


class FlexibleShop:
    """A problem in which a machine for each task and an order on each machine are to be found.

    Parameters
    ----------
    problem
        Every mode of every task needs one machine or nothing. Relations are minimum lags that never
        let a task start before one that it waits for; they need not form chains. Release times are
        welcome; the makespan is minimised. A horizon is not looked at.

    Attributes
    ----------
    native
        What `_core.FlexibleOrientation` and `_core.FlexibleSearch` take.

    Raises
    ------
    UnsupportedError
        If the problem is not of that kind; the message names the first thing that is in the way.
    """

    def __init__(self, problem: Problem) -> None:
        native = _translated(problem)
        if isinstance(native, str):
            raise UnsupportedError(
                f"tabu search over machines and orders does not apply to {problem.name!r}, because"
                f" {native}; method 'auto' picks what suits"
            )
        self.problem = problem
        self.native = native
        self.before, self.after, *_ = _lags(problem)

    def order(self, schedule: Schedule) -> Ints:
        """Return all tasks by start, then by end, none before a task that it waits for."""
        n = self.problem.n_tasks
        waits = np.bincount(self.after, minlength=n).tolist()
        grouped = np.argsort(self.before, kind="stable")
        first = np.searchsorted(self.before[grouped], np.arange(n + 1)).tolist()
        following = self.after[grouped].tolist()
        start, end = schedule.start.tolist(), schedule.end.tolist()
        heap = [(start[i], end[i], i) for i in range(n) if not waits[i]]
        heapq.heapify(heap)
        order = []
        while heap:
            *_, task = heapq.heappop(heap)
            order.append(task)
            for other in following[first[task] : first[task + 1]]:
                waits[other] -= 1
                if not waits[other]:
                    heapq.heappush(heap, (start[other], end[other], other))
        return ints(order)

    def schedule(self, start: Ints, mode: Ints) -> Schedule:
        """Return the schedule in which tasks start at given times, in given modes."""
        return Schedule(self.problem, start, start + self.problem.modes.duration[mode], mode)


def obstacle(problem: Problem) -> str | None:
    """Return why the search does not apply to a problem, or None if it does.

    Examples
    --------
    >>> import headway as hw
    >>> obstacle(hw.instance("mk01"))
    >>> obstacle(hw.flexible_job_shop([[[(0, 1), (1, 2)]]], deadline=[9]))
    "task 'job 0/0' has a latest time"
    """
    native = _translated(problem)
    return native if isinstance(native, str) else None


def _translated(problem: Problem) -> _core.FlexibleShop | str:
    """Return the native shop, or what keeps the problem from being one."""
    reason = next(_obstacles(problem), None)
    if reason is not None:
        return reason
    columns = _machine(problem), problem.modes.duration, _release(problem)
    try:
        before, after, lag, from_end = _lags(problem)
        return _core.FlexibleShop(problem.tasks.mode_ptr, *columns, before, after, lag, from_end)
    except ValueError as error:
        return str(error).removeprefix("flexible shop: ")


def _obstacles(problem: Problem) -> Iterator[str]:
    """Yield what keeps a problem from being a flexible shop, in words that follow "because"."""
    yield from obstacles.other_objectives(problem)
    yield from obstacles.missing_tasks(problem)
    yield from obstacles.several_resources(problem)
    yield from obstacles.other_resources(problem)
    yield from obstacles.breaks(problem)
    yield from obstacles.setups(problem)
    yield from obstacles.latest_times(problem)
    yield from obstacles.blocking(problem)
    yield from obstacles.maximum_lags(problem)
    yield from _lag_obstacles(problem)
    yield from obstacles.ties(problem)


def _lag_obstacles(problem: Problem) -> Iterator[str]:
    relations = problem.relations
    if problem.transfers.any() and relations.transfer.any():
        yield f"task {_earlier(problem, relations.transfer)} has transfer times behind it"
    shortest, longest = _extremes(problem)
    bound = (relations.min_lag > -FOREVER) & _to_end(relations.kind)
    vague = bound & (shortest < longest)[relations.after]
    if vague.any():
        label = problem.task_label(int(relations.after[np.argmax(vague)]))
        yield f"the end of task {label!r}, whose duration is open, waits for another task"
    before, after, lag, from_end = _lags(problem)
    early = lag + np.where(from_end, shortest[before], 0) < 0
    if early.any():
        a = int(np.argmax(early))
        names = (repr(problem.task_label(int(task))) for task in (after[a], before[a]))
        yield "task {} may start before {}, which it waits for".format(*names)


def _earlier(problem: Problem, rows: Bools) -> str:
    """Return the name of the earlier task of the first of some relations."""
    return repr(problem.task_label(int(problem.relations.before[np.argmax(rows)])))


def _machine(problem: Problem) -> Ints:
    machine = np.full(problem.n_modes, ABSENT)
    needs = np.diff(problem.modes.demand_ptr) > 0
    # Consecutive numbers for the machines that are used.
    _, machine[needs] = np.unique(problem.modes.demand_resource, return_inverse=True)
    return ints(machine)


def _release(problem: Problem) -> Ints:
    """Return the earliest start of each mode."""
    tasks, task = problem.tasks, problem.modes.task
    release = np.append(problem.jobs.release, 0)[tasks.job]
    start = np.maximum(tasks.earliest_start, release)[task]
    by_end = tasks.earliest_end[task] - problem.modes.duration
    return ints(np.maximum(np.maximum(start, by_end), 0))


def _lags(problem: Problem) -> tuple[Ints, Ints, Ints, Bools]:
    """Return the minimum lags as (before, after, ticks to its start, whether from the end)."""
    table = problem.relations
    keep = table.min_lag > -FOREVER
    kind, before, after = table.kind[keep], table.before[keep], table.after[keep]
    _, longest = _extremes(problem)
    from_end = (kind == RelationKind.END_START) | (kind == RelationKind.END_END)
    lag = table.min_lag[keep] - np.where(_to_end(kind), longest[after], 0)
    return ints(before), ints(after), ints(lag), bools(from_end)


def _to_end(kind: Ints) -> Bools:
    return bools((kind == RelationKind.START_END) | (kind == RelationKind.END_END))


def _extremes(problem: Problem) -> tuple[Ints, Ints]:
    """Return the shortest and the longest duration of each task."""
    first = problem.tasks.mode_ptr[:-1]
    duration = problem.modes.duration
    return ints(np.minimum.reduceat(duration, first)), ints(np.maximum.reduceat(duration, first))
