"""Values as people type them, checked where they come in."""

from __future__ import annotations

import operator
from collections.abc import Iterable
from typing import SupportsIndex

from headway.errors import ProblemError
from headway.model.tables import FOREVER, LARGEST_TIME

Window = tuple[int | None, int | None] | int
"""A pair (earliest, latest), either of which may be None, or one number for both."""


def whole(value: SupportsIndex, what: str) -> int:
    """Return an integer, refusing floats and the like by name."""
    try:
        number = operator.index(value)
    except TypeError:
        raise ProblemError(f"{what}: expected a whole number, got {value!r}") from None
    if abs(number) > FOREVER:
        raise ProblemError(f"{what}: expected a number of at most {LARGEST_TIME}, got {number}")
    return number


def limit(value: SupportsIndex | None, what: str) -> int:
    """Return an integer, or `FOREVER` for None."""
    return FOREVER if value is None else whole(value, what)


def window(given: Window, what: str) -> tuple[int, int]:
    """Return (earliest, latest), 0 and `FOREVER` where there is no limit."""
    if isinstance(given, tuple):
        if len(given) != 2:
            raise ProblemError(f"{what}: expected (earliest, latest), got {given!r}")
        earliest, latest = given
        return 0 if earliest is None else whole(earliest, what), limit(latest, what)
    fixed = whole(given, what)
    return fixed, fixed


def pairs(given: Iterable[tuple[int, int]], what: str) -> list[tuple[int, int]]:
    """Return pairs of integers, refusing what is no list of pairs."""
    try:
        rows = [(first, second) for first, second in given]
    except (TypeError, ValueError):
        raise ProblemError(f"{what}: expected a list of pairs, got {given!r}") from None
    return [(whole(first, what), whole(second, what)) for first, second in rows]


def merged(breaks: Iterable[tuple[int, int]], name: str) -> list[tuple[int, int]]:
    """Return intervals sorted by time, touching and overlapping ones joined."""
    joined: list[tuple[int, int]] = []
    for start, end in sorted(pairs(breaks, f"break of {name!r}")):
        if end <= start:
            raise ProblemError(f"break ({start}, {end}) of {name!r}: it must end after it starts")
        if joined and start <= joined[-1][1]:
            joined[-1] = (joined[-1][0], max(end, joined[-1][1]))
        else:
            joined.append((start, end))
    return joined
