"""Events applied to a plan: the problem as it is now known to be, and what has become history."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, replace

import numpy as np

from headway.errors import EventError, UnknownNameError
from headway.model import Problem, Schedule, calendar
from headway.model.arrays import entries
from headway.model.tables import (
    ABSENT,
    FOREVER,
    Bools,
    Ints,
    ResourceKind,
    bools,
    ints,
)
from headway.simulate.events import (
    DueDateChange,
    DurationChange,
    Event,
    JobArrival,
    JobCancel,
    MachineChange,
    MachineDown,
    MachineUp,
    WorkMode,
)
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


def revise(plan: Schedule, events: Iterable[Event], now: int | None = None) -> Revision:
    """Return a plan with events applied to it.

    A task has started if its planned start is before `now`, and is then kept as it is.

    Parameters
    ----------
    plan
        What was going to happen.
    events
        What happened; taken in order of time.
    now
        Current tick; by default the latest time of an event, or 0.

    Raises
    ------
    EventError
        If an event does not fit: it is from the future, its task has finished, a release has
        passed, a break would have been worked through, …
    UnknownNameError
        If there is no job, task or resource of a name; says which are near.

    Notes
    -----
    A cancelled job leaves the problem. What has finished of it stays as tasks without a job, and
    so does the work in progress, which ends now. A task that does not pause in breaks is made to if
    it is in progress when its machine fails.
    """
    known = sorted(events, key=lambda event: event.time)
    at = max((event.time for event in known), default=0) if now is None else now
    if known and known[-1].time > at:
        raise EventError(f"{_word(known[-1])} is known at {known[-1].time} only; it is {at} now")
    draft = _Draft(plan, at)
    for event in known:
        draft.take(event)
    return draft.finish()


def _word(event: Event) -> str:
    return str(type(event).__struct_config__.tag)


class _Draft:
    """A revision in the making."""

    def __init__(self, plan: Schedule, now: int) -> None:
        self.now = now
        self.tables = Tables.of(plan.problem)
        self.start, self.end, self.mode = plan.start.copy(), plan.end.copy(), plan.mode.copy()
        self.origin = np.arange(plan.problem.n_tasks)

    @property
    def started(self) -> Bools:
        mask: Bools = (self.mode >= 0) & (self.start < self.now)
        return mask

    def take(self, event: Event) -> None:
        """Apply an event."""
        names = Names(self.tables)
        match event:
            case DurationChange():
                self._change_duration(event, names)
            case MachineChange():
                self._change_modes(event, names)
            case MachineDown():
                self._take_down(event, names)
            case MachineUp():
                self._bring_up(event, names)
            case JobArrival():
                self._add_job(event, names)
            case JobCancel():
                self._cancel(event, names)
            case DueDateChange():
                job = names.job(event.job)
                self._refuse_finished(job, _word(event))
                due = self.tables.jobs.due.copy()
                due[job] = FOREVER if event.due is None else event.due
                self.tables.jobs = replace(self.tables.jobs, due=ints(due))

    def finish(self) -> Revision:
        """Return the revision; tasks in progress get the ends that they are now known to have."""
        problem = self.tables.problem()
        started = self.started
        running = started & (self.end >= self.now)
        end = calendar.ends(problem, self.start, np.where(running, self.mode, ABSENT))
        cut = running & _meets_breaks(problem, self.start, end, self.mode)
        if (cut & ~problem.tasks.interruptible).any():
            pauses = bools(problem.tasks.interruptible | cut)
            self.tables.tasks = replace(self.tables.tasks, interruptible=pauses)
            problem = self.tables.problem()
            end = calendar.ends(problem, self.start, np.where(running, self.mode, ABSENT))
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

    # Tasks

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

    def _change_duration(self, event: DurationChange, names: Names) -> None:
        task = self._task(event.task, names)
        running = self._unfinished(task, _word(event))
        modes = [int(self.mode[task])] if running else list(self._modes_of(task))
        if event.machine is not None:
            machine = names.resource(event.machine)
            modes = [k for k in modes if machine in self._resources_of(k)]
        if not modes:
            now = " now" if running else ""
            raise EventError(
                f"{_word(event)}: task {self._label(task)!r} does not use {event.machine!r}{now}"
            )
        duration = self.tables.modes.duration.copy()
        duration[modes] = event.duration
        self.tables.modes = replace(self.tables.modes, duration=ints(duration))

    def _change_modes(self, event: MachineChange, names: Names) -> None:
        task = self._task(event.task, names)
        if self._unfinished(task, _word(event)):
            raise EventError(
                f"{_word(event)}: task {self._label(task)!r} is in progress since"
                f" {self.start[task]}; a failing machine may have it moved"
            )
        if (self.tables.modes.task[self.tables.mode_dependencies.mode] == task).any() or (
            self.tables.mode_dependencies.task == task
        ).any():
            raise EventError(
                f"{_word(event)}: modes of other tasks depend on those of {self._label(task)!r}"
            )
        rows = [_new_mode(mode, names) for mode in event.modes]
        planned = int(self.mode[task])
        used = set(self._resources_of(planned).tolist()) if planned >= 0 else None
        self._move_modes(self.tables.set_modes(task, rows))
        same = [k for k in self._modes_of(task) if set(self._resources_of(k).tolist()) == used]
        self.mode[task] = same[0] if same else ABSENT

    def _move_modes(self, old: Ints) -> None:
        """Follow modes to their new positions."""
        place = np.full(
            max(int(old.max(initial=ABSENT)), int(self.mode.max(initial=0))) + 2, ABSENT
        )
        place[old[old >= 0]] = np.flatnonzero(old >= 0)
        self.mode = place[self.mode]

    # Machines

    def _take_down(self, event: MachineDown, names: Names) -> None:
        resource = names.resource(event.machine)
        if self.tables.resources.kind[resource] > ResourceKind.RENEWABLE:
            raise EventError(f"{_word(event)}: {event.machine!r} is no machine, it cannot fail")
        if event.end <= event.start:
            raise EventError(
                f"{_word(event)}: {event.machine!r} cannot be down from {event.start} to"
                f" {event.end}"
            )
        here = np.flatnonzero(
            self.started
            & self._uses(resource)
            & (self.start < event.end)
            & (self.end > event.start)
        )
        for task in here.tolist():
            if self.end[task] <= self.now or self.start[task] > event.start:
                raise EventError(
                    f"{_word(event)}: {event.machine!r} cannot have been down from {event.start} to"
                    f" {event.end}; it worked on {self._label(task)!r} from {self.start[task]} to"
                    f" {min(int(self.end[task]), self.now)}"
                )
            if event.running != "resume":
                self._begin_anew(task, event.start, move=event.running == "move")
        owner, start, end = self.tables.breaks
        self.tables.set_breaks(
            ints(np.append(owner, resource)),
            ints(np.append(start, event.start)),
            ints(np.append(end, event.end)),
        )

    def _bring_up(self, event: MachineUp, names: Names) -> None:
        resource = names.resource(event.machine)
        owner, start, end = self.tables.breaks
        now = (owner == resource) & (start <= self.now) & (self.now < end)
        if not now.any():
            raise EventError(f"{_word(event)}: {event.machine!r} is not in a break at {self.now}")
        end = np.where(now, self.now, end)
        left = end > start
        self.tables.set_breaks(ints(owner[left]), ints(start[left]), ints(end[left]))

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
        pauses = calendar.Pauses.of(self.tables.problem(), ints([self.mode[task]]))
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
        problem = self.tables.problem()
        own = np.full(problem.n_tasks, ABSENT)
        own[position] = problem.tasks.mode_ptr[position]
        end = calendar.ends(problem, np.full(problem.n_tasks, begun), own)[position]
        self._append(begun, int(end), int(own[position]), ABSENT)
        return int(position)

    def _append(self, start: int, end: int, mode: int, origin: int) -> None:
        self.start, self.end = np.append(self.start, start), np.append(self.end, end)
        self.mode, self.origin = np.append(self.mode, mode), np.append(self.origin, origin)

    # Jobs

    def _add_job(self, event: JobArrival, names: Names) -> None:
        if event.job in names.jobs:
            raise EventError(f"{_word(event)}: there is a job called {event.job!r} already")
        release = self.now if event.release is None else event.release
        if release < self.now:
            raise EventError(
                f"{_word(event)}: job {event.job!r} cannot be released at {release};"
                f" it is {self.now} now"
            )
        due, deadline = (FOREVER if t is None else t for t in (event.due, event.deadline))
        job = self.tables.add_job(event.job, release, due, deadline, event.weight)
        new = [
            NewTask(
                str(k) if work.name is None else work.name,
                job,
                tuple(_new_mode(mode, names) for mode in work.modes),
                work.interruptible,
                ABSENT if work.family is None else work.family,
            )
            for k, work in enumerate(event.tasks)
        ]
        position = self.tables.add_tasks(new).tolist()
        before, after = [], []
        for k, work in enumerate(event.tasks):
            for earlier in ([k - 1] if k else []) if work.after is None else work.after:
                if earlier >= k:
                    raise EventError(
                        f"{_word(event)}: task {k} of job {event.job!r} waits for task {earlier};"
                        " list tasks behind those that they wait for"
                    )
                before.append(position[earlier])
                after.append(position[k])
            self._append(ABSENT, ABSENT, ABSENT, ABSENT)
        self.tables.add_relations(before, after)

    def _refuse_finished(self, job: int, what: str) -> None:
        mine = self.tables.tasks.job == job
        done = (self.mode >= 0) & (self.end <= self.now) & self.started
        # Optional tasks that were left out are of no importance.
        if not (mine & ~done & (self.mode >= 0)).any() and (mine & done).any():
            raise EventError(
                f"{what}: job {self.tables.jobs.name[job]!r} finished at"
                f" {self.end[mine & done].max()}; it is {self.now} now"
            )

    def _cancel(self, event: JobCancel, names: Names) -> None:
        job = names.job(event.job)
        self._refuse_finished(job, _word(event))
        mine, started = self.tables.tasks.job == job, self.started
        for task in np.flatnonzero(mine & started & (self.end > self.now)).tolist():
            self._piece(task, f"{self._label(task)} (given up)", self._work(task, self.now))
            mine = np.append(mine, False)
            started = np.append(started, True)
            started[task] = False
        label = list(self.tables.tasks.name)
        for k in np.flatnonzero(mine & started).tolist():
            label[k] = self._label(k)
        self.tables.tasks = replace(self.tables.tasks, name=tuple(label))
        left, kept = self.tables.keep(~mine | started)
        self.start, self.end, self.origin = self.start[left], self.end[left], self.origin[left]
        self.mode = self.mode[left]
        self._move_modes(kept)
        others = np.ones(len(self.tables.jobs), dtype=np.bool_)
        others[job] = False
        self.tables.keep_jobs(others)


def _new_mode(mode: WorkMode, names: Names) -> NewMode:
    demands = sorted((names.resource(name), amount) for name, amount in mode.demands.items())
    return NewMode(mode.duration, mode.cost, tuple(row for row in demands if row[1]))


def _meets_breaks(problem: Problem, start: Ints, end: Ints, mode: Ints) -> Bools:
    """Return which tasks, some of which are left out, meet a break of their resources."""
    table, modes = problem.resources, problem.modes
    mask = np.zeros(problem.n_tasks, dtype=np.bool_)
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
