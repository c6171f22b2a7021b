"""From a document to a problem or the columns of a schedule."""

from __future__ import annotations

import difflib
import re
from collections.abc import Sequence
from itertools import chain
from typing import TypeVar

import msgspec
import numpy as np

from headway.errors import FormatError, ProblemError
from headway.model.document.nodes import (
    PAIR_KINDS,
    RELATION_KINDS,
    RESOURCE_KINDS,
    SELECTION_KINDS,
    Node,
    ProblemNode,
    ResourceNode,
    ScheduleNode,
    SequenceNode,
    TaskNode,
    TermNode,
)
from headway.model.document.wording import explain
from headway.model.objective import Objective, Term, makespan
from headway.model.problem import Problem
from headway.model.tables import (
    ABSENT,
    FOREVER,
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
    flat,
    ints,
    pointers,
)

_N = TypeVar("_N", bound=Node)


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
        raise FormatError(explain(error, kind)) from None
    except msgspec.DecodeError as error:
        place = re.search(r"byte (\d+)", str(error))
        line = data.count(b"\n", 0, int(place[1]) if place else len(data)) + 1
        raise FormatError(f"not valid JSON: {error}", line=line) from None
    except (RecursionError, UnicodeDecodeError) as error:
        raise FormatError(f"not valid JSON: {error}") from None


def _forever(value: int | None) -> int:
    return FOREVER if value is None else value


def _absent(value: int | None) -> int:
    return ABSENT if value is None else value


class _Names:
    """Positions by name, refusing names that nobody has."""

    def __init__(self, names: Sequence[str], what: str) -> None:
        self._position = {name: k for k, name in enumerate(names)}
        self._what = what

    def __getitem__(self, name: str) -> int:
        try:
            return self._position[name]
        except KeyError:
            near = difflib.get_close_matches(name, self._position, n=1)
            hint = f"; did you mean {near[0]!r}?" if near else ""
            raise ProblemError(f"there is no {self._what} called {name!r}{hint}") from None


def _problem(node: ProblemNode) -> Problem:
    resource = _Names([r.name for r in node.resources], "resource")
    ptr = pointers([task.modes for task in node.tasks])
    transfers = np.zeros((len(node.resources),) * 2 if node.transfers else (0, 0), dtype=np.int64)
    for row in node.transfers:
        transfers[resource[row.source], resource[row.target]] = row.time
    return Problem(
        name=node.name,
        tick_s=node.tick_s,
        origin=node.origin,
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
            kind=ints([RELATION_KINDS.index(r.kind) for r in node.relations]),
            before=ints([r.before for r in node.relations]),
            after=ints([r.after for r in node.relations]),
            min_lag=ints([-FOREVER if r.min_lag is None else r.min_lag for r in node.relations]),
            max_lag=ints([_forever(r.max_lag) for r in node.relations]),
            transfer=bools([r.transfer for r in node.relations]),
        ),
        pairs=Pairs(
            kind=ints([PAIR_KINDS.index(p.kind) for p in node.pairs]),
            first=ints([p.first for p in node.pairs]),
            second=ints([p.second for p in node.pairs]),
        ),
        sequences=_sequence_table(node.same_sequence, resource),
        selections=Selections(
            kind=ints([SELECTION_KINDS.index(s.kind) for s in node.selections]),
            condition=ints([_absent(s.condition) for s in node.selections]),
            task_ptr=pointers([s.tasks for s in node.selections]),
            task=flat([s.tasks for s in node.selections]),
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
        kind=ints([RESOURCE_KINDS.index(r.kind) for r in nodes]),
        capacity=ints([r.capacity for r in nodes]),
        cost=ints([r.cost for r in nodes]),
        level=ints([r.level for r in nodes]),
        level_min=ints([r.level_min for r in nodes]),
        level_max=ints([r.level_max for r in nodes]),
        break_ptr=pointers(breaks),
        break_start=ints(break_rows[:, 0]),
        break_end=ints(break_rows[:, 1]),
        step_ptr=pointers(steps),
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
        name=tuple(f"task {k}" if t.name is None else t.name for k, t in enumerate(tasks)),
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
        demand_ptr=pointers(demands),
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
        task_ptr=pointers([row.first for row in rows]),
        first_task=flat([row.first for row in rows]),
        second_task=flat([row.second for row in rows]),
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
        allowed_ptr=pointers([row.allowed for row in rows]),
        allowed=ints([mode(row.then, number) for row in rows for number in row.allowed]),
    )


def _matrix(rows: list[list[int]], number: int) -> np.ndarray:
    if len({len(row) for row in rows}) > 1:
        raise ProblemError(f"setup matrix {number}: expected rows of equal length")
    return np.array(rows, dtype=np.int64).reshape(len(rows), len(rows[0]) if rows else 0)


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
