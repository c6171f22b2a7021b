"""What a policy sees of the jobs that wait (and, with preemption, of those that run)."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from headway.errors import UnknownNameError
from headway.model.tables import Ints
from headway.simulate.cluster.rules import COLUMNS, PREEMPTIVE
from headway.simulate.cluster.workload import Workload

Floats = NDArray[np.float64]


@dataclass(frozen=True, slots=True)
class Known:
    """The columns of a workload that a scheduler is told, as floating-point numbers."""

    submit: Floats
    requested: Floats
    processors: Floats
    area: Floats

    @classmethod
    def of(cls, workload: Workload) -> Known:
        """Return what is told; run times are not."""
        processors = workload.amount / workload.per_unit
        columns = (
            workload.submit.astype(np.float64),
            workload.requested.astype(np.float64),
            processors,
            workload.requested * processors,
        )
        for column in columns:
            column.setflags(write=False)
        return cls(*columns)


class _Columns(Mapping[str, Floats]):
    """The features of the candidates of an instant, each computed when it is asked for."""

    def __init__(self, time: float, jobs: Ints, known: Known, executed: Ints | None) -> None:
        self._time = time
        self._jobs = jobs
        self._known = known
        self._executed = executed

    def __len__(self) -> int:
        return len(list(iter(self)))

    def __iter__(self) -> Iterator[str]:
        return (name for name in COLUMNS if self._executed is not None or name not in PREEMPTIVE)

    def __getitem__(self, name: str) -> Floats:
        if name == "t":
            return np.asarray(self._time, dtype=np.float64)
        if name == "wait":
            gone = self._time - self._known.submit[self._jobs]
            return gone if self._executed is None else gone - self._executed
        if name in ("submit", "requested", "processors", "area"):
            column: Floats = getattr(self._known, name)
            return column[self._jobs]
        if name in PREEMPTIVE and self._executed is not None:
            if name == "attained":
                return self._executed * self._known.processors[self._jobs]
            return np.maximum(self._known.requested[self._jobs] - self._executed, 0.0)
        raise UnknownNameError("column", name, list(self))


class Queue:
    """A decision about the jobs of an instant: who goes first; see `headway.simulate.Decision`.

    Parameters
    ----------
    time
        Seconds.
    jobs
        Positions of the candidates in the workload, increasing.
    known
        What is told about all jobs.
    executed
        Seconds that each candidate has run so far, where jobs may be taken off.
    """

    may_wait = False

    def __init__(self, time: float, jobs: Ints, known: Known, executed: Ints | None = None) -> None:
        self.time = time
        self.columns: Mapping[str, Floats] = _Columns(time, jobs, known, executed)
        self._n = len(jobs)

    def __len__(self) -> int:
        return self._n
