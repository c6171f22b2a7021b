"""The builder: the only mutable thing, and the thing a newcomer types.

>>> import headway as hw
>>> m = hw.Model("bakery")
>>> oven, mixer = m.machine("oven"), m.machine("mixer")
>>> loaf = m.job("loaf", due=90, weight=3)
>>> mix = m.task(loaf, "mix").mode({mixer: 1}, duration=20)
>>> bake = m.task(loaf, "bake").mode({oven: 1}, duration=40)
>>> _ = mix >> bake
>>> m.problem().summary()
'bakery: 1 jobs, 2 tasks, 2 machines; minimise makespan'
"""

from __future__ import annotations

import operator
from collections.abc import Hashable, Iterable, Mapping, Sequence
from itertools import accumulate, chain, pairwise
from typing import SupportsIndex

import numpy as np
from numpy.typing import NDArray

from headway.errors import ProblemError
from headway.model.objective import Objective, makespan
from headway.model.problem import Problem
from headway.model.tables import (
    ABSENT,
    FOREVER,
    Ints,
    Jobs,
    ModeDependencies,
    Modes,
    PairKind,
    Pairs,
    RelationKind,
    Relations,
    ResourceKind,
    Resources,
    SelectionKind,
    Selections,
    Sequences,
    Tasks,
    bools,
    ints,
)

Window = tuple[int | None, int | None] | int
"""A pair (earliest, latest), either of which may be None, or one number for both."""


class Handle:
    """Something added to a model: its position and its name.

    Attributes
    ----------
    model
        The model it belongs to.
    index
        Its position in the table of its kind.
    """

    __slots__ = ("index", "model")

    def __init__(self, model: Model, index: int) -> None:
        self.model = model
        self.index = index

    def __repr__(self) -> str:
        return f"<{type(self).__name__} {self.name!r}>"

    @property
    def name(self) -> str:
        """The name given when it was added."""
        return self._names()[self.index]

    def _names(self) -> list[str]:
        raise AssertionError("a plain handle has no table")


class Job(Handle):
    """A job of a `Model`; made by `Model.job`."""

    __slots__ = ()

    def _names(self) -> list[str]:
        return self.model._jobs.name


class Resource(Handle):
    """A resource of a `Model`; made by `Model.machine`, `renewable`, `budget` or `reservoir`."""

    __slots__ = ()

    def _names(self) -> list[str]:
        return self.model._resources.name


class Task(Handle):
    """A task of a `Model`; made by `Model.task`. ``a >> b`` makes b start after a has ended."""

    __slots__ = ()

    def _names(self) -> list[str]:
        return self.model._tasks.name

    def mode(
        self,
        demands: Mapping[Resource, int] | None = None,
        duration: int = 0,
        *,
        cost: int = 0,
        consumes: Mapping[Resource, int] | None = None,
        produces: Mapping[Resource, int] | None = None,
    ) -> Task:
        """Add a way to do the task, and return the task.

        Parameters
        ----------
        demands
            Units of each machine (always 1), renewable and non-renewable resource.
        duration
            Ticks of work.
        cost
            Price of choosing this mode.
        consumes
            Units taken from each reservoir when the task starts.
        produces
            Units given to each reservoir when the task ends.

        Raises
        ------
        ProblemError
            If an amount is not positive or a resource is used in the wrong way.
        """
        self.model._add_mode(self, demands or {}, duration, cost, consumes or {}, produces or {})
        return self

    def __rshift__(self, after: Task) -> Task:
        self.model.end_before_start(self, after)
        return after


class _JobColumns:
    def __init__(self) -> None:
        self.name: list[str] = []
        self.release: list[int] = []
        self.due: list[int] = []
        self.deadline: list[int] = []
        self.weight: list[int] = []


class _ResourceColumns:
    def __init__(self) -> None:
        self.name: list[str] = []
        self.kind: list[int] = []
        self.capacity: list[int] = []
        self.cost: list[int] = []
        self.level: list[int] = []
        self.level_min: list[int] = []
        self.level_max: list[int] = []
        self.breaks: list[list[tuple[int, int]]] = []
        self.steps: list[list[tuple[int, int]]] = []


class _TaskColumns:
    def __init__(self) -> None:
        self.name: list[str] = []
        self.job: list[int] = []
        self.earliest_start: list[int] = []
        self.latest_start: list[int] = []
        self.earliest_end: list[int] = []
        self.latest_end: list[int] = []
        self.optional: list[bool] = []
        self.interruptible: list[bool] = []
        self.blocking: list[bool] = []
        self.family: list[Hashable] = []
        self.modes: list[list[int]] = []
        self.hold_until: dict[int, int] = {}


