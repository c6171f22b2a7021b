"""Events applied to a plan: the problem as it is now known to be, and what has become history."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import replace

import numpy as np

from headway.errors import EventError
from headway.model import Schedule
from headway.model.tables import (
    ABSENT,
    FOREVER,
    ResourceKind,
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
from headway.simulate.reschedule.revision import Draft, Revision
from headway.simulate.reschedule.tables import NewMode, NewTask


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


class _Draft(Draft):
    """A draft that takes events."""

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

    # Tasks

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
