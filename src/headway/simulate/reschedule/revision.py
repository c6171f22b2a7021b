"""A plan while events are applied to it: tables and times that change."""

from __future__ import annotations

from dataclasses import dataclass, replace

import numpy as np

from headway.errors import EventError, UnknownNameError
from headway.model import Problem, Schedule, calendar
from headway.model.arrays import entries
from headway.model.tables import ABSENT, Bools, Ints, ResourceKind, bools, ints
from headway.simulate.reschedule.names import Names
from headway.simulate.reschedule.tables import NewMode, NewTask, Tables


@dataclass(frozen=True, slots=True, eq=False)
class Revision:
    """A plan that met events.

    Attributes
    ----------
    problem
        What is to be done, history included: finished tasks with the lengths they had, tasks in
        progress with those they are now known to have, new jobs behind all others. Work that was
        given up is a task of its own without a job.
    start, end, mode
        Of tasks that have started, as they came or will come about; of the others, as planned,
        `ABSENT` where there is no plan. Shape (n_tasks,).
    started
        Which tasks have, shape (n_tasks,).
    origin
        Position of each task in the problem before, `ABSENT` for new ones.
    now
        The tick at which all this is so.
    """

    problem: Problem
    start: Ints
    end: Ints
    mode: Ints
    started: Bools
    origin: Ints
    now: int

    @property
    def finished(self) -> Bools:
        """Which tasks have ended, shape (n_tasks,)."""
        return bools(self.started & (self.end <= self.now))

    @property
    def unplanned(self) -> Bools:
        """Which tasks must find a place and have none, shape (n_tasks,)."""
        return bools(~self.started & (self.mode < 0) & ~self.problem.tasks.optional)


