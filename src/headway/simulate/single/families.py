"""Families of jobs on which policies differ."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from types import MappingProxyType

import numpy as np

from headway.errors import ConfigError, UnknownNameError
from headway.model.tables import Ints, ints
from headway.simulate.laws import Law
from headway.simulate.single.jobs import Chains
from headway.simulate.streams import Streams

LAWS: Mapping[str, Law] = MappingProxyType(
    {
        "uniform": Law("uniform", (0, 2)),
        "exponential": Law("exponential", (1,)),
        "lognormal": Law("lognormal", (1, 3)),
        "hyperexponential": Law("hyperexponential", (0.95, 0.4, 12.4)),
    }
)
"""Four size laws of mean 1, from bounded to heavy."""


def uniform_tests(
    jobs: int,
    *,
    law: str = "exponential",
    load: float = 1.0,
    test: int = 1000,
    seed: int = 0,
) -> Chains:
    """Return jobs that are a test of common length, then an operation that it reveals.

    Parameters
    ----------
    jobs
        Number of jobs; they arrive as a Poisson process.
    law
        One of `LAWS`, in units of the test.
    load
        Mean work per job over mean time between arrivals.
    test
        Ticks of the test.
    seed
        Of arrivals and sizes.
    """
    streams = Streams(seed)
    size = _law(law).draw(streams.of("sizes"), jobs) * test
    release = _arrivals(jobs, 2 * test / load, streams)
    sizes = np.stack([np.full(jobs, test), np.rint(size).astype(np.int64)], axis=1)
    return Chains(release, ints(2 * np.arange(jobs + 1)), ints(sizes))


def batch_of_tests(jobs: int, *, test: int = 10_000, operation: int = 10_001) -> Chains:
    """Return jobs that all arrive at 0, with one test and one operation a little longer.

    Every policy that does not know the operations is drawn into testing all jobs first: op-SRPT
    needs almost 3/2 of the least total flow time.
    """
    return Chains.of([(0, (test, operation))] * jobs)


def tightness_stream(jobs: int, *, test: int = 10_000) -> Chains:
    """Return `batch_of_tests`, then a stream of jobs that keep the machine from ending it.

    jobs²/4 jobs of a test and an equally long operation arrive, one at the end of the other, as
    soon as all tests of the batch are done: op-SRPT tends to twice the least total flow time.
    """
    batch = [(0, (test, test + 1))] * jobs
    stream = [((jobs + 2 * k) * test, (test, test)) for k in range(jobs * jobs // 4)]
    return Chains.of([*batch, *stream])


def random_chains(
    jobs: int,
    longest: int,
    *,
    law: str = "exponential",
    load: float = 0.9,
    mean: int = 1000,
    seed: int = 0,
) -> Chains:
    """Return jobs of a random number of operations of random sizes.

    Parameters
    ----------
    jobs
        Number of jobs; they arrive as a Poisson process.
    longest
        Operations per job are uniform on 1, …, `longest`.
    law
        One of `LAWS`, in units of `mean`.
    load
        Mean work per job over mean time between arrivals.
    mean
        Mean ticks of an operation.
    seed
        Of arrivals, numbers of operations and sizes.
    """
    streams = Streams(seed)
    counts = streams.of("operations").integers(1, longest + 1, jobs)
    pointer = np.concatenate([[0], np.cumsum(counts)])
    size = _law(law).draw(streams.of("sizes"), int(pointer[-1])) * mean
    release = _arrivals(jobs, (longest + 1) / 2 * mean / load, streams)
    return Chains(release, ints(pointer), ints(np.rint(size).astype(np.int64)))


def why_chunks(longest: int, *, many: int = 10, single: int = 200) -> Chains:
    """Return jobs on which op-SRPT pays for looking at one operation at a time.

    `many` jobs of `longest` operations of 2 ticks each, and `single` jobs of one operation of 3
    ticks, all at 0: each small operation seems more urgent than a job that would be over soon.
    """
    chains = [(0, [2] * longest)] * many
    return Chains.of([*chains, *[(0, [3])] * single])


FAMILIES: Mapping[str, Callable[..., Chains]] = MappingProxyType(
    {
        "uniform-tests": uniform_tests,
        "batch-of-tests": batch_of_tests,
        "tightness-stream": tightness_stream,
        "random-chains": random_chains,
        "why-chunks": why_chunks,
    }
)
"""The families by name."""


def _law(name: str) -> Law:
    if name not in LAWS:
        raise UnknownNameError("size law", name, LAWS)
    return LAWS[name]


def _arrivals(jobs: int, mean_gap: float, streams: Streams) -> Ints:
    if jobs < 1 or not 0 < mean_gap < float("inf"):
        raise ConfigError("expected one job or more, and a positive load")
    gaps = Law("exponential", (mean_gap,)).ticks(streams.of("arrivals"), jobs, least=0)
    return ints(np.cumsum(gaps) - gaps[0])
