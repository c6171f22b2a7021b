"""The simulation of one prefill instance, from event to event."""

from __future__ import annotations

from math import inf, nan

from headway.serving.prefill.costs import Costs
from headway.serving.prefill.decisions import Decisions
from headway.serving.prefill.job import Job
from headway.serving.prefill.policy import PrefillPolicy, find
from headway.serving.prefill.record import Record
from headway.serving.prefill.requests import PrefillRequests
from headway.serving.prefill.run import PrefillRun
from headway.serving.prefill.work import PrefillWork


def simulate(
    requests: PrefillRequests, work: PrefillWork, policy: str | PrefillPolicy = "flowprefill"
) -> PrefillRun:
    """Return what becomes of requests on one instance that only prefills.

    Events are arrivals, ends of passes, stops that were asked for, and bounds of the guards;
    nothing is decided in between. At one instant an end comes before arrivals, and who begins then
    is chosen among those that have arrived. Costs O(queue) per event, in numpy.

    Parameters
    ----------
    requests
        Who arrives when.
    work
        What passes cost and where they can be cut.
    policy
        How it decides; a name that `find` knows, or a policy.

    Raises
    ------
    UnknownNameError
        If there is no such policy.

    References
    ----------
    Hsieh, Zong, Chen, Li, Zhai, Wen (2026), "FlowPrefill: Decoupling Preemption from Prefill
    Scheduling Granularity to Mitigate Head-of-Line Blocking in LLM Serving", arXiv 2602.16603.

    Examples
    --------
    >>> from headway.serving.prefill import PrefillRequests, QuadraticWork
    >>> two = PrefillRequests.of([0.0, 0.1], [50_000, 500], ttft_s=[10.0, 0.5])
    >>> for policy in ("fcfs whole", "s-edf operator"):
    ...     print(policy, simulate(two, QuadraticWork(), policy).ttft_s.round(2).tolist())
    fcfs whole [5.25, 5.19]
    s-edf operator [5.29, 0.07]
    """
    return _Instance(requests, work, find(policy)).run()


