"""Start-to-start distances that the relations between tasks imply, and what follows from them."""

from __future__ import annotations

from dataclasses import dataclass
from functools import cached_property

import numpy as np

from headway import _core
from headway.model.problem import Problem
from headway.model.tables import FOREVER, Bools, Ints


@dataclass(frozen=True)
class Precedence:
    """Distances between starts that hold in every schedule in which the tasks are present.

    Parameters
    ----------
    problem
        What is scheduled.
    present
        The tasks to look at, shape (n_tasks,).
    """

    problem: Problem
    present: Bools

    @cached_property
    def shortest(self) -> Ints:
        """Shortest duration over the modes of each task, shape (n_tasks,)."""
        return _over_modes(self.problem, np.minimum)

    @cached_property
    def longest(self) -> Ints:
        """Longest time from start to end; `FOREVER` for tasks that may pause in breaks."""
        longest = _over_modes(self.problem, np.maximum)
        if not len(self.problem.resources.break_start):
            return longest
        return np.where(self.problem.tasks.interruptible, FOREVER, longest)

    @cached_property
    def arcs(self) -> tuple[Ints, Ints, Ints]:
        """Triples (source, target, length): the target starts at least `length` after the source.

        Maximum lags become arcs of negative length against the relation.
        """
        rel = self.problem.relations
        from_end, to_end = rel.from_end, rel.to_end
        both = self.present[rel.before] & self.present[rel.after] & (rel.before != rel.after)
        forth = both & (rel.min_lag > -FOREVER) & ~(to_end & (self.longest[rel.after] == FOREVER))
        back = both & (rel.max_lag < FOREVER) & ~(from_end & (self.longest[rel.before] == FOREVER))
        first, second = rel.before[forth], rel.after[forth]
        length = (
            rel.min_lag[forth]
            + np.where(from_end[forth], self.shortest[first], 0)
            - np.where(to_end[forth], self.longest[second], 0)
        )
        late, soon = rel.after[back], rel.before[back]
        length_back = (
            np.where(to_end[back], self.shortest[late], 0)
            - rel.max_lag[back]
            - np.where(from_end[back], self.longest[soon], 0)
        )
        return (
            np.concatenate((first, late)),
            np.concatenate((second, soon)),
            np.concatenate((length, length_back)),
        )

    @cached_property
    def window(self) -> tuple[Ints, Ints]:
        """Earliest and latest start of each task alone: its windows, job and the horizon."""
        tasks, jobs = self.problem.tasks, self.problem.jobs
        release = np.append(jobs.release, 0)[tasks.job]
        deadline = np.append(jobs.deadline, FOREVER)[tasks.job]
        low = np.maximum(tasks.earliest_start, release)
        fixed = self.longest < FOREVER
        low = np.where(fixed, np.maximum(low, tasks.earliest_end - self.longest), low)
        last_end = np.minimum(np.minimum(tasks.latest_end, deadline), self.problem.horizon)
        high = np.where(last_end < FOREVER, last_end - self.shortest, FOREVER)
        return low, np.minimum(high, tasks.latest_start)

    @cached_property
    def head(self) -> Ints | None:
        """Earliest start of each task by windows and relations; None if they contradict."""
        return _core.longest_paths(*self.arcs, self.window[0])

    @cached_property
    def tail(self) -> Ints | None:
        """Least time from the start of a task to the end of all work; None as for `head`."""
        source, target, length = self.arcs
        return _core.longest_paths(target, source, length, self.shortest)

    @cached_property
    def forward(self) -> tuple[Ints, Ints]:
        """Arcs along which work flows: (before, after) of the minimum lags from 0 up."""
        rel = self.problem.relations
        keep = self.present[rel.before] & self.present[rel.after] & (rel.min_lag >= 0)
        keep &= rel.before != rel.after
        return rel.before[keep], rel.after[keep]

    def latest_start(self, makespan: int) -> Ints | None:
        """Return the latest start of each task if all work is to end by `makespan`."""
        source, target, length = self.arcs
        latest = np.minimum(self.window[1], makespan - self.shortest)
        values = _core.longest_paths(target, source, length, -latest)
        return None if values is None else -values


def _over_modes(problem: Problem, reduce: np.ufunc) -> Ints:
    if not problem.n_tasks:
        return np.zeros(0, dtype=np.int64)
    values: Ints = reduce.reduceat(problem.modes.duration, problem.tasks.mode_ptr[:-1])
    return values
