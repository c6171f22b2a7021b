"""What tokens cost those who ask, and what they may spend in a day."""

from __future__ import annotations

import math
from dataclasses import dataclass

from headway.errors import ConfigError

DAY_S = 86_400.0


@dataclass(frozen=True, slots=True)
class Prices:
    """What a million tokens cost a tenant.

    Attributes
    ----------
    prompt, output
        In the currency of the budgets.

    Raises
    ------
    ConfigError
        If one is negative or without end.
    """

    prompt: float = 0.0
    output: float = 0.0

    def __post_init__(self) -> None:
        for name in ("prompt", "output"):
            if not 0 <= getattr(self, name) < math.inf:
                raise ConfigError(f"{name}: expected a price from 0 on, got {getattr(self, name)}")

    def of(self, prompt_tokens: int, output_tokens: int) -> float:
        """Return what so many tokens cost."""
        return (self.prompt * prompt_tokens + self.output * output_tokens) / 1e6


FREE = Prices()
"""Of those who pay nothing."""


class Budget:
    """What may be spent in a day; days begin when the clock is a multiple of 24 hours.

    Parameters
    ----------
    per_day
        The most; what costs more than is left is still bought once if something is left, as the
        length of an answer is not known before.

    Raises
    ------
    ConfigError
        If it is negative.
    """

    def __init__(self, per_day: float) -> None:
        if not per_day >= 0:
            raise ConfigError(f"budget per day: must not be negative, got {per_day}")
        self.per_day = per_day
        self._day = -math.inf
        self._spent = 0.0

    def left(self, now_s: float) -> float:
        """Return what is left for today; negative if the last answer was dear."""
        day = now_s // DAY_S
        if day > self._day:
            self._day, self._spent = day, 0.0
        return self.per_day - self._spent

    def wait_s(self, now_s: float) -> float:
        """Return in how many seconds something can be spent, 0 if now, inf if never."""
        if self.left(now_s) > 0:
            return 0.0
        return (now_s // DAY_S + 1) * DAY_S - now_s if self.per_day else math.inf

    def charge(self, amount: float, now_s: float) -> None:
        """Spend an amount, whether it is left or not; a negative one is given back."""
        self.left(now_s)
        self._spent = max(self._spent + amount, 0.0)
