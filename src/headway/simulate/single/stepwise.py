"""One machine as a world that goes from decision to decision, for any policy and decoder."""

from __future__ import annotations

from collections.abc import Callable
from typing import Self

import numpy as np

from headway.errors import ConfigError, UnknownNameError
from headway.model.tables import ints
from headway.simulate.policy import Candidates, Floats
from headway.simulate.single.hidden import Hidden, believed, first_view
from headway.simulate.single.jobs import Chains
from headway.simulate.single.reveal import Reveal
from headway.simulate.single.run import Outcome
from headway.simulate.single.view import JobView

COLUMNS: dict[str, str] = {
    "t": "now",
    "jobs": "jobs that have arrived and not ended",
    "release": "when the job arrived",
    "attained": "ticks of service received",
    "operation": "number of its current operation, from 0",
    "size": "work of that operation",
    "left": "what is left of that operation",
    "known": "work of its operations that have been revealed",
    "total": "its work",
    "rest": "what is left of its work; 0 while that is not revealed",
    "shown": "1 if its work has been revealed",
    "estimate": "what was believed of its work when it arrived",
}
"""What policies see of a candidate, a job; which of it, the reveal model says."""

_OF_ALL = ("release", "attained")
_SHOWN: dict[str, tuple[str, ...]] = {
    "full": (*_OF_ALL, "operation", "size", "left", "known", "total", "rest"),
    "operations": (*_OF_ALL, "operation", "size", "left", "known"),
    "estimate": (*_OF_ALL, "estimate"),
    "epsilon": (*_OF_ALL, "rest", "shown"),
    "none": _OF_ALL,
}
_DERIVED: dict[str, Callable[[JobView], float]] = {
    "rest": lambda view: 0 if view.total is None else view.total - view.attained,
    "shown": lambda view: view.total is not None,
}


class _Columns(dict[str, Floats]):
    """Columns by name; those that are not shown do not exist."""

    def __missing__(self, name: str) -> Floats:
        raise UnknownNameError("column", name, self)


class SingleDecision(Candidates):
    """Which job is served next; see `headway.simulate.Decision`.

    Attributes
    ----------
    time
        Now, in ticks.
    columns
        See `COLUMNS`. Candidates are listed by release, then by number.
    may_wait
        Never: an idle machine helps nobody.
    """


class SingleWorld:
    """One preemptive machine; see `headway.simulate.World`.

    A job is chosen whenever one arrives, ends, or reveals something of itself.

    Parameters
    ----------
    jobs
        What is to be done.
    reveal
        What is shown of them.
    quantum
        Decide again after so many ticks of service at the latest; policies that go by attained
        service need it.
    seed
        Of the errors of estimates.

    Raises
    ------
    ConfigError
        If the jobs have no estimates but are to bring them, or the quantum is less than 1.

    Examples
    --------
    >>> from headway.simulate import Rule, greedy
    >>> from headway.simulate.expression import parse
    >>> world = SingleWorld(Chains.of([(0, [2, 6]), (1, [4])]), "operations")
    >>> greedy(world, Rule("op-SRPT", parse("left"))).value
    17.0
    """

    def __init__(
        self,
        jobs: Chains,
        reveal: str | Reveal = "operations",
        *,
        quantum: int | None = None,
        seed: int = 0,
    ) -> None:
        if quantum is not None and quantum < 1:
            raise ConfigError(f"quantum: expected 1 or more, got {quantum}")
        self.reveal = Reveal.parse(reveal)
        self.jobs = believed(jobs, self.reveal, seed)
        self._quantum, self._seed = quantum, seed
        self._arrivals = np.lexsort((np.arange(len(jobs)), jobs.release)).tolist()
        self._arrived = 0
        self._now = 0
        self._alive: list[int] = []
        self._hidden: dict[int, Hidden] = {}
        self._views: dict[int, JobView] = {}
        self._pieces: list[tuple[int, int, int]] = []
        self._completion = [0] * len(jobs)
        self._flow = 0
        self._events = 0

    def decision(self) -> SingleDecision | None:
        """Move on to the next instant at which a job can be served; None at the end."""
        while not self._alive:
            arrival = self._next_arrival
            if arrival is None:
                return None
            self._now = arrival
            self._admit()
        views = [self._views[job] for job in self._alive]
        columns = _Columns(t=np.array(float(self._now)), jobs=np.array(float(len(views))))
        for name in _SHOWN[self.reveal.kind]:
            read = _DERIVED.get(name)
            values = [getattr(view, name) if read is None else read(view) for view in views]
            columns[name] = np.array(values, dtype=np.float64)
        for column in columns.values():
            column.setflags(write=False)
        return SingleDecision(self._now, columns, len(views))

    def apply(self, choice: int | None) -> None:
        """Serve a candidate of the present decision until the next one."""
        if choice is None or not 0 <= choice < len(self._alive):
            raise ConfigError("single: expected one of the jobs that are there")
        job = self._alive[choice]
        truth = self._hidden[job]
        ticks = truth.next_change()
        if self._quantum is not None:
            ticks = min(ticks, self._quantum)
        arrival = self._next_arrival
        if arrival is not None:
            ticks = min(ticks, arrival - self._now)
        truth.serve(ticks)
        self._note(job, ticks)
        self._events += 1
        # Who ends now was there until now.
        self._flow += ticks * len(self._alive)
        self._now += ticks
        if truth.rest == 0:
            self._completion[job] = self._now
            del self._alive[choice], self._hidden[job], self._views[job]
        else:
            truth.show(self._views[job])
        self._admit()

    def clone(self) -> Self:
        """Return a copy that goes on by itself."""
        other = object.__new__(type(self))
        other.__dict__.update(self.__dict__)
        other._alive = self._alive.copy()
        other._hidden = {job: truth.copy() for job, truth in self._hidden.items()}
        other._views = {job: view.copy() for job, view in self._views.items()}
        other._pieces = self._pieces.copy()
        other._completion = self._completion.copy()
        return other

    @property
    def value(self) -> float:
        """Total flow time up to now, that of jobs that have not ended included."""
        return float(self._flow)

    def outcome(self, policy: str) -> Outcome:
        """Return what happened, once `decision` has returned None.

        Parameters
        ----------
        policy
            Name of who decided.

        Raises
        ------
        VerificationError
            If jobs have not ended yet.
        """
        job, start, end = zip(*self._pieces, strict=True) if self._pieces else ((), (), ())
        return Outcome(
            self.jobs,
            policy,
            self.reveal,
            self._seed,
            ints(job),
            ints(start),
            ints(end),
            ints(self._completion),
            self._events,
        )

    @property
    def _next_arrival(self) -> int | None:
        if self._arrived == len(self._arrivals):
            return None
        return int(self.jobs.release[self._arrivals[self._arrived]])

    def _admit(self) -> None:
        """Let everybody in who has arrived by now."""
        while (release := self._next_arrival) is not None and release <= self._now:
            job = self._arrivals[self._arrived]
            self._arrived += 1
            truth = Hidden(self.jobs.sizes(job).tolist(), self.reveal)
            if truth.rest == 0:
                self._completion[job] = release
                continue
            self._alive.append(job)
            self._hidden[job] = truth
            self._views[job] = first_view(self.jobs, job, truth, self.reveal)

    def _note(self, job: int, ticks: int) -> None:
        start, end = self._now, self._now + ticks
        if self._pieces and self._pieces[-1][0] == job and self._pieces[-1][2] == start:
            start = self._pieces.pop()[1]
        self._pieces.append((job, start, end))
