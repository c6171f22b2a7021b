"""Rules that say how many engines there should be, from what they have to do."""

from __future__ import annotations

import math
from collections import deque
from typing import Protocol

from headway.errors import ConfigError


class Rule(Protocol):
    """Says how many engines there should be."""

    @property
    def name(self) -> str:
        """What tables call it."""
        ...

    def wanted(self, now_s: float, ready: int, ordered: int, load: float) -> int:
        """Return how many engines there should be.

        Parameters
        ----------
        now_s
            The instant; never earlier than the last one.
        ready
            Engines that work.
        ordered
            Those that are to be there: also the ones that are starting.
        load
            Of all engines together, in the unit of the rule's target.
        """
        ...


class Kpa:
    """Engines by the mean load of a long window, and at once by that of a short one in a panic.

    Panic begins when the short window's mean is more than so many times that of the long one. It
    lasts until that has not been so for a long window; in it the number never falls.

    Parameters
    ----------
    target
        Load that one engine should have.
    stable_s, panic_s
        Lengths of the two windows.
    panic_ratio
        Panic begins above it.
    tolerance
        Nothing changes while the load of an engine is so near its target, relatively.
    up_rate, down_rate
        The number changes at most by such a factor at once.

    Raises
    ------
    ConfigError
        If a setting cannot be.

    Notes
    -----
    A window without any load is no reason to panic, unlike in AIBrix, where the number of idle
    engines can therefore never fall.

    References
    ----------
    Knative serving autoscaler; AIBrix (2025), whose windows are the defaults.
    """

    name = "kpa"

    def __init__(
        self,
        target: float,
        *,
        stable_s: float = 180.0,
        panic_s: float = 60.0,
        panic_ratio: float = 2.0,
        tolerance: float = 0.1,
        up_rate: float = 2.0,
        down_rate: float = 2.0,
    ) -> None:
        _check_target(target)
        _check_rates(up_rate, down_rate)
        if not 0 < panic_s <= stable_s:
            raise ConfigError(f"panic_s: expected 0 < panic_s <= stable_s, got {panic_s}")
        self._target = target
        self._stable_s, self._panic_s = stable_s, panic_s
        self._panic_ratio = panic_ratio
        self._tolerance = tolerance
        self._up_rate, self._down_rate = up_rate, down_rate
        self._loads: deque[tuple[float, float]] = deque()
        self._panic_since_s = -math.inf
        self._most_in_panic = 0

    @property
    def in_panic(self) -> bool:
        """Whether the number may only grow now."""
        return self._most_in_panic > 0

    def wanted(self, now_s: float, ready: int, ordered: int, load: float) -> int:
        """Return the number by the windows' means."""
        self._loads.append((now_s, load))
        while self._loads[0][0] <= now_s - self._stable_s:
            self._loads.popleft()
        stable, panic = self._mean(now_s - self._stable_s), self._mean(now_s - self._panic_s)
        if panic > self._panic_ratio * stable:
            self._panic_since_s = now_s
            self._most_in_panic = max(self._most_in_panic, ordered, 1)
        elif now_s - self._panic_since_s > self._stable_s:
            self._most_in_panic = 0
        number = self._number(stable, ready, ordered)
        if self.in_panic:
            number = max(number, self._number(panic, ready, ordered))
            self._most_in_panic = number = max(number, self._most_in_panic)
        return number

    def _mean(self, after_s: float) -> float:
        loads = [load for at_s, load in self._loads if at_s > after_s]
        return math.fsum(loads) / len(loads)

    def _number(self, load: float, ready: int, ordered: int) -> int:
        if abs(load - ready * self._target) <= self._tolerance * ready * self._target:
            return ordered
        most = max(1, math.ceil(ready * self._up_rate))
        return min(max(math.ceil(load / self._target), math.floor(ready / self._down_rate)), most)


class Apa:
    """Engines in proportion to the load of one, when it is off its target by too much.

    Parameters
    ----------
    target
        Load that one engine should have.
    up_tolerance, down_tolerance
        How far it may be above and below, relatively.
    up_rate, down_rate
        The number changes at most by such a factor at once.

    Raises
    ------
    ConfigError
        If a setting cannot be.

    Notes
    -----
    The factors apply to the engines that are ready. Those that are starting carry no load yet; if
    they counted, they would be ordered again at every look.

    References
    ----------
    AIBrix (2025); Huo and others (2023), High concurrency response strategy based on Kubernetes
    horizontal pod autoscaler.
    """

    name = "apa"

    def __init__(
        self,
        target: float,
        *,
        up_tolerance: float = 0.1,
        down_tolerance: float = 0.1,
        up_rate: float = 2.0,
        down_rate: float = 2.0,
    ) -> None:
        _check_target(target)
        _check_rates(up_rate, down_rate)
        self._target = target
        self._up_tolerance, self._down_tolerance = up_tolerance, down_tolerance
        self._up_rate, self._down_rate = up_rate, down_rate

    def wanted(self, now_s: float, ready: int, ordered: int, load: float) -> int:
        """Return the number by the load of this instant."""
        if not ready:
            return max(ordered, 1 if load else 0)
        ratio = load / (ready * self._target)
        number = math.ceil(load / self._target)
        if ratio > 1 + self._up_tolerance:
            return max(min(number, math.ceil(ready * self._up_rate)), ordered)
        if ratio < 1 - self._down_tolerance:
            return max(number, math.floor(ready / self._down_rate))
        return ordered


class Hpa:
    """The rule of Kubernetes: in proportion to the load of one engine, with one tolerance.

    Parameters
    ----------
    target
        Load that one engine should have.
    tolerance
        How far it may be off, relatively.
    up_engines, up_rate
        The number grows at most by so many or by such a factor at once, whichever is more.

    Raises
    ------
    ConfigError
        If a setting cannot be.

    References
    ----------
    Kubernetes, HorizontalPodAutoscaler (autoscaling/v2), whose defaults these are.
    """

    name = "hpa"

    def __init__(
        self, target: float, *, tolerance: float = 0.1, up_engines: int = 4, up_rate: float = 2.0
    ) -> None:
        _check_target(target)
        _check_rates(up_rate, 1.0)
        self._target = target
        self._tolerance = tolerance
        self._up_engines, self._up_rate = up_engines, up_rate

    def wanted(self, now_s: float, ready: int, ordered: int, load: float) -> int:
        """Return the number by the load of this instant."""
        number = math.ceil(load / self._target)
        if abs(load - ready * self._target) <= self._tolerance * ready * self._target:
            return ordered
        if load > ready * self._target:
            # Engines that are starting count with no load: enough may have been ordered already.
            most = max(ordered + self._up_engines, math.ceil(ordered * self._up_rate))
            return max(min(number, most), ordered)
        return number


def _check_target(target: float) -> None:
    if not (math.isfinite(target) and target > 0):
        raise ConfigError(f"target: must be positive, got {target}")


def _check_rates(up_rate: float, down_rate: float) -> None:
    for name, rate in (("up_rate", up_rate), ("down_rate", down_rate)):
        if not rate >= 1:
            raise ConfigError(f"{name}: must be at least 1, got {rate}")
