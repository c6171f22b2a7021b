"""The OR-Library's collections of job shops and flow shops, ``jobshop1.txt`` and ``flowshop1.txt``.

Prose, then per instance a line "instance ft06", rules and a description, "n m", and one row of
machine duration pairs per job, machines from 0. As elsewhere, an instance in which every job visits
machine 0, 1, ... in this order is a permutation flow shop.

References
----------
Beasley (1990), OR-Library: distributing test problems by electronic mail.
"""

from __future__ import annotations

import re

from headway.formats.dialects.job_shop import is_flow_shop, routes
from headway.formats.registry import Format, Match
from headway.formats.source import Line, Source, attempt
from headway.model import Problem, flow_shop, job_shop

_MARK = re.compile(r"instance\s+(\S+)", re.IGNORECASE)
_SIZES = re.compile(r"[0-9]+\s+[0-9]+")


def _parts(source: Source) -> list[Source]:
    """Return the numbers of every instance as a source of its own."""
    found: list[tuple[Line, list[Line]]] = []
    for line in source.lines:
        if _MARK.fullmatch(line.text):
            found.append((line, []))
        elif found:
            found[-1][1].append(line)
    if not found:
        raise source.error("expected a line such as 'instance ft06'", 1)
    parts = []
    for mark, lines in found:
        sizes = next((k for k, line in enumerate(lines) if _SIZES.fullmatch(line.text)), None)
        if sizes is None:
            raise source.error("expected the numbers of jobs and machines after this line", mark)
        # Rules and "EOF" may follow the rows; anything with a digit in it has to be a row.
        rows = [line for line in lines[sizes:] if any(c.isdigit() for c in line.text)]
        parts.append(source.part(mark.words[1], rows))
    return parts


def _sniff(source: Source) -> Match:
    def has_marks(s: Source) -> bool:
        return any(_MARK.fullmatch(line.text) for line in s.lines)

    return Match.CERTAIN if attempt(has_marks, source) else Match.NO


def _parse(source: Source) -> list[Problem]:
    return [_problem(part) for part in _parts(source)]


def _problem(part: Source) -> Problem:
    n_machines, machines, durations = routes(part)
    if is_flow_shop(machines, n_machines):
        return flow_shop(durations, name=part.name)
    return job_shop(machines, durations, n_machines=n_machines, name=part.name)


FORMATS = (
    Format(
        name="or-library",
        description='OR-Library collection of job or flow shops: "instance ft06", "n m", rows',
        suffixes=(".txt",),
        sniff=_sniff,
        parse=_parse,
    ),
)
