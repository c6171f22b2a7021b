"""What one run brought."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

import msgspec

from headway.bench.contestant import Step
from headway.model import Problem

Key = tuple[object, ...]


@dataclass(frozen=True, slots=True)
class Limits:
    """The same for every contestant.

    Parameters
    ----------
    time_limit_s
        Wall-clock seconds from the problem to the answer.
    workers
        Threads, and with a process of its own the cores that it may use.
    seed
        Seed of all random choices, where a contestant takes one.
    """

    time_limit_s: float
    workers: int
    seed: int = 0


class Record(msgspec.Struct, frozen=True, kw_only=True):
    """What one contestant did on one instance with one seed.

    Attributes
    ----------
    instance, fingerprint
        The problem's name and a hash of its content.
    contestant, version
        Who ran.
    seed, workers, time_limit_s
        The limits, the same for all.
    value
        Objective of the schedule as our own check computes it. Without a schedule, the value that
        the contestant claims; None if it claims none, or if the schedule does not hold.
    bound
        The lower bound that it claims.
    valid
        Whether the schedule passed `headway.verify`; None if none was shown.
    time_s
        Seconds that the run took.
    steps
        How value and bound improved.
    note
        What went wrong, or what else the contestant says.
    peak_mb
        Largest memory of the run's process in megabytes, the package and problem included.
    load
        Load average of the machine when the run began.
    date
        When it began.
    """

    instance: str
    fingerprint: str
    contestant: str
    version: str
    seed: int
    workers: int
    time_limit_s: float
    value: int | None = None
    bound: int | None = None
    valid: bool | None = None
    time_s: float = 0.0
    steps: tuple[Step, ...] = ()
    note: str = ""
    peak_mb: float | None = None
    load: float | None = None
    date: str = ""

    @property
    def key(self) -> Key:
        """What makes two runs the same; see `key_of`."""
        who = self.instance, self.fingerprint, self.contestant, self.version
        return (*who, self.seed, self.workers, self.time_limit_s)

    @property
    def proven(self) -> bool:
        """Whether the value was reached and the same bound claimed."""
        return self.value is not None and self.bound is not None and self.bound >= self.value

    @property
    def found_s(self) -> float | None:
        """Seconds until the last improvement of the value, or None where nobody told."""
        best: int | None = None
        found: float | None = None
        for step in self.steps:
            if step.value is not None and (best is None or step.value < best):
                best, found = step.value, step.time_s
        return found


def short(problem: Problem) -> str:
    """Return enough of a problem's fingerprint to tell it from others of the same name."""
    return problem.fingerprint[:16]


def key_of(
    instance: str,
    problem: Problem,
    contestant: str,
    versions: Mapping[str, str],
    limits: Limits,
) -> Key:
    """Return the key of the record that a run will leave."""
    who = instance, short(problem), contestant, versions[contestant]
    return (*who, limits.seed, limits.workers, limits.time_limit_s)
