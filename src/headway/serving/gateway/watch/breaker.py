"""A circuit breaker: leaves an engine alone for a while that fails again and again."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

from headway.errors import ConfigError

BreakerState = Literal["closed", "open", "half-open"]


@dataclass(frozen=True, slots=True, kw_only=True)
class BreakerRules:
    """When a breaker opens and closes.

    Parameters
    ----------
    failures
        In a row, that open it.
    open_s
        Time without any request.
    probes
        Requests that may be on their way at once while it is half open.
    successes
        In a row, that close it.
    """

    failures: int = 5
    open_s: float = 30.0
    probes: int = 1
    successes: int = 2

    def __post_init__(self) -> None:
        for name in ("failures", "open_s", "probes", "successes"):
            if not getattr(self, name) > 0:
                raise ConfigError(f"breaker.{name}: must be positive, got {getattr(self, name)}")


class Breaker:
    """Closed while all is well; open after failures in a row; half open after a pause.

    Half open, it lets a few requests through: successes in a row close it, one failure opens it
    anew. Each request is told by `sent`, and then by one of `succeeded`, `failed` and `dropped`;
    one whose end is never told gives its place back after `BreakerRules.open_s`. A clock that is
    set back adds one such pause at most.

    Parameters
    ----------
    rules
        When to open and close.
    """

    __slots__ = ("_failures", "_open", "_probed_s", "_probes", "_rules", "_successes", "_until_s")

    def __init__(self, rules: BreakerRules | None = None) -> None:
        self._rules = rules or BreakerRules()
        self.reset()

    def reset(self) -> None:
        """Forget all, as of an engine that was started anew."""
        self._open = False
        self._until_s = 0.0
        self._failures = 0
        self._successes = 0
        self._probes = 0
        self._probed_s = 0.0

    def state(self, now_s: float) -> BreakerState:
        """Return where it stands."""
        if not self._open:
            return "closed"
        self._until_s = min(self._until_s, now_s + self._rules.open_s)
        return "open" if now_s < self._until_s else "half-open"

    def allows(self, now_s: float) -> bool:
        """Return whether a request may be sent."""
        state = self.state(now_s)
        if state != "half-open":
            return state == "closed"
        self._probed_s = min(self._probed_s, now_s)
        return self._probes < self._rules.probes or now_s - self._probed_s > self._rules.open_s

    def sent(self, now_s: float) -> None:
        """Hear that a request is sent, by whoever asked first or has nowhere else to go."""
        if self.state(now_s) == "half-open":
            self._probes += 1
            self._probed_s = now_s

    def succeeded(self, now_s: float) -> None:
        """Hear that the engine has answered."""
        self._failures = 0
        if self.state(now_s) == "half-open":
            self.dropped(now_s)
            self._successes += 1
            if self._successes >= self._rules.successes:
                self.reset()

    def failed(self, now_s: float) -> None:
        """Hear that it has not, or with a failure of its own."""
        state = self.state(now_s)
        self._failures += 1
        if state == "half-open" or (state == "closed" and self._failures >= self._rules.failures):
            self.reset()
            self._open, self._until_s = True, now_s + self._rules.open_s

    def dropped(self, now_s: float) -> None:  # noqa: ARG002  (the face of all three)
        """Hear that a request has ended without saying anything of the engine."""
        self._probes = max(0, self._probes - 1)
