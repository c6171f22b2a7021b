"""Problems as dispatching rules see them, and why some are none."""

from __future__ import annotations

from collections.abc import Iterator
from functools import cached_property

import numpy as np

from headway import _core
from headway.errors import UnsupportedError
from headway.model.problem import Problem
from headway.model.schedule import Schedule
from headway.model.tables import ABSENT, Ints, ints
from headway.solve import columns, obstacles


class JobShop:
    """A job shop: chains of tasks, each on one machine for a known time.

    Parameters
    ----------
    problem
        Every task has one mode, which needs one machine. Each task waits at most for the end of
        one other task. Jobs may have any number of tasks, visit machines again, and be released
        late; the makespan is minimised. A horizon is not looked at.

    Attributes
    ----------
    problem
        As given.
    ptr
        Operations by job, shape (n_jobs + 1,): job j has those from ``ptr[j]`` to ``ptr[j + 1]``.
    machine, duration, release
        By operation, shape (n_operations,); machines in use are numbered from 0, times are ticks.
    native
        What the functions of the core take.

    Raises
    ------
    UnsupportedError
        If the problem is not of that kind; the message names the first thing that is in the way.

    Examples
    --------
    >>> import headway as hw
    >>> shop = JobShop(hw.instance("ft06"))
    >>> shop.n_jobs, shop.n_machines, shop.machine[:6].tolist(), shop.native.bound
    (6, 6, [2, 0, 1, 3, 5, 4], 47)
    """

    def __init__(self, problem: Problem) -> None:
        reason = obstacle(problem)
        if reason is not None:
            raise UnsupportedError(
                f"dispatching does not apply to {problem.name!r}, because {reason};"
                " method 'auto' picks what suits"
            )
        self.problem = problem
        self._task, self.ptr = _chains(problem)
        self.machine = ints(columns.machines(problem)[self._task])
        self.duration = ints(problem.modes.duration[self._task])
        self.release = ints(columns.earliest_starts(problem)[self._task])
        try:
            self.native = _core.DispatchShop(self.ptr, self.machine, self.duration, self.release)
        except ValueError as error:
            reason = str(error).removeprefix("job shop: ")
            raise UnsupportedError(
                f"dispatching does not apply to {problem.name!r}: {reason}"
            ) from None

    @property
    def n_jobs(self) -> int:
        """Number of chains of tasks."""
        return len(self.ptr) - 1

    @property
    def n_machines(self) -> int:
        """Number of machines in use."""
        return int(self.machine.max()) + 1

    @cached_property
    def backward(self) -> _core.DispatchShop | None:
        """The shop in which time runs backwards, of the same least makespan.

        None where something has a release time: it would become a due time.
        """
        if self.release.any():
            return None
        turned = self._turned
        return _core.DispatchShop(
            self.ptr, ints(self.machine[turned]), ints(self.duration[turned]), self.release
        )

    def forward(self, start: Ints) -> Ints:
        """Return the starts, shape (n_operations,), that starts in `backward` amount to."""
        turned = self._turned
        end = np.empty_like(start)
        end[turned] = start + self.duration[turned]
        return ints(end.max() - end)

    @cached_property
    def _turned(self) -> Ints:
        """The operation of this shop that each operation of `backward` is."""
        job = np.repeat(np.arange(self.n_jobs), np.diff(self.ptr))
        return ints(self.ptr[job] + self.ptr[job + 1] - 1 - np.arange(len(job)))

    def schedule(self, start: Ints) -> Schedule:
        """Return the schedule in which operations start at given times, shape (n_operations,)."""
        by_task = np.empty_like(start)
        by_task[self._task] = start
        return Schedule.of(self.problem, by_task)


def obstacle(problem: Problem) -> str | None:
    """Return why dispatching does not apply to a problem, or None if it does.

    Examples
    --------
    >>> import headway as hw
    >>> obstacle(hw.instance("ft06"))
    >>> obstacle(hw.instance("mk01"))
    "task 'job 0/0' has 2 modes"
    """
    return next(_obstacles(problem), None)


def _obstacles(problem: Problem) -> Iterator[str]:
    """Yield what keeps a problem from being a job shop, in words that follow "because"."""
    yield from obstacles.other_objectives(problem)
    yield from obstacles.missing_tasks(problem)
    yield from obstacles.several_modes(problem)
    yield from obstacles.several_resources(problem)
    yield from obstacles.other_resources(problem)
    idle = np.diff(problem.modes.demand_ptr) == 0
    if idle.any():
        yield f"task {obstacles.first_task(problem, idle)} needs no machine"
    yield from obstacles.breaks(problem)
    yield from obstacles.setups(problem)
    yield from obstacles.latest_times(problem)
    yield from obstacles.blocking(problem)
    yield from obstacles.maximum_lags(problem)
    yield from obstacles.ties(problem)
    lags, duration = columns.Lags.of(problem), problem.modes.duration
    gap = lags.between_starts(duration, duration) - duration[lags.before]
    if gap.any():
        k = int(np.argmax(gap != 0))
        names = [repr(problem.task_label(int(task))) for task in (lags.after[k], lags.before[k])]
        yield f"task {names[0]} waits for something else than the end of {names[1]}"
    for side, what in ((lags.before, "is followed by"), (lags.after, "follows")):
        several = np.bincount(side, minlength=problem.n_tasks) > 1
        if several.any():
            yield f"task {obstacles.first_task(problem, several)} {what} several others"
    if len(_chains(problem)[0]) < problem.n_tasks:
        yield "tasks wait for one another in a circle"


def _chains(problem: Problem) -> tuple[Ints, Ints]:
    """Return the tasks chain by chain, by their first tasks, and where each chain begins."""
    lags = columns.Lags.of(problem)
    following = np.full(problem.n_tasks, ABSENT)
    following[lags.before] = lags.after
    first = np.setdiff1d(np.arange(problem.n_tasks), lags.after)
    after = following.tolist()
    order: list[int] = []
    ptr = [0]
    for head in first.tolist():
        task = head
        while task != ABSENT:
            order.append(task)
            task = after[task]
        ptr.append(len(order))
    return ints(order), ints(ptr)