class Draft:
    """A revision in the making.

    Parameters
    ----------
    plan
        What was going to happen.
    now
        Current tick.
    """

    def __init__(self, plan: Schedule, now: int) -> None:
        self.now = now
        self.tables = Tables.of(plan.problem)
        self.start, self.end, self.mode = plan.start.copy(), plan.end.copy(), plan.mode.copy()
        self.origin = np.arange(plan.problem.n_tasks)

    @property
    def started(self) -> Bools:
        """Which tasks have."""
        mask: Bools = (self.mode >= 0) & (self.start < self.now)
        return mask

    def finish(self) -> Revision:
        """Return the revision; tasks in progress get the ends that they are now known to have."""
        started = self.started
        running = started & (self.end >= self.now)
        end = calendar.ends(self.tables, self.start, np.where(running, self.mode, ABSENT))
        cut = running & _meets_breaks(self.tables, self.start, end, self.mode)
        if (cut & ~self.tables.tasks.interruptible).any():
            pauses = bools(self.tables.tasks.interruptible | cut)
            self.tables.tasks = replace(self.tables.tasks, interruptible=pauses)
            end = calendar.ends(self.tables, self.start, np.where(running, self.mode, ABSENT))
        problem = self.tables.problem()
        self.end[running] = end[running]
        over = np.flatnonzero(running & (self.end < self.now))
        if len(over):
            k = int(over[0])
            raise EventError(
                f"task {problem.task_label(k)!r}, in progress since {self.start[k]}, would have"
                f" ended at {self.end[k]}; it is {self.now} now"
            )
        return Revision(
            problem,
            ints(self.start),
            ints(self.end),
            ints(self.mode),
            bools(started),
            ints(self.origin),
            self.now,
        )

    def _unfinished(self, task: int, what: str) -> bool:
        """Return whether a task is in progress, and refuse one that has finished."""
        if not self.started[task]:
            return False
        if self.end[task] <= self.now:
            raise EventError(
                f"{what}: task {self._label(task)!r} finished at {self.end[task]};"
                f" it is {self.now} now"
            )
        return True

    def _task(self, name: str | int, names: Names) -> int:
        """Return a task; positions are those in the plan, whatever events have come before."""
        if isinstance(name, str):
            return names.task(name)
        found = np.flatnonzero(self.origin == name)
        if not len(found):
            raise UnknownNameError("task", str(name), names.tasks)
        return int(found[0])

    def _label(self, task: int) -> str:
        table, job = self.tables.tasks, int(self.tables.tasks.job[task])
        name = table.name[task]
        return name if job == ABSENT else f"{self.tables.jobs.name[job]}/{name}"

    def _modes_of(self, task: int) -> range:
        ptr = self.tables.tasks.mode_ptr
        return range(int(ptr[task]), int(ptr[task + 1]))

    def _resources_of(self, mode: int) -> Ints:
        table = self.tables.modes
        span = slice(int(table.demand_ptr[mode]), int(table.demand_ptr[mode + 1]))
        return table.demand_resource[span]

    def _move_modes(self, old: Ints) -> None:
        """Follow modes to their new positions."""
        place = np.full(
            max(int(old.max(initial=ABSENT)), int(self.mode.max(initial=0))) + 2, ABSENT
        )
        place[old[old >= 0]] = np.flatnonzero(old >= 0)
        self.mode = place[self.mode]

    def _uses(self, resource: int) -> Bools:
        """Return which tasks use a resource in the modes they are in."""
        row, index = entries(self.tables.modes.demand_ptr, np.maximum(self.mode, 0))
        mask = np.zeros(len(self.mode), dtype=np.bool_)
        mask[row[self.tables.modes.demand_resource[index] == resource]] = True
        mask &= self.mode >= 0
        return mask

    def _begin_anew(self, task: int, until: int, *, move: bool) -> None:
        """Turn the work in progress into a task of its own, and let the task begin once more."""
        mode = int(self.mode[task])
        done = self._work(task, until)
        if done:
            piece = self._piece(task, f"{self._label(task)} (lost)", done)
            self.tables.add_relations([piece], [task])
        if not move:
            others = self.tables.modes.task == task
            others[mode] = False
            everything = np.ones(len(self.tables.tasks), dtype=np.bool_)
            _, kept = self.tables.keep(everything, ~others)
            self._move_modes(kept)
        # It has a mode, as a plan would say, but no time.
        self.start[task] = self.end[task] = self.now

    def _work(self, task: int, until: int) -> int:
        """Return the ticks of work that a task in progress has had."""
        passed = until - int(self.start[task])
        if not self.tables.tasks.interruptible[task]:
            return passed
        pauses = calendar.Pauses.of(self.tables, ints([self.mode[task]]))
        rest = pauses.before(ints([until])) - pauses.before(ints([self.start[task]]))
        return passed - int(rest[0])

    def _piece(self, task: int, name: str, work: int) -> int:
        """Add a task for work already done on another, and return its position."""
        table, mode = self.tables.modes, int(self.mode[task])
        span = slice(int(table.demand_ptr[mode]), int(table.demand_ptr[mode + 1]))
        taken = table.demand_amount[span]
        # What the task would have put into stock, it has not.
        demands = tuple(
            zip(
                table.demand_resource[span][taken > 0].tolist(),
                taken[taken > 0].tolist(),
                strict=True,
            )
        )
        new = NewTask(
            name,
            ABSENT,
            (NewMode(work, int(table.cost[mode]), demands),),
            bool(self.tables.tasks.interruptible[task]),
            int(self.tables.tasks.family[task]),
        )
        (position,) = self.tables.add_tasks([new]).tolist()
        begun = int(self.start[task])
        own = np.full(len(self.tables.tasks), ABSENT)
        own[position] = self.tables.tasks.mode_ptr[position]
        end = calendar.ends(self.tables, np.full(len(own), begun), own)[position]
        self._append(begun, int(end), int(own[position]), ABSENT)
        return int(position)

    def _append(self, start: int, end: int, mode: int, origin: int) -> None:
        self.start, self.end = np.append(self.start, start), np.append(self.end, end)
        self.mode, self.origin = np.append(self.mode, mode), np.append(self.origin, origin)

    def _refuse_finished(self, job: int, what: str) -> None:
        mine = self.tables.tasks.job == job
        done = (self.mode >= 0) & (self.end <= self.now) & self.started
        # Optional tasks that were left out are of no importance.
        if not (mine & ~done & (self.mode >= 0)).any() and (mine & done).any():
            raise EventError(
                f"{what}: job {self.tables.jobs.name[job]!r} finished at"
                f" {self.end[mine & done].max()}; it is {self.now} now"
            )


def _meets_breaks(tables: Tables, start: Ints, end: Ints, mode: Ints) -> Bools:
    """Return which tasks, some of which are left out, meet a break of their resources."""
    table, modes = tables.resources, tables.modes
    mask = np.zeros(len(tables.tasks), dtype=np.bool_)
    if not len(table.break_start):
        return mask
    row, index = entries(modes.demand_ptr, np.maximum(mode, 0))
    resource = modes.demand_resource[index]
    which, rest = entries(table.break_ptr, resource)
    task = row[which]
    met = (table.break_start[rest] < end[task]) & (table.break_end[rest] > start[task])
    mask[task[met & (table.kind[resource[which]] <= ResourceKind.RENEWABLE)]] = True
    mask &= mode >= 0
    return mask
