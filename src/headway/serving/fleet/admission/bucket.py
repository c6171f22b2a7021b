"""A token bucket: so much per minute, and a minute's worth at once."""

from __future__ import annotations

import math

from headway.errors import ConfigError

MINUTE_S = 60.0


class TokenBucket:
    """What may be taken per minute; what is not taken is kept, up to a minute's worth.

    It is filled without end, so that no minute has a border at which twice as much goes through.
    More may be taken than it holds, where the amount is only known afterwards: the bucket is then
    in debt, and nothing goes until that is paid.

    Parameters
    ----------
    per_min
        What flows in.
    now_s
        When it is full.

    Raises
    ------
    ConfigError
        If the flow is not positive.

    Notes
    -----
    O(1). A clock that goes back stands still for it.

    Examples
    --------
    >>> bucket = TokenBucket(60)
    >>> [bucket.take(30, now_s=0.0) for _ in range(3)]
    [True, True, False]
    >>> bucket.wait_s(30, now_s=10.0)
    20.0
    """

    def __init__(self, per_min: float, now_s: float = 0.0) -> None:
        if not 0 < per_min < math.inf:
            raise ConfigError(f"per minute: expected a number above 0, got {per_min}")
        self.per_min = per_min
        self._level = per_min
        self._at_s = now_s

    def level(self, now_s: float) -> float:
        """Return what can be taken now; negative in debt."""
        if now_s > self._at_s:
            self._level += (now_s - self._at_s) * self.per_min / MINUTE_S
            self._level = min(self._level, self.per_min)
            self._at_s = now_s
        return self._level

    def wait_s(self, amount: float, now_s: float) -> float:
        """Return in how many seconds an amount can be taken, 0 if now.

        What is more than a minute's worth goes as soon as the bucket is full.
        """
        short = min(amount, self.per_min) - self.level(now_s)
        return max(short, 0.0) * MINUTE_S / self.per_min

    def take(self, amount: float, now_s: float) -> bool:
        """Take an amount if it is there; return whether it was."""
        if self.wait_s(amount, now_s) > 0:
            return False
        self.charge(amount, now_s)
        return True

    def charge(self, amount: float, now_s: float) -> None:
        """Take an amount whether it is there or not; a negative one is given back."""
        self._level = min(self.level(now_s) - amount, self.per_min)
