"""What the pictures of a solver's run need to know about it.

`headway.solve.Result` is such a run; this package lies below the solvers and does not import them.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Protocol

from headway.model.problem import Problem
from headway.model.schedule import Schedule


class Moment(Protocol):
    """A moment at which the best schedule or the bound improved; see `headway.solve.Progress`."""

    @property
    def time_s(self) -> float:
        """Seconds since the start."""
        ...

    @property
    def objective(self) -> tuple[int, ...] | None:
        """Value per level of the best schedule, or None."""
        ...

    @property
    def bound(self) -> tuple[int, ...] | None:
        """Lower bound per level, or None."""
        ...

    @property
    def method(self) -> str:
        """Who found it."""
        ...


class Run(Protocol):
    """The answer of a solver and how it came about; see `headway.solve.Result`."""

    @property
    def problem(self) -> Problem:
        """What was solved."""
        ...

    @property
    def schedule(self) -> Schedule | None:
        """The best schedule, or None."""
        ...

    @property
    def status(self) -> str:
        """What is proven."""
        ...

    @property
    def objective(self) -> tuple[int, ...] | None:
        """Value per level of the best schedule, or None."""
        ...

    @property
    def bound(self) -> tuple[int, ...] | None:
        """Lower bound per level, or None."""
        ...

    @property
    def gap(self) -> float | None:
        """Relative gap, or None."""
        ...

    @property
    def trajectory(self) -> Sequence[Moment]:
        """Improvements by time."""
        ...

    @property
    def method(self) -> str:
        """Who found it."""
        ...

    @property
    def reason(self) -> str:
        """Why this method, or why it stopped."""
        ...

    @property
    def time_s(self) -> float:
        """Seconds since the start."""
        ...

    @property
    def conflict(self) -> tuple[str, ...]:
        """What cannot hold together."""
        ...

    @property
    def seed(self) -> int:
        """Seed of all random choices."""
        ...

    @property
    def verified(self) -> bool:
        """Whether the schedule has been checked."""
        ...
