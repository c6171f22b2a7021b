"""Open shops: "n m" and a matrix with one row per job, or Taillard's files of two matrices.

References
----------
Taillard (1993), Benchmarks for basic scheduling problems. Guéret, Prins (1999), A new lower bound
for the open-shop problem. Brucker, Hurink, Jurisch, Wöstmann (1997), A branch & bound algorithm for
the open-shop problem.
"""

from __future__ import annotations

import re
from collections.abc import Sequence

from headway.formats.collection import blocks, named
from headway.formats.express import job_rows, refuse, require_same
from headway.formats.registry import Format, Match
from headway.formats.source import Line, Source, attempt, plural
from headway.model import Problem, open_shop

_HEADER = re.compile(r"number of jobs\b.*\bmachine seed\b", re.IGNORECASE)
_MARK = re.compile(r"(processing times|machines)\s*:?", re.IGNORECASE)

Matrix = list[list[int]]


def _instances(source: Source) -> list[Matrix]:
    """Return the durations per job and machine of every instance."""
    parts = blocks(source, _HEADER)
    if parts is not None:
        return [_taillard(source, *part) for part in parts]
    sizes, rest, first = source.header("the number of jobs and the number of machines")
    n_jobs, n_machines = sizes
    if len(first.words) > 2:
        raise source.error(
            f"expected two numbers, jobs and machines, got {len(first.words)}", first
        )
    source.require_rows(rest, n_jobs, plural(n_jobs, "job"), first)
    matrix = source.matrix(rest, "processing times of a job", n_jobs, n_machines)
    source.end(rest[n_jobs:], plural(n_jobs, "job"))
    return [matrix]


def _taillard(source: Source, start: Line, lines: Sequence[Line]) -> Matrix:
    if not lines:
        raise source.error("expected the numbers of jobs and machines after this line", start)
    n_jobs, n_machines = source.sizes(lines[0].words, lines[0], "numbers of jobs and machines")
    body = [line for line in lines[1:] if not _MARK.fullmatch(line.text)]
    source.require_rows(body, 2 * n_jobs, plural(n_jobs, "job"), lines[0])
    times = source.matrix(body, "processing times of a job", n_jobs, n_machines)
    machines = source.matrix(body[n_jobs:], "machines (from 1)", n_jobs, n_machines, 1, n_machines)
    source.end(body[2 * n_jobs :], "the two matrices")
    for line, row in zip(body[n_jobs:], machines, strict=False):
        if len(set(row)) < n_machines:
            raise source.error(f"machines: expected each of 1 to {n_machines} once", line)
    # The order in which the file lists the operations of a job means nothing in an open shop.
    return [
        [time for _, time in sorted(zip(order, row, strict=True))]
        for order, row in zip(machines, times, strict=True)
    ]


def _sniff(source: Source) -> Match:
    if attempt(lambda s: blocks(s, _HEADER), source):
        return Match.CERTAIN
    return Match.NO if attempt(_instances, source) is None else Match.TYPICAL


def _parse(source: Source) -> list[Problem]:
    return [open_shop(matrix, name=name) for name, matrix in named(source, _instances(source))]


def _render(problem: Problem) -> str:
    rows = job_rows(problem, "open-shop")
    n_machines = problem.n_resources - len(rows)
    if problem.n_modes != problem.n_tasks:
        raise refuse("a task with several modes", "open-shop")
    if n_machines < 1 or any(len(row) != n_machines for row in rows):
        raise refuse("a job that does not have one task on each machine", "open-shop")
    durations = [problem.modes.duration[row].tolist() for row in rows]
    require_same(problem, open_shop(durations), "open-shop")
    lines = [f"{len(rows)} {n_machines}", *(" ".join(map(str, row)) for row in durations)]
    return "\n".join(lines) + "\n"


FORMATS = (
    Format(
        name="open-shop",
        description='open shop: "n m", then one row of processing times per job',
        suffixes=(".txt", ".osp", ".openshop"),
        sniff=_sniff,
        parse=_parse,
        render=_render,
    ),
)
