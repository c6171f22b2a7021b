"""Running a policy on one machine, and what came of it."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from functools import cached_property

import numpy as np

from headway.errors import VerificationError
from headway.model.families import job_shop
from headway.model.objective import total_flow_time
from headway.model.schedule import Schedule
from headway.model.tables import Ints, ints
from headway.simulate.single.hidden import believed
from headway.simulate.single.jobs import Chains
from headway.simulate.single.registry import find
from headway.simulate.single.reveal import Reveal
from headway.simulate.single.view import Policy
from headway.simulate.single.world import Machine
from headway.simulate.trace import Happening, Trace


@dataclass(frozen=True, eq=False)
class Outcome:
    """What happened on the machine.

    Attributes
    ----------
    jobs
        What was to be done.
    policy, reveal
        Who decided, and what was shown.
    seed
        Of the estimates, where there were any.
    piece_job, piece_start, piece_end
        The pieces of work, by time.
    completion
        When each job ended, shape (n_jobs,).
    events
        Number of decisions.
    """

    jobs: Chains
    policy: str
    reveal: Reveal
    seed: int
    piece_job: Ints
    piece_start: Ints
    piece_end: Ints
    completion: Ints
    events: int

    def __post_init__(self) -> None:
        done = np.zeros(len(self.jobs), dtype=np.int64)
        np.add.at(done, self.piece_job, self.piece_end - self.piece_start)
        if not np.array_equal(done, self.jobs.total):
            job = int(np.argmax(done != self.jobs.total))
            raise VerificationError(
                f"policy {self.policy}: job {job} got {done[job]} ticks of service, it has"
                f" {self.jobs.total[job]} ticks of work; please report this"
            )

    @cached_property
    def flow(self) -> Ints:
        """Flow time of each job, completion minus release, shape (n_jobs,)."""
        return ints(self.completion - self.jobs.release)

    @property
    def total_flow(self) -> int:
        """Sum of the flow times."""
        return int(self.flow.sum())

    @property
    def preemptions(self) -> int:
        """How often a job was put aside and taken up again."""
        return len(self.piece_job) - int(np.count_nonzero(self.jobs.total))

    def trace(self) -> Trace:
        """Return the run as a verified schedule: one task per piece, those of a job in a chain.

        Raises
        ------
        VerificationError
            If it does not hold: a mistake of ours.
        """
        order = np.argsort(self.piece_job, kind="stable")
        counts = np.bincount(self.piece_job, minlength=len(self.jobs))
        length = (self.piece_end - self.piece_start)[order]
        durations = np.split(length, np.cumsum(counts)[:-1])
        problem = job_shop(
            [[0] * len(row) for row in durations],
            [row.tolist() for row in durations],
            n_machines=1,
            name=f"one machine, {len(self.jobs)} jobs as served",
            release=self.jobs.release,
            objective=total_flow_time(),
        )
        schedule = Schedule.of(problem, self.piece_start[order])
        return Trace(schedule, self.policy, self.seed, self._happenings(), self.measures())

    def measures(self) -> dict[str, float]:
        """Return figures by name, in ticks."""
        flow = self.flow if len(self.flow) else np.array([np.nan])
        return {
            "mean flow": float(flow.mean()),
            "median flow": float(np.median(flow)),
            "flow p95": float(np.percentile(flow, 95)),
            "max flow": float(flow.max()),
            "total flow": float(self.total_flow),
            "preemptions": float(self.preemptions),
        }

    def _happenings(self) -> Iterator[Happening]:
        pieces = self.piece_job.tolist()
        over = np.where(self.piece_end == self.completion[self.piece_job], "ends", "stops")
        rows = [
            (int(t), 0, job, str(what))
            for t, job, what in zip(self.piece_end, pieces, over, strict=True)
        ]
        rows += [(int(t), 1, job, "arrives") for job, t in enumerate(self.jobs.release)]
        rows += [
            (int(t), 2, job, "starts") for t, job in zip(self.piece_start, pieces, strict=True)
        ]
        for time, _, job, what in sorted(rows):
            yield Happening(float(time), what, f"job {job}")

    def __repr__(self) -> str:
        return (
            f"<{self.policy} on {len(self.jobs)} jobs, {self.reveal}: total flow {self.total_flow}>"
        )


def outcome(
    jobs: Chains,
    policy: str | Policy = "op_srpt",
    *,
    reveal: str | Reveal | None = None,
    seed: int = 0,
) -> Outcome:
    """Return what becomes of jobs on one preemptive machine, as bare arrays; O(log n) per event.

    Simultaneous events are taken in the order completion, arrival, decision. Equal ranks go to the
    earliest release, then to the lowest number.

    Parameters
    ----------
    jobs
        What is to be done.
    policy
        A name in `POLICIES`, with settings if it has any, such as ``mlfq(8, 100)``; or a policy.
    reveal
        What the policy is shown; what it is made for by default.
    seed
        Of the errors of estimates.

    Raises
    ------
    ConfigError
        If the policy needs what the reveal model does not show.
    UnknownNameError
        If there is no such policy.

    Examples
    --------
    >>> jobs = Chains.of([(0, [2, 6]), (1, [4])])
    >>> [outcome(jobs, policy).total_flow for policy in ("srpt", "op_srpt", "fifo")]
    [16, 17, 19]
    """
    chosen = find(policy)
    model = Reveal.parse(chosen.reveal if reveal is None else reveal)
    jobs = believed(jobs, model, seed)
    machine = Machine(jobs, chosen, model)
    pieces = machine.run()
    name = policy if isinstance(policy, str) else str(policy)
    return Outcome(jobs, name, model, seed, *pieces, events=machine.events)


def run(
    jobs: Chains,
    policy: str | Policy = "op_srpt",
    *,
    reveal: str | Reveal | None = None,
    seed: int = 0,
) -> Trace:
    """Return what happens when a policy serves jobs, verified; see `outcome`."""
    return outcome(jobs, policy, reveal=reveal, seed=seed).trace()
