"""What a policy may know of one job."""

from __future__ import annotations

from typing import Any, Protocol, Self

Rank = tuple[Any, int | None]
"""A key, and the ticks of service after which the job is to be ranked again, or None."""


class JobView:
    """The revealed part of one job. It holds copies: nothing unrevealed hangs on it.

    Attributes
    ----------
    release
        When the job arrived.
    now
        The present instant.
    attained
        Ticks of service received.
    operation
        Number of the current operation, from 0; None if operations are not revealed.
    size
        Work of the current operation; None if not revealed.
    left
        What is left of the current operation; None if not revealed.
    known
        Work of all operations revealed, those that have ended included.
    total
        Work of the job; None if not (yet) revealed.
    estimate
        What was believed of `total` at release; None without estimates.
    memory
        Whatever the policy likes to remember about the job, None at first.
    """

    __slots__ = (
        "attained",
        "estimate",
        "known",
        "left",
        "memory",
        "now",
        "operation",
        "release",
        "size",
        "total",
    )

    def __init__(self, release: int) -> None:
        self.release = release
        self.now = release
        self.attained = 0
        self.operation: int | None = None
        self.size: int | None = None
        self.left: int | None = None
        self.known = 0
        self.total: int | None = None
        self.estimate: int | None = None
        self.memory: Any = None

    def copy(self) -> Self:
        """Return a copy; `memory` is shared."""
        other = object.__new__(type(self))
        for name in JobView.__slots__:
            setattr(other, name, getattr(self, name))
        return other


class Policy(Protocol):
    """Ranks one job; the machine always serves the job with the smallest key.

    The key may depend on what the view shows and on the past; it is asked for when the job
    arrives, whenever the machine lets go of it or learns something, and after the ticks of service
    that the policy names. Keys of jobs that wait do not change. Ties go to the earliest release,
    then to the lowest number.
    """

    @property
    def reveal(self) -> str:
        """The reveal model the policy is made for."""
        ...

    def __call__(self, job: JobView) -> Rank:
        """Return the rank of a job."""
        ...
