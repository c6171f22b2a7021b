"""Projects in the PSPLIB form: ``.sm`` with one mode per job, ``.mm`` with several.

Read by sections, in which lines may be broken anywhere, as in the multi-mode sets MMLIB.

References
----------
Kolisch, Sprecher (1997), PSPLIB: a project scheduling problem library.
"""

from __future__ import annotations

import re
from collections.abc import Sequence

from headway.formats.express import refuse, require_same
from headway.formats.projects import ModeRow, project_data
from headway.formats.registry import Format, Match
from headway.formats.source import MOST_RESOURCES, Line, Numbers, Source, attempt, got, plural
from headway.model import Problem, project
from headway.model.validate import LARGEST_AMOUNT

_RULE = re.compile(r"[*\-=\s]+")
_PRECEDENCE = "PRECEDENCE RELATIONS"
_REQUESTS = "REQUESTS/DURATIONS"
_AVAILABLE = "RESOURCEAVAILABILITIES"


def _section(source: Source, title: str) -> int:
    """Return the position among the lines of the one that starts a section."""
    for position, line in enumerate(source.lines):
        if line.text.upper().replace(" ", "").startswith(title.replace(" ", "")):
            return position
    where = 1 if title == _PRECEDENCE else source.last_line
    raise source.error(f"expected a section {title!r}", where)


def _between(lines: Sequence[Line]) -> list[Line]:
    """Return the lines of a section without its title, its column heads and rules."""
    rows = [line for line in lines[1:] if not _RULE.fullmatch(line.text)]
    return [line for line in rows if not line.words[0].lower().startswith(("jobnr", "pronr"))]


def _count(source: Source, pattern: str) -> tuple[int, Line] | None:
    """Return the number after the colon of the line that starts with `pattern`."""
    for line in source.lines:
        if re.match(pattern, line.text, re.IGNORECASE):
            value = line.text.partition(":")[2].split()
            if not value:
                raise source.error(f"expected a number after {line.text!r}", line)
            return source.whole(value[0], line, line.text.partition(":")[0].strip()), line
    return None


def _instance(
    source: Source,
) -> tuple[list[list[ModeRow]], list[int], list[list[int]], list[bool]]:
    """Return the modes and successors of every job, and the resources."""
    lines = source.lines
    precedence, requests, available = (
        _section(source, title) for title in (_PRECEDENCE, _REQUESTS, _AVAILABLE)
    )
    if not precedence < requests < available:
        raise source.error(
            f"expected the sections {_PRECEDENCE!r}, {_REQUESTS!r} and {_AVAILABLE!r} in"
            " this order",
            lines[min(precedence, requests, available)],
        )
    both = _count(source, r"-?\s*doubly constrained")
    if both is not None and both[0]:
        raise source.error("doubly constrained resources are not supported", both[1])
    renewable, capacities = _resources(source, lines[available:])
    counts, successors = _successors(source, _between(lines[precedence:requests]))
    announced = _count(source, r"jobs\b")
    if announced is not None and announced[0] != len(counts):
        raise source.error(
            f"{plural(announced[0], 'job')} announced, but {len(counts)} have successors listed",
            announced[1],
        )
    modes = _modes(source, _between(lines[requests:available]), counts, len(capacities))
    return modes, capacities, successors, renewable


def _resources(source: Source, lines: Sequence[Line]) -> tuple[list[bool], list[int]]:
    """Return which resources are renewable, and how much there is of each."""
    body = [line for line in lines[1:] if not _RULE.fullmatch(line.text)]
    if not body:
        raise source.error("expected the names of the resources after this line", lines[0])
    letters = re.findall(r"\b([RND])\s*[0-9]+", body[0].text)
    if not letters and len(body) == 1:
        return [], []
    if not letters or len(letters) > MOST_RESOURCES:
        raise source.error(f"expected names such as 'R 1' or 'N 2', {got(body[0].text)}", body[0])
    if "D" in letters:
        raise source.error("doubly constrained resources are not supported", body[0])
    numbers = Numbers(source, body[1:])
    capacities = numbers.take_many("capacity of a resource", len(letters), 0, LARGEST_AMOUNT)
    numbers.end("the capacities")
    return [letter == "R" for letter in letters], capacities


