"""What a schedule claims, sorted out so that every check only sees what it can judge."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from headway.model.arrays import entries
from headway.model.problem import Problem
from headway.model.schedule import Schedule
from headway.model.tables import Bools, Ints, ResourceKind

LARGEST_CLAIM = 2**61
"""Differences of times up to this size are exact; a task with a larger one is not looked at."""


@dataclass(frozen=True, slots=True)
class Claims:
    """A schedule as the checks see it.

    Attributes
    ----------
    problem
        What is scheduled.
    start, end, mode
        As the schedule has them; 0 and `ABSENT` respectively where they are out of all bounds.
    present
        Whether the task has a mode, be it a wrong one.
    timed
        Present, with times that can be computed with.
    placed
        Timed, with a mode of its own: only such tasks use resources.
    until
        Start or end, whichever is later: a task that ends before it starts is taken to be over at
        once.
    free
        When the task lets go of its machines and renewable resources.
    user, resource, amount
        Demands of the placed tasks, for all kinds of resources.
    machine, turn
        Machines and the tasks on them, by machine and then in order: by start, then by the time at
        which the machine is free again, then by position.
    """

    problem: Problem
    start: Ints
    end: Ints
    mode: Ints
    present: Bools
    timed: Bools
    placed: Bools
    until: Ints
    free: Ints
    user: Ints
    resource: Ints
    amount: Ints
    machine: Ints
    turn: Ints

    @classmethod
    def of(cls, schedule: Schedule) -> Claims:
        """Return the claims of any schedule, however wrong."""
        problem, tasks = schedule.problem, schedule.problem.tasks
        start, end, mode = schedule.start, schedule.end, schedule.mode
        present = mode >= 0
        timed = present & ~unreadable(start) & ~unreadable(end)
        start, end = np.where(timed, start, 0), np.where(timed, end, 0)
        placed = timed & (mode >= tasks.mode_ptr[:-1]) & (mode < tasks.mode_ptr[1:])
        until = np.maximum(start, end)
        free = until.copy()
        holding = np.flatnonzero(timed & (tasks.hold_until >= 0))
        holding = holding[timed[tasks.hold_until[holding]]]
        free[holding] = np.maximum(free[holding], start[tasks.hold_until[holding]])

        user = np.flatnonzero(placed)
        row, index = entries(problem.modes.demand_ptr, mode[user])
        user = user[row]
        resource = problem.modes.demand_resource[index]
        amount = problem.modes.demand_amount[index]
        on_machine = problem.resources.kind[resource] == ResourceKind.MACHINE
        machine, turn = resource[on_machine], user[on_machine]
        order = np.lexsort((turn, free[turn], start[turn], machine))
        return cls(
            problem, start, end, mode, present, timed, placed, until, free,
            user, resource, amount, machine[order], turn[order],
        )  # fmt: skip

    def demands_on(self, *kinds: ResourceKind) -> tuple[Ints, Ints, Ints]:
        """Return user, resource and amount of the demands on resources of some kinds."""
        wanted = np.zeros(len(ResourceKind), dtype=np.bool_)
        wanted[list(kinds)] = True
        mask = wanted[self.problem.resources.kind[self.resource]]
        return self.user[mask], self.resource[mask], self.amount[mask]

    def label(self, task: int) -> str:
        """Return a task's name, quoted."""
        return repr(self.problem.task_label(int(task)))

    def resource_name(self, resource: int) -> str:
        """Return a resource's name."""
        return self.problem.resources.name[int(resource)]


def unreadable(time: Ints) -> Bools:
    """Return which times are too large to compute with."""
    mask: Bools = (time > LARGEST_CLAIM) | (time < -LARGEST_CLAIM)
    return mask
