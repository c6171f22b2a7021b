"""Problems as the native blocking search sees them, and why some are none."""

from __future__ import annotations

from collections.abc import Iterator

import numpy as np

from headway import _core
from headway.errors import UnsupportedError
from headway.model.problem import Problem
from headway.model.schedule import Schedule
from headway.model.tables import ABSENT, Ints, bools, ints
from headway.solve import columns, obstacles


class BlockingShop:
    """A job shop in which tasks may hold their machine until the next task of their job starts.

    Parameters
    ----------
    problem
        Every task has one mode, and that mode needs one machine or nothing. Relations are minimum
        lags that make the tasks chains. Release times are welcome; the makespan is minimised. A
        horizon is not looked at.

    Attributes
    ----------
    native
        What `_core.BlockingSearch` takes.

    Raises
    ------
    UnsupportedError
        If the problem is not of that kind; the message names the first thing that is in the way.
    """

    def __init__(self, problem: Problem) -> None:
        native = _translated(problem)
        if isinstance(native, str):
            raise UnsupportedError(
                f"blocking search does not apply to {problem.name!r}, because {native};"
                " method 'auto' picks what suits"
            )
        self.problem = problem
        self.native = native

    def schedule(self, start: Ints) -> Schedule:
        """Return the schedule in which tasks start at given times."""
        problem = self.problem
        return Schedule(problem, start, start + problem.modes.duration, problem.tasks.mode_ptr[:-1])


def obstacle(problem: Problem) -> str | None:
    """Return why blocking search does not apply to a problem, or None if it does.

    Examples
    --------
    >>> import headway as hw
    >>> obstacle(hw.instance("ft06"))
    'no task blocks its machine'
    """
    native = _translated(problem)
    return native if isinstance(native, str) else None


def _translated(problem: Problem) -> _core.BlockingShop | str:
    """Return the native shop, or what keeps the problem from being one."""
    reason = next(_obstacles(problem), None)
    if reason is not None:
        return reason
    before, after, lag = _lags(problem)
    following, gap = np.full(problem.n_tasks, ABSENT), np.zeros(problem.n_tasks, dtype=np.int64)
    following[before], gap[before] = after, lag
    try:
        return _core.BlockingShop(
            columns.machines(problem),
            problem.modes.duration,
            columns.earliest_starts(problem),
            ints(following),
            ints(gap),
            bools(problem.tasks.hold_until != ABSENT),
        )
    except ValueError as error:
        return str(error).removeprefix("blocking job shop: ")


def _obstacles(problem: Problem) -> Iterator[str]:
    """Yield what keeps a problem from being a blocking shop, in words that follow "because"."""
    until = problem.tasks.hold_until
    holds = until != ABSENT
    yield from obstacles.other_objectives(problem)
    if not holds.any():
        yield "no task blocks its machine"
    yield from obstacles.missing_tasks(problem)
    yield from obstacles.several_modes(problem)
    yield from obstacles.several_resources(problem)
    yield from obstacles.other_resources(problem)
    yield from obstacles.breaks(problem)
    yield from obstacles.setups(problem)
    yield from obstacles.latest_times(problem)
    yield from obstacles.maximum_lags(problem)
    yield from obstacles.ties(problem)
    before, after, lag = _lags(problem)
    yield from obstacles.early_starts(problem, before, after, lag)
    following = np.full(problem.n_tasks, ABSENT)
    following[before] = after
    for side, what in ((before, "is followed by"), (after, "follows")):
        several = bools(np.bincount(side, minlength=problem.n_tasks) > 1)
        if several.any():
            yield f"task {obstacles.first_task(problem, several)} {what} several others"
    loose = bools(holds & (until != following))
    if loose.any():
        task = obstacles.first_task(problem, loose)
        yield f"task {task} blocks its machine until a task that does not follow it"


def _lags(problem: Problem) -> tuple[Ints, Ints, Ints]:
    """Return the minimum lags as (before, after, ticks from start to start)."""
    lags, duration = columns.Lags.of(problem), problem.modes.duration
    return lags.before, lags.after, lags.between_starts(duration, duration)
