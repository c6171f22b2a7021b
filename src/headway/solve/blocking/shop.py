"""Problems as the native blocking search sees them, and why some are none."""

from __future__ import annotations

from collections.abc import Iterator

import numpy as np

from headway import _core
from headway.errors import UnsupportedError
from headway.model.objective import Measure
from headway.model.problem import Problem
from headway.model.schedule import Schedule
from headway.model.tables import ABSENT, FOREVER, Bools, Ints, RelationKind, bools, ints
from headway.model.transfers import transfer_times
from headway.solve import obstacles


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
    machine = np.full(problem.n_tasks, ABSENT)
    needs = np.diff(problem.modes.demand_ptr) > 0
    _, machine[needs] = np.unique(problem.modes.demand_resource, return_inverse=True)
    try:
        return _core.BlockingShop(
            ints(machine),
            problem.modes.duration,
            _release(problem),
            ints(following),
            ints(gap),
            bools(problem.tasks.hold_until != ABSENT),
        )
    except ValueError as error:
        return str(error).removeprefix("blocking job shop: ")


def _obstacles(problem: Problem) -> Iterator[str]:
    """Yield what keeps a problem from being a blocking shop, in words that follow "because"."""
    tasks, modes, relations = problem.tasks, problem.modes, problem.relations

    def first(mask: Bools) -> str:
        return repr(problem.task_label(int(np.argmax(mask))))

    holds = tasks.hold_until != ABSENT
    if not problem.objective.is_only(Measure.MAKESPAN):
        yield f"the objective is {problem.objective}, not the makespan"
    if not holds.any():
        yield "no task blocks its machine"
    yield from obstacles.missing_tasks(problem)
    yield from obstacles.several_modes(problem)
    yield from obstacles.other_resources(problem)
    yield from obstacles.setups(problem)
    yield from obstacles.latest_times(problem)
    yield from obstacles.ties(problem)
    used = np.diff(modes.demand_ptr)
    if (used > 1).any():
        yield f"task {first(used > 1)} needs {used[used > 1][0]} machines at once"
    if len(problem.resources.break_start):
        yield "machines have breaks"
    if (relations.max_lag < FOREVER).any():
        k = int(np.argmax(relations.max_lag < FOREVER))
        yield f"task {problem.task_label(int(relations.before[k]))!r} has a maximum lag"
    before, after, lag = _lags(problem)
    if (lag < 0).any():
        names = (repr(problem.task_label(int(task[lag < 0][0]))) for task in (after, before))
        yield "task {} may start before {}, which it waits for".format(*names)
    following = np.full(problem.n_tasks, ABSENT)
    following[before] = after
    for side, what in ((before, "is followed by"), (after, "follows")):
        several = np.bincount(side, minlength=problem.n_tasks) > 1
        if several.any():
            yield f"task {first(several)} {what} several others"
    loose = holds & (tasks.hold_until != following)
    if loose.any():
        yield f"task {first(loose)} blocks its machine until a task that does not follow it"


def _release(problem: Problem) -> Ints:
    tasks = problem.tasks
    release = np.append(problem.jobs.release, 0)[tasks.job]
    earliest = np.maximum(tasks.earliest_start, tasks.earliest_end - problem.modes.duration)
    return ints(np.maximum(np.maximum(earliest, release), 0))


def _lags(problem: Problem) -> tuple[Ints, Ints, Ints]:
    """Return the minimum lags as (before, after, ticks from start to start)."""
    table, duration = problem.relations, problem.modes.duration
    keep = table.min_lag > -FOREVER
    kind, before, after = table.kind[keep], table.before[keep], table.after[keep]
    from_end = (kind == RelationKind.END_START) | (kind == RelationKind.END_END)
    to_end = (kind == RelationKind.START_END) | (kind == RelationKind.END_END)
    lag = table.min_lag[keep] + np.where(from_end, duration[before], 0)
    lag -= np.where(to_end, duration[after], 0)
    moved = table.transfer[keep]
    lag[moved] += transfer_times(problem, before[moved], after[moved])
    return before, after, lag
