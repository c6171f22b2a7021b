"""The columns of a problem: flat numpy arrays, one table per kind of object.

Every table is a frozen record of one-dimensional, contiguous, read-only arrays (``int64`` unless
said otherwise), so that native code reads them without a copy. Ragged columns are stored in
compressed form: the entries of row ``i`` of a column with pointer ``ptr`` are
``values[ptr[i]:ptr[i + 1]]``. Objects refer to each other by position.

Times are integer ticks. An interval is half open, ``[start, end)``.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field, fields
from enum import IntEnum
from itertools import accumulate, chain
from typing import get_args

import numpy as np
from numpy.typing import NDArray

from headway.errors import ProblemError

Ints = NDArray[np.int64]
Bools = NDArray[np.bool_]

FOREVER = 2**60
"""Stands for "no limit" wherever a latest time, a due date or a maximum lag is absent."""

LARGEST_TIME = 2**44
"""No finite time, duration or lag may exceed this, so that sums never overflow."""

ABSENT = -1
"""Start, end and mode of a task that is left out; also "none" wherever a position is optional."""


class ResourceKind(IntEnum):
    """What a resource is and how tasks share it."""

    MACHINE = 0
    """Disjunctive: at most one task at a time."""
    RENEWABLE = 1
    """Cumulative: the demands of the tasks in progress never exceed the capacity."""
    NONRENEWABLE = 2
    """A budget: the demands of all chosen modes together never exceed the capacity."""
    RESERVOIR = 3
    """A stock: drawn upon at starts, filled at ends, its level kept between two limits."""


class RelationKind(IntEnum):
    """Which point of the first task bounds which point of the second."""

    START_START = 0
    START_END = 1
    END_START = 2
    END_END = 3


class PairKind(IntEnum):
    """Constraints on the resources of two tasks."""

    IDENTICAL = 0
    """Both tasks use the same set of machines and renewable resources."""
    DIFFERENT = 1
    """The two tasks have no machine or renewable resource in common."""
    CONSECUTIVE = 2
    """On each machine that both use, the second directly follows the first."""


class SelectionKind(IntEnum):
    """How many tasks of a group are present."""

    EXACTLY_ONE = 0
    AT_LEAST_ONE = 1
    ALL_OR_NONE = 2


def ints(values: object) -> Ints:
    """Return a read-only, contiguous, one-dimensional ``int64`` copy of `values`.

    Raises
    ------
    ProblemError
        If a value is not a whole number or does not fit.
    """
    if type(values) is np.ndarray and values.dtype == np.int64 and values.ndim == 1:
        # What nearly all calls are; the general way costs several times as much.
        array = values.copy()
        array.setflags(write=False)
        return array
    try:
        given = np.asarray(values)
        array = np.array(given, dtype=np.int64, ndmin=1).ravel()
        exact = given.dtype.kind in "iub" or np.array_equal(array, given.ravel())
    except (TypeError, ValueError, OverflowError) as error:
        raise ProblemError(f"expected whole numbers: {error}") from None
    if not exact:
        raise ProblemError("expected whole numbers, got fractions; choose a finer tick")
    array.setflags(write=False)
    return array


def bools(values: object) -> Bools:
    """Return a read-only, contiguous, one-dimensional boolean copy of `values`."""
    array = np.array(values, dtype=np.bool_, ndmin=1).ravel()
    array.setflags(write=False)
    return array


def pointers(rows: Sequence[Sequence[object]]) -> Ints:
    """Return the pointers of ragged rows; shape (len(rows) + 1,)."""
    return ints(list(accumulate(map(len, rows), initial=0)))


def flat(rows: Iterable[Iterable[int]]) -> Ints:
    """Return the values of ragged rows, one after another."""
    return ints(list(chain.from_iterable(rows)))


def _no_ints() -> Ints:
    return ints([])


def _one_zero() -> Ints:
    return ints([0])


@dataclass(frozen=True, slots=True, eq=False)
class Jobs:
    """Groups of tasks that share a release date, a due date, a deadline and a weight.

    Attributes
    ----------
    name
        Unique, shape (n_jobs,).
    release
        No task of the job starts earlier.
    due
        Date the customer expects, before 0 if overdue from the start; `FOREVER` for none.
    deadline
        No task of the job ends later; `FOREVER` where there is none.
    weight
        Importance in weighted objectives, non-negative.
    """

    name: tuple[str, ...] = ()
    release: Ints = field(default_factory=_no_ints)
    due: Ints = field(default_factory=_no_ints)
    deadline: Ints = field(default_factory=_no_ints)
    weight: Ints = field(default_factory=_no_ints)

    def __len__(self) -> int:
        return len(self.release)


@dataclass(frozen=True, slots=True, eq=False)
class Resources:
    """Scarce things.

    Attributes
    ----------
    name
        Unique, shape (n_resources,).
    kind
        A `ResourceKind` each.
    capacity
        1 for machines; the units of a renewable resource before its first step; the budget of a
        non-renewable one; ignored for reservoirs.
    cost
        Price per unit and tick of work (machine, renewable) or per unit (non-renewable).
    level, level_min, level_max
        Initial, smallest and largest level of a reservoir; 0 otherwise.
    break_ptr, break_start, break_end
        The breaks of each resource, sorted and disjoint. A machine or renewable resource does no
        work in a break; a budget or reservoir is not touched at an instant inside one.
    step_ptr, step_time, step_capacity
        Capacity steps of renewable resources, by increasing time: from ``step_time`` on, the
        capacity is ``step_capacity``.
    setup
        Position in `Problem.setups` of the machine's setup matrix, or `ABSENT`.
    """

    name: tuple[str, ...] = ()
    kind: Ints = field(default_factory=_no_ints)
    capacity: Ints = field(default_factory=_no_ints)
    cost: Ints = field(default_factory=_no_ints)
    level: Ints = field(default_factory=_no_ints)
    level_min: Ints = field(default_factory=_no_ints)
    level_max: Ints = field(default_factory=_no_ints)
    break_ptr: Ints = field(default_factory=_one_zero)
    break_start: Ints = field(default_factory=_no_ints)
    break_end: Ints = field(default_factory=_no_ints)
    step_ptr: Ints = field(default_factory=_one_zero)
    step_time: Ints = field(default_factory=_no_ints)
    step_capacity: Ints = field(default_factory=_no_ints)
    setup: Ints = field(default_factory=_no_ints)

    def __len__(self) -> int:
        return len(self.kind)


@dataclass(frozen=True, slots=True, eq=False)
class Tasks:
    """Pieces of work.

    Attributes
    ----------
    name
        Shape (n_tasks,); need not be unique.
    job
        The job each task belongs to, or `ABSENT`.
    earliest_start, latest_start, earliest_end, latest_end
        Windows, inclusive; `FOREVER` where there is no latest time.
    optional
        Whether the task may be left out.
    interruptible
        Whether the task pauses during breaks of its machines and renewable resources. It starts
        and ends with work, holds its resources while it pauses, and its duration counts work only.
    hold_until
        Blocking: the task keeps its machines and renewable resources from its end until this
        task starts (if that task is present), or `ABSENT`.
    family
        Row and column of the task in setup matrices, or `ABSENT` if it needs no setup.
    mode_ptr
        Task ``i`` chooses one mode out of ``range(mode_ptr[i], mode_ptr[i + 1])``;
        shape (n_tasks + 1,).
    """

    name: tuple[str, ...] = ()
    job: Ints = field(default_factory=_no_ints)
    earliest_start: Ints = field(default_factory=_no_ints)
    latest_start: Ints = field(default_factory=_no_ints)
    earliest_end: Ints = field(default_factory=_no_ints)
    latest_end: Ints = field(default_factory=_no_ints)
    optional: Bools = field(default_factory=lambda: bools([]))
    interruptible: Bools = field(default_factory=lambda: bools([]))
    hold_until: Ints = field(default_factory=_no_ints)
    family: Ints = field(default_factory=_no_ints)
    mode_ptr: Ints = field(default_factory=_one_zero)

    def __len__(self) -> int:
        return len(self.job)


@dataclass(frozen=True, slots=True, eq=False)
class Modes:
    """Ways to do a task, grouped by task.

    Attributes
    ----------
    task
        The task each mode belongs to, non-decreasing, shape (n_modes,).
    duration
        Ticks of work, non-negative.
    cost
        Price of choosing the mode, on top of the price of its resources.
    demand_ptr, demand_resource, demand_amount
        What the mode needs, by increasing resource, each resource at most once. Amounts are
        positive (1 on machines), except on reservoirs, where a positive amount is taken at the
        start of the task and a negative one is given back at its end.
    """

    task: Ints = field(default_factory=_no_ints)
    duration: Ints = field(default_factory=_no_ints)
    cost: Ints = field(default_factory=_no_ints)
    demand_ptr: Ints = field(default_factory=_one_zero)
    demand_resource: Ints = field(default_factory=_no_ints)
    demand_amount: Ints = field(default_factory=_no_ints)

    def __len__(self) -> int:
        return len(self.task)


@dataclass(frozen=True, slots=True, eq=False)
class Relations:
    """Start/end relations: ``min_lag <= point(after) - point(before) <= max_lag``.

    They bind only while both tasks are present.

    Attributes
    ----------
    kind
        A `RelationKind` each.
    before, after
        The two tasks.
    min_lag
        Smallest difference, may be negative; ``-FOREVER`` where there is none.
    max_lag
        Largest difference; `FOREVER` where there is none.
    transfer
        Whether the transfer time between the resources of the two tasks (the largest
        ``Problem.transfers[a, b]`` over machines and renewable resources ``a`` of the first and
        ``b`` of the second) is added to ``min_lag``. Only for `RelationKind.END_START`.
    """

    kind: Ints = field(default_factory=_no_ints)
    before: Ints = field(default_factory=_no_ints)
    after: Ints = field(default_factory=_no_ints)
    min_lag: Ints = field(default_factory=_no_ints)
    max_lag: Ints = field(default_factory=_no_ints)
    transfer: Bools = field(default_factory=lambda: bools([]))

    def __len__(self) -> int:
        return len(self.kind)

    @property
    def from_end(self) -> Bools:
        """Whether differences are from the end of the first task, not from its start."""
        return bools((self.kind == RelationKind.END_START) | (self.kind == RelationKind.END_END))

    @property
    def to_end(self) -> Bools:
        """Whether differences are to the end of the second task, not to its start."""
        return bools((self.kind == RelationKind.START_END) | (self.kind == RelationKind.END_END))


@dataclass(frozen=True, slots=True, eq=False)
class Pairs:
    """Identical, different or consecutive resources; bind only while both tasks are present.

    Attributes
    ----------
    kind
        A `PairKind` each.
    first, second
        The two tasks.
    """

    kind: Ints = field(default_factory=_no_ints)
    first: Ints = field(default_factory=_no_ints)
    second: Ints = field(default_factory=_no_ints)

    def __len__(self) -> int:
        return len(self.kind)


@dataclass(frozen=True, slots=True, eq=False)
class Sequences:
    """Same sequence on two machines, as in a permutation flow shop.

    For two positions ``k`` and ``l`` of one row: if both first tasks run on the first machine and
    both second tasks run on the second, they do so in the same order.

    Attributes
    ----------
    first_machine, second_machine
        The two machines of each row.
    task_ptr, first_task, second_task
        The matched tasks of each row.
    """

    first_machine: Ints = field(default_factory=_no_ints)
    second_machine: Ints = field(default_factory=_no_ints)
    task_ptr: Ints = field(default_factory=_one_zero)
    first_task: Ints = field(default_factory=_no_ints)
    second_task: Ints = field(default_factory=_no_ints)

    def __len__(self) -> int:
        return len(self.first_machine)


@dataclass(frozen=True, slots=True, eq=False)
class Selections:
    """How many optional tasks of a group are present.

    Attributes
    ----------
    kind
        A `SelectionKind` each.
    condition
        The row binds only if this task is present; `ABSENT` for always.
    task_ptr, task
        The tasks of each row.
    """

    kind: Ints = field(default_factory=_no_ints)
    condition: Ints = field(default_factory=_no_ints)
    task_ptr: Ints = field(default_factory=_one_zero)
    task: Ints = field(default_factory=_no_ints)

    def __len__(self) -> int:
        return len(self.kind)


@dataclass(frozen=True, slots=True, eq=False)
class ModeDependencies:
    """If a mode is chosen, another task (if present) uses one of the listed modes.

    Attributes
    ----------
    mode
        The mode that triggers the row.
    task
        The dependent task.
    allowed_ptr, allowed
        The modes of ``task`` that remain allowed.
    """

    mode: Ints = field(default_factory=_no_ints)
    task: Ints = field(default_factory=_no_ints)
    allowed_ptr: Ints = field(default_factory=_one_zero)
    allowed: Ints = field(default_factory=_no_ints)

    def __len__(self) -> int:
        return len(self.mode)


Table = (
    Jobs | Resources | Tasks | Modes | Relations | Pairs | Sequences | Selections | ModeDependencies
)


def columns(table: Table) -> dict[str, Ints | Bools]:
    """Return the arrays of a table by name (without its names)."""
    return {name: getattr(table, name) for name in _COLUMNS[type(table)]}


_COLUMNS = {
    kind: tuple(f.name for f in fields(kind) if f.name != "name") for kind in get_args(Table)
}
