"""Problems as the native job shop search sees them, and why some are none."""

from __future__ import annotations

from collections.abc import Iterator

import numpy as np

from headway import _core
from headway.errors import UnsupportedError
from headway.model.problem import Problem
from headway.model.schedule import Schedule
from headway.model.tables import (
    FOREVER,
    Bools,
    Ints,
    bools,
    ints,
)
from headway.solve import columns, obstacles


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
        return columns.linear_order(schedule, self.before, self.after)

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
    try:
        return _core.JobShop(
            columns.machines(problem),
            problem.modes.duration,
            columns.earliest_starts(problem),
            bools(_pauses(problem)),
            *_lags(problem),
            *columns.machine_breaks(problem),
        )
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
    bound[relations.after[relations.to_end & (relations.min_lag > -FOREVER)]] = True
    bound &= pauses
    if bound.any():
        task = obstacles.first_task(problem, bound)
        yield f"task {task} may pause, and something bounds its end from below"
    yield from obstacles.maximum_lags(problem)
    lags, duration = columns.Lags.of(problem), problem.modes.duration
    ticks = lags.between_starts(duration, duration)
    yield from obstacles.early_starts(problem, lags.before, lags.after, ticks)
    yield from obstacles.ties(problem)


def _pauses(problem: Problem) -> Bools:
    """Return which tasks pause in breaks: interruptible ones whose machine has any."""
    table, modes = problem.resources, problem.modes
    rests = np.zeros(problem.n_tasks, dtype=np.bool_)
    rests[np.diff(modes.demand_ptr) > 0] = np.diff(table.break_ptr)[modes.demand_resource] > 0
    mask: Bools = rests & problem.tasks.interruptible & (modes.duration > 0)
    return mask


def _lags(problem: Problem) -> tuple[Ints, Ints, Ints, Bools]:
    """Return the minimum lags as (before, after, ticks, from end).

    Ticks count up to the start of the second task, from the end of the first one if that may
    pause, else from its start.
    """
    lags, duration = columns.Lags.of(problem), problem.modes.duration
    from_end = lags.from_end & _pauses(problem)[lags.before]
    lag = lags.between_starts(duration, duration)
    return (
        lags.before,
        lags.after,
        ints(lag - np.where(from_end, duration[lags.before], 0)),
        bools(from_end),
    )