def _successors(source: Source, lines: list[Line]) -> tuple[list[int], list[list[int]]]:
    """Return the number of modes and the successors, from 0, of every job."""
    numbers = Numbers(source, lines)
    counts: list[int] = []
    rows: list[tuple[list[int], Line | None]] = []
    while numbers.left:
        job = len(counts) + 1
        numbers.take("number of a job", job, job)
        counts.append(numbers.take(f"number of modes of job {job}", 1))
        count = numbers.take(f"number of successors of job {job}")
        line = numbers.line
        rows.append((numbers.take_many(f"successor of job {job}", count, 1), line))
    for job, (row, line) in enumerate(rows, start=1):
        for successor in row:
            if successor > len(rows) or successor == job:
                raise source.error(
                    f"successor of job {job}: expected another job from 1 to {len(rows)}, got"
                    f" {successor}",
                    line,
                )
    if not counts:
        raise source.error("expected jobs and their successors", source.last_line)
    return counts, [[successor - 1 for successor in row] for row, _ in rows]


def _modes(
    source: Source, lines: list[Line], counts: list[int], n_resources: int
) -> list[list[ModeRow]]:
    numbers = Numbers(source, lines)
    modes: list[list[ModeRow]] = []
    for job, count in enumerate(counts, start=1):
        numbers.take("number of a job", job, job)
        rows: list[ModeRow] = []
        for mode in range(1, count + 1):
            numbers.take(f"mode of job {job}", mode, mode)
            duration = numbers.take(f"duration of job {job}")
            what = f"demand of job {job}"
            rows.append((duration, numbers.take_many(what, n_resources, 0, LARGEST_AMOUNT)))
        modes.append(rows)
    numbers.end(plural(len(counts), "job"))
    return modes


def _sniff(source: Source) -> Match:
    if attempt(lambda s: _section(s, _PRECEDENCE) < _section(s, _REQUESTS), source):
        return Match.CERTAIN
    return Match.NO


def _parse(source: Source) -> list[Problem]:
    modes, capacities, successors, renewable = _instance(source)
    return [project(modes, capacities, successors, renewable=renewable, name=source.name)]


def _render(problem: Problem) -> str:
    modes, capacities, successors, renewable = project_data(problem, "psplib")
    if renewable != sorted(renewable, reverse=True):
        raise refuse("a renewable resource after a non-renewable one", "psplib")
    rebuilt = project(modes, capacities, successors, renewable=renewable)
    require_same(problem, rebuilt, "psplib")
    rule = "*" * 72
    horizon = sum(max(duration for duration, _ in rows) for rows in modes)
    n_renewable = sum(renewable)
    heads = [f"R {k + 1}" for k in range(n_renewable)]
    heads += [f"N {k + 1}" for k in range(len(capacities) - n_renewable)]
    columns = "".join(f"{head:>6}" for head in heads)
    lines = [
        rule,
        f"jobs (incl. supersource/sink ):  {len(modes)}",
        f"horizon                       :  {horizon}",
        "RESOURCES",
        f"  - renewable                 :  {n_renewable}   R",
        f"  - nonrenewable              :  {len(capacities) - n_renewable}   N",
        "  - doubly constrained        :  0   D",
        rule,
        "PRECEDENCE RELATIONS:",
        "jobnr.    #modes  #successors   successors",
    ]
    for job, row in enumerate(successors):
        listed = "".join(f"{successor + 1:>6}" for successor in row)
        lines.append(f"{job + 1:>4}{len(modes[job]):>9}{len(row):>11}   {listed}".rstrip())
    lines += [rule, "REQUESTS/DURATIONS:", f"jobnr. mode duration{columns}", "-" * 72]
    for job, rows in enumerate(modes):
        for k, (duration, demands) in enumerate(rows):
            label = f"{job + 1:>4}" if k == 0 else "    "
            needs = "".join(f"{demand:>6}" for demand in demands)
            lines.append(f"{label} {k + 1:>5} {duration:>6}   {needs}".rstrip())
    lines += [rule, "RESOURCEAVAILABILITIES:", columns.rstrip()]
    lines += ["".join(f"{capacity:>6}" for capacity in capacities), rule]
    return "\n".join(lines) + "\n"


FORMATS = (
    Format(
        name="psplib",
        description="PSPLIB project with one mode (.sm) or several (.mm) per job",
        suffixes=(".sm", ".mm"),
        sniff=_sniff,
        parse=_parse,
        render=_render,
    ),
)
