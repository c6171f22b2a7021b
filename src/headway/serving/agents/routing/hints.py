"""What a framework tells of a program at its beginning."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Hint:
    """What is known of a program.

    Parameters
    ----------
    steps
        Calls of the model that it makes.
    work_s
        Seconds of an engine that they take, all together.
    deadline_s
        When it should be done, on the clock of the fleet.
    """

    steps: int
    work_s: float
    deadline_s: float
