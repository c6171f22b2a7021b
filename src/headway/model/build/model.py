"""The builder: the only mutable thing, and the thing a newcomer types.

>>> import headway as hw
>>> m = hw.Model("bakery")
>>> oven, mixer = m.machine("oven"), m.machine("mixer")
>>> loaf = m.job("loaf", due=90, weight=3)
>>> mix = m.task(loaf, "mix").mode({mixer: 1}, duration=20)
>>> bake = m.task(loaf, "bake").mode({oven: 1}, duration=40)
>>> _ = mix >> bake
>>> m.problem().summary()
'bakery: 1 job, 2 tasks, 2 machines; minimise makespan'
"""

from __future__ import annotations

from collections.abc import Hashable, Iterable, Mapping, Sequence
from datetime import datetime
from itertools import pairwise

from headway.errors import ProblemError
from headway.model.build.draft import Draft
from headway.model.build.freeze import freeze
from headway.model.build.handles import Handle, Job, Mode, Resource, Task
from headway.model.build.values import Window, limit, merged, pairs, whole, window
from headway.model.objective import Objective
from headway.model.problem import Problem
from headway.model.tables import (
    ABSENT,
    FOREVER,
    PairKind,
    RelationKind,
    ResourceKind,
    SelectionKind,
)


class Model:
    """A scheduling problem under construction.

    Parameters
    ----------
    name
        Label for messages, plots and files.
    tick_s
        Seconds per tick, for display only.
    origin
        The date of tick 0, for display only.
    horizon
        No task may end later; None for no limit.

    Attributes
    ----------
    draft
        What has been said so far.

    Notes
    -----
    Every method that adds something returns it, so that it can be used in constraints. The model
    may grow after `problem` was called; problems already made do not change.
    """

    def __init__(
        self,
        name: str = "problem",
        *,
        tick_s: float = 1.0,
        origin: datetime | None = None,
        horizon: int | None = None,
    ) -> None:
        self.draft = Draft(name, tick_s, origin, limit(horizon, "horizon"))

    @property
    def name(self) -> str:
        """Label for messages, plots and files."""
        return self.draft.name

    # Things

    def job(
        self,
        name: str | None = None,
        *,
        release: int = 0,
        due: int | None = None,
        deadline: int | None = None,
        weight: int = 1,
    ) -> Job:
        """Add a job: a group of tasks with dates and a weight."""
        jobs = self.draft.jobs
        index = len(jobs.name)
        dates = whole(release, "release"), limit(due, "due"), limit(deadline, "deadline")
        importance = whole(weight, "weight")
        # Only now that nothing can be refused any more: all columns grow, or none.
        jobs.name.append(f"job {index}" if name is None else name)
        jobs.release.append(dates[0])
        jobs.due.append(dates[1])
        jobs.deadline.append(dates[2])
        jobs.weight.append(importance)
        return Job(self, index)

    def machine(
        self, name: str | None = None, *, breaks: Iterable[tuple[int, int]] = (), cost: int = 0
    ) -> Resource:
        """Add a machine: it does one task at a time.

        Parameters
        ----------
        name
            Unique among resources.
        breaks
            Half-open intervals (start, end) without work; may overlap, they are merged.
        cost
            Price per tick of work.
        """
        return self._resource(ResourceKind.MACHINE, name, 1, cost, breaks)

    def renewable(
        self,
        name: str | None = None,
        *,
        capacity: int,
        steps: Iterable[tuple[int, int]] = (),
        breaks: Iterable[tuple[int, int]] = (),
        cost: int = 0,
    ) -> Resource:
        """Add a renewable resource: several tasks share its capacity at any time.

        Parameters
        ----------
        name
            Unique among resources.
        capacity
            Units available from the start.
        steps
            (time, capacity) pairs: from that time on, the capacity is another.
        breaks
            Half-open intervals (start, end) without work.
        cost
            Price per unit and tick of work.
        """
        return self._resource(ResourceKind.RENEWABLE, name, capacity, cost, breaks, steps=steps)

    def budget(
        self,
        name: str | None = None,
        *,
        capacity: int,
        cost: int = 0,
        breaks: Iterable[tuple[int, int]] = (),
    ) -> Resource:
        """Add a non-renewable resource: what all chosen modes take together is limited.

        Parameters
        ----------
        name
            Unique among resources.
        capacity
            Units there are.
        cost
            Price per unit.
        breaks
            Half-open intervals in which no task that takes from it may start.
        """
        return self._resource(ResourceKind.NONRENEWABLE, name, capacity, cost, breaks)

    def reservoir(
        self,
        name: str | None = None,
        *,
        level: int = 0,
        minimum: int = 0,
        maximum: int | None = None,
        breaks: Iterable[tuple[int, int]] = (),
    ) -> Resource:
        """Add a reservoir: tasks take from it when they start and fill it when they end.

        Parameters
        ----------
        name
            Unique among resources.
        level
            What it holds at the beginning.
        minimum, maximum
            Limits that its level never crosses; None for no upper limit.
        breaks
            Half-open intervals in which nothing may be taken or given.
        """
        levels = (
            whole(level, "level"),
            whole(minimum, "minimum"),
            2**40 if maximum is None else whole(maximum, "maximum"),
        )
        return self._resource(ResourceKind.RESERVOIR, name, 0, 0, breaks, levels=levels)

    def _resource(
        self,
        kind: ResourceKind,
        name: str | None,
        capacity: int,
        cost: int,
        breaks: Iterable[tuple[int, int]],
        *,
        steps: Iterable[tuple[int, int]] = (),
        levels: tuple[int, int, int] = (0, 0, 0),
    ) -> Resource:
        table = self.draft.resources
        index = len(table.name)
        label = f"{kind.name.lower()} {index}" if name is None else name
        size, price = whole(capacity, "capacity"), whole(cost, "cost")
        closed = merged(breaks, label)
        changes = sorted(pairs(steps, f"capacity step of {label!r}"))
        # Only now that nothing can be refused any more: all columns grow, or none.
        table.name.append(label)
        table.kind.append(kind)
        table.capacity.append(size)
        table.cost.append(price)
        table.level.append(levels[0])
        table.level_min.append(levels[1])
        table.level_max.append(levels[2])
        table.breaks.append(closed)
        table.steps.append(changes)
        return Resource(self, index)

    def task(
        self,
        job: Job | None = None,
        name: str | None = None,
        *,
        start: Window = (None, None),
        end: Window = (None, None),
        optional: bool = False,
        interruptible: bool = False,
        blocking: bool = False,
        family: Hashable = None,
    ) -> Task:
        """Add a task; give it at least one mode with `Task.mode`.

        Parameters
        ----------
        job
            The job it belongs to, if any.
        name
            Label; need not be unique.
        start, end
            Windows (earliest, latest), or one number for a fixed time.
        optional
            Whether it may be left out.
        interruptible
            Whether it pauses during breaks of its machines and renewable resources.
        blocking
            Whether it keeps its machines after it ended until the next task of its job starts.
        family
            Setup family, any hashable label; see `setup_times`.
        """
        table = self.draft.tasks
        index = len(table.name)
        if blocking and job is None:
            raise ProblemError(
                f"task {name or index!r}: blocking waits for the next task of its job, but it has"
                " none; say until when with Model.blocking"
            )
        if isinstance(job, str):
            raise ProblemError(
                f"expected a job of the model before the name, got {job!r};"
                f" a task without a job is task(name={job!r})"
            )
        owner = ABSENT if job is None else self._own(job, Job)
        starts, ends = window(start, "start"), window(end, "end")
        # Only now that nothing can be refused any more: all columns grow, or none.
        table.name.append(f"task {index}" if name is None else name)
        table.job.append(owner)
        table.earliest_start.append(starts[0])
        table.latest_start.append(starts[1])
        table.earliest_end.append(ends[0])
        table.latest_end.append(ends[1])
        table.optional.append(optional)
        table.interruptible.append(interruptible)
        table.blocking.append(blocking)
        table.family.append(family)
        table.modes.append([])
        return Task(self, index)

    def add_mode(
        self,
        task: Task,
        demands: Mapping[Resource, int],
        duration: int,
        *,
        cost: int = 0,
        consumes: Mapping[Resource, int],
        produces: Mapping[Resource, int],
    ) -> None:
        """Add a way to do a task; `Task.mode` says it more nicely."""
        rows: dict[int, int] = {}
        for sign, table in ((0, demands), (1, consumes), (-1, produces)):
            if not isinstance(table, Mapping):
                raise ProblemError(
                    f"task {task.name!r}: expected amounts by resource, as in {{machine: 1}}, got"
                    f" {table!r}"
                )
            for resource, amount in table.items():
                index = self._own(resource, Resource)
                number = self._checked_demand(task, resource, amount, stock=sign != 0)
                if index in rows:
                    raise ProblemError(
                        f"task {task.name!r} both consumes and produces {resource.name!r} in one"
                        " mode; split it into two tasks"
                    )
                if number:
                    rows[index] = number * (sign or 1)
        modes = self.draft.modes
        length = whole(duration, f"duration of {task.name!r}")
        price = whole(cost, f"cost of {task.name!r}")
        # Only now that nothing can be refused any more: all columns grow, or none.
        self.draft.tasks.modes[task.index].append(len(modes.duration))
        modes.duration.append(length)
        modes.cost.append(price)
        modes.demands.append(sorted(rows.items()))

    def _checked_demand(self, task: Task, resource: Resource, amount: int, *, stock: bool) -> int:
        """Return the amount, refusing negative ones and stock listed as a plain demand."""
        number = whole(amount, f"demand of {task.name!r} on {resource.name!r}")
        if (self.draft.resources.kind[resource.index] == ResourceKind.RESERVOIR) != stock:
            wanted = "demands" if stock else "consumes or produces"
            raise ProblemError(f"task {task.name!r}: list {resource.name!r} under {wanted} instead")
        if number < 0:
            raise ProblemError(
                f"demand of {task.name!r} on {resource.name!r}: expected a positive amount,"
                f" got {number}"
            )
        return number

    def modes_of(self, task: Task) -> list[Mode]:
        """Return the modes of a task in the order they were added."""
        return [Mode(self, k, task) for k in self.draft.tasks.modes[self._own(task, Task)]]

    # Constraints

    def relation(
        self,
        kind: RelationKind,
        before: Task,
        after: Task,
        *,
        lag: int | None = 0,
        max_lag: int | None = None,
        transfer: bool = False,
    ) -> None:
        """Require ``lag <= point(after) - point(before) <= max_lag``; None for no limit."""
        row = (
            int(kind),
            self._own(before, Task),
            self._own(after, Task),
            -FOREVER if lag is None else whole(lag, "lag"),
            limit(max_lag, "max_lag"),
            transfer,
        )
        self.draft.relations.append(row)

    def start_before_start(
        self, before: Task, after: Task, lag: int = 0, *, max_lag: int | None = None
    ) -> None:
        """Require that `after` starts `lag` to `max_lag` ticks after `before` starts."""
        self.relation(RelationKind.START_START, before, after, lag=lag, max_lag=max_lag)

    def start_before_end(
        self, before: Task, after: Task, lag: int = 0, *, max_lag: int | None = None
    ) -> None:
        """Require that `after` ends `lag` to `max_lag` ticks after `before` starts."""
        self.relation(RelationKind.START_END, before, after, lag=lag, max_lag=max_lag)

    def end_before_start(
        self,
        before: Task,
        after: Task,
        lag: int = 0,
        *,
        max_lag: int | None = None,
        transfer: bool = False,
    ) -> None:
        """Require that `after` starts `lag` to `max_lag` ticks after `before` ends.

        With `transfer`, the transfer time between their resources is added to `lag`; see
        `transfer_time`.
        """
        self.relation(
            RelationKind.END_START, before, after, lag=lag, max_lag=max_lag, transfer=transfer
        )

    def end_before_end(
        self, before: Task, after: Task, lag: int = 0, *, max_lag: int | None = None
    ) -> None:
        """Require that `after` ends `lag` to `max_lag` ticks after `before` ends."""
        self.relation(RelationKind.END_END, before, after, lag=lag, max_lag=max_lag)

    def start_at_start(self, first: Task, second: Task, lag: int = 0) -> None:
        """Require that `second` starts exactly `lag` ticks after `first` starts."""
        self.relation(RelationKind.START_START, first, second, lag=lag, max_lag=lag)

    def start_at_end(self, first: Task, second: Task, lag: int = 0) -> None:
        """Require that `second` ends exactly `lag` ticks after `first` starts."""
        self.relation(RelationKind.START_END, first, second, lag=lag, max_lag=lag)

    def end_at_start(self, first: Task, second: Task, lag: int = 0) -> None:
        """Require that `second` starts exactly `lag` ticks after `first` ends."""
        self.relation(RelationKind.END_START, first, second, lag=lag, max_lag=lag)

    def end_at_end(self, first: Task, second: Task, lag: int = 0) -> None:
        """Require that `second` ends exactly `lag` ticks after `first` ends."""
        self.relation(RelationKind.END_END, first, second, lag=lag, max_lag=lag)

    def no_wait(self, *tasks: Task) -> None:
        """Require that each task starts the very moment the one before it ends."""
        for first, second in pairwise(tasks):
            self.end_at_start(first, second)

    def blocking(self, task: Task, until: Task) -> None:
        """Let `task` keep its machines and renewable resources until `until` starts."""
        self.draft.tasks.hold_until[self._own(task, Task)] = self._own(until, Task)

    def identical_resources(self, first: Task, second: Task) -> None:
        """Require that both tasks use the same machines and renewable resources."""
        self._pair(PairKind.IDENTICAL, first, second)

    def different_resources(self, first: Task, second: Task) -> None:
        """Require that the tasks share no machine or renewable resource."""
        self._pair(PairKind.DIFFERENT, first, second)

    def consecutive(self, first: Task, second: Task) -> None:
        """Require that `second` directly follows `first` on every machine that both use."""
        self._pair(PairKind.CONSECUTIVE, first, second)

    def _pair(self, kind: PairKind, first: Task, second: Task) -> None:
        self.draft.pairs.append((int(kind), self._own(first, Task), self._own(second, Task)))

    def same_sequence(
        self,
        first: Resource,
        second: Resource,
        first_tasks: Sequence[Task] | None = None,
        second_tasks: Sequence[Task] | None = None,
    ) -> None:
        """Require the same order of tasks on two machines, as in a permutation flow shop.

        Parameters
        ----------
        first, second
            The machines.
        first_tasks, second_tasks
            Matched tasks; by default the tasks of each job that can use either machine, matched
            by job.
        """
        if (first_tasks is None) != (second_tasks is None):
            raise ProblemError("same_sequence: give the tasks of both machines, or of neither")
        self.draft.sequences.append(
            (
                self._own(first, Resource),
                self._own(second, Resource),
                None if first_tasks is None else [self._own(t, Task) for t in first_tasks],
                None if second_tasks is None else [self._own(t, Task) for t in second_tasks],
            )
        )

    def setup_times(
        self, machine: Resource, times: Mapping[tuple[Hashable, Hashable], int]
    ) -> None:
        """Set sequence-dependent setup times of a machine.

        Parameters
        ----------
        machine
            The machine.
        times
            Ticks between a task of the first family and a directly following one of the second;
            the first family None stands for the initial state. A task may stand for its own
            family. Pairs not listed need no setup.
        """
        index = self._own(machine, Resource)
        table = self.draft.setups.setdefault(index, {})
        for (before, after), time in times.items():
            for label in (before, after):
                if isinstance(label, Task):
                    self._own(label, Task)
            if after is None:
                raise ProblemError(f"setup time on {machine.name!r}: no family to set up for")
            table[before, after] = whole(time, f"setup time on {machine.name!r}")

    def transfer_time(
        self, source: Resource, target: Resource, time: int, *, symmetric: bool = False
    ) -> None:
        """Set the time work needs to get from one resource to another.

        It applies to relations made with ``transfer=True``.
        """
        a, b = self._own(source, Resource), self._own(target, Resource)
        self.draft.transfers[a, b] = whole(time, "transfer time")
        if symmetric:
            self.draft.transfers[b, a] = self.draft.transfers[a, b]

    def mode_dependency(self, mode: Mode, allowed: Sequence[Mode]) -> None:
        """Require one of the `allowed` modes (all of one task) whenever `mode` is chosen."""
        trigger = self._own(mode, Mode)
        if not allowed:
            raise ProblemError(f"mode dependency of {mode.name!r}: no mode is allowed")
        row = [self._own(choice, Mode) for choice in allowed]
        tasks = {choice.task.index for choice in allowed}
        if len(tasks) > 1:
            raise ProblemError(
                f"mode dependency of {mode.name!r}: the allowed modes must belong to one task"
            )
        self.draft.dependencies.append((trigger, tasks.pop(), row))

    def exactly_one(self, tasks: Iterable[Task], *, condition: Task | None = None) -> None:
        """Require that exactly one of the optional tasks is present (if `condition` is)."""
        self._select(SelectionKind.EXACTLY_ONE, tasks, condition)

    def at_least_one(self, tasks: Iterable[Task], *, condition: Task | None = None) -> None:
        """Require that at least one of the optional tasks is present (if `condition` is)."""
        self._select(SelectionKind.AT_LEAST_ONE, tasks, condition)

    def all_or_none(self, tasks: Iterable[Task], *, condition: Task | None = None) -> None:
        """Require that all of the optional tasks are present or none is (if `condition` is)."""
        self._select(SelectionKind.ALL_OR_NONE, tasks, condition)

    def _select(self, kind: SelectionKind, tasks: Iterable[Task], condition: Task | None) -> None:
        if isinstance(tasks, Handle):
            raise ProblemError(f"expected several tasks to select from, got {tasks!r}")
        row = [self._own(task, Task) for task in tasks]
        if not row:
            raise ProblemError("expected tasks to select from, got none")
        when = ABSENT if condition is None else self._own(condition, Task)
        self.draft.selections.append((int(kind), when, row))

    def minimise(self, objective: Objective) -> None:
        """Set the objective; the makespan if never called."""
        if not isinstance(objective, Objective):
            raise ProblemError(
                f"expected an objective, as in minimise(makespan()), got {objective!r}"
            )
        self.draft.objective = objective

    # The problem

    def problem(self) -> Problem:
        """Return the frozen problem.

        Raises
        ------
        ProblemError
            If it is not well formed; the message names the object and the value.
        """
        return freeze(self.draft)

    def _own(self, handle: Handle, kind: type[Handle]) -> int:
        if not isinstance(handle, kind):
            raise ProblemError(f"expected a {kind.__name__.lower()} of the model, got {handle!r}")
        if handle.model is not self:
            raise ProblemError(f"{handle!r} belongs to another model, {handle.model.name!r}")
        return handle.index

    def __repr__(self) -> str:
        return (
            f"<Model {self.name!r}: {len(self.draft.jobs.name)} jobs,"
            f" {len(self.draft.tasks.name)} tasks, {len(self.draft.resources.name)} resources>"
        )
