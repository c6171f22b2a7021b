"""GPU clusters drawn to the figures of real ones.

Run times in production have means far above their medians, so that they are lognormal or
hyper-exponential here, never exponential. Users come back with the same kinds of jobs, which is
what makes run times predictable.

References
----------
The figures: Hu, Ye, Wang, Zhang, Sun, Yan, Wang, Lin, Zhang, Wang, Li, Qiao, Luo, Jin, Wen (2024),
"Characterization of large language model development in the datacenter", and its data set
AcmeTrace (CC BY 4.0).
"""

from __future__ import annotations

import math
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from types import MappingProxyType

import numpy as np
from numpy.typing import NDArray

from headway.errors import ConfigError, UnknownNameError
from headway.model.tables import Ints, ints
from headway.simulate.cluster.workload import PER_GPU, Workload
from headway.simulate.laws import Law
from headway.simulate.streams import Streams

Floats = NDArray[np.float64]


@dataclass(frozen=True, slots=True)
class ClusterFigures:
    """What is published about the GPU jobs of a cluster.

    Attributes
    ----------
    mean_run_s, median_run_s
        Of the run times.
    mean_queue_s
        Mean time in the queue there, under its own scheduler and load; nothing is fitted to it.
    mean_gpus
        Mean number of GPUs of a job.
    """

    mean_run_s: float
    median_run_s: float
    mean_queue_s: float
    mean_gpus: float

    def lognormal(self) -> Law:
        """Return the lognormal law of run times with this mean and median."""
        spread = math.sqrt((self.mean_run_s / self.median_run_s) ** 2 - 1)
        return Law("lognormal", (self.mean_run_s, spread))

    def hyperexponential(self, short: float = 0.9) -> Law:
        """Return a mixture of short and long jobs with this mean and median.

        Parameters
        ----------
        short
            Share of short jobs, more than a half.

        Raises
        ------
        ConfigError
            If no mixture with such a share has this mean and median.
        """
        mean, median = self.mean_run_s, self.median_run_s

        def excess(first: float) -> float:
            second = (mean - short * first) / (1 - short)
            beyond = short * math.exp(-median / first) + (1 - short) * math.exp(-median / second)
            return beyond - 0.5

        if not 0.5 < short < 1 or excess(mean) < 0:
            raise ConfigError(
                f"short: with a share of {short}, no mixture has a mean of {mean:g} s and a median"
                f" of {median:g} s"
            )
        first = _root(excess, median * 1e-3, mean)
        return Law("hyperexponential", (short, first, (mean - short * first) / (1 - short)))


CLUSTERS: Mapping[str, ClusterFigures] = MappingProxyType(
    {
        "Seren": ClusterFigures(1414, 122, 446, 5.7),
        "Kalos": ClusterFigures(1260, 124, 214, 26.8),
        "Philly": ClusterFigures(18006, 874, 3761, 1.9),
        "Helios": ClusterFigures(6652, 206, 862, 3.7),
        "PAI": ClusterFigures(4787, 481, 402, 0.68),
    }
)
"""The published figures by the name of the cluster."""

SIZES = (100, 250, 500, *(PER_GPU * 2**k for k in range(11)))
"""Thousandths of GPUs that jobs ask for; shares only where the mean is below one GPU."""

EXPLAINED = (0.3, 0.3, 0.2)
"""Share of the variation of run times that lies between users, between the groups of a user's
recurring jobs, and between the sizes of these."""


