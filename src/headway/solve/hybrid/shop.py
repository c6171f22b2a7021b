"""Problems as the native hybrid flow shop search sees them."""

from __future__ import annotations

import numpy as np

from headway import _core
from headway.errors import UnsupportedError
from headway.model.problem import Problem
from headway.model.schedule import Schedule
from headway.model.tables import ABSENT, Ints, ints
from headway.solve.flow.shop import aim_of, release_times
from headway.solve.hybrid.recognise import obstacle, operations, stages


class HybridShop:
    """A problem in which every job visits the same stages, each with machines side by side.

    Parameters
    ----------
    problem
        Machines of a stage may differ in how long they take, and in whether they can do a job at
        all. Jobs may have release times. The objective is one measure that no job improves by
        ending later. A horizon is not looked at.

    Attributes
    ----------
    tasks
        Shape (n_jobs, n_stages): the operations of each job in order.
    native
        What `_core.HybridSearch` takes.

    Raises
    ------
    UnsupportedError
        If the problem is not of that kind; the message names the first thing that is in the way.
    """

    def __init__(self, problem: Problem) -> None:
        reason = obstacle(problem)
        if reason is not None:
            raise UnsupportedError(
                f"annealing does not apply to {problem.name!r}, because {reason};"
                " method 'auto' picks what suits"
            )
        self.problem = problem
        self.tasks = operations(problem)
        machines, stage = stages(problem, self.tasks)
        self._mode = self._modes(machines)
        work = np.where(self._mode >= 0, problem.modes.duration[self._mode], ABSENT)
        aim, due, weight, floor = aim_of(problem)
        self.native = _core.HybridShop(
            ints(np.searchsorted(stage, np.arange(self.tasks.shape[1] + 1))),
            ints(work),
            release_times(problem, self.tasks),
            due,
            weight,
            aim,
            floor,
        )

    def order(self, schedule: Schedule) -> Ints:
        """Return the jobs by their start at the first stage, then at the others."""
        return ints(np.lexsort(schedule.start[self.tasks].T[::-1]))

    def schedule(self, start: Ints, machine: Ints) -> Schedule:
        """Return the schedule with given starts and machines, a row of stages per job."""
        problem, shape = self.problem, self.tasks.shape
        starts, modes = (np.zeros(problem.n_tasks, dtype=np.int64) for _ in range(2))
        starts[self.tasks] = start.reshape(shape)
        modes[self.tasks] = np.take_along_axis(self._mode, machine.reshape(shape), axis=1)
        return Schedule(problem, starts, starts + problem.modes.duration[modes], modes)

    def _modes(self, machines: np.ndarray) -> np.ndarray:
        """Return the shortest mode of each job on each machine of all stages, or `ABSENT`."""
        modes = self.problem.modes
        row = np.empty(self.problem.n_tasks, dtype=np.int64)
        row[self.tasks] = np.arange(len(self.tasks))[:, None]
        column = np.zeros(self.problem.n_resources, dtype=np.int64)
        column[machines] = np.arange(len(machines))
        # Later entries replace earlier ones: the shortest comes last.
        order = np.lexsort((np.arange(len(modes)), modes.duration))[::-1]
        found = np.full((len(self.tasks), len(machines)), ABSENT)
        found[row[modes.task[order]], column[modes.demand_resource[order]]] = order
        return found
