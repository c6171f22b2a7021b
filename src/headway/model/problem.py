"""The frozen problem: what is to be scheduled, validated once."""

from __future__ import annotations

import hashlib
import operator
from collections.abc import Callable, Iterable
from dataclasses import dataclass, field, fields
from datetime import datetime, timedelta
from functools import cached_property
from os import PathLike
from typing import TYPE_CHECKING, Any, TypeVar

import numpy as np
from numpy.typing import NDArray

from headway.errors import ProblemError
from headway.model.objective import Objective, makespan
from headway.model.tables import (
    ABSENT,
    FOREVER,
    Ints,
    Jobs,
    ModeDependencies,
    Modes,
    Pairs,
    Relations,
    ResourceKind,
    Resources,
    Selections,
    Sequences,
    Tasks,
    columns,
    ints,
)

if TYPE_CHECKING:
    from headway.model.schedule import Schedule


_N = TypeVar("_N", int, float)


def _no_transfers() -> NDArray[np.int64]:
    return np.zeros((0, 0), dtype=np.int64)


def _frozen(matrix: NDArray[np.int64]) -> NDArray[np.int64]:
    copy = np.array(matrix, order="C")
    copy.setflags(write=False)
    return copy


def _number(value: object, convert: Callable[..., _N], what: str) -> _N:
    """Return a number in the one form that fingerprints know."""
    try:
        return convert(value)
    except (TypeError, ValueError):
        raise ProblemError(f"{what}: expected a number, got {value!r}") from None


