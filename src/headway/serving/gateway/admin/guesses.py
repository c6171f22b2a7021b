"""Wrong tokens, by the address they come from: a few a minute, and no more."""

from __future__ import annotations

_MOST = 10
_ADDRESSES = 4096
_PERIOD_S = 60.0


class Guesses:
    """Counts wrong tokens of addresses; the address that was first of too many is forgotten."""

    def __init__(self) -> None:
        self._wrong: dict[str, tuple[float, int]] = {}

    def wait_s(self, address: str, now_s: float) -> float:
        """Return how long an address may show no token; 0 if it may."""
        since_s, count = self._wrong.get(address, (now_s, 0))
        if count < _MOST or not 0 <= now_s - since_s < _PERIOD_S:
            return 0.0
        return since_s + _PERIOD_S - now_s

    def wrong(self, address: str, now_s: float) -> None:
        """Note a token that nobody has."""
        since_s, count = self._wrong.pop(address, (now_s, 0))
        if not 0 <= now_s - since_s < _PERIOD_S:
            since_s, count = now_s, 0
        if len(self._wrong) >= _ADDRESSES:
            del self._wrong[next(iter(self._wrong))]
        self._wrong[address] = since_s, count + 1
