"""What a cluster is asked to run: jobs with their submissions, sizes and run times."""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass, field, replace

import numpy as np
from numpy.typing import ArrayLike

from headway.errors import ConfigError, ProblemError
from headway.model.tables import ABSENT, LARGEST_TIME, Bools, Ints, ints
from headway.simulate.cluster.nodes import Demands

PER_GPU = 1000
"""Shares of a GPU are counted in thousandths."""


@dataclass(frozen=True, eq=False, kw_only=True)
class Workload:
    """Jobs by submission, and the pool of units that they share.

    A unit is whatever the pool is made of: a processor, or a thousandth of a GPU (`PER_GPU`). Make
    one with `Workload.of`, which sorts and fills in.

    Attributes
    ----------
    name
        What messages and plots call it.
    capacity
        Units in the pool.
    label
        Names of the jobs, shape (n_jobs,).
    submit
        Seconds, not negative, not decreasing, shape (n_jobs,).
    run
        Seconds that a job really takes; no scheduler sees them. Not negative.
    requested
        Seconds that the scheduler is told; positive.
    amount
        Units that a job holds while it runs, all of them at once (a gang); 1 to `capacity`.
    user, group
        Numbers of who submitted it; `ABSENT` where unknown.
    per_unit
        Units that make one processor or GPU, for display.
    demands
        What the jobs ask of single nodes, if that is known; only placement looks at it.

    Raises
    ------
    ProblemError
        If a column does not fit; the message names the job.
    """

    name: str = "workload"
    capacity: int
    label: tuple[str, ...]
    submit: Ints
    run: Ints
    requested: Ints
    amount: Ints
    user: Ints
    group: Ints
    per_unit: int = 1
    demands: Demands | None = field(default=None, repr=False)

    @classmethod
    def of(
        cls,
        *,
        name: str = "workload",
        capacity: int,
        submit: object,
        run: object,
        amount: object,
        requested: object = None,
        user: object = None,
        group: object = None,
        label: Sequence[str] | None = None,
        per_unit: int = 1,
        demands: Demands | None = None,
    ) -> Workload:
        """Return jobs sorted by submission, jobs of one instant in the order given.

        Parameters
        ----------
        name, capacity, submit, run, amount, user, group, label, per_unit, demands
            As the attributes; without labels, jobs are numbered from 1.
        requested
            By default the run times: the scheduler knows everything. 0 counts as 1 s.
        """
        times = ints(submit)
        order = np.argsort(times, kind="stable")
        names = [str(k + 1) for k in range(len(times))] if label is None else list(label)
        if len(names) != len(times):
            raise ProblemError(f"label: expected {len(times)} values, got {len(names)}")

        def column(what: str, values: object) -> Ints:
            given = np.full(len(times), ABSENT) if values is None else ints(values)
            if given.shape != times.shape:
                raise ProblemError(f"{what}: expected {len(times)} values, got {len(given)}")
            return ints(given[order])

        told = run if requested is None else requested
        return cls(
            name=name,
            capacity=int(capacity),
            label=tuple(names[k] for k in order),
            submit=ints(times[order]),
            run=column("run", run),
            requested=ints(np.maximum(column("requested", told), 1)),
            amount=column("amount", amount),
            user=column("user", user),
            group=column("group", group),
            per_unit=per_unit,
            demands=None if demands is None else demands.take(order),
        )

    def __post_init__(self) -> None:
        if not 1 <= self.capacity <= LARGEST_TIME:
            raise ProblemError(f"{self.name}: capacity {self.capacity}: expected at least 1")
        for what, low, high in (
            ("submit", 0, LARGEST_TIME),
            ("run", 0, LARGEST_TIME),
            ("requested", 1, LARGEST_TIME),
            ("amount", 1, self.capacity),
        ):
            self._require(what, low, high)
        for name, count in Counter(self.label).items():
            if count > 1:
                raise ProblemError(f"{self.name}: two jobs are called {name!r}")
        late = np.flatnonzero(np.diff(self.submit) < 0)
        if len(late):
            raise ProblemError(
                f"{self.name}: job {self.label[late[0] + 1]!r} is submitted before the one above it"
            )

    def _require(self, what: str, low: int, high: int) -> None:
        values: Ints = getattr(self, what)
        wrong = np.flatnonzero((values < low) | (values > high))
        if len(wrong):
            k = int(wrong[0])
            raise ProblemError(
                f"{self.name}: job {self.label[k]!r}: {what} {values[k]}: expected {low} to {high}"
            )

    def __len__(self) -> int:
        return len(self.submit)

    @property
    def work(self) -> Ints:
        """Units times seconds of each job, shape (n_jobs,)."""
        return ints(self.run * self.amount)

    @property
    def load(self) -> float:
        """Work submitted per second, as a share of the capacity; nan if all comes at once."""
        span = int(self.submit[-1] - self.submit[0]) if len(self) else 0
        return float(self.work.sum()) / (span * self.capacity) if span else float("nan")

    def on(self, capacity: int) -> Workload:
        """Return the same jobs on a pool of another size."""
        return replace(self, capacity=capacity)

    def told(self, requested: ArrayLike) -> Workload:
        """Return the same jobs with other requested times, shape (n_jobs,), at least 1 s each."""
        whole = np.rint(np.asarray(requested, dtype=np.float64))
        return replace(self, requested=ints(np.maximum(whole, 1)))

    def where(self, keep: Bools) -> Workload:
        """Return the jobs for which `keep` is true, shape (n_jobs,).

        Raises
        ------
        ConfigError
            If `keep` has another shape.
        """
        if keep.shape != self.submit.shape:
            raise ConfigError(f"keep: expected {len(self)} values, got {len(keep)}")
        chosen = np.flatnonzero(keep)
        return replace(
            self,
            label=tuple(self.label[k] for k in chosen),
            submit=ints(self.submit[chosen]),
            run=ints(self.run[chosen]),
            requested=ints(self.requested[chosen]),
            amount=ints(self.amount[chosen]),
            user=ints(self.user[chosen]),
            group=ints(self.group[chosen]),
            demands=None if self.demands is None else self.demands.take(chosen),
        )