@dataclass(frozen=True, eq=False, kw_only=True)
class Problem:
    """Tasks, the resources they compete for, the constraints between them, and an objective.

    Build one with `headway.Model`, with the constructors of `headway.model.families`, or by
    reading a file; algorithms only ever see the `Problem`. It is immutable, hashable, and
    validated when it is made.

    Parameters
    ----------
    name
        Label for messages, plots and files.
    tick_s
        Seconds per tick, for display only.
    origin
        The date of tick 0, for display only; None if time is abstract.
    horizon
        No task ends later; `FOREVER` for no limit.
    jobs, resources, tasks, modes
        What is scheduled, see `headway.model.tables`.
    relations, pairs, sequences, selections, mode_dependencies
        The constraints between tasks.
    setups
        Setup matrices of shape (n_families + 1, n_families): entry ``[a, b]`` is the time a
        machine needs between a task of family ``a`` and a directly following one of family ``b``;
        the last row applies before the first task. The setup starts no earlier than the machine
        is free; it may overlap a break.
    transfers
        Transfer times, shape (n_resources, n_resources), or (0, 0) for none.
    objective
        What is minimised.

    Raises
    ------
    ProblemError
        If the tables do not fit together; the message names the object and the value.
    """

    name: str = "problem"
    tick_s: float = 1.0
    origin: datetime | None = None
    horizon: int = FOREVER
    jobs: Jobs = field(default_factory=Jobs)
    resources: Resources = field(default_factory=Resources)
    tasks: Tasks = field(default_factory=Tasks)
    modes: Modes = field(default_factory=Modes)
    relations: Relations = field(default_factory=Relations)
    pairs: Pairs = field(default_factory=Pairs)
    sequences: Sequences = field(default_factory=Sequences)
    selections: Selections = field(default_factory=Selections)
    mode_dependencies: ModeDependencies = field(default_factory=ModeDependencies)
    setups: tuple[NDArray[np.int64], ...] = ()
    transfers: NDArray[np.int64] = field(default_factory=_no_transfers)
    objective: Objective = field(default_factory=makespan)

    def __post_init__(self) -> None:
        self._settle(None)

    def _settle(self, known: Problem | None) -> None:
        """Bring the columns into their one form, and check those that another has not."""
        from headway.model.validate import validate

        # 60 and 60.0, or 9 and np.int64(9), must give the same fingerprint.
        object.__setattr__(self, "tick_s", _number(self.tick_s, float, "tick_s"))
        object.__setattr__(self, "horizon", _number(self.horizon, operator.index, "horizon"))
        # Copies, for whoever made the matrices may go on to change them.
        if known is None or self.setups is not known.setups:
            object.__setattr__(self, "setups", tuple(_frozen(matrix) for matrix in self.setups))
        if known is None or self.transfers is not known.transfers:
            object.__setattr__(self, "transfers", _frozen(self.transfers))
        validate(self, known)

    def altered(self, **columns: Any) -> Problem:
        """Return the same problem but for some of its parts.

        What does not depend on them is not validated once more, which makes this several times as
        fast as a new problem.

        Parameters
        ----------
        **columns
            Parameters of a `Problem` by name.

        Raises
        ------
        ProblemError
            If the tables do not fit together.
        TypeError
            If a problem has no parameter of that name.
        """
        parts = {f.name: getattr(self, f.name) for f in fields(self)}
        unknown = columns.keys() - parts.keys()
        if unknown:
            raise TypeError(f"a problem has no {', '.join(sorted(unknown))}")
        other = object.__new__(Problem)
        for name, value in (parts | columns).items():
            object.__setattr__(other, name, value)
        other._settle(self)
        return other

    @property
    def n_jobs(self) -> int:
        """Number of jobs."""
        return len(self.jobs)

    @property
    def n_tasks(self) -> int:
        """Number of tasks."""
        return len(self.tasks)

    @property
    def n_modes(self) -> int:
        """Number of modes of all tasks together."""
        return len(self.modes)

    @property
    def n_resources(self) -> int:
        """Number of resources."""
        return len(self.resources)

    def tasks_of(self, job: int) -> Ints:
        """Return the positions of the tasks of a job, in order."""
        ptr, order = self._tasks_by_job
        return order[ptr[job] : ptr[job + 1]]

    @cached_property
    def _tasks_by_job(self) -> tuple[Ints, Ints]:
        job = self.tasks.job
        order = np.argsort(job, kind="stable")
        order = order[np.searchsorted(job[order], 0) :]
        counts = np.bincount(job[job >= 0], minlength=self.n_jobs)
        return ints(np.concatenate(([0], np.cumsum(counts)))), ints(order)

    @cached_property
    def occupied(self) -> tuple[Ints, Ints, Ints]:
        """Demands on machines and renewable resources as (mode, resource, amount) triples."""
        modes = self.modes
        mode = np.repeat(np.arange(len(modes)), np.diff(modes.demand_ptr))
        mask = self.resources.kind[modes.demand_resource] <= ResourceKind.RENEWABLE
        return (
            ints(mode[mask]),
            ints(modes.demand_resource[mask]),
            ints(modes.demand_amount[mask]),
        )

    @cached_property
    def mode_cost(self) -> Ints:
        """Price of choosing each mode, its resources included; shape (n_modes,)."""
        return ints(self.modes.cost + self.resource_price(range(self.n_resources)))

    def resource_price(self, resources: Iterable[int]) -> Ints:
        """Return what each mode costs on `resources` alone; shape (n_modes,)."""
        modes, table = self.modes, self.resources
        counted = np.zeros(len(table), dtype=np.bool_)
        counted[list(resources)] = True
        mode = np.repeat(np.arange(len(modes)), np.diff(modes.demand_ptr))
        resource, amount = modes.demand_resource, modes.demand_amount
        kind = table.kind[resource]
        work = np.where(kind <= ResourceKind.RENEWABLE, modes.duration[mode], 1)
        price = np.where(kind == ResourceKind.RESERVOIR, 0, table.cost[resource] * amount * work)
        total = np.zeros(len(modes), dtype=np.int64)
        np.add.at(total, mode, price * counted[resource])
        return ints(total)

    @cached_property
    def fingerprint(self) -> str:
        """SHA-256 of the content, as 64 hexadecimal digits; equal problems have equal ones."""
        digest = hashlib.sha256()
        for f in fields(self):
            digest.update(f.name.encode())
            value = getattr(self, f.name)
            if hasattr(value, "__dataclass_fields__") and not isinstance(value, Objective):
                digest.update(repr(getattr(value, "name", ())).encode())
                for key, array in columns(value).items():
                    digest.update(f"{key}{array.shape}".encode())
                    digest.update(array.tobytes())
            elif isinstance(value, np.ndarray):
                digest.update(f"{value.shape}".encode() + value.tobytes())
            elif isinstance(value, tuple):
                for matrix in value:
                    digest.update(f"{matrix.shape}".encode() + matrix.tobytes())
            elif isinstance(value, datetime):
                # The same instant on the same clock, whatever object says the time zone.
                digest.update(value.isoformat().encode())
            else:
                digest.update(repr(value).encode())
        return digest.hexdigest()

    def __eq__(self, other: object) -> bool:
        if not isinstance(other, Problem):
            return NotImplemented
        return self is other or self.fingerprint == other.fingerprint

    def __hash__(self) -> int:
        return hash(self.fingerprint)

    def date(self, tick: int) -> datetime | None:
        """Return the date of a tick, or None if the problem has no origin or time ends before."""
        if self.origin is None:
            return None
        try:
            return self.origin + timedelta(seconds=int(tick) * self.tick_s)
        except OverflowError:
            return None

    def task_label(self, task: int) -> str:
        """Return how messages call a task: its job's and its own name."""
        if task == ABSENT:
            return "none"
        name = self.tasks.name[task]
        job = self.tasks.job[task]
        return f"{self.jobs.name[job]}/{name}" if job >= 0 else name

    def summary(self) -> str:
        """Return one line with the size of the problem."""
        kinds = np.bincount(self.resources.kind, minlength=4).tolist()
        counts = [
            (self.n_jobs, "job"),
            (self.n_tasks, "task"),
            (self.n_modes if self.n_modes != self.n_tasks else 0, "mode"),
            (kinds[ResourceKind.MACHINE], "machine"),
            (kinds[ResourceKind.RENEWABLE], "renewable resource"),
            (kinds[ResourceKind.NONRENEWABLE], "budget"),
            (kinds[ResourceKind.RESERVOIR], "reservoir"),
        ]
        parts = [f"{n} {word}{'' if n == 1 else 's'}" for n, word in counts if n or word == "task"]
        return f"{self.name}: {', '.join(parts)}; minimise {self.objective}"

    def __repr__(self) -> str:
        return f"<Problem {self.summary()}>"

    def to_json(self) -> str:
        """Return the problem as native JSON text; see `headway.model.document`."""
        from headway.model.document import problem_to_json

        return problem_to_json(self)

    @staticmethod
    def from_json(text: str | bytes) -> Problem:
        """Return the problem written by `to_json`.

        Raises
        ------
        FormatError
            If the text is not JSON or does not follow the schema; names the path of the key.
        ProblemError
            If the document contradicts itself.
        """
        from headway.model.document import problem_from_json

        return problem_from_json(text)

    def save(self, path: str | PathLike[str]) -> None:
        """Write native JSON to `path`, atomically."""
        from headway.files import write_text

        write_text(path, self.to_json())

    def schedule(self, start: object, mode: object = None, end: object = None) -> Schedule:
        """Return a schedule of this problem; see `headway.model.Schedule.of`."""
        from headway.model.schedule import Schedule

        return Schedule.of(self, start, mode=mode, end=end)