class _ModeColumns:
    def __init__(self) -> None:
        self.duration: list[int] = []
        self.cost: list[int] = []
        self.demands: list[list[tuple[int, int]]] = []


class Mode(Handle):
    """A mode of a task, as returned by `Model.modes_of`."""

    __slots__ = ("task",)

    def __init__(self, model: Model, index: int, task: Task) -> None:
        super().__init__(model, index)
        self.task = task

    @property
    def name(self) -> str:
        """The task's name and the number of the mode."""
        return f"{self.task.name}#{self.model._tasks.modes[self.task.index].index(self.index)}"


class Model:
    """A scheduling problem under construction.

    Parameters
    ----------
    name
        Label for messages, plots and files.
    tick_s
        Seconds per tick, for display only.
    horizon
        No task may end later; None for no limit.

    Notes
    -----
    Every method that adds something returns it, so that it can be used in constraints. The model
    may grow after `problem` was called; problems already made do not change.
    """

    def __init__(
        self, name: str = "problem", *, tick_s: float = 1.0, horizon: int | None = None
    ) -> None:
        self.name = name
        self.tick_s = tick_s
        self.horizon = horizon
        self.objective = makespan()
        self._jobs = _JobColumns()
        self._resources = _ResourceColumns()
        self._tasks = _TaskColumns()
        self._modes = _ModeColumns()
        self._relations: list[tuple[int, int, int, int, int, bool]] = []
        self._pairs: list[tuple[int, int, int]] = []
        self._sequences: list[tuple[int, int, list[int] | None, list[int] | None]] = []
        self._selections: list[tuple[int, int, list[int]]] = []
        self._dependencies: list[tuple[int, int, list[int]]] = []
        self._setups: dict[int, dict[tuple[Hashable, Hashable], int]] = {}
        self._transfers: dict[tuple[int, int], int] = {}

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
        jobs = self._jobs
        index = len(jobs.name)
        jobs.name.append(f"job {index}" if name is None else name)
        jobs.release.append(_whole(release, "release"))
        jobs.due.append(_limit(due, "due"))
        jobs.deadline.append(_limit(deadline, "deadline"))
        jobs.weight.append(_whole(weight, "weight"))
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
        resource = self._resource(ResourceKind.RENEWABLE, name, capacity, cost, breaks)
        self._resources.steps[-1] = sorted(
            (_whole(t, "step time"), _whole(c, "step capacity")) for t, c in steps
        )
        return resource

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
        resource = self._resource(ResourceKind.RESERVOIR, name, 0, 0, breaks)
        table = self._resources
        table.level[-1] = _whole(level, "level")
        table.level_min[-1] = _whole(minimum, "minimum")
        table.level_max[-1] = 2**40 if maximum is None else _whole(maximum, "maximum")
        return resource

    def _resource(
        self,
        kind: ResourceKind,
        name: str | None,
        capacity: int,
        cost: int,
        breaks: Iterable[tuple[int, int]],
    ) -> Resource:
        table = self._resources
        index = len(table.name)
        table.name.append(f"{kind.name.lower()} {index}" if name is None else name)
        table.kind.append(kind)
        table.capacity.append(_whole(capacity, "capacity"))
        table.cost.append(_whole(cost, "cost"))
        table.level.append(0)
        table.level_min.append(0)
        table.level_max.append(0)
        table.breaks.append(_merged(breaks, table.name[-1]))
        table.steps.append([])
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
        table = self._tasks
        index = len(table.name)
        table.name.append(f"task {index}" if name is None else name)
        table.job.append(ABSENT if job is None else self._own(job, Job))
        earliest, latest = _window(start, "start")
        table.earliest_start.append(earliest)
        table.latest_start.append(latest)
        earliest, latest = _window(end, "end")
        table.earliest_end.append(earliest)
        table.latest_end.append(latest)
        table.optional.append(optional)
        table.interruptible.append(interruptible)
        table.blocking.append(blocking)
        table.family.append(family)
        table.modes.append([])
        return Task(self, index)

    def _add_mode(
        self,
        task: Task,
        demands: Mapping[Resource, int],
        duration: int,
        cost: int,
        consumes: Mapping[Resource, int],
        produces: Mapping[Resource, int],
    ) -> None:
        rows: dict[int, int] = {}
        for sign, table in ((0, demands), (1, consumes), (-1, produces)):
            for resource, amount in table.items():
                index = self._own(resource, Resource)
                number = _whole(amount, f"demand of {task.name!r} on {resource.name!r}")
                if (self._resources.kind[index] == ResourceKind.RESERVOIR) != (sign != 0):
                    wanted = "demands" if sign else "consumes or produces"
                    raise ProblemError(
                        f"task {task.name!r}: list {resource.name!r} under {wanted} instead"
                    )
                if number < 0:
                    raise ProblemError(
                        f"demand of {task.name!r} on {resource.name!r}:"
                        f" expected a positive amount, got {number}"
                    )
                if index in rows:
                    raise ProblemError(
                        f"task {task.name!r} both consumes and produces {resource.name!r} in one"
                        " mode; split it into two tasks"
                    )
                if number:
                    rows[index] = number * (sign or 1)
        modes = self._modes
        self._tasks.modes[task.index].append(len(modes.duration))
        modes.duration.append(_whole(duration, f"duration of {task.name!r}"))
        modes.cost.append(_whole(cost, f"cost of {task.name!r}"))
        modes.demands.append(sorted(rows.items()))

    def modes_of(self, task: Task) -> list[Mode]:
        """Return the modes of a task in the order they were added."""
        return [Mode(self, k, task) for k in self._tasks.modes[self._own(task, Task)]]

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
            -FOREVER if lag is None else _whole(lag, "lag"),
            _limit(max_lag, "max_lag"),
            transfer,
        )
        self._relations.append(row)

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
        self._tasks.hold_until[self._own(task, Task)] = self._own(until, Task)

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
        self._pairs.append((int(kind), self._own(first, Task), self._own(second, Task)))

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
        self._sequences.append(
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
        table = self._setups.setdefault(index, {})
        for (before, after), time in times.items():
            table[before, after] = _whole(time, f"setup time on {machine.name!r}")

    def transfer_time(
        self, source: Resource, target: Resource, time: int, *, symmetric: bool = False
    ) -> None:
        """Set the time work needs to get from one resource to another.

        It applies to relations made with ``transfer=True``.
        """
        a, b = self._own(source, Resource), self._own(target, Resource)
        self._transfers[a, b] = _whole(time, "transfer time")
        if symmetric:
            self._transfers[b, a] = self._transfers[a, b]

    def mode_dependency(self, mode: Mode, allowed: Sequence[Mode]) -> None:
        """Require one of the `allowed` modes (all of one task) whenever `mode` is chosen."""
        if not allowed:
            raise ProblemError(f"mode dependency of {mode.name!r}: no mode is allowed")
        tasks = {m.task.index for m in allowed}
        if len(tasks) > 1:
            raise ProblemError(
                f"mode dependency of {mode.name!r}: the allowed modes must belong to one task"
            )
        self._dependencies.append((mode.index, tasks.pop(), [m.index for m in allowed]))

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
        row = [self._own(task, Task) for task in tasks]
        when = ABSENT if condition is None else self._own(condition, Task)
        self._selections.append((int(kind), when, row))

    def minimise(self, objective: Objective) -> None:
        """Set the objective; the makespan if never called."""
        self.objective = objective

    # The problem

    def problem(self) -> Problem:
        """Return the frozen problem.

        Raises
        ------
        ProblemError
            If it is not well formed; the message names the object and the value.
        """
        order = list(chain.from_iterable(self._tasks.modes))
        position = {mode: k for k, mode in enumerate(order)}
        family, setups, users = self._setup_tables()
        return Problem(
            name=self.name,
            tick_s=self.tick_s,
            horizon=_limit(self.horizon, "horizon"),
            jobs=Jobs(
                name=tuple(self._jobs.name),
                release=ints(self._jobs.release),
                due=ints(self._jobs.due),
                deadline=ints(self._jobs.deadline),
                weight=ints(self._jobs.weight),
            ),
            resources=self._resource_table(users),
            tasks=self._task_table(family),
            modes=self._mode_table(order),
            relations=self._relation_table(),
            pairs=self._pair_table(),
            sequences=self._sequence_table(),
            selections=self._selection_table(),
            mode_dependencies=self._dependency_table(position),
            setups=setups,
            transfers=self._transfer_matrix(),
            objective=self.objective,
        )

    def _resource_table(self, users: dict[int, int]) -> Resources:
        table = self._resources
        breaks = np.array(list(chain.from_iterable(table.breaks)), np.int64).reshape(-1, 2)
        steps = np.array(list(chain.from_iterable(table.steps)), np.int64).reshape(-1, 2)
        return Resources(
            name=tuple(table.name),
            kind=ints(table.kind),
            capacity=ints(table.capacity),
            cost=ints(table.cost),
            level=ints(table.level),
            level_min=ints(table.level_min),
            level_max=ints(table.level_max),
            break_ptr=_pointers(table.breaks),
            break_start=ints(breaks[:, 0]),
            break_end=ints(breaks[:, 1]),
            step_ptr=_pointers(table.steps),
            step_time=ints(steps[:, 0]),
            step_capacity=ints(steps[:, 1]),
            setup=ints([users.get(k, ABSENT) for k in range(len(table.name))]),
        )

    def _task_table(self, family: list[int]) -> Tasks:
        table = self._tasks
        hold = self._holds()
        return Tasks(
            name=tuple(table.name),
            job=ints(table.job),
            earliest_start=ints(table.earliest_start),
            latest_start=ints(table.latest_start),
            earliest_end=ints(table.earliest_end),
            latest_end=ints(table.latest_end),
            optional=bools(table.optional),
            interruptible=bools(table.interruptible),
            hold_until=ints(hold),
            family=ints(family),
            mode_ptr=_pointers(table.modes),
        )

    def _holds(self) -> list[int]:
        """Return which task each task blocks its machines for: the next one of its job."""
        table = self._tasks
        hold = [ABSENT] * len(table.name)
        if any(table.blocking):
            following: dict[int, int] = {}
            for task in reversed(range(len(hold))):
                job = table.job[task]
                if table.blocking[task] and job != ABSENT:
                    hold[task] = following.get(job, ABSENT)
                following[job] = task
        for task, until in table.hold_until.items():
            hold[task] = until
        return hold

    def _mode_table(self, order: list[int]) -> Modes:
        modes = self._modes
        demands = [modes.demands[k] for k in order]
        flat = np.array(list(chain.from_iterable(demands)), np.int64).reshape(-1, 2)
        counts = [len(row) for row in self._tasks.modes]
        return Modes(
            task=ints(np.repeat(np.arange(len(counts)), counts)),
            duration=ints([modes.duration[k] for k in order]),
            cost=ints([modes.cost[k] for k in order]),
            demand_ptr=_pointers(demands),
            demand_resource=ints(flat[:, 0]),
            demand_amount=ints(flat[:, 1]),
        )

    def _relation_table(self) -> Relations:
        columns = zip(*self._relations, strict=True) if self._relations else ([],) * 6
        kind, before, after, low, high, transfer = columns
        return Relations(
            kind=ints(kind),
            before=ints(before),
            after=ints(after),
            min_lag=ints(low),
            max_lag=ints(high),
            transfer=bools(transfer),
        )

    def _pair_table(self) -> Pairs:
        kind, first, second = zip(*self._pairs, strict=True) if self._pairs else ([],) * 3
        return Pairs(kind=ints(kind), first=ints(first), second=ints(second))

    def _sequence_table(self) -> Sequences:
        rows = [
            (a, b, *((x, y) if x is not None and y is not None else self._matched(a, b)))
            for a, b, x, y in self._sequences
        ]
        for a, b, x, y in rows:
            if len(x) != len(y):
                names = self._resources.name
                raise ProblemError(
                    f"same_sequence of {names[a]!r} and {names[b]!r}: {len(x)} tasks cannot be"
                    f" matched with {len(y)}"
                )
        return Sequences(
            first_machine=ints([row[0] for row in rows]),
            second_machine=ints([row[1] for row in rows]),
            task_ptr=_pointers([row[2] for row in rows]),
            first_task=ints(list(chain.from_iterable(row[2] for row in rows))),
            second_task=ints(list(chain.from_iterable(row[3] for row in rows))),
        )

    def _matched(self, first: int, second: int) -> tuple[list[int], list[int]]:
        """Return the tasks of each job that can use the two machines, matched by job."""
        by_machine: list[dict[int, list[int]]] = [{}, {}]
        for task, modes in enumerate(self._tasks.modes):
            used = {resource for mode in modes for resource, _ in self._modes.demands[mode]}
            for side, machine in enumerate((first, second)):
                if machine in used and self._tasks.job[task] != ABSENT:
                    by_machine[side].setdefault(self._tasks.job[task], []).append(task)
        left, right = by_machine
        first_tasks: list[int] = []
        second_tasks: list[int] = []
        for job in sorted(left.keys() & right.keys()):
            if len(left[job]) != 1 or len(right[job]) != 1:
                raise ProblemError(
                    f"same_sequence: job {self._jobs.name[job]!r} visits a machine twice; give the"
                    " tasks to match"
                )
            first_tasks += left[job]
            second_tasks += right[job]
        return first_tasks, second_tasks

    def _selection_table(self) -> Selections:
        rows = [row for _, _, row in self._selections]
        return Selections(
            kind=ints([kind for kind, _, _ in self._selections]),
            condition=ints([when for _, when, _ in self._selections]),
            task_ptr=_pointers(rows),
            task=ints(list(chain.from_iterable(rows))),
        )

    def _dependency_table(self, position: dict[int, int]) -> ModeDependencies:
        rows = [[position[mode] for mode in allowed] for _, _, allowed in self._dependencies]
        return ModeDependencies(
            mode=ints([position[mode] for mode, _, _ in self._dependencies]),
            task=ints([task for _, task, _ in self._dependencies]),
            allowed_ptr=_pointers(rows),
            allowed=ints(list(chain.from_iterable(rows))),
        )

    def _setup_tables(
        self,
    ) -> tuple[list[int], tuple[NDArray[np.int64], ...], dict[int, int]]:
        """Return the family of each task, the setup matrices, and the matrix of each machine."""
        if not self._setups:
            return [ABSENT] * len(self._tasks.name), (), {}
        singled_out = {
            label.index
            for table in self._setups.values()
            for pair in table
            for label in pair
            if isinstance(label, Task)
        }
        number: dict[Hashable, int] = {}
        members: dict[Hashable, set[int]] = {}
        family: list[int] = []
        for task, label in enumerate(self._tasks.family):
            key: Hashable = task if task in singled_out else ("family", label)
            if label is None and task not in singled_out:
                family.append(ABSENT)
                continue
            family.append(number.setdefault(key, len(number)))
            members.setdefault(label, set()).add(family[-1])

        def rows(label: Hashable) -> list[int]:
            return (
                [number[label.index]] if isinstance(label, Task) else sorted(members.get(label, ()))
            )

        matrices: list[NDArray[np.int64]] = []
        users: dict[int, int] = {}
        for machine, table in self._setups.items():
            matrix = np.zeros((len(number) + 1, len(number)), dtype=np.int64)
            # What is said of single tasks overrides what is said of their families.
            for (before, after), time in sorted(
                table.items(), key=lambda item: sum(isinstance(label, Task) for label in item[0])
            ):
                first = [len(number)] if before is None else rows(before)
                matrix[np.ix_(first, rows(after))] = time
            users[machine] = len(matrices)
            matrices.append(matrix)
        return family, tuple(matrices), users

    def _transfer_matrix(self) -> NDArray[np.int64]:
        count = len(self._resources.name) if self._transfers else 0
        matrix = np.zeros((count, count), dtype=np.int64)
        for (a, b), time in self._transfers.items():
            matrix[a, b] = time
        return matrix

    def _own(self, handle: Handle, kind: type[Handle]) -> int:
        if not isinstance(handle, kind):
            raise ProblemError(f"expected a {kind.__name__.lower()} of the model, got {handle!r}")
        if handle.model is not self:
            raise ProblemError(f"{handle!r} belongs to another model, {handle.model.name!r}")
        return handle.index

    def __repr__(self) -> str:
        return (
            f"<Model {self.name!r}: {len(self._jobs.name)} jobs, {len(self._tasks.name)} tasks,"
            f" {len(self._resources.name)} resources>"
        )


def _whole(value: SupportsIndex, what: str) -> int:
    """Return an integer, refusing floats and the like by name."""
    try:
        return operator.index(value)
    except TypeError:
        raise ProblemError(f"{what}: expected a whole number, got {value!r}") from None


def _limit(value: SupportsIndex | None, what: str) -> int:
    return FOREVER if value is None else _whole(value, what)


def _window(window: Window, what: str) -> tuple[int, int]:
    if isinstance(window, tuple):
        if len(window) != 2:
            raise ProblemError(f"{what}: expected (earliest, latest), got {window!r}")
        earliest, latest = window
        return 0 if earliest is None else _whole(earliest, what), _limit(latest, what)
    fixed = _whole(window, what)
    return fixed, fixed


def _merged(breaks: Iterable[tuple[int, int]], name: str) -> list[tuple[int, int]]:
    """Return intervals sorted by time, touching and overlapping ones joined."""
    joined: list[tuple[int, int]] = []
    for start, end in sorted((_whole(a, "break"), _whole(b, "break")) for a, b in breaks):
        if end <= start:
            raise ProblemError(f"break ({start}, {end}) of {name!r}: it must end after it starts")
        if joined and start <= joined[-1][1]:
            joined[-1] = (joined[-1][0], max(end, joined[-1][1]))
        else:
            joined.append((start, end))
    return joined


def _pointers(rows: Sequence[Sequence[object]]) -> Ints:
    return ints(list(accumulate(map(len, rows), initial=0)))
