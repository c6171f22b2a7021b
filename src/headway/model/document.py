"""Problems and schedules as JSON documents.

The structure below *is* the published schema (`problem_schema`, shipped as
``problem.schema.json``). Tasks and modes are referred to by position, resources by name, jobs by
either; `null` stands for no limit. Keys that have their default value may be left out.
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from itertools import accumulate, chain, pairwise
from typing import Annotated, Any, Literal, TypeVar

import msgspec
import numpy as np

from headway.errors import FormatError, ProblemError
from headway.model.objective import Measure, Objective, Term, makespan
from headway.model.problem import Problem
from headway.model.tables import (
    ABSENT,
    FOREVER,
    LARGEST_TIME,
    Ints,
    Jobs,
    ModeDependencies,
    Modes,
    Pairs,
    Relations,
    Resources,
    Selections,
    Sequences,
    Tasks,
    bools,
    ints,
)

Number = Annotated[int, msgspec.Meta(ge=-LARGEST_TIME, le=LARGEST_TIME)]
Time = Annotated[int, msgspec.Meta(ge=0, le=LARGEST_TIME)]
Position = Annotated[int, msgspec.Meta(ge=0, le=2**31)]

_RESOURCE_KINDS = ("machine", "renewable", "non-renewable", "reservoir")
_RELATION_KINDS = ("start-start", "start-end", "end-start", "end-end")
_PAIR_KINDS = ("identical", "different", "consecutive")
_SELECTION_KINDS = ("exactly-one", "at-least-one", "all-or-none")


class _Node(msgspec.Struct, omit_defaults=True, forbid_unknown_fields=True, gc=False):
    """Base of all parts of a document: defaults are left out, unknown keys are refused."""


_N = TypeVar("_N", bound=_Node)


class TermNode(_Node):
    """A measure in the objective; resources by name."""

    measure: Measure
    weight: Annotated[int, msgspec.Meta(ge=1, le=2**31 - 1)] = 1
    weighted: bool = False
    resources: list[str] = []


class JobNode(_Node):
    """A job."""

    name: str
    release: Time = 0
    due: Time | None = None
    deadline: Time | None = None
    weight: Annotated[int, msgspec.Meta(ge=0, le=2**31 - 1)] = 1


class ResourceNode(_Node):
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


class ModeNode(_Node):
    """A way to do a task. Negative demands fill a reservoir."""

    duration: Time
    demands: dict[str, Number] = {}
    cost: Time = 0


class TaskNode(_Node):
    """A task with its modes."""

    modes: list[ModeNode]
    name: str = ""
    job: Position | str | None = None
    start: tuple[Time, Time | None] | None = None
    end: tuple[Time, Time | None] | None = None
    optional: bool = False
    interruptible: bool = False
    hold_until: Position | None = None
    family: Position | None = None


class RelationNode(_Node):
    """A start/end relation with lags."""

    before: Position
    after: Position
    kind: Literal["start-start", "start-end", "end-start", "end-end"] = "end-start"
    min_lag: Number | None = 0
    max_lag: Number | None = None
    transfer: bool = False


class PairNode(_Node):
    """A constraint on the resources of two tasks."""

    kind: Literal["identical", "different", "consecutive"]
    first: Position
    second: Position


class SequenceNode(_Node):
    """The same sequence of matched tasks on two machines."""

    machines: tuple[str, str]
    first: list[Position]
    second: list[Position]


class SelectionNode(_Node):
    """How many of the tasks are present."""

    kind: Literal["exactly-one", "at-least-one", "all-or-none"]
    tasks: list[Position]
    condition: Position | None = None


class ModeDependencyNode(_Node):
    """If `task` uses its `mode`-th mode, then `then` uses one of its modes `allowed`."""

    task: Position
    mode: Position
    then: Position
    allowed: list[Position]


class TransferNode(_Node):
    """The time from one resource to another."""

    source: str
    target: str
    time: Time


class ProblemNode(_Node):
    """A whole problem. No objective means the makespan, an empty one any valid schedule."""

    format: Literal["headway-problem"]
    version: Literal[1]
    tasks: list[TaskNode]
    name: str = "problem"
    tick_s: Annotated[float, msgspec.Meta(gt=0)] = 1.0
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


class ScheduleNode(_Node):
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


def problem_to_json(problem: Problem) -> str:
    """Return the document of a problem, one line per task and relation."""
    node = msgspec.to_builtins(_problem_node(problem))
    lines = []
    for key, value in node.items():
        head = msgspec.json.encode(key).decode()
        if isinstance(value, list) and value:
            rows = ",\n    ".join(msgspec.json.encode(row).decode() for row in value)
            lines.append(f"  {head}: [\n    {rows}\n  ]")
        else:
            lines.append(f"  {head}: {msgspec.json.encode(value).decode()}")
    return "{\n" + ",\n".join(lines) + "\n}\n"


def problem_from_json(text: str | bytes) -> Problem:
    """Return the problem of a document.

    Raises
    ------
    FormatError
        If the text is not JSON (with the line), or does not follow the schema (with the path of
        the key).
    ProblemError
        If the document contradicts itself.
    """
    return _problem(_decode(text, ProblemNode))


def schedule_arrays_from_json(
    problem: Problem, text: str | bytes
) -> tuple[list[int], list[int], list[int]]:
    """Return start, end and mode of a schedule document made for `problem`.

    Raises
    ------
    FormatError
        If the text is not a schedule, or belongs to another problem.
    """
    node = _decode(text, ScheduleNode)
    if node.fingerprint != problem.fingerprint:
        raise FormatError(
            f"the schedule was made for another problem ({node.problem or 'unnamed'}, fingerprint"
            f" {node.fingerprint[:12]}) than {problem.name} ({problem.fingerprint[:12]})"
        )
    return node.start, node.end, node.mode


def _decode(text: str | bytes, kind: type[_N]) -> _N:
    data = text.encode() if isinstance(text, str) else text
    try:
        return msgspec.json.decode(data.removeprefix(b"\xef\xbb\xbf"), type=kind)
    except msgspec.ValidationError as error:
        raise FormatError(str(error)) from None
    except msgspec.DecodeError as error:
        place = re.search(r"byte (\d+)", str(error))
        line = data.count(b"\n", 0, int(place[1])) + 1 if place else None
        raise FormatError(f"not valid JSON: {error}", line=line) from None
    except (RecursionError, UnicodeDecodeError) as error:
        raise FormatError(f"not valid JSON: {error}") from None


def _none(value: int) -> int | None:
    """Return a position or time, with `ABSENT` and `FOREVER` as None."""
    return None if value == ABSENT or abs(value) == FOREVER else int(value)


def _limit(value: int) -> int | None:
    return None if abs(value) == FOREVER else int(value)


def _window(earliest: int, latest: int) -> tuple[int, int | None] | None:
    return (earliest, _limit(latest)) if earliest or latest != FOREVER else None


def _spans(ptr: Ints) -> list[tuple[int, int]]:
    bounds = ptr.tolist()
    return list(pairwise(bounds))


def _problem_node(problem: Problem) -> ProblemNode:
    names = problem.resources.name
    sel, seq = problem.selections, problem.sequences
    rel, pairs, jobs = problem.relations, problem.pairs, problem.jobs
    return ProblemNode(
        format="headway-problem",
        version=1,
        name=problem.name,
        tick_s=problem.tick_s,
        horizon=_limit(problem.horizon),
        objective=[
            [
                TermNode(t.measure, t.weight, t.weighted, [names[r] for r in t.resources])
                for t in level
            ]
            for level in problem.objective.levels
        ],
        jobs=[
            JobNode(name, release, _limit(due), _limit(deadline), weight)
            for name, release, due, deadline, weight in zip(
                jobs.name,
                jobs.release.tolist(),
                jobs.due.tolist(),
                jobs.deadline.tolist(),
                jobs.weight.tolist(),
                strict=True,
            )
        ],
        resources=_resource_nodes(problem.resources),
        tasks=_task_nodes(problem),
        relations=[
            RelationNode(b, a, _RELATION_KINDS[k], _limit(low), _limit(high), transfer)  # type: ignore[arg-type]
            for k, b, a, low, high, transfer in zip(
                rel.kind.tolist(),
                rel.before.tolist(),
                rel.after.tolist(),
                rel.min_lag.tolist(),
                rel.max_lag.tolist(),
                rel.transfer.tolist(),
                strict=True,
            )
        ],
        pairs=[
            PairNode(_PAIR_KINDS[k], a, b)  # type: ignore[arg-type]
            for k, a, b in zip(
                pairs.kind.tolist(), pairs.first.tolist(), pairs.second.tolist(), strict=True
            )
        ],
        same_sequence=[
            SequenceNode(
                (names[seq.first_machine[row]], names[seq.second_machine[row]]),
                seq.first_task[a:b].tolist(),
                seq.second_task[a:b].tolist(),
            )
            for row, (a, b) in enumerate(_spans(seq.task_ptr))
        ],
        selections=[
            SelectionNode(
                _SELECTION_KINDS[sel.kind[row]],  # type: ignore[arg-type]
                sel.task[a:b].tolist(),
                _none(sel.condition[row]),
            )
            for row, (a, b) in enumerate(_spans(sel.task_ptr))
        ],
        mode_dependencies=_dependency_nodes(problem),
        setups=[matrix.tolist() for matrix in problem.setups],
        transfers=[
            TransferNode(names[a], names[b], int(problem.transfers[a, b]))
            for a, b in np.argwhere(problem.transfers).tolist()
        ],
    )


def _resource_nodes(table: Resources) -> list[ResourceNode]:
    breaks, steps = _spans(table.break_ptr), _spans(table.step_ptr)
    return [
        ResourceNode(
            name=table.name[r],
            kind=_RESOURCE_KINDS[table.kind[r]],  # type: ignore[arg-type]
            capacity=int(table.capacity[r]),
            cost=int(table.cost[r]),
            level=int(table.level[r]),
            level_min=int(table.level_min[r]),
            level_max=int(table.level_max[r]),
            breaks=list(
                zip(
                    table.break_start[slice(*breaks[r])].tolist(),
                    table.break_end[slice(*breaks[r])].tolist(),
                    strict=True,
                )
            ),
            steps=list(
                zip(
                    table.step_time[slice(*steps[r])].tolist(),
                    table.step_capacity[slice(*steps[r])].tolist(),
                    strict=True,
                )
            ),
            setup=_none(table.setup[r]),
        )
        for r in range(len(table))
    ]


def _task_nodes(problem: Problem) -> list[TaskNode]:
    tasks, modes = problem.tasks, problem.modes
    names = problem.resources.name
    resource, amount = modes.demand_resource.tolist(), modes.demand_amount.tolist()
    all_modes = [
        ModeNode(
            duration,
            {names[r]: q for r, q in zip(resource[a:b], amount[a:b], strict=True)},
            cost,
        )
        for (a, b), duration, cost in zip(
            _spans(modes.demand_ptr), modes.duration.tolist(), modes.cost.tolist(), strict=True
        )
    ]
    return [
        TaskNode(
            modes=all_modes[a:b],
            name=name,
            job=_none(job),
            start=_window(es, ls),
            end=_window(ee, le),
            optional=optional,
            interruptible=interruptible,
            hold_until=_none(hold),
            family=_none(family),
        )
        for (a, b), name, job, es, ls, ee, le, optional, interruptible, hold, family in zip(
            _spans(tasks.mode_ptr),
            tasks.name,
            tasks.job.tolist(),
            tasks.earliest_start.tolist(),
            tasks.latest_start.tolist(),
            tasks.earliest_end.tolist(),
            tasks.latest_end.tolist(),
            tasks.optional.tolist(),
            tasks.interruptible.tolist(),
            tasks.hold_until.tolist(),
            tasks.family.tolist(),
            strict=True,
        )
    ]


def _dependency_nodes(problem: Problem) -> list[ModeDependencyNode]:
    dep, modes, ptr = problem.mode_dependencies, problem.modes, problem.tasks.mode_ptr
    return [
        ModeDependencyNode(
            task=int(modes.task[mode]),
            mode=int(mode - ptr[modes.task[mode]]),
            then=int(dep.task[row]),
            allowed=(dep.allowed[a:b] - ptr[dep.task[row]]).tolist(),
        )
        for row, ((a, b), mode) in enumerate(zip(_spans(dep.allowed_ptr), dep.mode, strict=True))
    ]


def _forever(value: int | None) -> int:
    return FOREVER if value is None else value


def _absent(value: int | None) -> int:
    return ABSENT if value is None else value


def _pointers(rows: Sequence[Sequence[object]]) -> Ints:
    return ints(list(accumulate(map(len, rows), initial=0)))


def _flat(rows: Sequence[Sequence[int]]) -> Ints:
    return ints(list(chain.from_iterable(rows)))


class _Names:
    """Positions by name, refusing names that nobody has."""

    def __init__(self, names: Sequence[str], what: str) -> None:
        self._position = {name: k for k, name in enumerate(names)}
        self._what = what

    def __getitem__(self, name: str) -> int:
        try:
            return self._position[name]
        except KeyError:
            raise ProblemError(f"there is no {self._what} called {name!r}") from None


def _problem(node: ProblemNode) -> Problem:
    resource = _Names([r.name for r in node.resources], "resource")
    ptr = _pointers([task.modes for task in node.tasks])
    transfers = np.zeros((len(node.resources),) * 2 if node.transfers else (0, 0), dtype=np.int64)
    for row in node.transfers:
        transfers[resource[row.source], resource[row.target]] = row.time
    return Problem(
        name=node.name,
        tick_s=node.tick_s,
        horizon=_forever(node.horizon),
        jobs=Jobs(
            name=tuple(j.name for j in node.jobs),
            release=ints([j.release for j in node.jobs]),
            due=ints([_forever(j.due) for j in node.jobs]),
            deadline=ints([_forever(j.deadline) for j in node.jobs]),
            weight=ints([j.weight for j in node.jobs]),
        ),
        resources=_resource_table(node.resources),
        tasks=_task_table(node, ptr),
        modes=_mode_table(node.tasks, resource),
        relations=Relations(
            kind=ints([_RELATION_KINDS.index(r.kind) for r in node.relations]),
            before=ints([r.before for r in node.relations]),
            after=ints([r.after for r in node.relations]),
            min_lag=ints([-FOREVER if r.min_lag is None else r.min_lag for r in node.relations]),
            max_lag=ints([_forever(r.max_lag) for r in node.relations]),
            transfer=bools([r.transfer for r in node.relations]),
        ),
        pairs=Pairs(
            kind=ints([_PAIR_KINDS.index(p.kind) for p in node.pairs]),
            first=ints([p.first for p in node.pairs]),
            second=ints([p.second for p in node.pairs]),
        ),
        sequences=_sequence_table(node.same_sequence, resource),
        selections=Selections(
            kind=ints([_SELECTION_KINDS.index(s.kind) for s in node.selections]),
            condition=ints([_absent(s.condition) for s in node.selections]),
            task_ptr=_pointers([s.tasks for s in node.selections]),
            task=_flat([s.tasks for s in node.selections]),
        ),
        mode_dependencies=_dependency_table(node, ptr),
        setups=tuple(_matrix(rows, k) for k, rows in enumerate(node.setups)),
        transfers=transfers,
        objective=_objective(node.objective, resource),
    )


def _resource_table(nodes: list[ResourceNode]) -> Resources:
    breaks, steps = [r.breaks for r in nodes], [r.steps for r in nodes]
    break_rows = np.array(list(chain.from_iterable(breaks)), np.int64).reshape(-1, 2)
    step_rows = np.array(list(chain.from_iterable(steps)), np.int64).reshape(-1, 2)
    return Resources(
        name=tuple(r.name for r in nodes),
        kind=ints([_RESOURCE_KINDS.index(r.kind) for r in nodes]),
        capacity=ints([r.capacity for r in nodes]),
        cost=ints([r.cost for r in nodes]),
        level=ints([r.level for r in nodes]),
        level_min=ints([r.level_min for r in nodes]),
        level_max=ints([r.level_max for r in nodes]),
        break_ptr=_pointers(breaks),
        break_start=ints(break_rows[:, 0]),
        break_end=ints(break_rows[:, 1]),
        step_ptr=_pointers(steps),
        step_time=ints(step_rows[:, 0]),
        step_capacity=ints(step_rows[:, 1]),
        setup=ints([_absent(r.setup) for r in nodes]),
    )


def _task_table(node: ProblemNode, ptr: Ints) -> Tasks:
    tasks = node.tasks
    job = _Names([j.name for j in node.jobs], "job")
    start = [t.start or (0, None) for t in tasks]
    end = [t.end or (0, None) for t in tasks]
    return Tasks(
        name=tuple(t.name or f"task {k}" for k, t in enumerate(tasks)),
        job=ints([job[t.job] if isinstance(t.job, str) else _absent(t.job) for t in tasks]),
        earliest_start=ints([earliest for earliest, _ in start]),
        latest_start=ints([_forever(latest) for _, latest in start]),
        earliest_end=ints([earliest for earliest, _ in end]),
        latest_end=ints([_forever(latest) for _, latest in end]),
        optional=bools([t.optional for t in tasks]),
        interruptible=bools([t.interruptible for t in tasks]),
        hold_until=ints([_absent(t.hold_until) for t in tasks]),
        family=ints([_absent(t.family) for t in tasks]),
        mode_ptr=ptr,
    )


def _mode_table(tasks: list[TaskNode], resource: _Names) -> Modes:
    counts = [len(task.modes) for task in tasks]
    modes = [mode for task in tasks for mode in task.modes]
    demands = [sorted((resource[name], q) for name, q in mode.demands.items()) for mode in modes]
    flat = np.array(list(chain.from_iterable(demands)), np.int64).reshape(-1, 2)
    return Modes(
        task=ints(np.repeat(np.arange(len(tasks)), counts)),
        duration=ints([mode.duration for mode in modes]),
        cost=ints([mode.cost for mode in modes]),
        demand_ptr=_pointers(demands),
        demand_resource=ints(flat[:, 0]),
        demand_amount=ints(flat[:, 1]),
    )


def _sequence_table(rows: list[SequenceNode], resource: _Names) -> Sequences:
    for row in rows:
        if len(row.first) != len(row.second):
            raise ProblemError(
                f"same sequence on {row.machines[0]!r} and {row.machines[1]!r}:"
                f" {len(row.first)} tasks cannot be matched with {len(row.second)}"
            )
    return Sequences(
        first_machine=ints([resource[row.machines[0]] for row in rows]),
        second_machine=ints([resource[row.machines[1]] for row in rows]),
        task_ptr=_pointers([row.first for row in rows]),
        first_task=_flat([row.first for row in rows]),
        second_task=_flat([row.second for row in rows]),
    )


def _dependency_table(node: ProblemNode, ptr: Ints) -> ModeDependencies:
    rows = node.mode_dependencies

    def mode(task: int, number: int) -> int:
        if task >= len(node.tasks) or number >= len(node.tasks[task].modes):
            raise ProblemError(f"mode dependency: there is no mode {number} of task {task}")
        return int(ptr[task]) + number

    return ModeDependencies(
        mode=ints([mode(row.task, row.mode) for row in rows]),
        task=ints([row.then for row in rows]),
        allowed_ptr=_pointers([row.allowed for row in rows]),
        allowed=ints([mode(row.then, number) for row in rows for number in row.allowed]),
    )


def _matrix(rows: list[list[int]], number: int) -> np.ndarray:
    if len({len(row) for row in rows}) > 1:
        raise ProblemError(f"setup matrix {number}: expected rows of equal length")
    return np.array(rows, dtype=np.int64).reshape(len(rows), -1)


def _objective(levels: list[list[TermNode]] | None, resource: _Names) -> Objective:
    if levels is None:
        return makespan()
    try:
        return Objective(
            tuple(
                tuple(
                    Term(t.measure, t.weight, t.weighted, tuple(resource[r] for r in t.resources))
                    for t in level
                )
                for level in levels
            )
        )
    except ValueError as error:
        raise ProblemError(f"objective: {error}") from None
