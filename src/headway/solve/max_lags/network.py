"""Projects with minimum and maximum lags as the native search sees them."""

from __future__ import annotations

from collections.abc import Iterator

import numpy as np

from headway import _core
from headway.errors import UnsupportedError
from headway.model.problem import Problem
from headway.model.schedule import Schedule
from headway.model.tables import FOREVER, Ints, ResourceKind, ints
from headway.solve import columns, obstacles
from headway.solve.project.network import capacity_steps, resource_obstacles

MOST_TASKS = 1000
"""More than this are refused: the distances between all pairs of tasks are kept."""

_LONGEST = 2**28
"""The core's times are below this, as is the sum of all lags."""


class Network:
    """A problem in which tasks wait for one another, but not too long, and share resources.

    Parameters
    ----------
    problem
        Every task is to be done, in its one mode, without a pause. Modes need machines and
        renewable resources, whose capacity may vary and have breaks. Relations are minimum and
        maximum lags of any kind; they may form cycles. Release times are welcome; the makespan is
        minimised. A horizon is not looked at.

    Attributes
    ----------
    native
        What `_core.LagSearch` takes.

    Raises
    ------
    UnsupportedError
        If the problem is not of that kind; the message names the first thing that is in the way.
    """

    def __init__(self, problem: Problem) -> None:
        native = obstacle(problem) or _translated(problem)
        if isinstance(native, str):
            raise UnsupportedError(
                f"search with maximum lags does not apply to {problem.name!r}, because {native};"
                " method 'auto' picks what suits"
            )
        self.problem = problem
        self.native = native

    def schedule(self, start: Ints) -> Schedule:
        """Return the schedule in which tasks start at given times."""
        mode = ints(np.arange(self.problem.n_tasks))
        return Schedule(self.problem, start, start + self.problem.modes.duration, mode)


def obstacle(problem: Problem) -> str | None:
    """Return why the search does not apply to a problem, or None if it does.

    Examples
    --------
    >>> import headway as hw
    >>> obstacle(hw.project([[(2, [1])], [(3, [1])]], [1], [[], []], lags=[(0, 1, 1), (1, 0, -4)]))
    >>> obstacle(hw.project([[(2, [1]), (1, [2])]], [2], [[]]))
    "task 'task 0' has 2 modes"
    """
    return next(_obstacles(problem), None)


def _obstacles(problem: Problem) -> Iterator[str]:
    yield from obstacles.other_objectives(problem)
    yield from obstacles.missing_tasks(problem)
    yield from obstacles.several_modes(problem)
    if problem.n_tasks > MOST_TASKS:
        yield f"there are {problem.n_tasks} tasks, more than {MOST_TASKS}"
    yield from _budget_obstacles(problem)
    yield from resource_obstacles(problem)
    yield from _unending(problem)
    yield from obstacles.latest_times(problem)
    yield from obstacles.blocking(problem)
    yield from obstacles.ties(problem)
    before, after, lag = start_lags(problem)
    release = columns.earliest_starts(problem)
    total = problem.modes.duration.sum() + np.abs(lag).sum() + release.max()
    if total + problem.resources.step_time.sum() + problem.resources.break_end.sum() >= _LONGEST:
        yield "durations, releases and lags add up to 2^28 or more; choose a coarser tick"
    if _core.longest_paths(before, after, lag, release) is None:
        yield "its relations contradict one another"


def _budget_obstacles(problem: Problem) -> Iterator[str]:
    spent = problem.resources.kind[problem.modes.demand_resource] == ResourceKind.NONRENEWABLE
    if spent.any():
        r = problem.modes.demand_resource[np.argmax(spent)]
        yield f"resource {problem.resources.name[r]!r} is a budget"


def _unending(problem: Problem) -> Iterator[str]:
    """Yield that in the end there is too little of a resource for a task."""
    mode, used, amount = problem.occupied
    shared, used = np.unique(used, return_inverse=True)
    ptr, _, capacity = capacity_steps(problem, shared)
    short = amount > capacity[ptr[1:] - 1][used] if len(used) else np.zeros(0, dtype=np.bool_)
    if short.any():
        k = int(np.argmax(short))
        task = problem.task_label(int(problem.modes.task[mode[k]]))
        yield f"task {task!r} needs more of a resource than there is in the end"


def _translated(problem: Problem) -> _core.LagProject:
    mode, used, amount = problem.occupied
    shared, used = np.unique(used, return_inverse=True)
    return _core.LagProject(
        problem.modes.duration,
        columns.earliest_starts(problem),
        ints(np.searchsorted(mode, np.arange(problem.n_modes + 1))),
        ints(used),
        amount,
        *capacity_steps(problem, shared),
        *start_lags(problem),
    )


def start_lags(problem: Problem) -> tuple[Ints, Ints, Ints]:
    """Return all lags between starts, as (before, after, least lag); tasks have one mode each.

    That a task may start at most some time after another one says that this one starts at least
    a negative time after it.
    """
    duration, table = problem.modes.duration, problem.relations
    least = columns.Lags.of(problem)
    forth = least.between_starts(duration, duration)
    keep = table.max_lag < FOREVER
    soon, late = table.before[keep], table.after[keep]
    back = table.to_end[keep] * duration[late] - table.from_end[keep] * duration[soon]
    back = back - table.max_lag[keep]
    return (
        ints(np.concatenate((least.before, late))),
        ints(np.concatenate((least.after, soon))),
        ints(np.concatenate((forth, back))),
    )
