"""A shop's schedule as decisions: a mode for each task and one linear order of all tasks."""

from __future__ import annotations

from dataclasses import dataclass, replace

import numpy as np

from headway import _core
from headway.model.problem import Problem
from headway.model.schedule import Schedule
from headway.model.tables import FOREVER, Ints, ints
from headway.model.transfers import transfer_times


@dataclass(frozen=True, slots=True)
class State:
    """Decisions, and the times that follow from them.

    Attributes
    ----------
    mode
        Of each task.
    order
        All tasks, none before one that it waits for; each machine keeps to this order.
    head
        Earliest start of each task.
    tail
        Longest path from the start of each task to the end of all work.
    makespan
        Latest end.
    """

    mode: Ints
    order: Ints
    head: Ints
    tail: Ints
    makespan: int


class Shop:
    """What follows from decisions in a job shop, flexible or not.

    Parameters
    ----------
    problem
        Each mode needs one machine or nothing; relations are minimum lags; the makespan counts.
    """

    def __init__(self, problem: Problem) -> None:
        self.problem = problem
        modes, table = problem.modes, problem.relations
        self.machine = np.full(problem.n_modes, -1, dtype=np.int64)
        needs = np.diff(modes.demand_ptr) > 0
        self.machine[needs] = modes.demand_resource[modes.demand_ptr[:-1][needs]]
        tasks, jobs = problem.tasks, problem.jobs
        self.release = np.maximum(np.append(jobs.release, 0)[tasks.job], tasks.earliest_start)
        self.least_end = tasks.earliest_end
        self.bound_rows = np.flatnonzero(table.min_lag > -FOREVER)
        self.from_end, self.to_end = table.from_end[self.bound_rows], table.to_end[self.bound_rows]
        self.before, self.after = table.before[self.bound_rows], table.after[self.bound_rows]
        self._least = table.min_lag[self.bound_rows]
        self._moved = np.flatnonzero(table.transfer[self.bound_rows])

    def least(self, mode: Ints) -> Ints:
        """Return the minimum lags of relations, transfers included, given modes."""
        least = self._least.copy()
        if len(self._moved):
            before, after = self.before[self._moved], self.after[self._moved]
            least[self._moved] += transfer_times(self.problem, mode[before], mode[after])
        return least

    def lags(self, mode: Ints) -> Ints:
        """Return the ticks from start to start that relations ask for, given modes."""
        duration = self.problem.modes.duration[mode]
        lag = self.least(mode) + np.where(self.from_end, duration[self.before], 0)
        lag -= np.where(self.to_end, duration[self.after], 0)
        return lag

    def earliest(self, mode: Ints) -> Ints:
        """Return the earliest start of each task by dates alone."""
        duration = self.problem.modes.duration[mode]
        date = np.maximum(self.release, self.least_end - duration)
        return ints(np.maximum(date, 0))

    def neighbours(self, mode: Ints, order: Ints) -> tuple[Ints, Ints]:
        """Return the pairs of tasks that follow one another on a machine."""
        machine = self.machine[mode[order]]
        grouped = np.argsort(machine, kind="stable")
        task, machine = order[grouped], machine[grouped]
        follows = (machine[1:] == machine[:-1]) & (machine[1:] >= 0)
        return task[:-1][follows], task[1:][follows]

    def state(self, mode: Ints, order: Ints) -> State | None:
        """Return decisions with the times that follow; None if they contradict one another."""
        duration = self.problem.modes.duration[mode]
        first, second = self.neighbours(mode, order)
        before = ints(np.concatenate((self.before, first)))
        after = ints(np.concatenate((self.after, second)))
        lag = ints(np.concatenate((self.lags(mode), duration[first])))
        head = _core.longest_paths(before, after, lag, ints(self.earliest(mode)))
        tail = _core.longest_paths(after, before, lag, ints(duration))
        if head is None or tail is None:
            return None
        return State(mode, order, head, tail, int((head + duration).max(initial=0)))

    def state_of(self, schedule: Schedule) -> State | None:
        """Return the decisions of a valid schedule, with the times that follow."""
        rank = self._ranks()
        return self.state(schedule.mode, np.lexsort((rank, schedule.end, schedule.start)))

    def _ranks(self) -> Ints:
        """Return a number per task that is larger than that of any task it waits for."""
        zero = np.zeros(self.problem.n_tasks, dtype=np.int64)
        ranks = _core.longest_paths(self.before, self.after, np.ones_like(self.before), zero)
        return zero if ranks is None else ranks

    def sorted_by_time(self, state: State) -> State:
        """Return the same decisions with the linear order sorted by time."""
        place = np.empty_like(state.order)
        place[state.order] = np.arange(len(place))
        end = state.head + self.problem.modes.duration[state.mode]
        return replace(state, order=np.lexsort((place, end, state.head)))

    def schedule(self, state: State) -> Schedule:
        """Return the schedule in which every task starts as early as its decisions permit."""
        end = state.head + self.problem.modes.duration[state.mode]
        return Schedule(self.problem, state.head, end, state.mode)
