"""The cheapest combination of counts that does, where more of the same is never worse."""

from __future__ import annotations

import math
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass

import numpy as np

from headway.errors import ConfigError
from headway.serving.fleet.view import Floats, Ints, Mask

Counts = tuple[int, ...]

MOST_COMBINATIONS = 100_000


@dataclass(frozen=True, eq=False)
class Search:
    """What a search has found.

    Attributes
    ----------
    best
        The cheapest counts that do; None if none does.
    tried
        What each combination that was looked at was worth.
    """

    best: Counts | None
    tried: Mapping[Counts, float]


def cheapest(
    prices: Sequence[float],
    most: Sequence[int],
    worth: Callable[[Counts], float],
    *,
    target: float,
    possible: Callable[[Counts], bool] | None = None,
) -> Search:
    """Return the cheapest counts that are worth a target.

    Parameters
    ----------
    prices
        Of one of each kind, above 0.
    most
        Largest count of each kind.
    worth
        Of some counts. More of the kinds that are there must not be worth less; a kind that is
        not there yet may be, as a slow engine does harm where a router takes all for equal.
    target
        What they must be worth.
    possible
        Whether counts make sense at all; all but none of any kind by default.

    Raises
    ------
    ConfigError
        If a price is not above 0, or there are too many combinations.

    Notes
    -----
    Counts that fail rule out all that have no more of the same kinds; those that do rule out all
    that cost as much. Looked at next is whichever rules out most in the worse of its two cases:
    for one kind, bisection. O(combinations) a look, for a number of looks that grows with the
    logarithm of the combinations for one kind, and with the size of the border between them for
    several.
    """
    if not all(price > 0 for price in prices):
        raise ConfigError("price_per_h: expected a price above 0 for every kind of engine")
    shape = tuple(count + 1 for count in most)
    if math.prod(shape) > MOST_COMBINATIONS:
        raise ConfigError(f"most: more than {MOST_COMBINATIONS:,} combinations of counts")
    counts = np.indices(shape).reshape(len(shape), -1).T
    cost: Floats = np.asarray(counts @ np.asarray(prices, dtype=np.float64), dtype=np.float64)
    undecided: Mask = np.asarray(counts.any(axis=1))
    if possible is not None:
        undecided &= np.array([possible(tuple(row)) for row in counts.tolist()])
    tried: dict[Counts, float] = {}
    best: Counts | None = None
    while undecided.any():
        number = _next(undecided, cost, shape)
        row: Counts = tuple(counts[number].tolist())
        tried[row] = worth(row)
        if tried[row] >= target:
            best = row
            undecided &= cost < cost[number] - 1e-9
        else:
            alike = ((counts > 0) == (counts[number] > 0)).all(axis=1)
            undecided &= ~alike | (counts > counts[number]).any(axis=1)
    return Search(best, tried)


def _next(undecided: Mask, cost: Floats, shape: tuple[int, ...]) -> int:
    """Return the combination that rules out most in the worse of its two cases."""
    below: Ints = undecided.reshape(shape).astype(np.int64)
    for axis in range(len(shape)):
        there = np.moveaxis(below, axis, 0)[1:]  # who has none of a kind is not compared to who has
        np.cumsum(there, axis=0, out=there)
    order = np.sort(cost[undecided])
    as_dear = len(order) - np.searchsorted(order, cost - 1e-9)
    gain = np.where(undecided, np.minimum(below.ravel(), as_dear), -1)
    return int(gain.argmax())
