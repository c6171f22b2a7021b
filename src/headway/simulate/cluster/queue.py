"""What a policy sees of the jobs that wait (and, with preemption, of those that run)."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from types import MappingProxyType

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

    def __init__(
        self,
        time: float,
        jobs: Ints,
        known: Known,
        executed: Ints | None,
        pool: Mapping[str, float],
    ) -> None:
        self._shared = {"t": time, **pool}
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
        for name in COLUMNS:
            if self._executed is not None or name not in PREEMPTIVE:
                yield name
        yield from (name for name in self._shared if name not in COLUMNS)

    def __getitem__(self, name: str) -> Floats:
        if name in self._shared:
            return np.asarray(self._shared[name], dtype=np.float64)
        if name in self._told:
            return self._told[name]
        if name == "wait":
            gone = self._shared["t"] - self._told["submit"]
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
    pool
        Columns that are the same for all candidates, besides the time.
    may_wait
        Whether choosing none is allowed.
    """

    def __init__(
        self,
        time: float,
        jobs: Ints,
        known: Known,
        executed: Ints | None = None,
        *,
        pool: Mapping[str, float] = MappingProxyType({}),
        may_wait: bool = False,
    ) -> None:
        self.time = time
        self.columns: Mapping[str, Floats] = _Columns(time, jobs, known, executed, pool)
        self.may_wait = may_wait
        self._n = len(jobs)

    def __len__(self) -> int:
        return self._n
