"""Standard job shop text: "n m", then per job its operations as machine duration pairs.

Machines are numbered from 0. A job may have any number of operations and visit a machine several
times, as in the re-entrant instances of Boveroux et al. (2025); each row may end in ``-1 -1``, as
in those of Da Col and Teppan (2022).
"""

from __future__ import annotations

from collections.abc import Sequence

from headway.formats.express import job_rows, require_same, single_mode
from headway.formats.registry import Format, Match
from headway.formats.source import Line, Source, attempt, plural
from headway.model import Problem, job_shop

Routes = tuple[int, list[list[int]], list[list[int]]]


def routes(source: Source) -> Routes:
    """Return the number of machines, and machines and durations of every job."""
    sizes, rest, _ = header(source)
    rows = jobs_of(source, rest, sizes)
    source.end(rest[sizes[0] :], plural(sizes[0], "job"))
    return sizes[1], *rows


def header(source: Source) -> tuple[list[int], Sequence[Line], Line]:
    """Return "n m", the lines after it, and its line, refusing sizes the file cannot hold."""
    sizes, rest, first = source.header("the number of jobs and the number of machines")
    if len(first.words) > 2:
        raise source.error(
            f"expected two numbers, jobs and machines, got {len(first.words)}", first
        )
    source.require_rows(rest, sizes[0], plural(sizes[0], "job"), first)
    return sizes, rest, first


def jobs_of(
    source: Source, lines: Sequence[Line], sizes: Sequence[int]
) -> tuple[list[list[int]], list[list[int]]]:
    """Return machines and durations from one row of pairs per job."""
    n_jobs, n_machines = sizes
    machines, durations = [], []
    for job, line in enumerate(lines[:n_jobs]):
        words = line.words[:-2] if line.words[-2:] == ("-1", "-1") else line.words
        if len(words) % 2 or not words:
            raise source.error(
                f"job {job}: expected pairs of machine and duration, got"
                f" {plural(len(words), 'number')}",
                line,
            )
        what, length = f"machine of job {job}", f"duration in job {job}"
        machines.append([source.whole(w, line, what) for w in words[::2]])
        if max(machines[-1]) >= n_machines:
            raise source.error(
                f"job {job}: machine {max(machines[-1])} does not exist, machines are numbered"
                f" 0 to {n_machines - 1}",
                line,
            )
        durations.append([source.whole(w, line, length) for w in words[1::2]])
    return machines, durations


def has_pairs(source: Source) -> bool:
    """Return whether every job has as many numbers as pairs for each machine would take.

    Hardly anything else looks like this, whatever the numbers are.
    """
    found = attempt(header, source)
    if found is None:
        return False
    (n_jobs, n_machines), rows, _ = found
    ends = (2 * n_machines, 2 * n_machines + 2)
    return len(rows) == n_jobs and all(
        len(row.words) == ends[row.words[-2:] == ("-1", "-1")] for row in rows
    )


def visits_in_order(machines: Sequence[Sequence[int]], n_machines: int) -> bool:
    """Return whether every job visits machine 0, 1, ... once each, in this order."""
    return all(list(row) == list(range(n_machines)) for row in machines)


def is_flow_shop(machines: Sequence[Sequence[int]], n_machines: int) -> bool:
    """Return whether a file that holds these routes is, by custom, a permutation flow shop.

    In the classical collections, whatever has the same route for every job is one. With a single
    job or machine there is no difference, and the job shop is the plainer reading.
    """
    return len(machines) > 1 and n_machines > 1 and visits_in_order(machines, n_machines)


def _sniff(source: Source) -> Match:
    found = attempt(routes, source)
    if found is None:
        return Match.NO
    n_machines, machines, _ = found
    return Match.POSSIBLE if is_flow_shop(machines, n_machines) else Match.TYPICAL


def _parse(source: Source) -> list[Problem]:
    n_machines, machines, durations = routes(source)
    return [job_shop(machines, durations, n_machines=n_machines, name=source.name)]


def _render(problem: Problem) -> str:
    rows = [
        [single_mode(problem, task, "job-shop") for task in row]
        for row in job_rows(problem, "job-shop")
    ]
    rebuilt = job_shop(
        [[machine for machine, _ in row] for row in rows],
        [[duration for _, duration in row] for row in rows],
        n_machines=problem.n_resources,
    )
    require_same(problem, rebuilt, "job-shop")
    lines = [f"{len(rows)} {problem.n_resources}"]
    lines += ["  ".join(f"{machine} {duration}" for machine, duration in row) for row in rows]
    return "\n".join(lines) + "\n"


FORMATS = (
    Format(
        name="job-shop",
        description='standard job shop: "n m", then per job machine duration pairs, from 0',
        suffixes=(".txt", ".jsp", ".jss", ".jobshop"),
        sniff=_sniff,
        parse=_parse,
        render=_render,
    ),
)
