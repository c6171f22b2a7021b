"""Projects with minimal and maximal time lags: ProGen/max files, ``.sch``.

The number of activities without the source 0 and the sink n+1, and of renewable resources; then per
activity its number, its number of modes (1), the number of its successors, these, and in brackets
the lag from its start to the start of each; then per activity its number, mode, duration and
demands; then the capacities. A lag of -d from j to i says that j starts at most d after i.

References
----------
Schwindt (1998), Generation of resource-constrained project scheduling problems subject to temporal
constraints.
"""

from __future__ import annotations

import re
from collections.abc import Sequence

from headway.formats.express import refuse, require_same
from headway.formats.projects import project_data
from headway.formats.registry import Format, Match
from headway.formats.source import MOST_RESOURCES, Line, Source, attempt, got, plural
from headway.model import Problem, project
from headway.model.tables import FOREVER, LARGEST_TIME, RelationKind
from headway.model.validate import LARGEST_AMOUNT

_NAME = "rcpsp-max"
_LAG = re.compile(r"\[\s*([+-]?[0-9]{1,18})\s*\]")

Lag = tuple[int, int, int]


def _instance(source: Source) -> tuple[list[list[tuple[int, list[int]]]], list[int], list[Lag]]:
    """Return modes, capacities and lags."""
    lines = source.lines
    if not lines:
        raise source.error("the file is empty; expected the numbers of activities and resources", 1)
    first = lines[0]
    if not 2 <= len(first.words) <= 5:
        raise source.error(
            "expected the numbers of activities and of renewable, non-renewable and doubly"
            f" constrained resources, {got(first.text)}",
            first,
        )
    sizes = [source.whole(word, first, "size") for word in first.words]
    count, n_resources = sizes[0] + 2, sizes[1]
    if any(sizes[2:]):
        raise source.error(
            "only renewable resources and no deadline are supported (RCPSP/max): expected zeros"
            " after the first two numbers",
            first,
        )
    if n_resources > MOST_RESOURCES:
        raise source.error(f"expected at most {MOST_RESOURCES} resources, got {n_resources}", first)
    needed = 2 * count + (n_resources > 0)
    source.require_rows(lines[1:], needed, f"{count - 2} activities", first)
    lags = [
        lag
        for task, line in enumerate(lines[1 : count + 1])
        for lag in _lags(source, line, task, count)
    ]
    modes = []
    for task, line in enumerate(lines[count + 1 : 2 * count + 1]):
        row = source.row(line, f"activity {task}", 3 + n_resources, -LARGEST_AMOUNT, LARGEST_TIME)
        if row[0] != task or row[1] != 1:
            raise source.error(
                f"expected activity {task} in mode 1, got activity {row[0]} in mode {row[1]}", line
            )
        if min(row[2:]) < 0:
            raise source.error(
                f"activity {task}: a negative demand belongs to projects with inventories, which"
                " are not supported; expected RCPSP/max",
                line,
            )
        if max(row[3:], default=0) > LARGEST_AMOUNT:
            raise source.error(f"activity {task}: demands are at most {LARGEST_AMOUNT}", line)
        modes.append([(row[2], row[3:])])
    rest = lines[2 * count + 1 :]
    capacities = (
        source.row(rest[0], "capacities", n_resources, 0, LARGEST_AMOUNT) if n_resources else []
    )
    source.end(rest[1 if n_resources else 0 :], "the capacities")
    return modes, capacities, lags


def _lags(source: Source, line: Line, task: int, count: int) -> list[Lag]:
    head, bracket, tail = line.text.partition("[")
    words = head.split()
    if len(words) < 3:
        raise source.error(
            f"expected activity {task}, 1, the number of its successors, and these,"
            f" {got(line.text)}",
            line,
        )
    numbers = [source.whole(word, line, f"activity {task}") for word in words]
    if numbers[0] != task:
        raise source.error(f"expected activity {task}, got {numbers[0]}", line)
    if numbers[1] != 1:
        raise source.error(
            f"activity {task} has {numbers[1]} modes; only single-mode projects are supported", line
        )
    successors = numbers[3:]
    if len(successors) != numbers[2]:
        raise source.error(
            f"activity {task}: {plural(numbers[2], 'successor')} announced,"
            f" {len(successors)} listed",
            line,
        )
    found = _LAG.findall(bracket + tail)
    if len(found) != numbers[2] or _LAG.sub("", bracket + tail).strip():
        raise source.error(
            f"activity {task}: expected {plural(numbers[2], 'lag')} in brackets, as in [5] [-3]",
            line,
        )
    for successor in successors:
        if successor >= count or successor == task:
            raise source.error(
                f"activity {task}: expected other activities from 0 to {count - 1}, got"
                f" {successor}",
                line,
            )
    lags = [source.whole(lag, line, "lag", -LARGEST_TIME) for lag in found]
    return [(task, successor, lag) for successor, lag in zip(successors, lags, strict=True)]


def _sniff(source: Source) -> Match:
    def looks_so(s: Source) -> bool:
        lines: Sequence[Line] = s.lines[:3]
        return len(lines) == 3 and all(_LAG.search(line.text) for line in lines[1:])

    return Match.CERTAIN if attempt(looks_so, source) else Match.NO


def _parse(source: Source) -> list[Problem]:
    modes, capacities, lags = _instance(source)
    return [project(modes, capacities, [[] for _ in modes], lags=lags, name=source.name)]


def _render(problem: Problem) -> str:
    modes, capacities, _, renewable = project_data(problem, _NAME)
    if not all(renewable):
        raise refuse("a non-renewable resource", _NAME)
    if len(modes) < 2:
        raise refuse("a project without a source and a sink", _NAME)
    for task, rows in enumerate(modes):
        if len(rows) > 1:
            raise refuse(f"the {len(rows)} modes of {problem.task_label(task)!r}", _NAME)
    r = problem.relations
    plain = (r.kind == RelationKind.START_START) & (r.max_lag == FOREVER) & (r.min_lag > -FOREVER)
    columns = (column[plain].tolist() for column in (r.before, r.after, r.min_lag))
    lags: list[Lag] = list(zip(*columns, strict=True))
    rebuilt = project(modes, capacities, [[] for _ in modes], lags=lags)
    require_same(problem, rebuilt, _NAME)
    by_task: list[list[Lag]] = [[] for _ in modes]
    for lag in lags:
        by_task[lag[0]].append(lag)
    lines = [f"{len(modes) - 2}\t{len(capacities)}\t0\t0"]
    for task, row in enumerate(by_task):
        words = [task, 1, len(row), *(lag[1] for lag in row), *(f"[{lag[2]}]" for lag in row)]
        lines.append("\t".join(map(str, words)))
    for task, [(duration, demands)] in enumerate(modes):
        lines.append("\t".join(map(str, [task, 1, duration, *demands])))
    if capacities:
        lines.append("\t".join(map(str, capacities)))
    return "\n".join(lines) + "\n"


FORMATS = (
    Format(
        name=_NAME,
        description="RCPSP/max project (ProGen/max): start-to-start lags in brackets",
        suffixes=(".sch",),
        sniff=_sniff,
        parse=_parse,
        render=_render,
    ),
)
