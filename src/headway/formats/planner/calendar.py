"""Breaks of resources: listed in a cell, or repeated every day or week in a table of their own."""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass

from headway.formats.planner.cells import Clock
from headway.formats.planner.tables import Cell, Row

_MOST_BREAKS = 100_000
_SPAN = re.compile(r"([0-9]+)\s*-\s*([0-9]+)")
_WORDS = {"day": "1 d", "daily": "1 d", "week": "1 w", "weekly": "1 w"}


@dataclass(frozen=True)
class Interval:
    """A break, and where it was stated."""

    start: int
    end: int
    cell: Cell


def break_cell(cell: Cell, clock: Clock) -> list[Interval]:
    """Return the breaks listed in a cell: "12-13; 36-37" or "2026-03-02 12:00 to ...; ..."."""
    found = []
    for part in re.split(r"[;\n]", cell.text):
        if not part.strip():
            continue
        span = _SPAN.fullmatch(part.strip())
        ends = [span[1], span[2]] if span else re.split(r"\s+to\s+|\.\.", part.strip())
        if len(ends) != 2:
            raise cell.error(
                "breaks such as '12-13; 36-37' or '2026-03-02 12:00 to 2026-03-02 13:00'"
            )
        start = clock.moment(cell, ends[0])
        found.append(_interval(cell, start, clock.moment(cell, ends[1], is_end=True)))
    return found


def break_table(
    rows: Sequence[Row], clock: Clock, horizon: int | None
) -> tuple[list[Interval], dict[str, list[Interval]]]:
    """Return the breaks of all resources, and those of single ones by name."""
    everywhere: list[Interval] = []
    by_resource: dict[str, list[Interval]] = {}
    count = 0
    for row in rows:
        name = row["resource"].text
        target = everywhere if name in ("", "*") else by_resource.setdefault(name, [])
        first = _interval(
            row["resource"] if name not in ("", "*") else row["start"],
            clock.moment(row["start"]),
            clock.moment(row["end"], is_end=True),
        )
        for start in _repeated(row, first, clock, horizon, _MOST_BREAKS - count):
            target.append(Interval(start, start + first.end - first.start, first.cell))
            count += 1
    return everywhere, by_resource


def _interval(cell: Cell, start: int, end: int) -> Interval:
    if end <= start:
        raise cell.complain(f"the break from {start} to {end} must end after it starts")
    return Interval(start, end, cell)


def _repeated(row: Row, first: Interval, clock: Clock, horizon: int | None, room: int) -> range:
    every, until = row["every"], row["until"]
    if every.value is None:
        if until.value is not None:
            raise every.error("how often the break repeats, as 'until' is given")
        return range(first.start, first.start + 1)
    word = every.text.lower()
    period = clock.length(every, _WORDS[word]) if word in _WORDS else clock.length(every, low=1)
    if until.value is not None:
        last = clock.moment(until, is_end=True)
    elif horizon is not None:
        last = horizon
    else:
        raise until.error("until when the break repeats (or a setting 'horizon')")
    if period < 1:
        raise every.error("a period of at least one tick")
    starts = range(first.start, last, period)
    if len(starts) > room:
        raise every.complain(
            f"repeats {len(starts)} times until {last}; a plan may have {_MOST_BREAKS} breaks"
        )
    return starts
