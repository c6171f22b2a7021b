"""Flexible job shops in the FJSPLIB form, ``.fjs``.

The first line holds the number of jobs, the number of machines and (usually) the average number of
machines per operation. Each further line is a job: the number of its operations, then per operation
the number of choices and as many machine duration pairs, machines from 1.

References
----------
Brandimarte (1993), Routing and scheduling in a flexible job shop by tabu search.
"""

from __future__ import annotations

import re

from headway.formats.express import job_rows, machine_modes, require_same
from headway.formats.registry import Format, Match
from headway.formats.source import Line, Source, attempt, got, plural
from headway.model import Problem, flexible_job_shop

_AVERAGE = re.compile(r"[0-9]{1,9}(?:[.,][0-9]{0,18})?")

Operation = list[tuple[int, int]]


def _jobs(source: Source) -> tuple[int, list[list[Operation]]]:
    """Return the number of machines and the choices of every operation of every job."""
    sizes, rest, first = source.header("the number of jobs and the number of machines")
    n_jobs, n_machines = sizes
    if len(first.words) > 3:
        raise source.error(
            f"expected jobs, machines and average flexibility, got {len(first.words)} numbers",
            first,
        )
    if len(first.words) == 3 and not _AVERAGE.fullmatch(first.words[2]):
        raise source.error(f"average flexibility: expected a number, {got(first.words[2])}", first)
    source.require_rows(rest, n_jobs, plural(n_jobs, "job"), first)
    jobs = [_operations(source, line, n_machines) for line in rest[:n_jobs]]
    source.end(rest[n_jobs:], plural(n_jobs, "job"))
    return n_machines, jobs


def _operations(source: Source, line: Line, n_machines: int) -> list[Operation]:
    words = line.words
    count = source.whole(words[0], line, "number of operations", 1, len(words))
    operations, at = [], 1
    for k in range(count):
        operation, at = choices(source, line, at, k, 1, n_machines)
        operations.append(operation)
    if at != len(words):
        raise source.error(
            f"expected the end of the line after {plural(count, 'operation')}, got"
            f" {plural(len(words) - at, 'more number')}",
            line,
        )
    return operations


def choices(
    source: Source, line: Line, at: int, operation: int, first: int, n_machines: int
) -> tuple[Operation, int]:
    """Return the (machine, duration) choices that start at word `at`, and where they end.

    Parameters
    ----------
    source, line
        Where the words are.
    at
        Position of the number of choices.
    operation
        Number of the operation, for messages.
    first
        The number of the first machine in this format, 0 or 1.
    n_machines
        How many machines there are.
    """
    words = line.words
    if at >= len(words):
        raise source.error(f"operation {operation}: expected its number of choices", line)
    count = source.whole(words[at], line, f"number of choices of operation {operation}", 1)
    end = at + 1 + 2 * count
    if end > len(words):
        raise source.error(
            f"operation {operation}: expected {plural(count, 'pair')} of machine and duration,"
            f" found {plural(len(words) - at - 1, 'number')}",
            line,
        )
    pairs = []
    for k in range(at + 1, end, 2):
        what = f"of operation {operation}"
        machine = source.whole(words[k], line, f"machine {what}", first, n_machines - 1 + first)
        pairs.append((machine - first, source.whole(words[k + 1], line, f"duration {what}")))
    return pairs, end


def _sniff(source: Source) -> Match:
    return Match.NO if attempt(_jobs, source) is None else Match.TYPICAL


def _parse(source: Source) -> list[Problem]:
    n_machines, jobs = _jobs(source)
    return [flexible_job_shop(jobs, n_machines=n_machines, name=source.name)]


def _render(problem: Problem) -> str:
    jobs = [
        [machine_modes(problem, task, "fjs") for task in row] for row in job_rows(problem, "fjs")
    ]
    require_same(problem, flexible_job_shop(jobs, n_machines=problem.n_resources), "fjs")
    average = problem.n_modes / problem.n_tasks
    lines = [f"{len(jobs)} {problem.n_resources} {average:.2f}"]
    for job in jobs:
        operations = (
            " ".join([str(len(op)), *(f"{machine + 1} {time}" for machine, time in op)])
            for op in job
        )
        lines.append("  ".join([str(len(job)), *operations]))
    return "\n".join(lines) + "\n"


FORMATS = (
    Format(
        name="fjs",
        description="FJSPLIB flexible job shop: per operation its machine duration pairs, from 1",
        suffixes=(".fjs", ".txt"),
        sniff=_sniff,
        parse=_parse,
        render=_render,
    ),
)
