"""Weighted tardiness on one machine, in the form of the OR-Library's wt40, wt50 and wt100.

Nothing but numbers: per instance n processing times, n weights and n due dates, one instance after
the other. The file does not say what n is. It is found from the way the lines are broken (every
block of n numbers starts a line) and from the weights (small in every published instance), with 40,
50 and 100 preferred.

References
----------
Beasley (1990), OR-Library: distributing test problems by electronic mail. Crauwels, Potts, Van
Wassenhove (1998), Local search heuristics for the single machine total weighted tardiness
scheduling problem.
"""

from __future__ import annotations

import numpy as np

from headway.formats.collection import named
from headway.formats.express import job_rows, refuse, require_same, single_mode
from headway.formats.registry import Format, Match
from headway.formats.source import Source, attempt
from headway.model import FOREVER, Problem, single_machine, total_tardiness

_NAME = "weighted-tardiness"
_PUBLISHED = (40, 50, 100)
_LARGEST_PUBLISHED_WEIGHT = 10
_SHORTEST_ROW = 7
"""A first line this long cannot be the header of any other form that is all numbers."""


def _shapes(source: Source) -> list[int]:
    """Return the values of n that agree with the way the lines are broken."""
    lengths = [len(line.words) for line in source.lines]
    starts = set(np.cumsum([0, *lengths]).tolist())
    total = sum(lengths)
    return [
        n
        for n in range(1, total // 3 + 1)
        if total % (3 * n) == 0 and all(at in starts for at in range(0, total, n))
    ]


def _likely(shapes: list[int], values: np.ndarray) -> list[int]:
    """Return the values of n among `shapes` that the weights do not speak against."""
    lightest = {n: _weights(values, n).min() for n in shapes}
    heaviest = {n: _weights(values, n).max() for n in shapes}
    sizes = [n for n in shapes if heaviest[n] <= _LARGEST_PUBLISHED_WEIGHT] or shapes
    sizes = [n for n in sizes if lightest[n] >= 1] or sizes
    return [n for n in sizes if n in _PUBLISHED] or sizes


def _weights(values: np.ndarray, n: int) -> np.ndarray:
    return values.reshape(-1, 3, n)[:, 1]


def _instances(source: Source) -> list[np.ndarray]:
    """Return (times, weights, due dates) of every instance, shape (3, n) each."""
    if not source.lines:
        raise source.error("the file is empty; expected processing times, weights and due dates", 1)
    shapes = _shapes(source)
    if not shapes:
        raise source.error(
            "expected n processing times, n weights and n due dates per instance, each block"
            " starting a line; these lines cannot be split so",
            source.lines[0],
        )
    numbers = [
        source.whole(word, line, "processing time, weight or due date")
        for line in source.lines
        for word in line.words
    ]
    values = np.array(numbers, dtype=np.int64)
    sizes = _likely(shapes, values)
    if len(sizes) > 1:
        raise source.error(
            f"cannot tell how many jobs an instance has: {' or '.join(map(str, sizes))};"
            " write each block of numbers on one line",
            source.lines[0],
        )
    return list(values.reshape(-1, 3, sizes[0]))


def _sniff(source: Source) -> Match:
    def fits(s: Source) -> bool:
        return bool(s.lines) and len(s.lines[0].words) >= _SHORTEST_ROW and bool(_instances(s))

    return Match.POSSIBLE if attempt(fits, source) else Match.NO


def _parse(source: Source) -> list[Problem]:
    return [_problem(block, name) for name, block in named(source, _instances(source))]


def _problem(block: np.ndarray, name: str = "") -> Problem:
    times, weights, due = block
    objective = total_tardiness(weighted=True)
    return single_machine(times, weight=weights, due=due, objective=objective, name=name)


def _render(problem: Problem) -> str:
    rows = job_rows(problem, _NAME)
    late = np.flatnonzero(problem.jobs.due == FOREVER)
    if late.size:
        raise refuse(f"{problem.jobs.name[int(late[0])]!r}, a job without a due date", _NAME)
    for job, row in enumerate(rows):
        if len(row) > 1:
            raise refuse(f"{problem.jobs.name[job]!r}, a job of several tasks", _NAME)
    times = [single_mode(problem, row[0], _NAME)[1] for row in rows]
    block = np.array([times, problem.jobs.weight, problem.jobs.due], dtype=np.int64)
    require_same(problem, _problem(block), _NAME)
    return "\n".join(" ".join(map(str, row)) for row in block.tolist()) + "\n"


FORMATS = (
    Format(
        name=_NAME,
        description="OR-Library weighted tardiness: n times, n weights, n due dates per instance",
        suffixes=(".wt", ".txt"),
        sniff=_sniff,
        parse=_parse,
        render=_render,
    ),
)
