"""Sums over the last while, one an engine."""

from __future__ import annotations

import numpy as np

from headway.errors import ConfigError
from headway.serving.fleet.view import Floats

SLOTS = 32
"""Parts of a window; what is in the oldest one is forgotten at once."""


class SlidingSum:
    """What was added for each engine in the last seconds, in a table of slots by engines.

    Parameters
    ----------
    window_s
        How long what is added counts.

    Raises
    ------
    ConfigError
        If the window is not positive.
    """

    def __init__(self, window_s: float) -> None:
        if not window_s > 0:
            raise ConfigError(f"window_s: must be positive, got {window_s}")
        self._window_s = window_s
        self._slot_s = window_s / SLOTS
        self._sums = np.zeros((SLOTS, 0))
        self._totals = np.zeros(0)
        self._newest = 0
        self._first_s = np.inf

    def add(self, now_s: float, engine: int, value: float) -> None:
        """Add a value for an engine."""
        self._advance(now_s, engine + 1)
        self._first_s = min(self._first_s, now_s)
        self._sums[self._newest % SLOTS, engine] += value
        self._totals[engine] += value

    def total(self, now_s: float, n_engines: int) -> Floats:
        """Return the sums, shape (n_engines,), in O(engines)."""
        self._advance(now_s, n_engines)
        return self._totals[:n_engines].copy()

    def clear(self, engine: int) -> None:
        """Forget what was added for an engine."""
        if engine < len(self._totals):
            self._sums[:, engine] = self._totals[engine] = 0.0

    def rate(self, now_s: float, n_engines: int) -> Floats:
        """Return the sums per second, of the window or of as much of it as there has been."""
        span_s = min(max(now_s - self._first_s, self._slot_s), self._window_s)
        return self.total(now_s, n_engines) / span_s

    def _advance(self, now_s: float, n_engines: int) -> None:
        known = self._sums.shape[1]
        if n_engines > known:
            self._sums = np.pad(self._sums, ((0, 0), (0, n_engines - known)))
            self._totals = np.pad(self._totals, (0, n_engines - known))
        slot = int(now_s // self._slot_s)
        if slot > self._newest:
            gone = range(max(self._newest + 1, slot - SLOTS + 1), slot + 1)
            self._sums[[number % SLOTS for number in gone]] = 0.0
            self._newest = slot
            # Taken anew, so that no error of rounding stays.
            self._totals = self._sums.sum(axis=0)
