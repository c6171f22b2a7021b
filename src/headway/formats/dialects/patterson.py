"""Projects in the Patterson form, ``.rcp``.

The numbers of activities and resources, the capacities, then per activity its duration, its demand
on every resource, the number of its successors and these, from 1. Lines may be broken anywhere, as
in the RG300 set.

References
----------
Patterson (1984), A comparison of exact approaches for solving the multiple constrained resource,
project scheduling problem.
"""

from __future__ import annotations

from headway.formats.express import refuse, require_same
from headway.formats.projects import ModeRow, project_data
from headway.formats.registry import Format, Match
from headway.formats.source import MOST_RESOURCES, Line, Numbers, Source, attempt, plural
from headway.model import Problem, project
from headway.model.validate import LARGEST_AMOUNT


def _instance(source: Source) -> tuple[list[list[ModeRow]], list[int], list[list[int]]]:
    """Return modes, capacities and successors."""
    numbers = Numbers(source, source.lines)
    first = numbers.line
    n_tasks = numbers.take("the number of activities", 1)
    n_resources = numbers.take("the number of resources", 0, MOST_RESOURCES)
    needed = n_tasks * (n_resources + 2) + n_resources
    if needed > numbers.left:
        raise source.error(
            f"{n_tasks} activities on {plural(n_resources, 'resource')} announced, which take at"
            f" least {plural(needed, 'number')}; found {numbers.left}",
            first,
        )
    capacities = numbers.take_many("capacity of a resource", n_resources, 0, LARGEST_AMOUNT)
    modes: list[list[ModeRow]] = []
    successors: list[list[int]] = []
    for task in range(1, n_tasks + 1):
        duration = numbers.take(f"duration of activity {task}")
        what = f"demand of activity {task}"
        modes.append([(duration, numbers.take_many(what, n_resources, 0, LARGEST_AMOUNT))])
        count = numbers.take(f"number of successors of activity {task}", 0, n_tasks - 1)
        line: Line | None = numbers.line
        row = numbers.take_many(f"successor of activity {task}", count, 1, n_tasks)
        if task in row:
            raise source.error(f"activity {task} cannot be its own successor", line)
        successors.append([successor - 1 for successor in row])
    numbers.end(f"activity {n_tasks}")
    return modes, capacities, successors


def _sniff(source: Source) -> Match:
    return Match.NO if attempt(_instance, source) is None else Match.TYPICAL


def _parse(source: Source) -> list[Problem]:
    return [project(*_instance(source), name=source.name)]


def _render(problem: Problem) -> str:
    modes, capacities, successors, renewable = project_data(problem, "patterson")
    if not all(renewable):
        name = problem.resources.name[renewable.index(False)]
        raise refuse(f"the non-renewable resource {name!r}", "patterson")
    for task, rows in enumerate(modes):
        if len(rows) > 1:
            raise refuse(f"the {len(rows)} modes of {problem.task_label(task)!r}", "patterson")
    require_same(problem, project(modes, capacities, successors), "patterson")
    lines = [f"{len(modes)} {len(capacities)}"]
    if capacities:
        lines.append(" ".join(map(str, capacities)))
    for [(duration, demands)], row in zip(modes, successors, strict=True):
        numbers = [duration, *demands, len(row), *(successor + 1 for successor in row)]
        lines.append(" ".join(map(str, numbers)))
    return "\n".join(lines) + "\n"


FORMATS = (
    Format(
        name="patterson",
        description="Patterson project: capacities, then durations, demands, successors from 1",
        suffixes=(".rcp",),
        sniff=_sniff,
        parse=_parse,
        render=_render,
    ),
)
