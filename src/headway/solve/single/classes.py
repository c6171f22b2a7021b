"""Random instances of total tardiness as the literature draws them."""

from __future__ import annotations

from dataclasses import dataclass
from itertools import product

import numpy as np

from headway.model.tables import Ints, ints

FACTORS = (0.2, 0.4, 0.6, 0.8)
"""Tardiness factors (TF): roughly the share of jobs that are late."""

SPREADS = (0.2, 0.4, 0.6, 0.8, 1.0)
"""Ranges of due dates (RDD) as shares of the total work."""

_NORMAL = (60.0, 20.0)


@dataclass(frozen=True, slots=True)
class Instance:
    """Jobs that are all ready at 0.

    Attributes
    ----------
    work
        Processing times in ticks, shape (n,).
    due
        Due dates, shape (n,); some may be negative.
    """

    work: Ints
    due: Ints


def draw(
    rng: np.random.Generator, jobs: int, factor: float, spread: float, *, normal: bool = False
) -> Instance:
    """Draw an instance of one class.

    Parameters
    ----------
    rng
        Source of all random choices.
    jobs
        Number of jobs.
    factor, spread
        TF and RDD: due dates are uniform in ``P (1 - TF - RDD / 2)`` to ``P (1 - TF + RDD / 2)``,
        cut to whole numbers, where P is the total work.
    normal
        Whether processing times are normal with mean 60 and deviation 20, at least 1, instead of
        uniform in 1 to 99.

    References
    ----------
    Potts, Van Wassenhove (1982), "A decomposition algorithm for the single machine total tardiness
    problem".
    """
    times = rng.normal(*_NORMAL, jobs) if normal else rng.uniform(1, 100, jobs)
    work = np.maximum(times.astype(np.int64), 1)
    total = int(work.sum())
    low, high = total * (1 - factor - spread / 2), total * (1 - factor + spread / 2)
    return Instance(ints(work), ints(rng.uniform(low, high, jobs).astype(np.int64)))


def draw_all(
    seed: int,
    jobs: int,
    per_class: int,
    *,
    factors: tuple[float, ...] = FACTORS,
    normal: bool = False,
) -> list[Instance]:
    """Draw so many instances of every class, spread by spread and factor by factor.

    Examples
    --------
    >>> len(draw_all(1, jobs=5, per_class=2))
    40
    """
    rng = np.random.default_rng(seed)
    return [
        draw(rng, jobs, factor, spread, normal=normal)
        for spread, factor in product(SPREADS, factors)
        for _ in range(per_class)
    ]
