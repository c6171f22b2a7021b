"""Flexible job shops whose operations form a graph instead of chains.

The first line holds the numbers of operations, arcs and machines. Then one line per arc: two
operations, from 0, the first of which ends before the second starts, and perhaps the job. Then one
line per operation: its number of choices and as many machine duration pairs, machines from 0.
Operations belong to one job if arcs connect them or name the same job.

References
----------
Birgin, Feofiloff, Fernandes, de Melo, Oshiro, Ronconi (2014), A MILP model for an extended version
of the flexible job shop problem.
"""

from __future__ import annotations

from headway.formats.dialects.flexible import Operation, choices
from headway.formats.express import job_rows, machine_modes, refuse, require_same
from headway.formats.registry import Format, Match
from headway.formats.source import MOST_RESOURCES, Source, attempt, plural
from headway.model import Problem, flexible_job_shop
from headway.model.tables import RelationKind

_NAME = "fjs-graph"


def _instance(
    source: Source,
) -> tuple[int, list[list[int]], list[tuple[int, int]], list[Operation]]:
    """Return the number of machines, the operations of each job, arcs, and choices."""
    lines = source.lines
    if not lines or len(lines[0].words) != 3:
        raise source.error(
            "expected the numbers of operations, arcs and machines", lines[0] if lines else 1
        )
    first, rest = lines[0], lines[1:]
    n_operations = source.whole(first.words[0], first, "number of operations", 1)
    n_arcs = source.whole(first.words[1], first, "number of arcs")
    n_machines = source.whole(first.words[2], first, "number of machines", 1, MOST_RESOURCES)
    announced = f"{plural(n_arcs, 'arc')} and {plural(n_operations, 'operation')}"
    source.require_rows(rest, n_arcs + n_operations, announced, first)
    arcs: list[tuple[int, int]] = []
    member: dict[int, int] = {}
    ties: list[tuple[int, int]] = []
    for line in rest[:n_arcs]:
        if len(line.words) not in (2, 3):
            raise source.error(
                f"arc: expected two operations (and perhaps a job), got {len(line.words)} numbers",
                line,
            )
        before, after = (
            source.whole(word, line, "operation of an arc", 0, n_operations - 1)
            for word in line.words[:2]
        )
        if before == after:
            raise source.error(f"arc: operation {before} cannot precede itself", line)
        arcs.append((before, after))
        if len(line.words) == 3:
            job = source.whole(line.words[2], line, "job of an arc", 0, n_operations - 1)
            ties.append((member.setdefault(job, before), before))
    operations = []
    for k, line in enumerate(rest[n_arcs : n_arcs + n_operations]):
        operation, end = choices(source, line, 0, k, 0, n_machines)
        if end != len(line.words):
            raise source.error(
                f"operation {k}: expected the end of the line after its choices", line
            )
        operations.append(operation)
    source.end(rest[n_arcs + n_operations :], plural(n_operations, "operation"))
    return n_machines, _parts(n_operations, arcs + ties), arcs, operations


def _parts(count: int, arcs: list[tuple[int, int]]) -> list[list[int]]:
    """Return the connected parts of a graph, each in order, by their first operation."""
    parent = list(range(count))

    def root(node: int) -> int:
        while parent[node] != node:
            parent[node] = parent[parent[node]]
            node = parent[node]
        return node

    for a, b in arcs:
        low, high = sorted((root(a), root(b)))
        parent[high] = low
    parts: dict[int, list[int]] = {}
    for node in range(count):
        parts.setdefault(root(node), []).append(node)
    return list(parts.values())


def _sniff(source: Source) -> Match:
    return Match.NO if attempt(_instance, source) is None else Match.TYPICAL


def _parse(source: Source) -> list[Problem]:
    n_machines, parts, arcs, operations = _instance(source)
    where = {node: (job, k) for job, part in enumerate(parts) for k, node in enumerate(part)}
    precedence: list[list[tuple[int, int]]] = [[] for _ in parts]
    for before, after in arcs:
        job, position = where[before]
        precedence[job].append((position, where[after][1]))
    return [
        flexible_job_shop(
            [[operations[node] for node in part] for part in parts],
            n_machines=n_machines,
            precedence=precedence,
            name=source.name,
        )
    ]


def _render(problem: Problem) -> str:
    rows = job_rows(problem, _NAME)
    jobs = [[machine_modes(problem, task, _NAME) for task in row] for row in rows]
    # Only arcs of the right kind are taken; the comparison finds every other relation.
    table = problem.relations
    arcs = [
        (int(before), int(after))
        for kind, before, after in zip(table.kind, table.before, table.after, strict=True)
        if kind == RelationKind.END_START
    ]
    first = [row[0] for row in rows]
    owner = problem.tasks.job
    same_job = [(first[owner[before]], before) for before, _ in arcs]
    if _parts(problem.n_tasks, arcs + same_job) != rows:
        raise refuse("jobs that share an arc, or whose tasks no arc connects", _NAME)
    precedence: list[list[tuple[int, int]]] = [[] for _ in rows]
    for before, after in arcs:
        job = int(owner[before])
        precedence[job].append((before - first[job], after - first[job]))
    rebuilt = flexible_job_shop(jobs, n_machines=problem.n_resources, precedence=precedence)
    require_same(problem, rebuilt, _NAME)
    lines = [f"{problem.n_tasks} {len(arcs)} {problem.n_resources}"]
    lines += [f"{before} {after} {owner[before]}" for before, after in arcs]
    lines += [
        " ".join([str(len(op)), *(f"{machine} {time}" for machine, time in op)])
        for job in jobs
        for op in job
    ]
    return "\n".join(lines) + "\n"


FORMATS = (
    Format(
        name=_NAME,
        description="flexible job shop with a precedence graph: arcs, then operations, from 0",
        suffixes=(".fjs", ".fajsp", ".txt"),
        sniff=_sniff,
        parse=_parse,
        render=_render,
    ),
)
