"""One preemptive machine on which jobs arrive and reveal themselves."""

from __future__ import annotations

import heapq
from fractions import Fraction
from typing import Any

from headway.errors import ConfigError
from headway.model.tables import Ints, ints
from headway.simulate.single.jobs import Chains
from headway.simulate.single.reveal import Reveal
from headway.simulate.single.view import JobView, Policy


class _Hidden:
    """The truth about one job, which no view leads to."""

    __slots__ = ("attained", "left", "operation", "rest", "reveal_at", "sizes")

    def __init__(self, sizes: list[int], reveal_at: int | None) -> None:
        self.sizes = sizes
        self.rest = sum(sizes)
        self.attained = 0
        self.operation = 0
        self.left = sizes[0]
        # The attained service at which the total shows, where it shows late.
        self.reveal_at = reveal_at
        self.serve(0)

    def next_change(self, *, by_operation: bool) -> int:
        """Return the ticks of service until something is revealed or the job ends."""
        ticks = self.left if by_operation else self.rest
        if self.reveal_at is not None and self.attained < self.reveal_at:
            return min(ticks, self.reveal_at - self.attained)
        return ticks

    def serve(self, ticks: int) -> None:
        """Do so much of the job, and pass over operations without work."""
        self.attained += ticks
        self.rest -= ticks
        while ticks >= self.left and self.operation + 1 < len(self.sizes):
            ticks -= self.left
            self.operation += 1
            self.left = self.sizes[self.operation]
        self.left -= ticks


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
        if reveal.kind == "estimate" and jobs.estimate is None:
            raise ConfigError("reveal model 'estimate': the jobs have no estimates; give a factor")
        self.events = 0
        self._policy = policy
        self._jobs = jobs
        self._kind = reveal.kind
        self._share = reveal.value if reveal.kind == "epsilon" else None
        self._release: list[int] = jobs.release.tolist()
        self._arrivals = sorted(range(len(jobs)), key=lambda job: (self._release[job], job))
        self._arrived = 0
        self._now = 0
        # Key, release, number, and the ticks of service until the key is to be asked for again.
        self._waiting: list[tuple[Any, int, int, int | None]] = []
        self._hidden: dict[int, _Hidden] = {}
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
            truth = self._hide(job)
            if truth.rest == 0:
                self._completion[job] = release
                continue
            self._hidden[job] = truth
            self._views[job] = self._first_view(job, truth)
            self._queue(job)

    def _serve(self) -> None:
        """Serve the first job until something happens."""
        _, _, job, review = heapq.heappop(self._waiting)
        truth = self._hidden[job]
        ticks = truth.next_change(by_operation=self._kind in ("full", "operations"))
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
            self._show(self._views[job], truth)
            self._queue(job)

    def _queue(self, job: int) -> None:
        view = self._views[job]
        view.now = self._now
        key, review = self._policy(view)
        if review is not None and review < 1:
            raise ConfigError(f"policy {self._policy!r}: asked to rank job {job} again at once")
        heapq.heappush(self._waiting, (key, self._release[job], job, review))

    def _hide(self, job: int) -> _Hidden:
        sizes = self._jobs.sizes(job).tolist()
        at = None
        if self._share is not None:
            total = sum(sizes)
            at = total - int(Fraction(total) * self._share)
        return _Hidden(sizes, at)

    def _first_view(self, job: int, truth: _Hidden) -> JobView:
        view = JobView(int(self._jobs.release[job]))
        if self._kind == "full":
            view.total = truth.rest
        elif self._kind == "estimate" and self._jobs.estimate is not None:
            view.estimate = int(self._jobs.estimate[job])
        self._show(view, truth)
        return view

    def _show(self, view: JobView, truth: _Hidden) -> None:
        view.attained = truth.attained
        if self._kind in ("full", "operations"):
            view.operation, view.left = truth.operation, truth.left
            view.size = truth.sizes[truth.operation]
            done = truth.attained + truth.left
            view.known = done if view.total is None else view.total
        elif truth.reveal_at is not None and truth.attained >= truth.reveal_at:
            view.total = truth.attained + truth.rest

    def _note(self, job: int, start: int, end: int) -> None:
        last = self._pieces[-1] if self._pieces else None
        if last is not None and last[0] == job and last[2] == start:
            last[2] = end
        else:
            self._pieces.append([job, start, end])
