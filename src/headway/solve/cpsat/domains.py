"""Sets of integers as flat lists of closed intervals, and when a mode may start.

A domain is ``[a0, b0, a1, b1, ...]`` with ``a0 <= b0 < a1 - 1 ...``, as CP-SAT writes them; the
empty list is the empty set.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence

Domain = list[int]


def clip(domain: Sequence[int], low: int, high: int) -> Domain:
    """Return the part of a domain between two bounds."""
    result: Domain = []
    for k in range(0, len(domain), 2):
        a, b = max(domain[k], low), min(domain[k + 1], high)
        if a <= b:
            result += (a, b)
    return result


def union(intervals: Iterable[tuple[int, int]]) -> Domain:
    """Return the union of closed intervals; empty ones are ignored."""
    result: Domain = []
    for a, b in sorted(intervals):
        if a > b:
            continue
        if result and a <= result[-1] + 1:
            result[-1] = max(result[-1], b)
        else:
            result += (a, b)
    return result


def without(low: int, high: int, holes: Iterable[tuple[int, int]]) -> Domain:
    """Return ``[low, high]`` without some closed intervals."""
    result: Domain = []
    forbidden = union(holes)
    for k in range(0, len(forbidden), 2):
        a, b = forbidden[k], forbidden[k + 1]
        if b < low:
            continue
        if a > high:
            break
        if low < a:
            result += (low, a - 1)
        low = b + 1
    if low <= high:
        result += (low, high)
    return result


def pairs(domain: Sequence[int]) -> list[tuple[int, int]]:
    """Return a domain as pairs."""
    return list(zip(domain[::2], domain[1::2], strict=True))


def uninterrupted(
    duration: int, breaks: Sequence[tuple[int, int]], horizon: int
) -> dict[int, Domain]:
    """Return the starts of work that may not meet a break, by elapsed time.

    Work ``[s, s + duration)`` may not satisfy ``s < break_end`` and ``s + duration > break_start``,
    so work without length may lie on the border of a break but not inside.
    """
    return {duration: without(0, horizon, [(a - duration + 1, b - 1) for a, b in breaks])}


def interrupted(
    duration: int, breaks: Sequence[tuple[int, int]], horizon: int
) -> dict[int, Domain]:
    """Return the starts of work that pauses in breaks, by elapsed time.

    Parameters
    ----------
    duration
        Positive ticks of work.
    breaks
        Half-open intervals, sorted and separate.
    horizon
        Latest start of interest.

    Returns
    -------
    dict
        For each elapsed time (work and the breaks in between), the starts that lead to it.

    Notes
    -----
    Between the breaks lie segments of working time. In work coordinates (ticks of work since 0)
    segment k covers ``[W[k], W[k + 1])``; work that starts at w in segment k ends in the segment l
    with ``W[l] < w + duration <= W[l + 1]``, after all breaks between the two.
    """
    begins = [0, *(b for _, b in breaks)]
    stops = [*(a for a, _ in breaks), max(begins[-1], horizon) + duration + 1]
    work = [0]
    for begin, stop in zip(begins, stops, strict=True):
        work.append(work[-1] + stop - begin)
    found: dict[int, list[tuple[int, int]]] = {}
    last = 0
    for k, begin in enumerate(begins):
        if begin > horizon:
            break
        last = max(last, k)
        while work[last + 1] < work[k] + duration and last + 1 < len(begins):
            last += 1
        for goal in range(last, len(begins)):
            low = max(work[k], work[goal] - duration + 1)
            high = min(work[k + 1] - 1, work[goal + 1] - duration)
            if low > work[k + 1] - 1:
                break
            if low <= high:
                paused = (begins[goal] - work[goal]) - (begin - work[k])
                shift = begin - work[k]
                found.setdefault(duration + paused, []).append((low + shift, high + shift))
    return {length: clip(union(ranges), 0, horizon) for length, ranges in found.items()}