def synthetic(
    cluster: str | ClusterFigures,
    jobs: int,
    gpus: int,
    *,
    load: float = 0.8,
    law: Law | None = None,
    users: int = 50,
    seed: int = 0,
) -> Workload:
    """Draw a workload with the figures of a cluster.

    Jobs arrive in a Poisson stream. The share of sizes falls (or grows) geometrically from each
    power of two to the next, so that their mean is right.

    Parameters
    ----------
    cluster
        A name in `CLUSTERS`, or figures of your own.
    jobs, gpus
        How many jobs, and the size of the pool.
    load
        Work submitted per second as a share of the pool, exactly so for the jobs drawn.
    law
        Of run times; lognormal by default.
    users
        How many users submit; each has ten groups of recurring jobs.
    seed
        Of the draws.

    Raises
    ------
    UnknownNameError
        If there is no such cluster.
    ConfigError
        If the pool is too small for the mean size, or a number is not positive.

    Examples
    --------
    >>> workload = synthetic("Philly", 2000, 64, seed=1)
    >>> workload.capacity, int(np.median(workload.run)) in range(700, 1050)
    (64000, True)
    """
    figures = _figures(cluster)
    if jobs < 2 or users < 1 or not load > 0:
        raise ConfigError(
            f"expected at least 2 jobs, a user and some load, got {jobs}, {users} and {load}"
        )
    streams = Streams(seed)
    amount = _sizes(figures.mean_gpus * PER_GPU, gpus * PER_GPU, streams.of("sizes"), jobs)
    user = streams.of("users").integers(0, users, jobs)
    group = user * 10 + streams.of("groups").integers(0, 10, jobs)
    drawn = np.sort((law or figures.lognormal()).draw(streams.of("run times"), jobs))
    rank = np.argsort(np.argsort(_latent(user, group, amount, streams)))
    run = np.maximum(np.rint(drawn[rank]), 1)
    submit = np.cumsum(streams.of("arrivals").standard_exponential(jobs))
    span = float((run * amount).sum()) / (load * gpus * PER_GPU)
    submit = (submit - submit[0]) * (span / (submit[-1] - submit[0]))
    return Workload.of(
        name=f"synthetic {cluster}" if isinstance(cluster, str) else "synthetic",
        capacity=gpus * PER_GPU,
        submit=np.floor(submit),
        run=run,
        amount=amount,
        user=user,
        group=group,
        per_unit=PER_GPU,
    )


def _figures(cluster: str | ClusterFigures) -> ClusterFigures:
    if isinstance(cluster, ClusterFigures):
        return cluster
    try:
        return CLUSTERS[cluster]
    except KeyError:
        raise UnknownNameError("cluster", cluster, CLUSTERS) from None


def _sizes(mean: float, capacity: int, rng: np.random.Generator, n: int) -> Ints:
    sizes = np.array([s for s in SIZES if s <= capacity and (s >= PER_GPU or mean < PER_GPU)])
    if not len(sizes) or not sizes[0] < mean < sizes[-1]:
        raise ConfigError(
            f"gpus: a pool of {capacity / PER_GPU:g} has no sizes with a mean of {mean / PER_GPU:g}"
        )

    def shares(growth: float) -> Floats:
        logs = growth * np.arange(len(sizes))
        weight = np.exp(logs - logs.max())
        return np.asarray(weight / weight.sum(), dtype=np.float64)

    growth = _root(lambda g: float(shares(g) @ sizes) - mean, -50.0, 50.0)
    return ints(rng.choice(sizes, n, p=shares(growth)))


def _latent(user: Ints, group: Ints, amount: Ints, streams: Streams) -> Floats:
    """Return what run times are ranked by: the sum of what is common to users, groups, sizes."""
    rng = streams.of("habits")
    keys = (user, group, group * (SIZES[-1] + 1) + amount)
    total = np.zeros(len(user))
    for key, share in zip(keys, EXPLAINED, strict=True):
        known, number = np.unique(key, return_inverse=True)
        total += math.sqrt(share) * rng.standard_normal(len(known))[number]
    return total + math.sqrt(1 - sum(EXPLAINED)) * rng.standard_normal(len(user))


def _root(function: Callable[[float], float], low: float, high: float) -> float:
    """Return where an increasing function is 0, by halving."""
    for _ in range(200):
        middle = (low + high) / 2
        low, high = (middle, high) if function(middle) < 0 else (low, middle)
    return (low + high) / 2
