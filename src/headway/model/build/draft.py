"""What has been said of a problem so far: columns of plain lists that grow."""

from __future__ import annotations

from collections.abc import Hashable
from dataclasses import dataclass, field
from datetime import datetime

from headway.model.objective import Objective, makespan
from headway.model.tables import FOREVER


@dataclass(slots=True)
class JobColumns:
    """Jobs, one entry each."""

    name: list[str] = field(default_factory=list)
    release: list[int] = field(default_factory=list)
    due: list[int] = field(default_factory=list)
    deadline: list[int] = field(default_factory=list)
    weight: list[int] = field(default_factory=list)


@dataclass(slots=True)
class ResourceColumns:
    """Resources, one entry each; breaks and capacity steps as pairs."""

    name: list[str] = field(default_factory=list)
    kind: list[int] = field(default_factory=list)
    capacity: list[int] = field(default_factory=list)
    cost: list[int] = field(default_factory=list)
    level: list[int] = field(default_factory=list)
    level_min: list[int] = field(default_factory=list)
    level_max: list[int] = field(default_factory=list)
    breaks: list[list[tuple[int, int]]] = field(default_factory=list)
    steps: list[list[tuple[int, int]]] = field(default_factory=list)


@dataclass(slots=True)
class TaskColumns:
    """Tasks, one entry each; `modes` lists positions in the mode columns."""

    name: list[str] = field(default_factory=list)
    job: list[int] = field(default_factory=list)
    earliest_start: list[int] = field(default_factory=list)
    latest_start: list[int] = field(default_factory=list)
    earliest_end: list[int] = field(default_factory=list)
    latest_end: list[int] = field(default_factory=list)
    optional: list[bool] = field(default_factory=list)
    interruptible: list[bool] = field(default_factory=list)
    blocking: list[bool] = field(default_factory=list)
    family: list[Hashable] = field(default_factory=list)
    modes: list[list[int]] = field(default_factory=list)
    hold_until: dict[int, int] = field(default_factory=dict)


@dataclass(slots=True)
class ModeColumns:
    """Modes in the order they were added; demands as (resource, amount) pairs."""

    duration: list[int] = field(default_factory=list)
    cost: list[int] = field(default_factory=list)
    demands: list[list[tuple[int, int]]] = field(default_factory=list)


@dataclass(slots=True)
class Draft:
    """A problem under construction.

    Attributes
    ----------
    relations
        (kind, before, after, smallest lag, largest lag, with transfer time).
    pairs
        (kind, first task, second task).
    sequences
        (first machine, second machine, tasks on the first, tasks on the second); None for the
        tasks of each job.
    selections
        (kind, condition, tasks).
    dependencies
        (mode, task, allowed modes).
    setups
        For each machine, the time by (family before, family after); a `Task` may stand for its
        own family, None for the initial state.
    transfers
        Time by (resource from, resource to).
    """

    name: str
    tick_s: float
    origin: datetime | None = None
    horizon: int = FOREVER
    objective: Objective = field(default_factory=makespan)
    jobs: JobColumns = field(default_factory=JobColumns)
    resources: ResourceColumns = field(default_factory=ResourceColumns)
    tasks: TaskColumns = field(default_factory=TaskColumns)
    modes: ModeColumns = field(default_factory=ModeColumns)
    relations: list[tuple[int, int, int, int, int, bool]] = field(default_factory=list)
    pairs: list[tuple[int, int, int]] = field(default_factory=list)
    sequences: list[tuple[int, int, list[int] | None, list[int] | None]] = field(
        default_factory=list
    )
    selections: list[tuple[int, int, list[int]]] = field(default_factory=list)
    dependencies: list[tuple[int, int, list[int]]] = field(default_factory=list)
    setups: dict[int, dict[tuple[Hashable, Hashable], int]] = field(default_factory=dict)
    transfers: dict[tuple[int, int], int] = field(default_factory=dict)
