"""The workload model of Lublin and Feitelson: rigid jobs on parallel supercomputers.

References
----------
Lublin, Feitelson (2003), "The workload on parallel supercomputers: modeling the characteristics of
rigid jobs", Journal of Parallel and Distributed Computing 63(11).
"""

from __future__ import annotations

import math
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from headway.errors import ConfigError
from headway.model.tables import Ints, ints
from headway.simulate.cluster.workload import Workload
from headway.simulate.streams import Streams

Floats = NDArray[np.float64]

BUCKETS = 48
"""Parts of a day with an arrival rate of their own."""

BUCKET_S = 86_400 / BUCKETS

FIRST_BUCKET = 11
"""The daily cycle is fitted to days that begin here."""

LARGEST_LOG_RUN = 12.0
LARGEST_LOG_GAP = 13.0
"""Logarithms of run times and gaps above these are drawn again."""


@dataclass(frozen=True, slots=True)
class LublinModel:
    """Parameters of the model; those of the published fit to all jobs by default.

    Attributes
    ----------
    serial
        Share of jobs with one processor.
    power_of_two
        Share of jobs whose size is rounded to a power of two.
    low, below_high, lower
        The binary logarithm of other sizes is uniform from `low` to that of the machine less
        `below_high` with probability `lower`, and from there to that of the machine otherwise.
    short, long
        Shape and scale of the two gamma laws of the logarithm of run times.
    slope, intercept
        Share of the first of them: ``slope * processors + intercept``.
    gap
        Shape and scale of the gamma law of the logarithm of gaps in rush hours.
    day
        Shape and scale of the gamma law of the time of day.
    rush
        Ratio that turns the shape of gaps in rush hours into that of all hours.
    """

    serial: float = 0.244
    power_of_two: float = 0.576
    low: float = 0.8
    below_high: float = 2.5
    lower: float = 0.86
    short: tuple[float, float] = (4.2, 0.94)
    long: tuple[float, float] = (312.0, 0.03)
    slope: float = -0.0054
    intercept: float = 0.78
    gap: tuple[float, float] = (10.2303, 0.4871)
    day: tuple[float, float] = (8.1737, 3.9631)
    rush: float = 1.0225


def lublin(
    jobs: int,
    processors: int,
    *,
    load: float | None = None,
    model: LublinModel | None = None,
    seed: int = 0,
) -> Workload:
    """Draw a workload.

    Parameters
    ----------
    jobs
        Number of jobs.
    processors
        Size of the machine, at least 2.
    load
        Work submitted per second as a share of the machine, to which the gaps are stretched; by
        default they are as the model has them.
    model
        Its parameters.
    seed
        Of the draws.

    Returns
    -------
    Workload
        Requested times are exact; users are unknown.

    Raises
    ------
    ConfigError
        If there is no job or too small a machine, or the load is not positive.

    Examples
    --------
    >>> workload = lublin(1000, 256, load=0.8, seed=1)
    >>> len(workload), workload.capacity, round(workload.load, 2)
    (1000, 256, 0.8)
    """
    if jobs < 2 or processors < 2:
        raise ConfigError(f"expected at least 2 jobs and 2 processors, got {jobs} and {processors}")
    if load is not None and not load > 0:
        raise ConfigError(f"load: expected a positive number, got {load}")
    given, streams = model or LublinModel(), Streams(seed)
    amount = _sizes(given, streams.of("sizes"), jobs, processors)
    run = _run_times(given, streams.of("run times"), amount)
    submit = _arrivals(given, streams.of("arrivals"), jobs)
    if load is not None:
        span = float((run * amount).sum()) / (processors * load)
        submit = (submit - submit[0]) * (span / (submit[-1] - submit[0]))
    return Workload.of(
        name=f"lublin {processors}",
        capacity=processors,
        submit=np.floor(submit),
        run=run,
        amount=amount,
    )


def _sizes(m: LublinModel, rng: np.random.Generator, n: int, processors: int) -> Ints:
    high = math.log2(processors)
    # On very small machines the two stages would change places.
    middle = max(high - m.below_high, min(m.low, high))
    kind = rng.random(n)
    first = rng.random(n) <= m.lower
    exponent = np.where(
        first, rng.uniform(min(m.low, middle), middle, n), rng.uniform(middle, high, n)
    )
    rounded = np.where(kind <= m.serial + m.power_of_two, np.floor(exponent + 0.5), exponent)
    size = np.where(kind <= m.serial, 1, np.floor(2**rounded + 0.5))
    return ints(np.clip(size, 1, processors))


def _run_times(m: LublinModel, rng: np.random.Generator, amount: Ints) -> Ints:
    share = np.clip(m.slope * amount + m.intercept, 0, 1)
    logs = np.full(len(amount), np.inf)
    while (again := np.flatnonzero(logs > LARGEST_LOG_RUN)).size:
        short = rng.random(len(again)) <= share[again]
        logs[again] = np.where(
            short, rng.gamma(*m.short, len(again)), rng.gamma(*m.long, len(again))
        )
    return ints(np.floor(np.exp(logs)))


def _arrivals(m: LublinModel, rng: np.random.Generator, n: int) -> Floats:
    """Return when jobs arrive: gaps are points, and each part of the day has its price in them."""
    logs = np.full(n, np.inf)
    while (again := np.flatnonzero(logs > LARGEST_LOG_GAP)).size:
        logs[again] = rng.gamma(m.gap[0] * m.rush, m.gap[1], len(again))
    earned = np.cumsum(np.exp(logs) / BUCKET_S)
    spent = np.cumsum(_weights(m))
    days, rest = np.divmod(earned, spent[-1])
    bucket = np.searchsorted(spent, rest, side="right")
    before = np.concatenate(([0.0], spent[:-1]))[bucket]
    within = (rest - before) / _weights(m)[bucket]
    return np.asarray((days * BUCKETS + bucket + within) * BUCKET_S, dtype=np.float64)


def _weights(m: LublinModel) -> Floats:
    """Return how many points each part of the day takes, 1 on average; shape (BUCKETS,)."""
    from scipy.special import gammainc

    shape, scale = m.day
    parts = np.arange(FIRST_BUCKET, FIRST_BUCKET + BUCKETS)
    weight = np.zeros(BUCKETS)
    weight[(parts - 1) % BUCKETS] = gammainc(shape, (parts + 0.5) / scale) - gammainc(
        shape, (parts - 0.5) / scale
    )
    return np.asarray(weight / weight.mean(), dtype=np.float64)
