"""From a problem to its document."""

from __future__ import annotations

from itertools import pairwise

import msgspec
import numpy as np

from headway.model.document.nodes import (
    PAIR_KINDS,
    RELATION_KINDS,
    RESOURCE_KINDS,
    SELECTION_KINDS,
    JobNode,
    ModeDependencyNode,
    ModeNode,
    PairNode,
    ProblemNode,
    RelationNode,
    ResourceNode,
    SelectionNode,
    SequenceNode,
    TaskNode,
    TermNode,
    TransferNode,
)
from headway.model.problem import Problem
from headway.model.tables import (
    ABSENT,
    FOREVER,
    Ints,
    Resources,
)


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
        origin=problem.origin,
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
            RelationNode(b, a, RELATION_KINDS[k], _limit(low), _limit(high), transfer)  # type: ignore[arg-type]
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
            PairNode(PAIR_KINDS[k], a, b)  # type: ignore[arg-type]
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
                SELECTION_KINDS[sel.kind[row]],  # type: ignore[arg-type]
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
            kind=RESOURCE_KINDS[table.kind[r]],  # type: ignore[arg-type]
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
