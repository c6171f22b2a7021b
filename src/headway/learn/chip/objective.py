"""How good weights are for jobs that arrive at a chip: time in the system beside that under ETF."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field

import numpy as np

from headway.learn.evolution import Floats
from headway.simulate.chip import Bound, Fate, Outcome, TaskGraph, Workload, linear, outcome

REFERENCE = "ETF"


@dataclass(frozen=True)
class Ranges:
    """What workloads are drawn from.

    Parameters
    ----------
    gap
        Mean times between arrivals, in mean durations of tasks.
    most_jobs
        Sizes of the system.
    noise
        Standard deviations of durations.
    single
        Probability that all jobs are of one kind.
    length
        Length of a run, in mean durations of tasks.
    """

    gap: tuple[float, ...] = (1.0, 2.0, 2.0, 2.5, 3.75, 5.0)
    most_jobs: tuple[int, ...] = (2, 3, 3, 4, 5, 5, 6)
    noise: tuple[float, ...] = (0.0, 0.0, 0.1, 0.2, 0.3)
    single: float = 0.2
    length: float = 375.0

    def draw(self, kinds: Sequence[TaskGraph], rng: np.random.Generator) -> Workload:
        """Return a random workload of some kinds of jobs."""
        one = rng.random() < self.single
        chosen = (kinds[int(rng.integers(len(kinds)))],) if one else tuple(kinds)
        unit = Workload(kinds=tuple(kinds)).unit
        return Workload(
            kinds=chosen,
            gap=unit * float(rng.choice(self.gap)),
            most_jobs=int(rng.choice(self.most_jobs)),
            noise=float(rng.choice(self.noise)),
            length=int(unit * self.length),
        )


def mean_stay(run: Outcome) -> float:
    """Return the time in the system of all jobs per job completed, in ticks.

    The mean latency of completed jobs alone would reward a rule that leaves some jobs for ever: the
    others, fewer in the system, get through sooner.
    """
    until = np.where(run.completion >= 0, run.completion, run.workload.length)
    return float((until - run.arrival).sum()) / max(len(run.latency), 1)


@dataclass(frozen=True, eq=False)
class Case:
    """A workload, what it brings, and how ETF does on it.

    Parameters
    ----------
    workload, fate
        What is run.
    reference
        `mean_stay` under ETF.
    """

    workload: Workload
    fate: Fate
    reference: float

    @classmethod
    def of(cls, workload: Workload, seed: int) -> Case:
        """Return the case of a seed."""
        fate = workload.fate(seed)
        return cls(workload, fate, max(mean_stay(outcome(workload, REFERENCE, fate=fate)), 1.0))

    def cost(self, rule: Bound) -> float:
        """Return `mean_stay` under a rule as a fraction of that under ETF."""
        return mean_stay(outcome(self.workload, rule, fate=self.fate)) / self.reference


def costs(vectors: Floats, cases: Sequence[Case]) -> Floats:
    """Return the mean cost of vectors, shape (k, n), over cases; shape (k,)."""
    rules = [linear(vector) for vector in vectors]
    return np.array([np.mean([case.cost(rule) for case in cases]) for rule in rules])


@dataclass(frozen=True)
class RandomLoads:
    """Mean cost over random workloads: an objective for `headway.learn.evolve`.

    Parameters
    ----------
    kinds
        Kinds of jobs.
    ranges
        What workloads are drawn from.
    cases
        Workloads per call.
    """

    kinds: tuple[TaskGraph, ...] = field(repr=False)
    ranges: Ranges = field(default_factory=Ranges)
    cases: int = 12

    def __call__(self, vectors: Floats, seed: int) -> Floats:
        """Return the costs of vectors, shape (k, n), on the workloads of a seed."""
        rng = np.random.default_rng(seed)
        drawn = [
            Case.of(self.ranges.draw(self.kinds, rng), int(rng.integers(2**31)))
            for _ in range(self.cases)
        ]
        return costs(vectors, drawn)


class FixedLoads:
    """Mean cost over workloads that are drawn once: for validation.

    Parameters
    ----------
    workloads
        Each is run with every seed.
    seeds
        Other ones than those that measure the trained rule.
    """

    def __init__(self, workloads: Sequence[Workload], seeds: Sequence[int]) -> None:
        self.cases = [Case.of(workload, seed) for workload in workloads for seed in seeds]

    def __call__(self, vectors: Floats) -> Floats:
        """Return the costs of vectors, shape (k, n)."""
        return costs(vectors, self.cases)
