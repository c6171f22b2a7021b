"""Problems as the native no-wait search sees them, and why some are none."""

from __future__ import annotations

from collections.abc import Iterator

import numpy as np

from headway import _core
from headway.errors import UnsupportedError
from headway.model.arrays import entries
from headway.model.problem import Problem
from headway.model.schedule import Schedule
from headway.model.tables import Ints, ints
from headway.solve import columns, obstacles
from headway.solve.no_wait.costs import Costs
from headway.solve.no_wait.steps import Steps


class NoWaitShop:
    """A problem in which all there is to decide is when each rigid set of tasks begins.

    Parameters
    ----------
    problem
        Every task has one mode, which needs any number of machines and nothing else. Each relation
        ties two tasks together: its smallest and its largest lag are the same. Sets of tasks that
        are tied to one another, directly or not, share no other relations. A task may block its
        machines until one that it is tied to. Machines may have breaks, through which no task
        works. The makespan may be minimised, or a sum or maximum over jobs; then each job is one
        such set.

    Attributes
    ----------
    native
        What `_core.NoWaitSearch` takes.

    Raises
    ------
    UnsupportedError
        If the problem is not of that kind; the message names the first thing that is in the way.
    """

    def __init__(self, problem: Problem) -> None:
        native = _translated(problem)
        if isinstance(native, str):
            raise UnsupportedError(
                f"no-wait search does not apply to {problem.name!r}, because {native};"
                " method 'auto' picks what suits"
            )
        self.problem = problem
        self.native, self._steps = native

    def starts(self, schedule: Schedule) -> Ints:
        """Return when each set of tasks begins in a schedule."""
        steps = self._steps
        start = np.zeros(steps.count, dtype=np.int64)
        start[steps.item] = schedule.start - steps.offset
        return ints(start)

    def schedule(self, start: Ints) -> Schedule:
        """Return the schedule in which each set of tasks begins at a given time."""
        problem = self.problem
        begin = start[self._steps.item] + self._steps.offset
        return Schedule(problem, begin, begin + problem.modes.duration, problem.tasks.mode_ptr[:-1])


def obstacle(problem: Problem) -> str | None:
    """Return why no-wait search does not apply to a problem, or None if it does.

    Examples
    --------
    >>> import headway as hw
    >>> obstacle(hw.instance("ft06"))
    "task 'job 0/1' may wait after 'job 0/0'"
    """
    native = _translated(problem)
    return native if isinstance(native, str) else None


def _translated(problem: Problem) -> tuple[_core.NoWaitShop, Steps] | str:
    """Return the native shop and how tasks are tied, or what keeps the problem from being one."""
    reason = next(_task_obstacles(problem), None)
    if reason is not None:
        return reason
    steps = Steps(problem)
    costs = steps.obstacle or Costs.of(problem, steps)
    if isinstance(costs, str):
        return costs
    try:
        return _native(problem, steps, costs), steps
    except ValueError as error:
        return str(error).removeprefix("no-wait shop: ")


def _task_obstacles(problem: Problem) -> Iterator[str]:
    """Yield what is in the way apart from relations and the objective, after "because"."""
    tasks, table = problem.tasks, problem.resources

    yield from obstacles.missing_tasks(problem)
    yield from obstacles.several_modes(problem)
    yield from obstacles.other_resources(problem)
    yield from obstacles.setups(problem)
    if len(table.break_start) and tasks.interruptible.any():
        yield f"task {obstacles.first_task(problem, tasks.interruptible)} may be interrupted"
    yield from obstacles.latest_times(problem)
    yield from obstacles.ties(problem)


def _native(problem: Problem, steps: Steps, costs: Costs) -> _core.NoWaitShop:
    modes = problem.modes
    task, index = entries(modes.demand_ptr, np.arange(problem.n_tasks))
    _, machine = np.unique(modes.demand_resource[index], return_inverse=True)
    release = np.zeros(steps.count, dtype=np.int64)
    np.maximum.at(release, steps.item, columns.earliest_starts(problem) - steps.offset)
    return _core.NoWaitShop(
        ints(steps.item[task]),
        ints(machine),
        ints(steps.offset[task]),
        ints(steps.held[task]),
        ints(release),
        ints(steps.span),
        ints(costs.weight),
        ints(costs.due),
        ints(costs.least),
        *columns.machine_breaks(problem),
        costs.total,
    )
