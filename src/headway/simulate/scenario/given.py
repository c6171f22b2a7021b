"""Events at given times, put into a course of events."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence

from headway.errors import ConfigError, HeadwayError, UnknownNameError
from headway.model import ABSENT, FOREVER, ResourceKind
from headway.simulate.events import (
    DueDateChange,
    DurationChange,
    Event,
    JobArrival,
    JobCancel,
    MachineChange,
    MachineDown,
    MachineUp,
    Work,
    WorkMode,
)
from headway.simulate.scenario.course import Course, NewTask, Way
from headway.simulate.shop.realisation import ChangeKind, OnOutage, Realisation

_EFFECTS = {"resume": OnOutage.RESUME, "restart": OnOutage.RESTART}


def happen(
    realisation: Realisation,
    events: Sequence[Event],
    *,
    breaking: Iterable[int] = (),
    estimate: int | None = None,
) -> Realisation:
    """Return a course of events in which more happens.

    Events take effect in order of time, whatever order they are given in, and after what chance
    has drawn for the same instant. They say exactly what is the case: no noise is added to the
    durations that they bring.

    Parameters
    ----------
    realisation
        Where to begin; is not changed.
    events
        What happens. Of events that come too late, such as a new duration of an operation that has
        started, nothing is seen.
    breaking
        Machines that break down by chance.
    estimate
        What policies take all durations for, if they never learn them; those of jobs that arrive
        are then hidden too.

    Raises
    ------
    ConfigError
        If an event names what is not there, or asks for what a shop cannot do; the message begins
        with the number of the event, counted from 1.
    """
    writer = _Writer(realisation, frozenset(breaking), estimate)
    for k in sorted(range(len(events)), key=lambda k: events[k].time):
        try:
            writer.write(events[k])
        except HeadwayError as error:
            raise ConfigError(f"event {k + 1}: {error}") from None
    return writer.course.realisation()


class _Writer:
    """Puts events into a course, one after another."""

    def __init__(
        self, realisation: Realisation, breaking: frozenset[int], estimate: int | None
    ) -> None:
        problem = realisation.problem
        self.course = Course(realisation)
        self.breaking, self.estimate = breaking, estimate
        self.jobs = {name: k for k, name in enumerate(problem.jobs.name)}
        self.resources = {name: k for k, name in enumerate(problem.resources.name)}
        self.is_machine = problem.resources.kind == ResourceKind.MACHINE
        self.tasks: dict[str, int] = {}
        self.alike: set[str] = set()
        for task in range(problem.n_tasks):
            self._name(problem.task_label(task), task)

    def _name(self, label: str, task: int) -> None:
        if label in self.tasks:
            self.alike.add(label)
        self.tasks[label] = task

    def write(self, event: Event) -> None:
        match event:
            case MachineDown():
                self._down(event)
            case MachineUp():
                self._up(event)
            case JobCancel():
                job = _found("job", event.job, self.jobs)
                self.course.cancelled[job] = min(self.course.cancelled[job], event.time)
            case DueDateChange():
                due = FOREVER if event.due is None else event.due
                job = _found("job", event.job, self.jobs)
                self.course.change(event.time, ChangeKind.DUE, job, due)
            case DurationChange():
                self._duration(event)
            case MachineChange():
                self._machines(event)
            case JobArrival():
                self._arrival(event)

    def _task(self, named: str | int) -> int:
        if isinstance(named, int):
            if named >= self.course.n_tasks:
                raise ConfigError(f"there is no task {named}; there are {self.course.n_tasks}")
            return named
        if named in self.alike:
            raise ConfigError(f"several tasks are called {named!r}; give the position of one")
        return _found("task", named, self.tasks)

    def _machine(self, name: str) -> int:
        machine = _found("machine", name, self.resources)
        if not self.is_machine[machine]:
            raise ConfigError(f"{name!r} is no machine, and only machines go down and come up")
        return machine

    def _down(self, event: MachineDown) -> None:
        machine = self._machine(event.machine)
        if event.end <= event.start:
            raise ConfigError(f"an outage from {event.start} to {event.end} has no length")
        if event.running not in _EFFECTS:
            raise ConfigError(
                f"work on a machine of a shop cannot {event.running} when it goes down;"
                f" known: {', '.join(_EFFECTS)}"
            )
        effect = _EFFECTS[event.running]
        course = self.course
        if course.stops(machine) and course.effect[machine] != effect:
            raise ConfigError(
                f"work on {event.machine!r} is to {event.running} after this outage, but not"
                " after others; a machine has one way for all"
            )
        course.effect[machine] = int(effect)
        course.add_stop(machine, event.start, event.end)

    def _up(self, event: MachineUp) -> None:
        machine = self._machine(event.machine)
        stops = self.course.stops(machine)
        down = any(start <= event.time < end for start, end in stops)
        if not down and machine not in self.breaking:
            raise ConfigError(f"{event.machine!r} is not down at {event.time}")
        self.course.end_stop(machine, event.time)

    def _duration(self, event: DurationChange) -> None:
        task, course = self._task(event.task), self.course
        modes = course.modes(task)
        if event.machine is not None:
            resource = _found("machine", event.machine, self.resources)
            modes = [mode for mode in modes if resource in course.way(mode).demands]
            if not modes:
                raise ConfigError(f"task {event.task!r} cannot be done on {event.machine!r}")
        for mode in modes:
            course.change(event.time, ChangeKind.DURATION, mode, event.duration)

    def _machines(self, event: MachineChange) -> None:
        task, course = self._task(event.task), self.course
        wanted = [self._way(mode, f"modes[{k}]") for k, mode in enumerate(event.modes)]
        known = {tuple(sorted(course.way(m).demands.items())): m for m in course.modes(task)}
        kept = set()
        for way in wanted:
            mode = known.get(tuple(sorted(way.demands.items())))
            if mode is None:
                mode = course.add_mode(task, way)
            else:
                course.change(event.time, ChangeKind.DURATION, mode, way.duration)
            # Opened before others are closed: the task is never without a mode.
            course.change(event.time, ChangeKind.OPEN, mode)
            kept.add(mode)
        for mode in known.values():
            if mode not in kept:
                course.change(event.time, ChangeKind.CLOSE, mode)

    def _arrival(self, event: JobArrival) -> None:
        if event.job in self.jobs:
            raise ConfigError(f"there is a job {event.job!r} already")
        for k, work in enumerate(event.tasks):
            if work.after is not None and work.after != ((k - 1,) if k else ()):
                raise ConfigError(
                    f"tasks[{k}].after: in a shop, the tasks of a job follow one another"
                )
        tasks = [self._work(work, k) for k, work in enumerate(event.tasks)]
        first = self.course.n_tasks
        release = event.time if event.release is None else max(event.release, event.time)
        self.jobs[event.job] = self.course.add_job(
            event.job,
            tasks,
            arrival=event.time,
            release=release,
            due=FOREVER if event.due is None else event.due,
            deadline=FOREVER if event.deadline is None else event.deadline,
            weight=event.weight,
        )
        for k, task in enumerate(tasks):
            self._name(f"{event.job}/{task.name}", first + k)

    def _work(self, work: Work, k: int) -> NewTask:
        ways = [self._way(mode, f"tasks[{k}].modes[{i}]") for i, mode in enumerate(work.modes)]
        opened = [
            Way(way.seen if self.estimate is None else self.estimate, way.duration, way.demands)
            for way in ways
        ]
        setups = self.course.problem.setups
        family = ABSENT if work.family is None else work.family
        if setups and not family < setups[0].shape[1]:
            raise ConfigError(
                f"tasks[{k}].family: expected a position below {setups[0].shape[1]}, got {family}"
            )
        name = str(k) if work.name is None else work.name
        return NewTask(name, opened, family, work.interruptible)

    def _way(self, mode: WorkMode, key: str) -> Way:
        """Return a way that can be chosen once it is opened."""
        demands = {}
        for name, amount in mode.demands.items():
            demands[_found(f"{key}.demands: resource", name, self.resources)] = amount
        machines = [r for r in demands if self.is_machine[r]]
        if len(machines) != 1 or demands[machines[0]] != 1:
            raise ConfigError(f"{key}.demands: expected one unit of one machine of the shop")
        return Way(mode.duration, mode.duration, demands, is_open=False)


def _found(what: str, name: str, known: Mapping[str, int]) -> int:
    try:
        return known[name]
    except KeyError:
        raise UnknownNameError(what, name, known) from None
