"""The pool as a world that goes from decision to decision, for any policy and decoder."""

from __future__ import annotations

import heapq
from typing import Self

import numpy as np

from headway.errors import ConfigError
from headway.model.tables import ABSENT, ints
from headway.simulate.cluster.queue import Known, Queue
from headway.simulate.cluster.realise import Pieces
from headway.simulate.cluster.trace import ClusterTrace
from headway.simulate.cluster.workload import Workload


class ClusterWorld:
    """A pool whose jobs are started one by one; see `headway.simulate.World`.

    Candidates are the jobs that wait and fit into what is free. Choosing none is allowed while
    jobs run: nothing starts then until the next one ends or is submitted. An order of the queue
    that never waits fills all gaps, as greedy backfilling does.

    Parameters
    ----------
    workload
        The jobs.

    Notes
    -----
    Decisions have the columns that rules of the cluster use without preemption, and ``free``
    (processors that nobody holds) and ``queue`` (jobs that wait, fitting or not). A decision takes
    time proportional to the jobs that wait, an event O(log n).

    Examples
    --------
    >>> from headway.simulate import greedy
    >>> from headway.simulate.cluster import RULES
    >>> jobs = Workload.of(capacity=2, submit=[0, 0, 1], run=[4, 2, 1], amount=[1, 2, 1])
    >>> world = greedy(ClusterWorld(jobs), RULES.find("FCFS"))
    >>> world.trace("FCFS").start.tolist(), world.value
    ([0, 4, 1], 11.0)
    """

    def __init__(self, workload: Workload) -> None:
        self.workload = workload
        self._known = Known.of(workload)
        self._submitted = np.concatenate(([0], np.cumsum(workload.submit)))
        self._now = 0
        self._free = workload.capacity
        self._following = 0
        self._waiting = np.zeros(0, dtype=np.int64)
        self._candidates: np.ndarray[tuple[int], np.dtype[np.int64]] | None = None
        self._held = True
        self._ends: list[tuple[int, int]] = []
        self._start = np.full(len(workload), ABSENT)
        self._ended = 0
        self._sum_of_ends = 0

    def decision(self) -> Queue | None:
        """Move on to the next instant at which a job can start; None when all have ended."""
        while True:
            if not self._held:
                fitting = self.workload.amount[self._waiting] <= self._free
                if fitting.any():
                    return self._among(self._waiting[fitting])
            if not self._go_on():
                return None

    def apply(self, choice: int | None) -> None:
        """Start a candidate of the present decision, or wait until something happens.

        Raises
        ------
        ConfigError
            If there is no such choice.
        """
        candidates, self._candidates = self._candidates, None
        if candidates is None:
            raise ConfigError("cluster: nothing is to be decided")
        if choice is None:
            if not self._ends:
                raise ConfigError("cluster: nothing runs that could be waited for")
            self._held = True
            return
        job = int(candidates[choice])
        self._start[job] = self._now
        self._free -= int(self.workload.amount[job])
        self._waiting = self._waiting[self._waiting != job]
        heapq.heappush(self._ends, (self._now + int(self.workload.run[job]), job))

    def clone(self) -> Self:
        """Return a copy that goes on by itself."""
        other = object.__new__(type(self))
        other.__dict__.update(self.__dict__)
        other._ends, other._start = self._ends.copy(), self._start.copy()
        return other

    @property
    def value(self) -> float:
        """Total response time up to now, in seconds, that of jobs that have not ended included."""
        present = self._following - self._ended
        gone = self._sum_of_ends + present * self._now
        return float(gone - int(self._submitted[self._following]))

    def trace(self, policy: str, seed: int = 0) -> ClusterTrace:
        """Return the verified trace, once `decision` has returned None.

        Parameters
        ----------
        policy
            Name of who decided.
        seed
            Of the workload.

        Raises
        ------
        ConfigError
            If jobs have not ended yet.
        """
        if self._ended < len(self.workload):
            raise ConfigError("cluster: the run is not over")
        start = ints(self._start)
        pieces = Pieces.of(np.arange(len(start)), start, start + self.workload.run)
        return ClusterTrace.of(self.workload, pieces, policy, seed=seed)

    def _among(self, jobs: np.ndarray[tuple[int], np.dtype[np.int64]]) -> Queue:
        self._candidates = jobs
        return Queue(
            float(self._now),
            ints(jobs),
            self._known,
            pool={
                "free": self._free / self.workload.per_unit,
                "queue": float(len(self._waiting)),
            },
            # What has not been submitted yet is nothing that a policy may count on.
            may_wait=bool(self._ends),
        )

    def _go_on(self) -> bool:
        """Let jobs end, then be submitted, at the next instant; false if there is none."""
        w = self.workload
        times = [int(w.submit[self._following])] if self._following < len(w) else []
        times += [self._ends[0][0]] if self._ends else []
        if not times:
            return False
        self._now = min(times)
        while self._ends and self._ends[0][0] == self._now:
            _, job = heapq.heappop(self._ends)
            self._free += int(w.amount[job])
            self._ended += 1
            self._sum_of_ends += self._now
        arrived = int(np.searchsorted(w.submit, self._now, side="right"))
        self._waiting = np.concatenate((self._waiting, np.arange(self._following, arrived)))
        self._following = arrived
        self._held = False
        return True
