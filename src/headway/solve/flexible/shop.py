"""Problems as the native flexible job shop search sees them, and why some are none."""

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
    ints,
)
from headway.solve import columns, obstacles


class FlexibleShop:
    """A problem in which a machine for each task and an order on each machine are to be found.

    Parameters
    ----------
    problem
        Every mode of every task needs one machine or nothing. Relations are minimum lags that never
        let a task start before one that it waits for; they need not form chains. Release times are
        welcome, and so are machines that are not free at first, which is a break from 0 on; the
        makespan is minimised. A horizon is not looked at.

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
        return columns.linear_order(schedule, self.before, self.after)

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
    earliest = np.maximum(columns.earliest_starts(problem), _first_free(problem))
    rows = columns.machines(problem), problem.modes.duration, ints(earliest)
    try:
        before, after, lag, from_end = _lags(problem)
        return _core.FlexibleShop(problem.tasks.mode_ptr, *rows, before, after, lag, from_end)
    except ValueError as error:
        return str(error).removeprefix("flexible shop: ")


def _obstacles(problem: Problem) -> Iterator[str]:
    """Yield what keeps a problem from being a flexible shop, in words that follow "because"."""
    yield from obstacles.other_objectives(problem)
    yield from obstacles.missing_tasks(problem)
    yield from obstacles.several_resources(problem)
    yield from obstacles.other_resources(problem)
    yield from obstacles.breaks(problem, later=True)
    yield from obstacles.setups(problem)
    yield from obstacles.latest_times(problem)
    yield from obstacles.blocking(problem)
    yield from obstacles.maximum_lags(problem)
    yield from _lag_obstacles(problem)
    yield from obstacles.ties(problem)


def _first_free(problem: Problem) -> Ints:
    """Return when the machine of each mode is free for the first time."""
    table, modes = problem.resources, problem.modes
    owner = np.repeat(np.arange(len(table)), np.diff(table.break_ptr))
    leading = table.break_start == 0
    free = np.zeros(len(table), dtype=np.int64)
    free[owner[leading]] = table.break_end[leading]
    first = np.zeros(len(modes), dtype=np.int64)
    first[np.diff(modes.demand_ptr) > 0] = free[modes.demand_resource]
    return ints(first)


def _lag_obstacles(problem: Problem) -> Iterator[str]:
    relations = problem.relations
    if problem.transfers.any() and relations.transfer.any():
        yield f"task {_earlier(problem, relations.transfer)} has transfer times behind it"
    shortest, longest = columns.extremes(problem)
    bound = (relations.min_lag > -FOREVER) & relations.to_end
    vague = bound & (shortest < longest)[relations.after]
    if vague.any():
        label = problem.task_label(int(relations.after[np.argmax(vague)]))
        yield f"the end of task {label!r}, whose duration is open, waits for another task"
    lags = columns.Lags.of(problem)
    ticks = lags.between_starts(shortest, longest)
    yield from obstacles.early_starts(problem, lags.before, lags.after, ticks)


def _earlier(problem: Problem, rows: Bools) -> str:
    """Return the name of the earlier task of the first of some relations."""
    return repr(problem.task_label(int(problem.relations.before[np.argmax(rows)])))


def _lags(problem: Problem) -> tuple[Ints, Ints, Ints, Bools]:
    """Return the minimum lags as (before, after, ticks to its start, whether from the end)."""
    lags = columns.Lags.of(problem)
    _, longest = columns.extremes(problem)
    lag = lags.least - np.where(lags.to_end, longest[lags.after], 0)
    return lags.before, lags.after, ints(lag), lags.from_end
