"""What goes wrong in a fleet by chance."""

from __future__ import annotations

import math
from collections.abc import Callable
from dataclasses import dataclass, fields

import numpy as np

from headway.errors import ConfigError
from headway.serving.fleet.faults import (
    Crash,
    FalseAlarm,
    Fault,
    Hang,
    SlowLink,
    StaleMetrics,
    Straggle,
    WrongMetrics,
)
from headway.simulate.streams import Streams

MOST_FAULTS = 1_000_000
"""Expected faults beyond which rates are refused."""

ALARM_S = 3.0
"""Mean length of a false alarm; flapping health is one after another."""


@dataclass(frozen=True, slots=True, kw_only=True)
class FaultRates:
    """How often an engine fails, per hour, and for how long on average.

    Parameters
    ----------
    crash_per_h, hang_per_h, straggle_per_h, flap_per_h, stale_per_h, wrong_per_h, link_per_h
        How often each begins.
    crash_s, hang_s, straggle_s, flap_s, stale_s, wrong_s, link_s
        Mean of how long each lasts; exponential.
    pace
        Largest number of times that steps of a straggler take as long; at least 1, all alike.
    link_pace
        Largest number of times that transfers over a slow link take as long; at least 1, all alike.
    factor
        Largest number of times that wrong metrics are what they should be; from 0, all alike.

    Raises
    ------
    ConfigError
        If a rate or a length is negative or not finite, or a pace is less than 1.
    """

    crash_per_h: float = 0.0
    hang_per_h: float = 0.0
    straggle_per_h: float = 0.0
    flap_per_h: float = 0.0
    stale_per_h: float = 0.0
    wrong_per_h: float = 0.0
    link_per_h: float = 0.0
    crash_s: float = 90.0
    hang_s: float = 20.0
    straggle_s: float = 60.0
    flap_s: float = 30.0
    stale_s: float = 30.0
    wrong_s: float = 30.0
    link_s: float = 60.0
    pace: float = 4.0
    link_pace: float = 20.0
    factor: float = 3.0

    def __post_init__(self) -> None:
        for field in fields(self):
            value = getattr(self, field.name)
            if not (math.isfinite(value) and value >= 0):
                raise ConfigError(f"{field.name}: must be finite and not negative, got {value}")
        for name in ("pace", "link_pace"):
            if getattr(self, name) < 1:
                raise ConfigError(f"{name}: must be at least 1, got {getattr(self, name)}")


def random_faults(rates: FaultRates, engines: int, over_s: float, seed: int) -> tuple[Fault, ...]:
    """Return faults that begin at random, each kind on each engine independently of all others.

    Parameters
    ----------
    rates
        How often and how long.
    engines
        How many there are.
    over_s
        Faults begin from 0 to this time.
    seed
        The same seed gives the same faults of a kind, whatever the rates of the other kinds.

    Returns
    -------
    tuple of Fault
        By time.

    Raises
    ------
    ConfigError
        If more than a million are to be expected.

    Examples
    --------
    >>> faults = random_faults(FaultRates(crash_per_h=2), engines=4, over_s=3600, seed=1)
    >>> {type(fault).__name__ for fault in faults}
    {'Crash'}
    """
    kinds: dict[str, Callable[[float, int, float, np.random.Generator], list[Fault]]] = {
        "crash": lambda at, k, until, _: [Crash(at_s=at, engine=k, until_s=until)],
        "hang": lambda at, k, until, _: [Hang(at_s=at, engine=k, until_s=until)],
        "straggle": lambda at, k, until, rng: [
            Straggle(at_s=at, engine=k, until_s=until, pace=rng.uniform(1, rates.pace))
        ],
        "flap": _flapping,
        "stale": lambda at, k, until, _: [StaleMetrics(at_s=at, engine=k, until_s=until)],
        "wrong": lambda at, k, until, rng: [
            WrongMetrics(at_s=at, engine=k, until_s=until, factor=rng.uniform(0, rates.factor))
        ],
        "link": lambda at, k, until, rng: [
            SlowLink(at_s=at, engine=k, until_s=until, pace=rng.uniform(1, rates.link_pace))
        ],
    }
    expected = engines * over_s * sum(_per_s(rates, kind) for kind in kinds)
    if expected > MOST_FAULTS:
        raise ConfigError(f"{expected:.3g} faults are to be expected, more than {MOST_FAULTS:,}")
    streams, found = Streams(seed), list[Fault]()
    for kind, make in kinds.items():
        per_s = getattr(rates, f"{kind}_per_h") / 3600
        mean_s = getattr(rates, f"{kind}_s")
        for engine in range(engines):
            rng = streams.of(kind, engine)
            at_s = rng.exponential(1 / per_s) if per_s else math.inf
            while at_s < over_s:
                until_s = at_s + rng.exponential(mean_s)
                found += make(at_s, engine, until_s, rng)
                at_s = until_s + rng.exponential(1 / per_s)
    return tuple(sorted(found, key=lambda fault: (fault.at_s, fault.engine)))


def _per_s(rates: FaultRates, kind: str) -> float:
    """Return how many faults of a kind to expect a second: one ends before the next begins."""
    per_s, mean_s = getattr(rates, f"{kind}_per_h") / 3600, getattr(rates, f"{kind}_s")
    alarms = max(mean_s / (2 * ALARM_S), 1.0) if kind == "flap" else 1.0
    return float(per_s * alarms / (1 + per_s * mean_s))


def _flapping(at_s: float, engine: int, until_s: float, rng: np.random.Generator) -> list[Fault]:
    alarms: list[Fault] = []
    while at_s < until_s:
        over_s = min(at_s + rng.exponential(ALARM_S), until_s)
        alarms.append(FalseAlarm(at_s=at_s, engine=engine, until_s=over_s))
        at_s = over_s + rng.exponential(ALARM_S)
    return alarms
