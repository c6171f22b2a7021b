"""Problems as the native flow shop search sees them."""

from __future__ import annotations

import numpy as np

from headway import _core
from headway.errors import UnsupportedError
from headway.model.objective import NEEDS_DUE_DATES, Measure
from headway.model.problem import Problem
from headway.model.schedule import Schedule
from headway.model.tables import FOREVER, Ints, ints
from headway.solve import columns
from headway.solve.flow.recognise import obstacle, operations, setup_times, waits

_LATEST, _TARDINESS, _TARDY = range(3)
"""What the native search minimises: the largest C - d, or a sum of w max(0, C - d) or w [C > d]."""

NO_DUE = 2**29
"""The due date of a job that has none, for the native search."""

_NO_FLOOR = -(2**62)


class FlowShop:
    """A problem in which all there is to decide is one order of jobs, the same on all machines.

    Parameters
    ----------
    problem
        Every job visits all machines in the same order. Jobs may have release times, machines may
        have setup times, and jobs may have to go on without waiting or block their machine while
        they wait. Where they wait freely, all machines have to take the jobs in one order. The
        objective is one measure that no job improves by ending later. A horizon is not looked at.

    Attributes
    ----------
    tasks
        Shape (n_jobs, n_machines): the operations of each job in order.
    native
        What `_core.FlowSearch` takes.

    Raises
    ------
    UnsupportedError
        If the problem is not of that kind; the message names the first thing that is in the way.
    """

    def __init__(self, problem: Problem) -> None:
        reason = obstacle(problem)
        if reason is not None:
            raise UnsupportedError(
                f"iterated greedy does not apply to {problem.name!r}, because {reason};"
                " method 'auto' picks what suits"
            )
        self.problem = problem
        self.tasks = operations(problem)
        work = problem.modes.duration[self.tasks]
        setups = setup_times(problem, self.tasks)
        self._offset = np.zeros_like(work)
        if waits(problem, self.tasks) == "never":
            self._offset = np.cumsum(work, axis=1) - work
            work, setups = _as_one_machine(work, setups)
        aim, due, weight, floor = aim_of(problem)
        self.native = _core.FlowShop(
            work.shape[1],
            ints(work),
            release_times(problem, self.tasks),
            due,
            weight,
            ints([] if setups is None else setups),
            aim,
            waits(problem, self.tasks) == "on the machine",
            floor,
        )

    def order(self, schedule: Schedule) -> Ints:
        """Return the jobs by their start on the first machine, then on the others."""
        return ints(np.lexsort(schedule.start[self.tasks].T[::-1]))

    def schedule(self, order: Ints) -> Schedule:
        """Return the schedule in which jobs run as early as an order of theirs allows."""
        problem = self.problem
        start = np.zeros(problem.n_tasks, dtype=np.int64)
        start[self.tasks] = self.native.starts(order).reshape(len(order), -1) + self._offset
        return Schedule(problem, start, start + problem.modes.duration, problem.tasks.mode_ptr[:-1])


def release_times(problem: Problem, tasks: np.ndarray) -> Ints:
    """Return when each job may start on the first machine, shape (n_jobs,)."""
    return ints(columns.earliest_starts(problem)[problem.tasks.mode_ptr[tasks[:, 0]]])


def aim_of(problem: Problem) -> tuple[int, Ints, Ints, int]:
    """Return the native aim, the due dates and weights that go with it, and the least value."""
    ((term,),) = problem.objective.levels
    jobs, measure = problem.jobs, term.measure
    due = np.zeros(len(jobs), dtype=np.int64)
    if measure in NEEDS_DUE_DATES:
        due = np.where(jobs.due < FOREVER, jobs.due, NO_DUE)
    elif measure is Measure.FLOW_TIME:
        due = jobs.release
    if measure in (Measure.MAKESPAN, Measure.MAX_LATENESS, Measure.MAX_TARDINESS):
        aim = _LATEST
    else:
        aim = _TARDY if measure is Measure.TARDY_JOBS else _TARDINESS
    weight = jobs.weight if term.weighted else np.ones(len(jobs), dtype=np.int64)
    return aim, ints(due), ints(weight), _NO_FLOOR if measure is Measure.MAX_LATENESS else 0


def _as_one_machine(work: np.ndarray, setups: np.ndarray | None) -> tuple[np.ndarray, np.ndarray]:
    """Return the durations and setups of one machine that stands for a shop without waiting.

    A job that never waits is one long task. Behind another one it may start when every machine
    is free by the time that it needs it, which is a setup time, often below zero.

    Returns
    -------
    work
        Shape (n_jobs, 1).
    setups
        Shape (n_jobs + 1, n_jobs, 1), the last row for the first job.
    """
    n, m = work.shape
    end = np.cumsum(work, axis=1)
    begin = end - work
    delay = np.zeros((n + 1, n), dtype=np.int64)
    delay[:n] = end[:, :1]
    for k in range(m):
        free = np.append(end[:, k], 0)[:, None]
        setup = 0 if setups is None else setups[:, :, k]
        np.maximum(delay, free + setup - begin[None, :, k], out=delay)
    delay[:n] -= end[:, -1:]
    return end[:, -1:], delay[:, :, None]
