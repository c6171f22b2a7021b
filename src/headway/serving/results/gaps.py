"""Times between consecutive tokens, without a list of the tokens.

All that speak at the ends of two steps that follow one another wait equally long for the second
token. A gap between steps, with the number of those who waited for it, thus stands for them all:
a run of hundreds of millions of tokens is described exactly by arrays of the size of its steps.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from headway.serving.results.columns import Floats, Ints, Speech


@dataclass(frozen=True, slots=True, eq=False)
class Gaps:
    """Times between consecutive tokens of the same request.

    Attributes
    ----------
    seconds
        Gaps, in no order; shape (n,).
    times
        How often each occurs, positive; shape (n,).
    """

    seconds: Floats
    times: Ints


def gaps(speech: Speech, end_s: Floats, chosen: NDArray[np.bool_] | None = None) -> Gaps:
    """Return the gaps between tokens of all requests, or of some.

    Parameters
    ----------
    speech
        Who spoke when.
    end_s
        Ends of the steps; shape (n_steps,).
    chosen
        The requests to look at; shape (n_requests,).
    """
    request, first, last = speech.request, speech.first_step, speech.last_step
    if chosen is not None:
        mine = chosen[request]
        request, first, last = request[mine], first[mine], last[mine]
    # Gap k lies between the ends of steps k and k + 1.
    begun, over = (np.bincount(steps, minlength=len(end_s)) for steps in (first, last))
    waiting = np.cumsum(begun - over)
    heard = np.flatnonzero(waiting)
    within = end_s[heard + 1] - end_s[heard]
    next_ = np.flatnonzero(request[1:] == request[:-1]) + 1
    between = end_s[first[next_]] - end_s[last[next_ - 1]]
    return Gaps(
        np.concatenate((within, between)),
        np.concatenate((waiting[heard], np.ones(len(between), dtype=np.int64))),
    )


def longest_gaps(speech: Speech, end_s: Floats, n_requests: int) -> Floats:
    """Return each request's longest gap between tokens; nan for fewer than two tokens.

    Parameters
    ----------
    speech
        Who spoke when.
    end_s
        Ends of the steps; shape (n_steps,).
    n_requests
        Number of requests.
    """
    first, last, same = speech.first_step, speech.last_step, speech.continues
    longest = np.full(len(speech), -np.inf)
    several = np.flatnonzero(last > first)
    if len(several):
        longest[several] = range_maxima(np.diff(end_s), first[several], last[several] - 1)
    before = np.flatnonzero(same)
    longest[before] = np.maximum(longest[before], end_s[first[before]] - end_s[last[before - 1]])
    found = np.full(n_requests, np.nan)
    heads = np.flatnonzero(~same)
    if len(heads):
        most = np.maximum.reduceat(longest, heads)
        found[speech.request[heads]] = np.where(np.isneginf(most), np.nan, most)
    return found


def range_maxima(values: Floats, first: Ints, last: Ints) -> Floats:
    """Return the largest of consecutive values, for many ranges at once.

    A range is covered by two ranges whose length is a power of two; those of one length are
    looked up before the next length is made, so that memory stays linear where the usual sparse
    table takes n log n.

    Parameters
    ----------
    values
        Shape (n,).
    first, last
        Ends of the ranges, both included; shape (n_ranges,).

    Notes
    -----
    O(n log n + n_ranges) time, O(n + n_ranges) memory.

    Examples
    --------
    >>> range_maxima(np.array([3.0, 1.0, 2.0]), np.array([0, 1]), np.array([1, 2])).tolist()
    [3.0, 2.0]
    """
    found = np.empty(len(first))
    # frexp is exact, a logarithm may be off by one at powers of two.
    level = (np.frexp((last - first + 1).astype(np.float64))[1] - 1).astype(np.int8)
    order = np.argsort(level, kind="stable")
    ends = np.searchsorted(level[order], np.arange(int(level.max(initial=-1)) + 1), side="right")
    table, begin = values, 0
    for power, end in enumerate(ends.tolist()):
        if power:
            half = 1 << (power - 1)
            table = np.maximum(table[:-half], table[half:])
        mine = order[begin:end]
        begin = end
        found[mine] = np.maximum(table[first[mine]], table[last[mine] - (1 << power) + 1])
    return found
