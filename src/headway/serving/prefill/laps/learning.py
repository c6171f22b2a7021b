"""The latency model as an engine learns it while it serves."""

from __future__ import annotations

from collections import deque

import numpy as np

from headway.errors import ConfigError
from headway.serving.prefill.laps.latency import TurnLatency
from headway.serving.prefill.work import Load


class LearnedLatency:
    """A model that is fitted again and again to the latest batches.

    Parameters
    ----------
    prior
        What is believed at first.
    window
        How many of the latest batches count.
    first
        The first fit is made after so many batches, each further one after twice as many until
        `window` is reached, then after each `window` batches.

    Attributes
    ----------
    model
        What is believed now. A fit that saw only one side of the boundary says nothing about the
        other: it is not adopted.
    fits
        How many were adopted.
    """

    def __init__(self, prior: TurnLatency, *, window: int = 1024, first: int = 32) -> None:
        if not 8 <= first <= window:
            raise ConfigError(f"latency: expected 8 <= first <= window, got {first} and {window}")
        self.model = prior
        self.fits = 0
        self._window = window
        self._gap = self._left = first
        self._rows: deque[tuple[float, ...]] = deque(maxlen=window)

    def observe(self, load: Load, seconds: float) -> None:
        """Add a batch that was run, and fit if it is time to."""
        self._rows.append((*(float(value) for value in load), seconds))
        self._left -= 1
        if self._left == 0:
            self._gap = min(2 * self._gap, self._window)
            self._left = self._gap
            self._fit()

    def _fit(self) -> None:
        *columns, took = np.array(self._rows).T
        fitted = TurnLatency.fit(Load(*columns), took)
        tokens = columns[0]
        if tokens.min() < fitted.boundary() < tokens.max():
            self.model = fitted
            self.fits += 1
