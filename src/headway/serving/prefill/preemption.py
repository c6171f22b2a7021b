"""When somebody who waits may stop who runs, and what keeps the stopped from starving."""

from __future__ import annotations

from dataclasses import dataclass
from math import inf

from headway.errors import ConfigError


@dataclass(frozen=True, slots=True)
class Standing:
    """Where a candidate stands: its key in the order of the queue, and whether it comes too late.

    Attributes
    ----------
    key
        Smaller is more urgent; in the unit of the order.
    doomed
        Whether it is believed to miss its deadline; always false for orders that do not care.
    """

    key: float
    doomed: bool


def outranks(waiter: Standing, runner: Standing, margin: float) -> bool:
    """Return whether who waits is so much more urgent that who runs should stop.

    A waiter that comes too late anyway stops nobody, a runner that does is stopped by anybody who
    does not; if both keep their deadlines the waiter must be ahead by more than the margin. The
    margin is added, not multiplied, as keys may be negative.

    Parameters
    ----------
    waiter, runner
        The two.
    margin
        In the unit of the keys: seconds for all orders but ``hrrn`` and ``preflow``.
    """
    if waiter.doomed:
        return False
    return runner.doomed or waiter.key + margin < runner.key


@dataclass(frozen=True, slots=True)
class Guards:
    """What keeps preemption from doing harm; by default nothing is guarded.

    Parameters
    ----------
    margin
        By how much a waiter must be ahead; see `outranks`.
    preemptions
        How often a prefill may be stopped; 1 makes it immune once it has been.
    progress
        From which share of its work on a prefill is no longer stopped.
    resume_s
        A prefill that has been stopped for so long is resumed at the next boundary, ahead of
        everybody, and then runs to its end.
    rescue_s
        Further seconds that a prefill of at most `short_s` is granted once it cannot keep its
        deadline any more, so that the recently late are not the last to run.
    short_s
        Longest predicted time of a prefill that is rescued.

    Raises
    ------
    ConfigError
        If a number is out of its range.
    """

    margin: float = 0.0
    preemptions: float = inf
    progress: float = 1.0
    resume_s: float = inf
    rescue_s: float = 0.0
    short_s: float = 0.0

    def __post_init__(self) -> None:
        bounds = (self.margin, self.preemptions, self.resume_s, self.rescue_s, self.short_s)
        if not all(bound >= 0 for bound in bounds):
            raise ConfigError(f"guards: expected numbers from 0 on, got {self}")
        if not 0 <= self.progress <= 1:
            raise ConfigError(f"guards: progress: expected a share, got {self.progress}")
