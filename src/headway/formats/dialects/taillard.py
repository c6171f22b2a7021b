"""Taillard's job shop form: a matrix of times, then a matrix of machines numbered from 1.

The files of the original collection hold ten instances each, with the lines "Nb of jobs, ...",
"Times" and "Machines" between them; single instances are also passed on with the bare numbers
"n m" and the two matrices.

References
----------
Taillard (1993), Benchmarks for basic scheduling problems.
"""

from __future__ import annotations

import re

from headway.formats.collection import blocks, named
from headway.formats.express import job_rows, refuse, require_same, single_mode
from headway.formats.registry import Format, Match
from headway.formats.source import Line, Source, attempt, plural
from headway.model import Problem, job_shop

HEADER = "Nb of jobs, Nb of Machines, Time seed, Machine seed, Upper bound, Lower bound"
_HEADER = re.compile(r"nb\.? of jobs\b", re.IGNORECASE)
_TIMES = re.compile(r"times\s*:?", re.IGNORECASE)
_MACHINES = re.compile(r"machines\s*:?", re.IGNORECASE)


def _instances(source: Source) -> list[tuple[list[list[int]], list[list[int]]]]:
    """Return times and machines (from 0) of every instance."""
    parts = blocks(source, _HEADER)
    if parts is None:
        sizes, rest, first = source.header("the number of jobs and the number of machines")
        if len(first.words) not in (1, 2, 6):
            raise source.error(
                f"expected jobs and machines (and two seeds, two bounds), got {len(first.words)}"
                " numbers",
                first,
            )
        body = [line for line in rest if not _marks(line)]
        source.end(body[2 * sizes[0] :], "the two matrices")
        return [_matrices(source, first, sizes, list(body))]
    found = []
    for header, lines in parts:
        if not lines:
            raise source.error("expected the numbers of jobs and machines after this line", header)
        sizes = source.sizes(lines[0].words, lines[0], "numbers of jobs and machines")
        body = [line for line in lines[1:] if not _marks(line)]
        source.end(body[2 * sizes[0] :], "the two matrices")
        found.append(_matrices(source, lines[0], sizes, body))
    return found


def _marks(line: Line) -> bool:
    return bool(_TIMES.fullmatch(line.text) or _MACHINES.fullmatch(line.text))


def _matrices(
    source: Source, header: Line, sizes: list[int], body: list[Line]
) -> tuple[list[list[int]], list[list[int]]]:
    n_jobs, n_machines = sizes
    source.require_rows(body, 2 * n_jobs, plural(n_jobs, "job"), header)
    times = source.matrix(body, "times", n_jobs, n_machines)
    machines = source.matrix(body[n_jobs:], "machines (from 1)", n_jobs, n_machines, 1, n_machines)
    return times, [[machine - 1 for machine in row] for row in machines]


def _sniff(source: Source) -> Match:
    if attempt(lambda s: blocks(s, _HEADER), source):
        return Match.CERTAIN
    return Match.NO if attempt(_instances, source) is None else Match.TYPICAL


def _parse(source: Source) -> list[Problem]:
    found = _instances(source)
    return [
        job_shop(machines, times, n_machines=len(times[0]), name=name)
        for name, (times, machines) in named(source, found)
    ]


def _render(problem: Problem) -> str:
    rows = [
        [single_mode(problem, task, "taillard") for task in row]
        for row in job_rows(problem, "taillard")
    ]
    count = problem.n_resources
    for job, row in enumerate(rows):
        if len(row) != count:
            raise refuse(
                f"{problem.jobs.name[job]!r} with {plural(len(row), 'task')} on"
                f" {plural(count, 'machine')}",
                "taillard",
            )
    machines = [[machine for machine, _ in row] for row in rows]
    times = [[duration for _, duration in row] for row in rows]
    require_same(problem, job_shop(machines, times, n_machines=count), "taillard")
    lines = [f"{len(rows)} {count}"]
    lines += [" ".join(map(str, row)) for row in times]
    lines += [" ".join(str(machine + 1) for machine in row) for row in machines]
    return "\n".join(lines) + "\n"


FORMATS = (
    Format(
        name="taillard",
        description="Taillard's job shop form: a matrix of times, then one of machines from 1",
        suffixes=(".txt", ".jsp"),
        sniff=_sniff,
        parse=_parse,
        render=_render,
    ),
)
