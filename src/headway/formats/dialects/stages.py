"""Flow shops with one more row in the header: machines per stage, or due dates.

The number of jobs and the number of stages come first, on a line each or on one. Then follows

1. the number of machines of each stage (hybrid flow shop, makespan), or
2. the due date of each job (permutation flow shop, total tardiness),

and one row of processing times per job. With as many jobs as stages, the row is taken for numbers
of machines if none exceeds the number of jobs.

References
----------
Naderi, Ruiz, Roshanaei (2023), Mixed-integer programming vs. constraint programming for shop
scheduling problems: new results and outlook. Vallada, Ruiz, Minella (2008), Minimising total
tardiness in the m-machine flowshop problem: a review and evaluation of heuristics and
metaheuristics.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from headway.formats.express import job_rows, machine_modes, refuse, require_same, single_mode
from headway.formats.registry import Format, Match
from headway.formats.source import MOST_RESOURCES, Source, attempt, plural
from headway.model import Problem, flow_shop, hybrid_flow_shop, total_tardiness
from headway.model.tables import FOREVER

_HYBRID = "hybrid-flow-shop"
_TARDINESS = "flow-shop-due-dates"


@dataclass(frozen=True)
class _Instance:
    """The row behind the sizes, and durations per job and stage."""

    row: list[int]
    durations: list[list[int]]


def _instance(source: Source, *, hybrid: bool) -> _Instance:
    what = "the number of jobs and the number of stages"
    (n_jobs, n_stages), rest, first = source.header(what)
    if len(first.words) > 2:
        raise source.error(f"expected {what}, got {plural(len(first.words), 'number')}", first)
    source.require_rows(rest, n_jobs + 1, plural(n_jobs, "job"), first)
    if hybrid:
        row = source.row(rest[0], "machines per stage", n_stages, 1, MOST_RESOURCES)
        if sum(row) > MOST_RESOURCES:
            raise source.error(f"machines per stage: more than {MOST_RESOURCES} in all", rest[0])
    else:
        row = source.row(rest[0], "due dates", n_jobs)
    durations = source.matrix(rest[1:], "processing times of a job", n_jobs, n_stages)
    source.end(rest[n_jobs + 1 :], plural(n_jobs, "job"))
    return _Instance(row, durations)


def _has_few_machines(found: _Instance) -> bool:
    return max(found.row) <= len(found.durations)


def _sniff_hybrid(source: Source) -> Match:
    found = attempt(lambda s: _instance(s, hybrid=True), source)
    if found is None:
        return Match.NO
    return Match.TYPICAL if _has_few_machines(found) else Match.POSSIBLE


def _sniff_tardiness(source: Source) -> Match:
    found = attempt(lambda s: _instance(s, hybrid=False), source)
    if found is None:
        return Match.NO
    square = len(found.durations) == len(found.durations[0])
    return Match.POSSIBLE if square and _has_few_machines(found) else Match.TYPICAL


def _parse_hybrid(source: Source) -> list[Problem]:
    found = _instance(source, hybrid=True)
    return [hybrid_flow_shop(found.durations, found.row, name=source.name)]


def _parse_tardiness(source: Source) -> list[Problem]:
    found = _instance(source, hybrid=False)
    return [_with_due_dates(found, source.name)]


def _with_due_dates(found: _Instance, name: str) -> Problem:
    return flow_shop(found.durations, due=found.row, objective=total_tardiness(), name=name)


def _rendered(found: _Instance) -> str:
    rows = [[len(found.durations)], [len(found.durations[0])], found.row, *found.durations]
    return "".join(" ".join(map(str, row)) + "\n" for row in rows)


def _render_hybrid(problem: Problem) -> str:
    jobs = [
        [machine_modes(problem, task, _HYBRID) for task in row]
        for row in job_rows(problem, _HYBRID)
    ]
    counts = [len(modes) for modes in jobs[0]]
    for job, row in enumerate(jobs):
        alike = all(len({duration for _, duration in modes}) == 1 for modes in row)
        if [len(modes) for modes in row] != counts or not alike:
            raise refuse(f"the machines of {problem.jobs.name[job]!r}", _HYBRID)
    found = _Instance(counts, [[modes[0][1] for modes in row] for row in jobs])
    require_same(problem, hybrid_flow_shop(found.durations, counts), _HYBRID)
    return _rendered(found)


def _render_tardiness(problem: Problem) -> str:
    rows = [
        [single_mode(problem, task, _TARDINESS)[1] for task in row]
        for row in job_rows(problem, _TARDINESS)
    ]
    late = np.flatnonzero((problem.jobs.due == FOREVER) | (problem.jobs.due < 0))
    if late.size:
        raise refuse(f"the due date of {problem.jobs.name[late[0]]!r}", _TARDINESS)
    if len({len(row) for row in rows}) > 1:
        raise refuse("jobs with different numbers of tasks", _TARDINESS)
    found = _Instance(problem.jobs.due.tolist(), rows)
    require_same(problem, _with_due_dates(found, ""), _TARDINESS)
    return _rendered(found)


FORMATS = (
    Format(
        name=_HYBRID,
        description="hybrid flow shop: machines per stage, then a plain matrix",
        suffixes=(".txt", ".hfs"),
        sniff=_sniff_hybrid,
        parse=_parse_hybrid,
        render=_render_hybrid,
    ),
    Format(
        name=_TARDINESS,
        description="permutation flow shop with due dates: these, then a plain matrix",
        suffixes=(".txt",),
        sniff=_sniff_tardiness,
        parse=_parse_tardiness,
        render=_render_tardiness,
    ),
)
