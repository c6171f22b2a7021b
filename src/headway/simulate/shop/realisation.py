"""What a shop will go through: every draw made beforehand, so that all policies meet the same luck.

A `Realisation` holds the future. The world plays it and shows policies only what has come to
light; no policy ever holds one.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from enum import IntEnum

import numpy as np

from headway.errors import ProblemError
from headway.model import FOREVER, Problem
from headway.model.tables import Bools, Ints, bools, ints


def _column(what: str, given: object, default: object, n: int, least: int = 0) -> Ints:
    values = ints(default if given is None else given)
    if len(values) not in (1, n):
        raise ProblemError(f"{what}: expected {n} values, got {len(values)}")
    if len(values) and values.min() < least:
        raise ProblemError(f"{what}: expected values of at least {least}")
    return ints(np.broadcast_to(values, (n,)))


class OnOutage(IntEnum):
    """What becomes of the work in a machine that goes down."""

    RESUME = 0
    """It stays, and goes on where it stopped once the machine is up."""
    RESTART = 1
    """It stays, and begins again from nothing once the machine is up."""
    SCRAP = 2
    """The piece is lost: its job begins again at its first operation."""


class ChangeKind(IntEnum):
    """What changes during a run, known from that moment on."""

    DUE = 0
    """The due date of a job becomes ``value``."""
    DURATION = 1
    """The duration of a mode becomes ``value``; for work in process, only if that is scrapped."""
    OPEN = 2
    """A mode can be chosen from now on."""
    CLOSE = 3
    """A mode cannot be chosen any more, unless its job has a place at the machine already."""


@dataclass(frozen=True, slots=True, eq=False)
class Outages:
    """When machines are down without warning.

    Attributes
    ----------
    ptr
        Shape (n_resources + 1,): the outages of resource r are those from ``ptr[r]`` to
        ``ptr[r + 1]``.
    start, end
        Ticks, sorted and disjoint per resource, each of positive length.
    effect
        An `OnOutage` per resource, shape (n_resources,).
    """

    ptr: Ints
    start: Ints
    end: Ints
    effect: Ints

    @classmethod
    def none(cls, n_resources: int) -> Outages:
        """Return no outages."""
        zero = ints(np.zeros(n_resources))
        return cls(ints(np.zeros(n_resources + 1)), ints([]), ints([]), zero)


@dataclass(frozen=True, slots=True, eq=False)
class Changes:
    """What changes at which time, in order of time.

    Attributes
    ----------
    time
        Ticks, not decreasing.
    kind
        A `ChangeKind` each.
    subject
        Position of the job (due dates) or of the mode (the others).
    value
        The new due date or duration; 0 otherwise.
    """

    time: Ints = field(default_factory=lambda: ints([]))
    kind: Ints = field(default_factory=lambda: ints([]))
    subject: Ints = field(default_factory=lambda: ints([]))
    value: Ints = field(default_factory=lambda: ints([]))


@dataclass(frozen=True, slots=True, eq=False)
class Realisation:
    """One course of events for one shop; build it with `Realisation.of` or from a scenario.

    Attributes
    ----------
    problem
        All jobs that ever arrive; durations of modes are those that policies see.
    arrival
        When each job becomes known, shape (n_jobs,); its release is not earlier.
    duration
        What each mode really takes, shape (n_modes,).
    revealed_when_ready
        Whether the true duration of an operation is seen as soon as its predecessor is done;
        otherwise only the figure in `problem` is seen until it is over.
    pause
        Ticks for which each operation is interrupted once it has started, its machine with it,
        shape (n_tasks,).
    outages
        When machines are down.
    cancelled
        When each job is called off, `FOREVER` for never, shape (n_jobs,). An operation in
        process is finished first.
    changes
        Changes of due dates, durations and machines.
    is_open
        Whether each mode can be chosen at the beginning, shape (n_modes,).
    buffer
        Jobs that can wait in front of each resource, `FOREVER` for any number; with 0, a job
        stays on its machine until the next one takes it. Shape (n_resources,).
    batch
        Operations of one family that each machine processes together, shape (n_resources,).
    """

    problem: Problem
    arrival: Ints
    duration: Ints
    revealed_when_ready: bool
    pause: Ints
    outages: Outages
    cancelled: Ints
    changes: Changes
    is_open: Bools
    buffer: Ints
    batch: Ints

    @classmethod
    def of(
        cls,
        problem: Problem,
        *,
        arrival: object = None,
        duration: object = None,
        revealed_when_ready: bool = False,
        pause: object = None,
        outages: Outages | None = None,
        cancelled: object = None,
        changes: Changes | None = None,
        is_open: object = None,
        buffer: object = FOREVER,
        batch: object = 1,
    ) -> Realisation:
        """Return a course of events in which whatever is not given goes as planned.

        Parameters
        ----------
        problem, arrival, duration, revealed_when_ready, pause, outages, cancelled, changes, is_open
            See the attributes. Jobs are known from the beginning by default.
        buffer, batch
            One value per resource, or one for all.

        Raises
        ------
        ProblemError
            If something does not fit the problem.
        """
        n_resources = len(problem.resources)
        made = cls(
            problem,
            _column("arrival", arrival, 0, problem.n_jobs),
            _column("duration", duration, problem.modes.duration, problem.n_modes),
            revealed_when_ready,
            _column("pause", pause, 0, problem.n_tasks),
            Outages.none(n_resources) if outages is None else outages,
            _column("cancelled", cancelled, FOREVER, problem.n_jobs),
            Changes() if changes is None else changes,
            bools(np.ones(problem.n_modes) if is_open is None else is_open),
            _column("buffer", buffer, FOREVER, n_resources),
            _column("batch", batch, 1, n_resources, least=1),
        )
        made._check()
        return made

    def _check(self) -> None:
        problem, outages, changes = self.problem, self.outages, self.changes
        if len(self.is_open) != problem.n_modes:
            raise ProblemError(f"is_open: expected {problem.n_modes} values")
        early = np.flatnonzero(problem.jobs.release < self.arrival)
        if len(early):
            raise ProblemError(f"job {problem.jobs.name[early[0]]!r} is released before it arrives")
        if len(outages.ptr) != len(problem.resources) + 1 or outages.ptr[-1] != len(outages.start):
            raise ProblemError("outages: the pointer does not fit the resources and outages")
        if len(outages.effect) != len(problem.resources):
            raise ProblemError(f"outages: expected {len(problem.resources)} effects")
        if (outages.end <= outages.start).any():
            raise ProblemError("outages: expected intervals of positive length")
        machine = np.repeat(np.arange(len(problem.resources)), np.diff(outages.ptr))
        same = machine[1:] == machine[:-1]
        if (same & (outages.start[1:] < outages.end[:-1])).any():
            raise ProblemError("outages: expected sorted, disjoint intervals per resource")
        if (np.diff(changes.time) < 0).any():
            raise ProblemError("changes: expected times that do not decrease")
        of_job = changes.kind == ChangeKind.DUE
        limit = np.where(of_job, problem.n_jobs, problem.n_modes)
        if ((changes.subject < 0) | (changes.subject >= limit)).any():
            raise ProblemError("changes: a job or mode that is not there")
        if (changes.value[changes.kind == ChangeKind.DURATION] < 0).any():
            raise ProblemError("changes: a negative duration")
