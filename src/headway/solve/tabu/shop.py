"""Problems as the native job shop search sees them, and why some are none."""

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
from headway.model.transfers import transfer_times
from headway.solve import obstacles


class JobShop:
    """A problem in which all there is to decide is the order of tasks on each machine.

    Parameters
    ----------
    problem
        Every task has one mode, and that mode needs one machine or nothing. Relations are minimum
        lags that never let a task start before one that it waits for; they need not form chains.
        Release times are welcome, and so are breaks, whether tasks pause in them or not; the
        makespan is minimised. A horizon is not looked at.

    Attributes
    ----------
    native
        What `_core.Orientation` and `_core.JobShopSearch` take.

    Raises
    ------
    UnsupportedError
        If the problem is not of that kind; the message names the first thing that is in the way.
    """

    def __init__(self, problem: Problem) -> None:
        native = _translated(problem)
        if isinstance(native, str):
            raise UnsupportedError(
                f"tabu search does not apply to {problem.name!r}, because {native};"
                " method 'auto' picks what suits"
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

    def schedule(self, start: Ints) -> Schedule:
        """Return the schedule in which tasks start at given times."""
        return Schedule.of(self.problem, start)


def obstacle(problem: Problem) -> str | None:
    """Return why tabu search does not apply to a problem, or None if it does.

    Examples
    --------
    >>> import headway as hw
    >>> obstacle(hw.instance("ft06"))
    >>> obstacle(hw.instance("mk01"))
    "task 'job 0/0' has 2 modes"
    """
    native = _translated(problem)
    return native if isinstance(native, str) else None


def _translated(problem: Problem) -> _core.JobShop | str:
    """Return the native shop, or what keeps the problem from being one."""
    reason = next(_obstacles(problem), None)
    if reason is not None:
        return reason
    machine, pauses = _machine(problem), bools(_pauses(problem))
    columns = machine, problem.modes.duration, _release(problem), pauses
    try:
        return _core.JobShop(*columns, *_lags(problem), *_breaks(problem))
    except ValueError as error:
        return str(error).removeprefix("job shop: ")


def _obstacles(problem: Problem) -> Iterator[str]:
    """Yield what keeps a problem from being a job shop, in words that follow "because"."""
    tasks, relations = problem.tasks, problem.relations
    yield from obstacles.other_objectives(problem)
    yield from obstacles.missing_tasks(problem)
    yield from obstacles.several_modes(problem)
    yield from obstacles.several_resources(problem)
    yield from obstacles.other_resources(problem)
    yield from obstacles.setups(problem)
    yield from obstacles.latest_times(problem)
    yield from obstacles.blocking(problem)
    pauses = _pauses(problem)
    bound = pauses & (tasks.earliest_end > 0)
    bound[relations.after[_to_end(problem) & (relations.min_lag > -FOREVER)]] = True
    bound &= pauses
    if bound.any():
        task = obstacles.first_task(problem, bound)
        yield f"task {task} may pause, and something bounds its end from below"
    yield from obstacles.maximum_lags(problem)
    before, after, lag, from_end = _lags(problem)
    early = lag + np.where(from_end, problem.modes.duration[before], 0) < 0
    if early.any():
        names = (repr(problem.task_label(int(task[early][0]))) for task in (after, before))
        yield "task {} may start before {}, which it waits for".format(*names)
    yield from obstacles.ties(problem)


def _machine(problem: Problem) -> Ints:
    machine = np.full(problem.n_tasks, ABSENT)
    needs = np.diff(problem.modes.demand_ptr) > 0
    # Consecutive numbers for the machines that are used.
    _, machine[needs] = np.unique(problem.modes.demand_resource, return_inverse=True)
    return ints(machine)


def _release(problem: Problem) -> Ints:
    tasks = problem.tasks
    release = np.append(problem.jobs.release, 0)[tasks.job]
    earliest = np.maximum(tasks.earliest_start, tasks.earliest_end - problem.modes.duration)
    return ints(np.maximum(np.maximum(earliest, release), 0))


def _pauses(problem: Problem) -> Bools:
    """Return which tasks pause in breaks: interruptible ones whose machine has any."""
    table, modes = problem.resources, problem.modes
    rests = np.zeros(problem.n_tasks, dtype=np.bool_)
    rests[np.diff(modes.demand_ptr) > 0] = np.diff(table.break_ptr)[modes.demand_resource] > 0
    mask: Bools = rests & problem.tasks.interruptible & (modes.duration > 0)
    return mask


def _breaks(problem: Problem) -> tuple[Ints, Ints, Ints]:
    """Return the breaks of the machines that are used as (machine, start, end)."""
    table = problem.resources
    used = np.unique(problem.modes.demand_resource)
    owner = np.repeat(np.arange(len(table)), np.diff(table.break_ptr))
    keep = np.isin(owner, used)
    machine = np.searchsorted(used, owner[keep])
    return ints(machine), ints(table.break_start[keep]), ints(table.break_end[keep])


def _to_end(problem: Problem) -> Bools:
    """Return which relations bound the end of their second task."""
    kind = problem.relations.kind
    mask: Bools = (kind == RelationKind.START_END) | (kind == RelationKind.END_END)
    return mask


def _lags(problem: Problem) -> tuple[Ints, Ints, Ints, Bools]:
    """Return the minimum lags as (before, after, ticks, from end).

    Ticks count up to the start of the second task, from the end of the first one if that may
    pause, else from its start.
    """
    table, duration = problem.relations, problem.modes.duration
    keep = table.min_lag > -FOREVER
    kind, before, after = table.kind[keep], table.before[keep], table.after[keep]
    at_end = (kind == RelationKind.END_START) | (kind == RelationKind.END_END)
    from_end = at_end & _pauses(problem)[before]
    lag = table.min_lag[keep] + np.where(at_end & ~from_end, duration[before], 0)
    lag -= np.where(_to_end(problem)[keep], duration[after], 0)
    moved = table.transfer[keep]
    lag[moved] += transfer_times(problem, before[moved], after[moved])
    return ints(before), ints(after), ints(lag), bools(from_end)
