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
    """The features of the candidates of an instant; of other jobs, it holds nothing."""

    def __init__(self, time: float, jobs: Ints, known: Known, executed: Ints | None) -> None:
        self._time = time
        self._executed = executed
        self._told = {
            "submit": known.submit[jobs],
            "requested": known.requested[jobs],
            "processors": known.processors[jobs],
            "area": known.area[jobs],
        }
        for column in self._told.values():
            column.setflags(write=False)

    def __len__(self) -> int:
        return len(list(iter(self)))

    def __iter__(self) -> Iterator[str]:
        return (name for name in COLUMNS if self._executed is not None or name not in PREEMPTIVE)

    def __getitem__(self, name: str) -> Floats:
        if name == "t":
            return np.asarray(self._time, dtype=np.float64)
        if name in self._told:
            return self._told[name]
        if name == "wait":
            gone = self._time - self._told["submit"]
            return gone if self._executed is None else gone - self._executed
        if name in PREEMPTIVE and self._executed is not None:
            if name == "attained":
                return self._executed * self._told["processors"]
            return np.maximum(self._told["requested"] - self._executed, 0.0)
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
