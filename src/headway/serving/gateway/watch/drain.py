"""Taking an engine out of service without cutting anybody off."""

from __future__ import annotations

from typing import Literal

DrainState = Literal["serving", "draining", "drained"]


class Drain:
    """Sends no new requests, waits for those in flight, at most for a time.

    Attributes
    ----------
    state
        ``"drained"`` once nobody is in flight, or the time is up.
    """

    def __init__(self) -> None:
        self.state: DrainState = "serving"
        self._until_s = 0.0

    def begin(self, now_s: float, grace_s: float) -> None:
        """Send no more requests; those in flight have so long.

        Asked again while it drains, the earlier end counts.
        """
        until_s = now_s + grace_s
        if self.state == "serving":
            self.state, self._until_s = "draining", until_s
        elif self.state == "draining":
            self._until_s = min(self._until_s, until_s)

    def look(self, now_s: float, in_flight: int) -> DrainState:
        """Return where it stands, given how many requests are in flight."""
        if self.state == "draining" and (in_flight <= 0 or now_s >= self._until_s):
            self.state = "drained"
        return self.state

    def resume(self) -> None:
        """Serve again."""
        self.state = "serving"
