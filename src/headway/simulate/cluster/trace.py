"""What happened on a cluster: pieces of work, the schedule they amount to, and how users fared."""

from __future__ import annotations

from dataclasses import dataclass, field
from functools import cached_property

import numpy as np
from numpy.typing import NDArray

from headway.model.tables import Ints, ints
from headway.simulate.cluster.realise import Pieces, realised
from headway.simulate.cluster.story import story
from headway.simulate.cluster.workload import Workload
from headway.simulate.statistics import Summary, summary
from headway.simulate.trace import Trace

Floats = NDArray[np.float64]

SHORT_S = 10
"""Jobs shorter than this count as so long in the bounded slowdown."""


@dataclass(frozen=True, eq=False, kw_only=True)
class ClusterTrace(Trace):
    """What happened when a workload met a policy; see `headway.simulate.Trace`.

    Attributes
    ----------
    workload
        The jobs.
    pieces
        When and where each job ran; more than one piece a job if it was taken off.
    promised
        When each job was first promised to start by a reservation, shape (n_jobs,); `FOREVER`
        where it never had one.
    """

    workload: Workload = field(repr=False)
    pieces: Pieces = field(repr=False)
    promised: Ints | None = field(default=None, repr=False)

    @classmethod
    def of(
        cls,
        workload: Workload,
        pieces: Pieces,
        policy: str,
        *,
        promised: Ints | None = None,
        seed: int = 0,
    ) -> ClusterTrace:
        """Return the verified trace of what ran when."""
        trace = cls(
            realised(workload, pieces),
            policy,
            seed,
            story(workload, pieces),
            workload=workload,
            pieces=pieces,
            promised=promised,
        )
        trace.measures.update(trace._figures())  # type: ignore[attr-defined]
        return trace

    @cached_property
    def start(self) -> Ints:
        """When each job first ran, shape (n_jobs,)."""
        first = np.full(len(self.workload), np.iinfo(np.int64).max)
        np.minimum.at(first, self.pieces.job, self.pieces.start)
        return ints(first)

    @cached_property
    def end(self) -> Ints:
        """When each job was done, shape (n_jobs,)."""
        last = np.zeros(len(self.workload), dtype=np.int64)
        np.maximum.at(last, self.pieces.job, self.pieces.end)
        return ints(last)

    @cached_property
    def response(self) -> Ints:
        """Seconds from submission to end, shape (n_jobs,)."""
        return ints(self.end - self.workload.submit)

    @cached_property
    def wait(self) -> Ints:
        """Seconds between submission and end in which a job did not run, shape (n_jobs,)."""
        return ints(self.response - self.workload.run)

    @cached_property
    def bounded_slowdown(self) -> Floats:
        """Response over run time, short jobs counting as `SHORT_S` long, at least 1.

        References
        ----------
        Feitelson, Rudolph, Schwiegelshohn, Sevcik, Wong (1997), "Theory and practice in parallel
        job scheduling".
        """
        return np.maximum(1.0, self.response / np.maximum(self.workload.run, SHORT_S))

    @property
    def makespan(self) -> int:
        """Seconds from the first submission to the last end; 0 without jobs."""
        return int(self.end.max() - self.workload.submit[0]) if len(self.workload) else 0

    @property
    def utilisation(self) -> float:
        """Share of the pool that was busy during the makespan; nan if that is 0."""
        room = self.makespan * self.workload.capacity
        return float(self.workload.work.sum()) / room if room else float("nan")

    @property
    def fairness(self) -> float:
        """How evenly slowdown falls on users, from 1 / n_users to 1 if it is the same for all.

        Jain's index of the mean bounded slowdown of each user; of single jobs where users are
        unknown.

        References
        ----------
        Jain, Chiu, Hawe (1984), "A quantitative measure of fairness and discrimination for
        resource allocation in shared computer systems".
        """
        user = self.workload.user
        slowdown = self.bounded_slowdown
        if len(user) and (user >= 0).all():
            _, number = np.unique(user, return_inverse=True)
            slowdown = np.bincount(number, weights=slowdown) / np.bincount(number)
        squares = len(slowdown) * float((slowdown**2).sum())
        return float(slowdown.sum()) ** 2 / squares if squares else float("nan")

    def summary(self, measure: str = "wait", *, batches: int = 20) -> Summary:
        """Return mean and tails of a measure over jobs, with a confidence interval of the mean.

        Parameters
        ----------
        measure
            ``"wait"``, ``"response"`` or ``"bounded_slowdown"``.
        batches
            Jobs in order of submission make so many batches, whose means give the interval.
        """
        return summary(getattr(self, measure), batches=batches)

    def _figures(self) -> dict[str, float]:
        if not len(self.workload):
            return {}
        return {
            "mean wait s": float(self.wait.mean()),
            "99 % wait s": float(np.percentile(self.wait, 99)),
            "largest wait s": float(self.wait.max()),
            "mean response s": float(self.response.mean()),
            "99 % response s": float(np.percentile(self.response, 99)),
            "mean bounded slowdown": float(self.bounded_slowdown.mean()),
            "utilisation": self.utilisation,
            "makespan s": float(self.makespan),
            "fairness": self.fairness,
        }