class _Instance:
    """The executor: it runs what `Decisions` chooses, and writes down what happens."""

    def __init__(self, requests: PrefillRequests, work: PrefillWork, policy: PrefillPolicy) -> None:
        self.work, self.policy = work, policy
        self.costs = Costs(requests, work, policy.fitting(work), policy.chunk_tokens)
        self.decisions = Decisions(policy, self.costs)
        self.record = Record(requests)
        self.arrival_s: list[float] = [*requests.arrival_s.tolist(), inf]
        self.deadline_s: list[float] = requests.deadline_s.tolist()
        self.tokens: list[int] = requests.tokens.tolist()
        self.arrived = 0
        self.now_s = -inf
        self.running: Job | None = None
        self.end_s = inf
        self.asked_to_stop = False
        self.batch = -1
        self.in_chunk: list[tuple[Job, int]] = []
        self.blocked: list[int] = []

    def run(self) -> PrefillRun:
        while True:
            timer_s = inf if self.running is None else self.decisions.next_resumption_s(self.now_s)
            now_s = min(self.end_s, self.arrival_s[self.arrived], timer_s)
            if now_s == inf:
                return self.record.run(self.policy.name)
            self.now_s = now_s
            current = self._leave() if self.end_s <= now_s else None
            newcomers = self._admit()
            if self.running is None:
                self._hand_over(current)
            elif newcomers or timer_s <= now_s:
                self._reconsider(self.running, newcomers)

    def _admit(self) -> int:
        """Let those in that have arrived, and return how many."""
        first = self.arrived
        while self.arrival_s[self.arrived] <= self.now_s:
            self.arrived += 1
        if self.arrived > first:
            self.decisions.arrive(first, self.arrived)
        return self.arrived - first

    def _leave(self) -> Job | None:
        """End or stop the running pass; return who could go on with the next one, if anybody."""
        job = self.running
        assert job is not None
        self.running, self.end_s = None, inf
        self.record.stretch(self.batch, job.begun_s, self.now_s)
        if self.policy.cut == "chunk":
            return self._end_chunk(job)
        if self.asked_to_stop:
            self.asked_to_stop = False
            job.done_s += max(self.now_s - job.begun_s, 0.0)
            return job
        self._complete(job)
        return None

    def _end_chunk(self, head: Job) -> Job | None:
        """Write down how far all in the pass are; return its head unless it is done."""
        current = None
        for job, tokens in self.in_chunk:
            job.tokens_done += tokens
            if job.tokens_done == self.tokens[job.head]:
                self._complete(job)
                continue
            job.done_s = self.costs.done_s(job.head, job.tokens_done)
            if job is head:
                current = job
            else:
                job.stopped_s = self.now_s
                self.decisions.stopped.append(job)
        return current

    def _complete(self, job: Job) -> None:
        self.record.first_token_s[job.members] = self.now_s
        self._unblock()
        self.decisions.forget()

    def _unblock(self) -> None:
        """Write down how long those had to wait that outranked who ran."""
        for request in self.blocked:
            self.record.blocking_s[request] = self.now_s - self.arrival_s[request]
        self.blocked.clear()

    def _reconsider(self, runner: Job, newcomers: int) -> None:
        """Ask who runs to stop at its next boundary if that is due."""
        ahead, stop = self.decisions.challenged(self.now_s, runner, newcomers)
        self.blocked += ahead
        cut = self.policy.cut
        if not stop or self.asked_to_stop or cut == "chunk" or cut == "whole":
            return
        boundary_s = runner.next_boundary(self.now_s, cut, self.work)
        if boundary_s < self.end_s:
            self.end_s, self.asked_to_stop = boundary_s, True

    def _hand_over(self, current: Job | None) -> None:
        """Give the instance to whoever should have it, and put aside who had it."""
        decisions = self.decisions
        if current is not None and decisions.keeps(self.now_s, current):
            if decisions.may_stop(self.now_s, current, runs=False):
                self._unblock()
            self._start(current)
            return
        if not len(decisions):
            return
        chosen = decisions.choose(self.now_s)
        if current is not None:
            self._stop(current)
            self._unblock()
        self._start(self._taken(chosen))

    def _taken(self, chosen: Job | list[int]) -> Job:
        """Return the job of a choice, which is a candidate no longer."""
        if isinstance(chosen, list):
            self.decisions.waiting.leave(chosen)
            return self._begin(chosen)
        self.decisions.stopped.remove(chosen)
        self.record.suspended_s[chosen.members] += self.now_s - chosen.stopped_s
        chosen.stopped_s = nan
        return chosen

    def _begin(self, members: list[int]) -> Job:
        costs, head = self.costs, members[0]
        load = costs.load(head)
        total_s, believed_s = float(costs.total_s[head]), float(costs.believed_s[head])
        if len(members) > 1:
            for member in members[1:]:
                load = load.joined(costs.load(member))
            total_s, believed_s = float(self.work.seconds(load)), costs.together_s(members, load)
        self.record.scheduled_s[members] = self.now_s + self.policy.round_s
        return Job(members, load, total_s, believed_s, self.arrival_s[head], self.deadline_s[head])

    def _start(self, job: Job) -> None:
        """Let a job run on, or its next chunk."""
        self.running = job
        job.begun_s = self.now_s + self.policy.round_s
        if self.policy.cut == "chunk":
            self.end_s = job.begun_s + self._fill_chunk(job)
            members = [other.head for other, _ in self.in_chunk]
            self.batch = self.record.batch(members, [tokens for _, tokens in self.in_chunk])
            return
        if job.batch < 0:
            tokens = [self.tokens[member] for member in job.members]
            job.batch = self.record.batch(job.members, tokens)
        self.batch = job.batch
        self.end_s = job.begun_s + (job.total_s - job.done_s)

    def _fill_chunk(self, head: Job) -> float:
        """Put the next tokens of a job, and of others as far as there is room, into one pass.

        Returns
        -------
        float
            Seconds of the pass.
        """
        assert self.policy.chunk_tokens is not None
        room = self.policy.chunk_tokens
        tokens = min(room, self.tokens[head.head] - head.tokens_done)
        self.in_chunk = [(head, tokens)]
        room -= tokens
        others = self.decisions.followers(self.now_s) if room else []
        if not others:
            return self.costs.chunk_s(head.head, head.tokens_done, tokens)
        load = self.costs.chunk_load(head.head, head.tokens_done, tokens)
        for other in others:
            job = self._taken([other] if isinstance(other, int) else other)
            tokens = min(room, self.tokens[job.head] - job.tokens_done)
            self.in_chunk.append((job, tokens))
            load = load.joined(self.costs.chunk_load(job.head, job.tokens_done, tokens))
            room -= tokens
            if not room:
                break
        return float(self.work.seconds(load))

    def _stop(self, job: Job) -> None:
        """Put a job aside for somebody else."""
        self.record.preemptions[job.members] += 1
        job.stops += 1
        job.stopped_s = self.now_s
        if not self.policy.keeps_state and self.policy.cut != "chunk":
            self.record.wasted_s[job.members] += job.done_s
            job.done_s = 0.0
        if len(job.members) > 1:
            ready_s = self.now_s + job.believed_s * job.left(self.now_s, runs=False)
            deadlines = [self.deadline_s[member] for member in job.members]
            in_time = [deadline for deadline in deadlines if deadline >= ready_s]
            job.deadline_s = min(in_time, default=deadlines[0])
        self.decisions.stopped.append(job)
