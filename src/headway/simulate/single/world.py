"""One preemptive machine on which jobs arrive and reveal themselves."""

from __future__ import annotations

import heapq
from typing import Any

from headway.errors import ConfigError
from headway.model.tables import Ints, ints
from headway.simulate.single.hidden import Hidden, first_view
from headway.simulate.single.jobs import Chains
from headway.simulate.single.reveal import Reveal
from headway.simulate.single.view import JobView, Policy


class Machine:
    """The machine, run from the first release to the last completion.

    Parameters
    ----------
    jobs
        What is to be done.
    policy
        Whom to serve.
    reveal
        What the policy is shown.

    Attributes
    ----------
    events
        Number of decisions made; each costs O(log n) and one or two ranks.
    """

    def __init__(self, jobs: Chains, policy: Policy, reveal: Reveal) -> None:
        self.events = 0
        self._policy = policy
        self._jobs = jobs
        self._reveal = reveal
        self._release: list[int] = jobs.release.tolist()
        self._arrivals = sorted(range(len(jobs)), key=lambda job: (self._release[job], job))
        self._arrived = 0
        self._now = 0
        # Key, release, number, and the ticks of service until the key is to be asked for again.
        self._waiting: list[tuple[Any, int, int, int | None]] = []
        self._hidden: dict[int, Hidden] = {}
        self._views: dict[int, JobView] = {}
        self._pieces: list[list[int]] = []
        self._completion = [0] * len(jobs)

    def run(self) -> tuple[Ints, Ints, Ints, Ints]:
        """Serve all jobs.

        Returns
        -------
        job, start, end
            The pieces of work, by time; touching pieces of one job are one.
        completion
            When each job ends, shape (n_jobs,).
        """
        while self._waiting or self._next_arrival is not None:
            if not self._waiting:
                self._now = self._next_arrival or 0
            self._admit()
            if self._waiting:
                self._serve()
        job, start, end = zip(*self._pieces, strict=True) if self._pieces else ((), (), ())
        return ints(job), ints(start), ints(end), ints(self._completion)

    @property
    def _next_arrival(self) -> int | None:
        if self._arrived == len(self._arrivals):
            return None
        return self._release[self._arrivals[self._arrived]]

    def _admit(self) -> None:
        """Let everybody in who has arrived by now."""
        while (release := self._next_arrival) is not None and release <= self._now:
            job = self._arrivals[self._arrived]
            self._arrived += 1
            truth = Hidden(self._jobs.sizes(job).tolist(), self._reveal)
            if truth.rest == 0:
                self._completion[job] = release
                continue
            self._hidden[job] = truth
            self._views[job] = first_view(self._jobs, job, truth, self._reveal)
            self._queue(job)

    def _serve(self) -> None:
        """Serve the first job until something happens."""
        _, _, job, review = heapq.heappop(self._waiting)
        truth = self._hidden[job]
        ticks = truth.next_change()
        if review is not None:
            ticks = min(ticks, review)
        arrival = self._next_arrival
        if arrival is not None:
            ticks = min(ticks, arrival - self._now)
        truth.serve(ticks)
        self._note(job, self._now, self._now + ticks)
        self._now += ticks
        self.events += 1
        if truth.rest == 0:
            self._completion[job] = self._now
            del self._hidden[job], self._views[job]
        else:
            truth.show(self._views[job])
            self._queue(job)

    def _queue(self, job: int) -> None:
        view = self._views[job]
        view.now = self._now
        key, review = self._policy(view)
        if review is not None and review < 1:
            raise ConfigError(f"policy {self._policy!r}: asked to rank job {job} again at once")
        heapq.heappush(self._waiting, (key, self._release[job], job, review))

    def _note(self, job: int, start: int, end: int) -> None:
        last = self._pieces[-1] if self._pieces else None
        if last is not None and last[0] == job and last[2] == start:
            last[2] = end
        else:
            self._pieces.append([job, start, end])
