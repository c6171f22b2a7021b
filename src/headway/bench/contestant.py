"""What takes part in a comparison, and what it brings back."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Protocol

import msgspec

from headway.model import Problem, Schedule


class Step(msgspec.Struct, frozen=True, array_like=True):
    """A moment at which the best value or the bound improved.

    Attributes
    ----------
    time_s
        Seconds since the run began.
    value
        The best value so far, or None.
    bound
        The best lower bound so far, or None.
    """

    time_s: float
    value: int | None = None
    bound: int | None = None


@dataclass(frozen=True, slots=True)
class Answer:
    """What a contestant brings back from one run.

    Parameters
    ----------
    schedule
        The best schedule, translated back, or None. It is checked before it counts.
    value
        The objective value that the contestant claims, or None without a schedule.
    bound
        The lower bound that it claims to have proven, or None.
    steps
        How value and bound improved, by time; empty where the contestant does not tell.
    note
        Anything a reader of the table should know.
    """

    schedule: Schedule | None
    value: int | None
    bound: int | None = None
    steps: tuple[Step, ...] = ()
    note: str = ""


class Contestant(Protocol):
    """A method, ours or another library's, that takes part in comparisons.

    Packages add theirs through the entry-point group ``headway.contestants``: each entry is an
    object of this shape.
    """

    @property
    def name(self) -> str:
        """As users type it."""
        ...

    def load(self) -> str:
        """Import all that a run needs, which is not timed, and return the version.

        Raises
        ------
        MissingExtraError
            If something is not installed; the message says how to install it.
        """
        ...

    def obstacle(self, problem: Problem) -> str | None:
        """Return why this contestant cannot take a problem, or None if it can.

        In words that follow "because".
        """
        ...

    def run(self, problem: Problem, *, time_limit_s: float, workers: int, seed: int) -> Answer:
        """Return the best answer within the limits; the model's building is part of the time."""
        ...
