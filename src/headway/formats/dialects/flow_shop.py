"""Permutation flow shops, in the four forms in which they are passed on.

1. Taillard's files: "number of jobs, number of machines, initial seed, ...", five numbers,
   "processing times :", one row per machine; several instances per file.
2. Rows of pairs as in a job shop, every job visiting machine 0, 1, ... in this order (Carlier,
   Heller, Reeves, Vallada-Ruiz-Framinan).
3. A plain matrix after "n m": one row per job, or one row per machine.
4. Form 2 or 3 followed by one n x n matrix of setup times per machine, which in the SSD files of
   Ruiz et al. stand after the marks ``SSD``, ``M0``, ``M1``, ... The first job of a machine needs
   no setup there.

References
----------
Taillard (1993), Benchmarks for basic scheduling problems. Vallada, Ruiz, Framinan (2015), New hard
benchmark for flowshop scheduling problems minimising makespan. Ruiz, Maroto, Alcaraz (2005),
Solving the flowshop scheduling problem with sequence dependent setup times using advanced
metaheuristics.
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass

from headway.formats.collection import blocks, named
from headway.formats.dialects.job_shop import header, jobs_of, visits_in_order
from headway.formats.express import job_rows, refuse, require_same, single_mode
from headway.formats.registry import Format, Match
from headway.formats.source import Line, Source, attempt, plural
from headway.model import Problem, flow_shop

_HEADER = re.compile(r"number of jobs\b.*\binitial seed\b", re.IGNORECASE)
_TIMES = re.compile(r"processing times\s*:?", re.IGNORECASE)
_SETUPS = "SSD"

Matrix = list[list[int]]


@dataclass(frozen=True)
class _Instance:
    """Durations per job and machine, setups per machine and pair of jobs, and how sure we are."""

    durations: Matrix
    setups: list[Matrix] | None = None
    match: Match = Match.TYPICAL


def _instances(source: Source) -> list[_Instance]:
    parts = blocks(source, _HEADER)
    if parts is not None:
        return [_taillard(source, *part) for part in parts]
    marks = [line.text.upper() for line in source.lines]
    if _SETUPS in marks:
        return [_with_marks(source, marks.index(_SETUPS))]
    pairs = attempt(_pairs, source)
    if pairs is not None:
        return [pairs]
    return [_plain(source)]


def _taillard(source: Source, start: Line, lines: Sequence[Line]) -> _Instance:
    if not lines:
        raise source.error("expected the numbers of jobs and machines after this line", start)
    n_jobs, n_machines = source.sizes(lines[0].words, lines[0], "numbers of jobs and machines")
    body = [line for line in lines[1:] if not _TIMES.fullmatch(line.text)]
    rows = _by_machine(source, lines[0], body, n_jobs, n_machines)
    source.end(body[n_machines:], "the processing times")
    return _Instance(rows, match=Match.CERTAIN)


def _by_machine(
    source: Source, start: Line, body: Sequence[Line], n_jobs: int, n_machines: int
) -> Matrix:
    source.require_rows(body, n_machines, plural(n_machines, "machine"), start)
    rows = source.matrix(body, "processing times of a machine", n_machines, n_jobs)
    return [list(job) for job in zip(*rows, strict=True)]


def _with_marks(source: Source, mark: int) -> _Instance:
    sizes, _, first = header(source)
    n_jobs, n_machines = sizes
    before = [line for line in source.lines[:mark] if line.number > first.number]
    durations = _in_order(source, first, before, sizes)
    source.end(before[n_jobs:], plural(n_jobs, "job"))
    rest = source.lines[mark + 1 :]
    setups = []
    for machine in range(n_machines):
        if not rest or rest[0].text.upper() != f"M{machine}":
            raise source.error(
                f"expected 'M{machine}', the mark of its setup times",
                rest[0] if rest else source.last_line,
            )
        setups.append(
            source.matrix(rest[1 : n_jobs + 1], f"setup times of M{machine}", n_jobs, n_jobs)
        )
        rest = rest[n_jobs + 1 :]
    source.end(rest, "the setup times")
    return _Instance(durations, setups, Match.CERTAIN)


def _in_order(source: Source, first: Line, lines: Sequence[Line], sizes: Sequence[int]) -> Matrix:
    source.require_rows(lines, sizes[0], plural(sizes[0], "job"), first)
    machines, durations = jobs_of(source, lines, sizes)
    for job, row in enumerate(machines):
        if not visits_in_order([row], sizes[1]):
            raise source.error(
                f"job {job}: in a flow shop every job visits machine 0, 1, ... {sizes[1] - 1} in"
                f" this order; it visits {' '.join(map(str, row[:12]))}",
                lines[job],
            )
    return durations


def _pairs(source: Source) -> _Instance:
    sizes, rest, first = header(source)
    durations = _in_order(source, first, rest, sizes)
    source.end(rest[sizes[0] :], plural(sizes[0], "job"))
    # A single job or a single machine is as good a job shop, which is the plainer reading.
    single = min(sizes) == 1
    return _Instance(durations, match=Match.POSSIBLE if single else Match.TYPICAL)


def _plain(source: Source) -> _Instance:
    sizes, rest, first = source.header("the number of jobs and the number of machines")
    n_jobs, n_machines = sizes
    if len(first.words) == 5:
        durations = _by_machine(source, first, rest, n_jobs, n_machines)
        source.end(rest[n_machines:], "the processing times")
        return _Instance(durations)
    if len(first.words) > 2:
        raise source.error(
            "expected jobs and machines, or jobs, machines, seed and two bounds, got"
            f" {len(first.words)} numbers",
            first,
        )
    if n_jobs != n_machines and len(rest) == n_machines and len(rest[0].words) == n_jobs:
        return _Instance(_by_machine(source, first, rest, n_jobs, n_machines))
    source.require_rows(rest, n_jobs, plural(n_jobs, "job"), first)
    durations = source.matrix(rest, "processing times of a job", n_jobs, n_machines)
    rest = rest[n_jobs:]
    if not rest:
        return _Instance(durations, match=Match.POSSIBLE if n_jobs == n_machines else Match.TYPICAL)
    setups = [
        source.matrix(rest[k * n_jobs :], f"setup times of machine {k}", n_jobs, n_jobs)
        for k in range(n_machines)
    ]
    source.end(rest[n_machines * n_jobs :], "the setup times")
    return _Instance(durations, setups)


def _sniff(source: Source) -> Match:
    if attempt(lambda s: blocks(s, _HEADER), source):
        return Match.CERTAIN
    if attempt(lambda s: any(line.text.upper() == _SETUPS for line in s.lines), source):
        return Match.CERTAIN
    found = attempt(_instances, source)
    return Match.NO if found is None else found[0].match


def _parse(source: Source) -> list[Problem]:
    return [
        flow_shop(instance.durations, setups=instance.setups, name=name)
        for name, instance in named(source, _instances(source))
    ]


def _render(problem: Problem) -> str:
    rows = [
        [single_mode(problem, task, "flow-shop") for task in row]
        for row in job_rows(problem, "flow-shop")
    ]
    n_jobs, n_machines = len(rows), problem.n_resources
    for job, row in enumerate(rows):
        if not visits_in_order([[machine for machine, _ in row]], n_machines):
            raise refuse(f"the route of {problem.jobs.name[job]!r}", "flow-shop")
    if n_machines > 1 and not len(problem.sequences):
        raise refuse("that machines may differ in the order of jobs", "flow-shop")
    if any(matrix[-1].any() for matrix in problem.setups):
        raise refuse("setup times before the first job", "flow-shop")
    durations = [[duration for _, duration in row] for row in rows]
    setups = [matrix[:-1].tolist() for matrix in problem.setups]
    if setups and [len(matrix) for matrix in setups] != [n_jobs] * n_machines:
        raise refuse("setup times of families of jobs, or of some machines only", "flow-shop")
    require_same(problem, flow_shop(durations, setups=setups or None), "flow-shop")
    lines = [f"{n_jobs} {n_machines}"]
    lines += ["  ".join(f"{k} {duration}" for k, duration in enumerate(row)) for row in durations]
    if setups:
        lines.append(_SETUPS)
    for machine, matrix in enumerate(setups):
        lines.append(f"M{machine}")
        lines += [" ".join(map(str, row)) for row in matrix]
    return "\n".join(lines) + "\n"


FORMATS = (
    Format(
        name="flow-shop",
        description="permutation flow shop: Taillard's files, pairs or a plain matrix; setups",
        suffixes=(".txt", ".fsp", ".flowshop"),
        sniff=_sniff,
        parse=_parse,
        render=_render,
    ),
)
