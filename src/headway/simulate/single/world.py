"""One preemptive machine on which jobs arrive and reveal themselves."""

from __future__ import annotations

import heapq
from collections.abc import Callable
from fractions import Fraction

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
        self.events = 0
        self._policy = policy
        self._jobs = jobs
        self._kind = reveal.kind
        self._share = reveal.value if reveal.kind == "epsilon" else None
        if reveal.kind == "estimate" and jobs.estimate is None:
            raise ConfigError("reveal model 'estimate': the jobs have no estimates; give a factor")
        self._piece_job: list[int] = []
        self._piece_start: list[int] = []
        self._piece_end: list[int] = []
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
        release = self._jobs.release.tolist()
        arrivals = sorted(range(len(release)), key=lambda job: (release[job], job))
        waiting: list[tuple[object, int, int, int | None]] = []
        hidden: dict[int, _Hidden] = {}
        views: dict[int, JobView] = {}
        rank = self._ranker(views)
        by_operation = self._kind in ("full", "operations")
        now, position, n_jobs = 0, 0, len(arrivals)
        while waiting or position < n_jobs:
            if not waiting:
                now = max(now, release[arrivals[position]])
            while position < n_jobs and release[arrivals[position]] <= now:
                job = arrivals[position]
                position += 1
                truth = self._hide(job)
                if truth.rest == 0:
                    self._completion[job] = release[job]
                    continue
                hidden[job] = truth
                views[job] = self._first_view(job, truth)
                key, review = rank(job, now)
                heapq.heappush(waiting, (key, release[job], job, review))
            if not waiting:
                continue
            _, _, job, review = heapq.heappop(waiting)
            truth = hidden[job]
            change = truth.next_change(by_operation=by_operation)
            ticks = change if review is None else min(change, review)
            if position < n_jobs:
                ticks = min(ticks, release[arrivals[position]] - now)
            truth.serve(ticks)
            self._note(job, now, now + ticks)
            now += ticks
            self.events += 1
            if truth.rest == 0:
                self._completion[job] = now
                del hidden[job], views[job]
                continue
            self._show(views[job], truth)
            key, review = rank(job, now)
            heapq.heappush(waiting, (key, release[job], job, review))
        return (
            ints(self._piece_job),
            ints(self._piece_start),
            ints(self._piece_end),
            ints(self._completion),
        )

    def _ranker(self, views: dict[int, JobView]) -> Callable[[int, int], tuple[object, int | None]]:
        policy = self._policy

        def rank(job: int, now: int) -> tuple[object, int | None]:
            view = views[job]
            view.now = now
            key, review = policy(view)
            if review is not None and review < 1:
                raise ConfigError(f"policy {policy!r}: asked to rank job {job} again at once")
            return key, review

        return rank

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
        if self._piece_job and self._piece_job[-1] == job and self._piece_end[-1] == start:
            self._piece_end[-1] = end
            return
        self._piece_job.append(job)
        self._piece_start.append(start)
        self._piece_end.append(end)
