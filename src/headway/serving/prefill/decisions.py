"""Who should run: decisions of a prefill instance, from those that could."""

from __future__ import annotations

from math import inf

from headway.serving.prefill.batching import Alone, Candidates, Fill
from headway.serving.prefill.costs import Costs
from headway.serving.prefill.job import Job
from headway.serving.prefill.policy import PrefillPolicy
from headway.serving.prefill.preemption import outranks
from headway.serving.prefill.queue import Waiting
from headway.serving.prefill.standings import Ranking, Standings


class Decisions:
    """The candidates of an instance, and what its policy makes of them.

    Parameters
    ----------
    policy
        Who decides.
    costs
        What is believed of all requests.

    Attributes
    ----------
    waiting
        Requests that have not begun.
    stopped
        Jobs that have, and do not run.
    """

    def __init__(self, policy: PrefillPolicy, costs: Costs) -> None:
        self.policy, self.costs = policy, costs
        self.waiting = Waiting(len(costs.requests))
        self.stopped: list[Job] = []
        self._ranking = Ranking(policy.order, policy.guards, costs)
        self._settled: bool | None = None

    def __len__(self) -> int:
        return len(self.waiting) + len(self.stopped)

    def arrive(self, first: int, after: int) -> None:
        """Let requests ``first`` to ``after - 1`` wait."""
        self.waiting.join(first, after)
        self._settled = None

    def choose(self, now_s: float) -> Job | list[int]:
        """Return the job that goes on now, or the requests that begin together, head first."""
        overdue = self._overdue(now_s)
        if overdue is not None:
            overdue.forced = True
            return overdue
        standings = self._standings(now_s)
        best = standings.best(len(standings))
        self._settled = bool(standings.doomed[best])
        n = len(self.waiting)
        if best >= n:
            return self.stopped[best - n]
        if self.policy.cut == "chunk" or isinstance(self.policy.batching, Alone):
            return [int(self.waiting.line[best])]
        return self._batch(standings)

    def _batch(self, standings: Standings) -> list[int]:
        ranked = standings.ranked(len(self.waiting))
        requests = self.waiting.line[ranked]
        candidates = Candidates(
            self.costs.loads.taken(requests),
            standings.view.slack_s[ranked],
            standings.view.service_s[ranked],
            self.costs.error[requests],
            self.costs.predictor,
        )
        return [int(requests[k]) for k in self.policy.batching.choose(candidates)]

    def followers(self, now_s: float) -> list[Job | int]:
        """Return who fills what a chunk leaves, the most urgent first: jobs and requests."""
        batching = self.policy.batching
        if not isinstance(batching, Fill) or not len(self):
            return []
        n = len(self.waiting)
        ranked = self._standings(now_s).ranked(len(self))[: batching.requests - 1].tolist()
        return [int(self.waiting.line[k]) if k < n else self.stopped[k - n] for k in ranked]

    def keeps(self, now_s: float, job: Job) -> bool:
        """Return whether a job that stands at a boundary goes on.

        Parameters
        ----------
        now_s
            The present.
        job
            Who has run up to now; it is not among those that were stopped.
        """
        if not len(self) or not self.may_stop(now_s, job, runs=False):
            return True
        if self._overdue(now_s) is not None:
            return False
        if self._is_settled(now_s, job):
            return True
        standings = self._standings(now_s, job, runs=False)
        self._settled = bool(standings.doomed[-1])
        return not self._outranked(standings)

    def challenged(self, now_s: float, runner: Job, newcomers: int) -> tuple[list[int], bool]:
        """Return which newcomers outrank who runs, and whether it should stop.

        Parameters
        ----------
        now_s
            The present.
        runner
            Who runs.
        newcomers
            How many have just arrived.
        """
        standings = self._standings(now_s, runner, runs=True)
        n, margin = len(self.waiting), self.policy.guards.margin
        ahead = [
            int(self.waiting.line[k])
            for k in range(n - newcomers, n)
            if outranks(standings[k], standings[len(self)], margin)
        ]
        due = self._outranked(standings) or self._overdue(now_s) is not None
        return ahead, due and self.may_stop(now_s, runner, runs=True)

    def next_resumption_s(self, now_s: float) -> float:
        """Return when the next stopped job will have waited for as long as it may."""
        bound = self.policy.guards.resume_s
        if bound == inf:
            return inf
        times = (job.stopped_s + bound for job in self.stopped)
        return min((time for time in times if time > now_s), default=inf)

    def _standings(self, now_s: float, job: Job | None = None, *, runs: bool = False) -> Standings:
        return self._ranking.standings(now_s, self.waiting.line, self.stopped, job, runs=runs)

    def _outranked(self, standings: Standings) -> bool:
        """Return whether the best of the others is so much ahead of the last one."""
        others = len(standings) - 1
        waiter = standings[standings.best(others)]
        return outranks(waiter, standings[others], self.policy.guards.margin)

    def may_stop(self, now_s: float, job: Job, *, runs: bool) -> bool:
        """Return whether the guards let a job be stopped."""
        guards = self.policy.guards
        if job.forced or job.stops >= guards.preemptions:
            return False
        return 1.0 - job.left(now_s, runs=runs) < guards.progress

    def _overdue(self, now_s: float) -> Job | None:
        """Return the job that has been stopped for longer than it may, the first of several."""
        bound = self.policy.guards.resume_s
        if bound == inf:
            return None
        overdue = [job for job in self.stopped if job.stopped_s + bound <= now_s]
        return min(overdue, key=lambda job: (job.stopped_s, job.head), default=None)

    def _is_settled(self, now_s: float, job: Job) -> bool:
        """Return whether nobody can have come ahead of a job since the last choice.

        Without arrivals, those that wait only lose slack. So a steady order need not be asked again
        at every chunk, unless who runs has come to be late.
        """
        if self._settled is None or not self.policy.order.steady:
            return False
        if not self.policy.order.slack_aware or self._settled:
            return True
        return now_s + job.believed_s * job.left(now_s, runs=False) <= job.deadline_s

    def forget(self) -> None:
        """Let the next choice be made from scratch, as who had been chosen is done."""
        self._settled = None
