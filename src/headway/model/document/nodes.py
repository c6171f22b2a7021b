"""The structure of problem and schedule documents; it *is* the published schema.

Tasks and modes are referred to by position, resources by name, jobs by either; `null` stands for no
limit. Keys that have their default value may be left out.
"""

from __future__ import annotations

from datetime import datetime
from typing import Annotated, Any, Literal

import msgspec

from headway.model.objective import Measure
from headway.model.tables import LARGEST_TIME

Number = Annotated[int, msgspec.Meta(ge=-LARGEST_TIME, le=LARGEST_TIME)]
Time = Annotated[int, msgspec.Meta(ge=0, le=LARGEST_TIME)]
Position = Annotated[int, msgspec.Meta(ge=0, le=2**31)]

RESOURCE_KINDS = ("machine", "renewable", "non-renewable", "reservoir")
RELATION_KINDS = ("start-start", "start-end", "end-start", "end-end")
PAIR_KINDS = ("identical", "different", "consecutive")
SELECTION_KINDS = ("exactly-one", "at-least-one", "all-or-none")


class Node(msgspec.Struct, omit_defaults=True, forbid_unknown_fields=True, gc=False):
    """Base of all parts of a document: defaults are left out, unknown keys are refused."""


class TermNode(Node):
    """A measure in the objective; resources by name."""

    measure: Measure
    weight: Annotated[int, msgspec.Meta(ge=1, le=2**31 - 1)] = 1
    weighted: bool = False
    resources: list[str] = []


class JobNode(Node):
    """A job."""

    name: str
    release: Time = 0
    due: Number | None = None
    deadline: Time | None = None
    weight: Annotated[int, msgspec.Meta(ge=0, le=2**31 - 1)] = 1


class ResourceNode(Node):
    """A resource; `setup` is a position in the document's setup matrices."""

    name: str
    kind: Literal["machine", "renewable", "non-renewable", "reservoir"]
    capacity: Time = 1
    cost: Time = 0
    level: Number = 0
    level_min: Number = 0
    level_max: Number = 0
    breaks: list[tuple[Time, Time]] = []
    steps: list[tuple[Time, Time]] = []
    setup: Position | None = None


class ModeNode(Node):
    """A way to do a task. Negative demands fill a reservoir."""

    duration: Time
    demands: dict[str, Number] = {}
    cost: Time = 0


class TaskNode(Node):
    """A task with its modes."""

    modes: list[ModeNode]
    name: str | None = None
    job: Position | str | None = None
    start: tuple[Time, Time | None] | None = None
    end: tuple[Time, Time | None] | None = None
    optional: bool = False
    interruptible: bool = False
    hold_until: Position | None = None
    family: Position | None = None


class RelationNode(Node):
    """A start/end relation with lags."""

    before: Position
    after: Position
    kind: Literal["start-start", "start-end", "end-start", "end-end"] = "end-start"
    min_lag: Number | None = 0
    max_lag: Number | None = None
    transfer: bool = False


class PairNode(Node):
    """A constraint on the resources of two tasks."""

    kind: Literal["identical", "different", "consecutive"]
    first: Position
    second: Position


class SequenceNode(Node):
    """The same sequence of matched tasks on two machines."""

    machines: tuple[str, str]
    first: list[Position]
    second: list[Position]


class SelectionNode(Node):
    """How many of the tasks are present."""

    kind: Literal["exactly-one", "at-least-one", "all-or-none"]
    tasks: list[Position]
    condition: Position | None = None


class ModeDependencyNode(Node):
    """If `task` uses its `mode`-th mode, then `then` uses one of its modes `allowed`."""

    task: Position
    mode: Position
    then: Position
    allowed: list[Position]


class TransferNode(Node):
    """The time from one resource to another."""

    source: str
    target: str
    time: Time


class ProblemNode(Node):
    """A whole problem. No objective means the makespan, an empty one any valid schedule."""

    format: Literal["headway-problem"]
    version: Literal[1]
    tasks: list[TaskNode]
    name: str = "problem"
    tick_s: Annotated[float, msgspec.Meta(gt=0)] = 1.0
    origin: datetime | None = None
    horizon: Time | None = None
    objective: list[list[TermNode]] | None = None
    jobs: list[JobNode] = []
    resources: list[ResourceNode] = []
    relations: list[RelationNode] = []
    pairs: list[PairNode] = []
    same_sequence: list[SequenceNode] = []
    selections: list[SelectionNode] = []
    mode_dependencies: list[ModeDependencyNode] = []
    setups: list[list[list[Time]]] = []
    transfers: list[TransferNode] = []


class ScheduleNode(Node):
    """A schedule, tied to its problem by fingerprint."""

    format: Literal["headway-schedule"]
    version: Literal[1]
    fingerprint: str
    start: list[Number]
    end: list[Number]
    mode: list[Number]
    problem: str = ""
    objective: list[int] = []


def problem_schema() -> dict[str, Any]:
    """Return the JSON Schema of problem documents."""
    schema = msgspec.json.schema(ProblemNode)
    return {"$schema": "https://json-schema.org/draft/2020-12/schema", **schema}
