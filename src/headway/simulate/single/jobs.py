"""Jobs of one machine: chains of operations that arrive over time."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from functools import cached_property
from itertools import accumulate, chain

import numpy as np

from headway.errors import ProblemError
from headway.model.tables import LARGEST_TIME, Ints, ints


@dataclass(frozen=True, eq=False)
class Chains:
    """What really is to be done; policies see of it what a reveal model shows.

    Parameters
    ----------
    release
        When each job arrives, in ticks, not before 0; shape (n_jobs,).
    pointer
        The operations of job j are ``range(pointer[j], pointer[j + 1])``; at least one each; shape
        (n_jobs + 1,).
    size
        Work of each operation in ticks, 0 or more.
    estimate
        What is believed of the work of each job when it arrives, at least 1, shape (n_jobs,); None
        if nothing is.

    Raises
    ------
    ProblemError
        If a column has another shape, a job has no operation, or a number is out of its range.

    Examples
    --------
    >>> jobs = Chains.of([(0, [3, 2]), (1, [1])])
    >>> jobs.total.tolist()
    [5, 1]
    """

    release: Ints
    pointer: Ints
    size: Ints
    estimate: Ints | None = None

    def __post_init__(self) -> None:
        for name in ("release", "pointer", "size"):
            object.__setattr__(self, name, ints(getattr(self, name)))
        if len(self.pointer) != len(self.release) + 1 or self.pointer[0] != 0:
            raise ProblemError("pointer: expected 0 first and one more value than there are jobs")
        if self.pointer[-1] != len(self.size) or np.any(np.diff(self.pointer) < 1):
            raise ProblemError("pointer: expected one operation or more per job, none left over")
        if np.any(self.release < 0):
            raise ProblemError(f"job {int(np.argmin(self.release))}: released before 0")
        if np.any(self.size < 0):
            at = int(np.argmin(self.size))
            raise ProblemError(f"operation {at}: expected a size of 0 or more")
        horizon = max(map(int, self.release), default=0) + sum(map(int, self.size))
        if horizon > LARGEST_TIME:
            raise ProblemError(f"the work may last until {horizon}, later than {LARGEST_TIME}")
        if self.estimate is not None:
            estimate = ints(self.estimate)
            if estimate.shape != self.release.shape or np.any(estimate < 1):
                raise ProblemError("estimate: expected one number of 1 or more per job")
            object.__setattr__(self, "estimate", estimate)

    @classmethod
    def of(cls, jobs: Iterable[tuple[int, Sequence[int]]]) -> Chains:
        """Return jobs from pairs of a release time and the sizes of the operations."""
        pairs = list(jobs)
        return cls(
            ints([release for release, _ in pairs]),
            ints(list(accumulate((len(sizes) for _, sizes in pairs), initial=0))),
            ints(list(chain.from_iterable(sizes for _, sizes in pairs))),
        )

    def __len__(self) -> int:
        return len(self.release)

    @cached_property
    def total(self) -> Ints:
        """Work of each job, shape (n_jobs,)."""
        return ints(np.add.reduceat(self.size, self.pointer[:-1])) if len(self) else ints([])

    @property
    def longest_chain(self) -> int:
        """The largest number of operations of a job."""
        return int(np.diff(self.pointer).max(initial=0))

    def sizes(self, job: int) -> Ints:
        """Return the sizes of a job's operations."""
        return self.size[self.pointer[job] : self.pointer[job + 1]]

    def estimated(self, factor: float, rng: np.random.Generator) -> Chains:
        """Return the jobs with estimates that are wrong by up to a factor either way.

        Parameters
        ----------
        factor
            1 or more; the ratio of estimate and work is log-uniform on ``[1 / factor, factor]``.
        rng
            Source of the errors.
        """
        if not factor >= 1:
            raise ProblemError(f"expected a distortion of 1 or more, got {factor}")
        error = np.exp(np.log(factor) * rng.uniform(-1, 1, len(self)))
        believed = np.maximum(np.rint(self.total * error), 1)
        return Chains(self.release, self.pointer, self.size, ints(believed.astype(np.int64)))

    def __repr__(self) -> str:
        return f"<{len(self)} jobs of up to {self.longest_chain} operations>"
