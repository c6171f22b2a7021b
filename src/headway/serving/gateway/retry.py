"""Which failures may be tried again, how often, and how soon."""

from __future__ import annotations

import random
from collections import deque
from dataclasses import dataclass

from headway.errors import ConfigError

RETRIED = frozenset((408, 429, 500, 502, 503, 504))
"""Statuses that another engine may do better."""


@dataclass(frozen=True, slots=True, kw_only=True)
class RetryRules:
    """How often and how soon a request is tried again.

    Parameters
    ----------
    tries
        At most, with the first.
    share
        Of the requests of the last `window_s` that may be tries again.
    least
        Tries again in a window that are free even if there are few requests.
    window_s
        That is looked back.
    first_s, most_s
        Longest pause before the second try, which doubles with each further one, and its bound.
    statuses
        Answers that are tried again.
    """

    tries: int = 3
    share: float = 0.2
    least: int = 3
    window_s: float = 10.0
    first_s: float = 0.025
    most_s: float = 1.0
    statuses: frozenset[int] = RETRIED

    def __post_init__(self) -> None:
        for name in ("tries", "window_s", "first_s", "most_s"):
            if not getattr(self, name) > 0:
                raise ConfigError(f"retries.{name}: must be positive, got {getattr(self, name)}")
        if not 0 <= self.share <= 1:
            raise ConfigError(f"retries.share: must be from 0 to 1, got {self.share}")
        if self.least < 0:
            raise ConfigError(f"retries.least: must not be negative, got {self.least}")
        for status in self.statuses:
            if not 400 <= status <= 599:
                raise ConfigError(f"retries.statuses: must be from 400 to 599, got {status}")

    def may(self, tries: int, status: int | None, *, begun: bool) -> bool:
        """Return whether a failed request may be tried again.

        Parameters
        ----------
        tries
            So far.
        status
            That the engine answered; None if there was no whole answer.
        begun
            Whether the client has got any byte: what it has seen cannot be taken back.
        """
        if begun or tries >= self.tries:
            return False
        return status is None or status in self.statuses

    def pause_s(self, tries: int, chance: random.Random) -> float:
        """Return how long to wait after so many tries: evenly from 0 to a bound that doubles.

        References
        ----------
        M. Brooker (2015), Exponential backoff and jitter, AWS Architecture Blog: "full jitter".
        """
        bound_s = min(self.most_s, self.first_s * 2.0 ** min(tries - 1, 60))
        return chance.uniform(0.0, bound_s)


class RetryBudget:
    """Keeps tries again to a share of the requests, so that they do not bring down what is left.

    A try that has `helped` is given back: it has done no harm, and the next one may as well. So
    an engine that fails costs nobody an answer as long as there are others, while tries that fail
    like those before them are few.

    Parameters
    ----------
    rules
        The share, and the window it is of.
    """

    _SLOTS = 10

    def __init__(self, rules: RetryRules) -> None:
        self._rules = rules
        self._slot_s = rules.window_s / self._SLOTS
        self._slots: deque[list[int]] = deque()
        self._requests = 0
        self._retries = 0

    def request(self, now_s: float) -> None:
        """Note a request that comes in."""
        self._slot(now_s)[1] += 1
        self._requests += 1

    def take(self, now_s: float) -> bool:
        """Return whether one more try is within the budget, and note it if so."""
        slot = self._slot(now_s)
        rules = self._rules
        if self._retries + 1 > max(rules.least, rules.share * self._requests):
            return False
        slot[2] += 1
        self._retries += 1
        return True

    def helped(self, now_s: float) -> None:
        """Give back a try that an engine has answered."""
        self._slot(now_s)
        for slot in reversed(self._slots):
            if slot[2]:
                slot[2] -= 1
                self._retries -= 1
                return

    def _slot(self, now_s: float) -> list[int]:
        """Return the slot of this instant: its number, its requests, its tries again."""
        number = int(now_s // self._slot_s)
        if self._slots and self._slots[-1][0] > number:  # the clock was set back
            self._slots[-1][0] = number
        while self._slots and self._slots[0][0] <= number - self._SLOTS:
            _, requests, retries = self._slots.popleft()
            self._requests -= requests
            self._retries -= retries
        if not self._slots or self._slots[-1][0] != number:
            self._slots.append([number, 0, 0])
        return self._slots[-1]
