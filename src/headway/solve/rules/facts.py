"""What priority rules look at: figures per task, computed once and only if a rule asks."""

from __future__ import annotations

from functools import cached_property

import numpy as np
from numpy.typing import NDArray

from headway import _core
from headway.model.problem import Problem
from headway.model.tables import ABSENT, FOREVER, Bools, Ints
from headway.solve.precedence import Precedence

Floats = NDArray[np.float64]


class Facts:
    """Figures about the tasks of a problem, each of shape (n_tasks,).

    Durations are the shortest over the modes. Tasks that are left out keep their places; what
    stands there means nothing.

    Parameters
    ----------
    problem
        What is scheduled.
    present
        Which tasks take part.
    seed
        Seed of random keys.
    """

    def __init__(self, problem: Problem, present: Bools, seed: int = 0) -> None:
        self.problem = problem
        self.present = present
        self.seed = seed
        self.precedence = Precedence(problem, present)

    @cached_property
    def work(self) -> Floats:
        """Duration in ticks."""
        return self.precedence.shortest.astype(np.float64)

    @cached_property
    def head(self) -> Floats:
        """Earliest start by windows and relations alone."""
        head = self.precedence.head
        return (self.precedence.window[0] if head is None else head).astype(np.float64)

    @cached_property
    def tail(self) -> Floats:
        """Least time from the start of the task to the end of all that follows it."""
        tail = self.precedence.tail
        return self.work if tail is None else tail.astype(np.float64)

    @cached_property
    def latest_start(self) -> Floats:
        """Latest start if all work is to end with the critical path, or by the last deadline."""
        limit = self.precedence.window[1]
        dated = self.present & (limit < FOREVER)
        last = np.max((limit + self.precedence.shortest)[dated], initial=0)
        longest = max(int(np.max((self.head + self.tail)[self.present], initial=0.0)), int(last))
        latest = self.precedence.latest_start(longest)
        return (longest - self.tail) if latest is None else latest.astype(np.float64)

    @cached_property
    def job(self) -> Ints:
        """Position of the job; a task without one is a job of its own."""
        job = self.problem.tasks.job
        alone = np.flatnonzero(job == ABSENT)
        own = job.copy()
        own[alone] = self.problem.n_jobs + np.arange(len(alone))
        return own

    @cached_property
    def work_left(self) -> Floats:
        """Work of the task and of all tasks of its job that come after it."""
        return self.work + self._sums_within_job(self.precedence.shortest)

    @cached_property
    def tasks_left(self) -> Floats:
        """Number of tasks of the job that come after this one, itself included."""
        return 1.0 + self._sums_within_job(np.ones(self.problem.n_tasks, dtype=np.int64))

    @cached_property
    def successors(self) -> Floats:
        """Number of tasks that come after this one, directly or not."""
        weight = np.ones(self.problem.n_tasks, dtype=np.int64)
        return _core.descendant_sums(*self.precedence.forward, weight).astype(np.float64)

    @cached_property
    def positional_weight(self) -> Floats:
        """Work of the task and of its direct successors."""
        before, after = self.precedence.forward
        follow = np.bincount(before, weights=self.work[after], minlength=self.problem.n_tasks)
        return self.work + follow

    @cached_property
    def due(self) -> Floats:
        """Due date of the job, infinite if it has none."""
        due = np.append(self.problem.jobs.due, FOREVER)[self.problem.tasks.job]
        return np.where(due == FOREVER, np.inf, due.astype(np.float64))

    @cached_property
    def weight(self) -> Floats:
        """Weight of the job; 1 for tasks without one."""
        weight = np.append(self.problem.jobs.weight, 1)[self.problem.tasks.job]
        return weight.astype(np.float64)

    @cached_property
    def release(self) -> Floats:
        """Earliest start by the windows of the task and its job alone."""
        return self.precedence.window[0].astype(np.float64)

    @property
    def mean_work(self) -> float:
        """Mean duration of the present tasks, at least 1."""
        present = self.work[self.present]
        return max(1.0, float(present.mean())) if len(present) else 1.0

    def _sums_within_job(self, weight: Ints) -> Floats:
        before, after = self.precedence.forward
        inside = self.job[before] == self.job[after]
        sums = _core.descendant_sums(before[inside], after[inside], weight)
        return sums.astype(np.float64)
