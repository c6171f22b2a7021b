"""What goes wrong in a fleet, and when.

Engines die, hang and slow down; or they work, and what is known of them is wrong.
"""

from __future__ import annotations

import math
from dataclasses import dataclass

from headway.errors import ConfigError


@dataclass(frozen=True, slots=True, kw_only=True)
class Fault:
    """Something that happens to an engine.

    Parameters
    ----------
    at_s
        When it begins.
    engine
        Number of the engine.
    until_s
        When it is over.
    """

    at_s: float
    engine: int
    until_s: float

    def __post_init__(self) -> None:
        if not 0 <= self.at_s <= self.until_s:
            raise ConfigError(f"fault: expected 0 <= at_s <= until_s, got {self}")


@dataclass(frozen=True, slots=True, kw_only=True)
class Crash(Fault):
    """The engine dies with all that is in it, and is back, empty, at the end."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Hang(Fault):
    """The engine does nothing, and goes on at the end as if nothing had been."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Straggle(Fault):
    """The engine's steps take so many times as long.

    Parameters
    ----------
    pace
        How many times.
    """

    pace: float = 2.0


@dataclass(frozen=True, slots=True, kw_only=True)
class SlowLink(Fault):
    """What begins to be moved from or to the engine takes so many times as long.

    Parameters
    ----------
    pace
        How many times; between two engines with slow links, that of the slower one counts.
    """

    pace: float = 10.0

    def __post_init__(self) -> None:
        Fault.__post_init__(self)
        if not 1 <= self.pace < math.inf:
            raise ConfigError(f"fault: pace must be at least 1 for a slow link, got {self.pace}")


@dataclass(frozen=True, slots=True, kw_only=True)
class FalseAlarm(Fault):
    """The engine works and is thought to be ill; a few in a row are flapping health."""


@dataclass(frozen=True, slots=True, kw_only=True)
class StaleMetrics(Fault):
    """The engine's metrics stand still: policies see its queues and its cache as they were."""


@dataclass(frozen=True, slots=True, kw_only=True)
class WrongMetrics(Fault):
    """The engine's metrics are so many times what they should be.

    Parameters
    ----------
    factor
        How many times; free blocks are so many times less.
    """

    factor: float = 0.0

    def __post_init__(self) -> None:
        Fault.__post_init__(self)
        if not 0 <= self.factor < 1e6:
            raise ConfigError(f"fault: factor must be from 0 to a million, got {self.factor}")
