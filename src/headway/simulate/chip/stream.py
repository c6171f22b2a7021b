"""Runs a policy on jobs that arrive at a chip."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from functools import cached_property, lru_cache

import numpy as np

from headway import _core
from headway.model.tables import FOREVER, Ints, ints
from headway.simulate.chip.graph import Floats, TaskGraph
from headway.simulate.chip.placement import Run, schedule
from headway.simulate.chip.ranks import by_rank, upward_ranks
from headway.simulate.chip.rules import COLUMNS, RULES, Bound
from headway.simulate.chip.workload import Fate, Workload
from headway.simulate.decode import greedy
from headway.simulate.expression import CONSTANT_CODE, Expression
from headway.simulate.policy import Candidates, Linear, Policy, Rule
from headway.simulate.trace import Happening, Trace


def run(workload: Workload, policy: str | Policy = "ETF", *, seed: int = 0) -> Trace:
    """Return what happens when a policy meets a workload.

    Parameters
    ----------
    workload
        Kinds of jobs and how they arrive.
    policy
        A name of ``RULES.names()``, or a policy; `Bound` gives it a limit on backlogs.
    seed
        Of arrivals, kinds, durations, and of the column ``luck``.

    Returns
    -------
    Trace
        Its schedule holds every task that has started, and is verified. Its measures are those of
        `Outcome.measures`.

    Raises
    ------
    UnknownNameError
        If there is no such rule.
    """
    return outcome(workload, policy, seed=seed).trace()


def outcome(
    workload: Workload, policy: str | Policy = "ETF", *, seed: int = 0, fate: Fate | None = None
) -> Outcome:
    """Return the same as `run` as bare arrays, for training: faster, and not verified.

    Parameters
    ----------
    workload, policy, seed
        See `run`.
    fate
        What happens; that of the seed by default.
    """
    chosen = RULES.find(policy)
    limit = limit_of(chosen, workload)
    world = ChipWorld(workload, fate or workload.fate(seed), limit=limit, seed=seed)
    base = chosen.policy if isinstance(chosen, Bound) else chosen
    if isinstance(base, Rule | Linear):
        world.run(base)
    else:
        greedy(world, base)
    return world.outcome(chosen.name, seed)


def limit_of(policy: Policy, workload: Workload) -> int:
    """Return the largest backlog of elements that a policy commits tasks to, in ticks."""
    if not isinstance(policy, Bound):
        return FOREVER
    return min(int(policy.limit * workload.unit), FOREVER)


@dataclass(frozen=True, eq=False)
class Outcome:
    """What became of the jobs of one run.

    Attributes
    ----------
    workload, policy, seed
        What was run.
    kind, arrival, completion
        Of each job that arrived: its kind, and when it came and was complete; -1 if it was not.
    element, start, end
        Of each of their tasks, job after job: -1 if it had not started, or ended.
    duration
        True duration of each task that has started.
    """

    workload: Workload
    policy: str
    seed: int
    kind: Ints
    arrival: Ints
    completion: Ints
    element: Ints
    start: Ints
    end: Ints
    duration: Ints

    @cached_property
    def latency(self) -> Ints:
        """Ticks from arrival to completion of each job that was completed, by arrival."""
        done = self.completion >= 0
        return ints((self.completion - self.arrival)[done])

    def measures(self) -> dict[str, float]:
        """Return the figures of the run by name.

        Latencies are in ticks, ``throughput`` in jobs per tick, ``in system`` is the mean number of
        jobs and ``busy`` the mean share of elements at work, both over the whole length.
        """
        length = max(self.workload.length, 1)
        present = np.where(self.completion >= 0, self.completion, self.workload.length)
        started = self.start >= 0
        worked = np.minimum(self.start + self.duration, self.workload.length) - self.start
        latency = self.latency if len(self.latency) else np.array([np.nan])
        return {
            "arrived": float(len(self.kind)),
            "completed": float(len(self.latency)),
            "mean latency": float(latency.mean()),
            "median latency": float(np.median(latency)),
            "latency p95": float(np.percentile(latency, 95)),
            "latency p99": float(np.percentile(latency, 99)),
            "throughput": len(self.latency) / length,
            "in system": float((present - self.arrival).sum()) / length,
            "busy": float(worked[started].sum()) / length / self.workload.kinds[0].n_elements,
        }

    def runs(self) -> Iterator[Run]:
        """Yield what became of each job."""
        first = 0
        end = np.where(self.start >= 0, self.start + self.duration, -1)
        for job, kind in enumerate(self.kind):
            graph = self.workload.kinds[kind]
            rows = slice(first, first + graph.n_tasks)
            first += graph.n_tasks
            # A task that has been committed but has not started has no start yet.
            element = np.where(self.start[rows] >= 0, self.element[rows], -1)
            name = f"{graph.name} {job}"
            release = int(self.arrival[job])
            yield Run(graph, name, release, ints(element), self.start[rows], ints(end[rows]))

    def trace(self) -> Trace:
        """Return the verified trace: all that has started, with what it will have taken."""
        runs = list(self.runs())
        made = schedule(runs, self.workload.kinds, self.workload.name)
        return Trace(made, self.policy, self.seed, self._story(runs), self.measures())

    def _story(self, runs: list[Run]) -> Iterator[Happening]:
        for time, _, *rest in sorted(self._happenings(runs), key=lambda event: event[:2]):
            yield Happening(time, *rest)

    def _happenings(self, runs: list[Run]) -> Iterator[tuple[int, int, str, str, str]]:
        elements = self.workload.kinds[0].elements
        for run in runs:
            yield run.release, 1, "arrives", run.name, ""
            for task in np.flatnonzero(run.element >= 0):
                who, where = f"{run.name}/{run.graph.tasks[task]}", elements[run.element[task]]
                yield int(run.start[task]), 2, "starts", who, where
                if run.end[task] < self.workload.length:
                    yield int(run.end[task]), 0, "ends", who, where


class ChipDecision(Candidates):
    """Ready tasks and the elements that they may be committed to; see `Decision`."""


class ChipWorld:
    """The world of a chip for any policy and decoder; see `headway.simulate.World`.

    Parameters
    ----------
    workload
        Kinds of jobs and how they arrive.
    fate
        What happens.
    limit
        Tasks are committed only to elements with no larger backlog, in ticks.
    seed
        Of the column ``luck``.
    """

    def __init__(
        self, workload: Workload, fate: Fate, *, limit: int = FOREVER, seed: int = 0
    ) -> None:
        self.workload = workload
        self._fate = fate
        self._native = _core.ChipStream(
            _native(workload.kinds),
            fate.gap,
            fate.kind,
            fate.duration,
            workload.most_jobs if workload.begins_full else 0,
            workload.most_jobs,
            workload.lost_gap,
            workload.length,
            limit,
            seed,
        )

    def decision(self) -> ChipDecision | None:
        """Move on to the next instant at which a task can be committed; None at the end."""
        if not self._native.decide():
            return None
        native, table = self._native, self._native.columns()
        columns = dict(zip(COLUMNS, table.T, strict=True))
        return ChipDecision(native.now, columns, len(table), may_wait=native.may_wait())

    def apply(self, choice: int | None) -> None:
        """Commit a candidate, or None to wait until something happens."""
        if choice is None:
            self._native.wait()
        else:
            self._native.commit(choice)

    def clone(self) -> ChipWorld:
        """Return a copy that goes on by itself."""
        other = object.__new__(ChipWorld)
        other.workload, other._fate = self.workload, self._fate
        other._native = self._native.clone()
        return other

    @property
    def value(self) -> float:
        """Mean time in the system of the jobs that have arrived, up to now, in ticks."""
        _, arrival, completion = self._native.jobs()
        left = np.where(completion >= 0, completion, self._native.now)
        return float((left - arrival).mean()) if len(arrival) else 0.0

    def run(self, policy: Rule | Linear) -> None:
        """Let a rule decide until the end, natively."""
        features: tuple[Expression, ...] = (policy.scores,)
        weights, waits = np.ones(1), False
        if isinstance(policy, Linear):
            features, weights, waits = policy.features, policy.weights, policy.waits
        self._native.run(*_programs(features), weights, waits, _core.StopFlag())

    def outcome(self, policy: str, seed: int) -> Outcome:
        """Return what has become of the jobs so far."""
        kind, arrival, completion = self._native.jobs()
        element, start, end = self._native.outcomes()
        rows = np.arange(len(element))
        n = self.workload.kinds[0].n_elements
        taken = self._fate.duration.reshape(-1, n)[rows, np.maximum(element, 0)]
        return Outcome(
            self.workload, policy, seed, kind, arrival, completion, element, start, end, taken
        )


@lru_cache(maxsize=64)
def _programs(features: tuple[Expression, ...]) -> tuple[Ints, Ints, Floats, Ints]:
    """Return code, argument, constants and beginnings of programs, one after another."""
    programs = [feature.program(COLUMNS) for feature in features]
    first = np.cumsum([0, *(len(program.constants) for program in programs)])
    # Each program counts its constants from 0.
    argument = [
        program.argument + np.where(program.code == CONSTANT_CODE, shift, 0)
        for program, shift in zip(programs, first, strict=False)
    ]
    return (
        ints(np.concatenate([program.code for program in programs])),
        ints(np.concatenate(argument)),
        np.concatenate([program.constants for program in programs]),
        ints(np.cumsum([0, *(len(program.code) for program in programs)])),
    )


@lru_cache(maxsize=64)
def _native(kinds: tuple[TaskGraph, ...]) -> _core.ChipApplications:
    """Return the tables of some kinds of jobs as native code reads them."""
    first = np.cumsum([0, *(graph.n_tasks for graph in kinds)])
    ranks = [upward_ranks(graph) for graph in kinds]
    edge_ptr, sources, delays, order = [0], [], [], []
    for graph, offset, rank in zip(kinds, first, ranks, strict=False):
        by_target = np.argsort(graph.target, kind="stable")
        counts = np.bincount(graph.target, minlength=graph.n_tasks)
        edge_ptr.extend((edge_ptr[-1] + np.cumsum(counts)).tolist())
        sources.append(graph.source[by_target] + offset)
        delays.append(graph.delay[by_target].ravel())
        order.append(offset + np.array(by_rank(graph, rank)))
    return _core.ChipApplications(
        kinds[0].n_elements,
        ints(first),
        ints(np.concatenate([graph.duration for graph in kinds])),
        ints(edge_ptr),
        ints(np.concatenate(sources)),
        ints(np.concatenate(delays)),
        np.concatenate(ranks),
        ints(np.concatenate(order)),
    )
