"""Notices that an engine was started anew: its cache is gone, whatever anybody remembers."""

from __future__ import annotations

from headway.serving.gateway.watch.load import Load

_SAME_S = 1.0
"""Starts that differ by less are one."""


class Restarts:
    """Compares what an engine says with what it said before.

    A process begins at one time, and its counters never fall. An engine that tells neither is taken
    to be another one when it comes back after it was not to be reached.
    """

    def __init__(self) -> None:
        self._last: Load | None = None
        self._lost = False

    def lost(self) -> None:
        """Hear that the engine was not to be reached, and was taken out."""
        self._lost = True

    def back(self) -> bool:
        """Hear that it answers again; return whether it must be taken for another one."""
        lost, self._lost = self._lost, False
        return lost and (self._last is None or not self._last.counters)

    def seen(self, load: Load) -> bool:
        """Return whether its metrics show that it was started anew since the last look."""
        last, self._last = self._last, load
        if last is None:
            return False
        if (
            last.started_s is not None
            and load.started_s is not None
            and abs(load.started_s - last.started_s) > _SAME_S
        ):
            return True
        return any(load.counters.get(name, value) < value for name, value in last.counters.items())
