"""Many values in four figures."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from headway.serving.results.columns import Floats, Ints

PERCENTILES = {"p50": 0.5, "p90": 0.9, "p99": 0.99}
"""Those that are told, by name."""


@dataclass(frozen=True, slots=True)
class Distribution:
    """Mean and percentiles, with linear interpolation; nan without values.

    Attributes
    ----------
    n
        Number of values.
    mean, p50, p90, p99
        In the unit of the values.
    """

    n: int
    mean: float
    p50: float
    p90: float
    p99: float

    @classmethod
    def of(cls, values: Floats, times: Ints | None = None) -> Distribution:
        """Return what values say; those that are nan are left out.

        Parameters
        ----------
        values
            Shape (n,).
        times
            How often each occurs, positive; shape (n,). Once by default.

        Examples
        --------
        >>> Distribution.of(np.array([1.0, 3.0, 5.0]), np.array([2, 1, 1])).p50
        2.0
        """
        known = ~np.isnan(values)
        values = values[known]
        if not len(values):
            return cls(0, *[float("nan")] * 4)
        if times is None:
            shares = list(PERCENTILES.values())
            return cls(len(values), float(values.mean()), *np.quantile(values, shares).tolist())
        counts = times[known]
        n, mean = int(counts.sum()), float(np.average(values, weights=counts))
        return cls(n, mean, *_quantiles(values, counts, n))


def _quantiles(values: Floats, counts: Ints, n: int) -> list[float]:
    order = np.argsort(values)
    values, reached = values[order], np.cumsum(counts[order])
    found = []
    for share in PERCENTILES.values():
        place = share * (n - 1)
        low = int(place)
        # The value at a place, counted from 0, is the first one that reaches beyond it.
        below, above = values[np.searchsorted(reached, [low, min(low + 1, n - 1)], side="right")]
        found.append(float(below + (above - below) * (place - low)))
    return found
