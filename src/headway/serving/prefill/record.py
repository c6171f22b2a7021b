"""What a simulated instance writes down as it goes."""

from __future__ import annotations

import numpy as np

from headway.serving.prefill.requests import PrefillRequests
from headway.serving.prefill.run import Passes, PrefillRun


class Record:
    """Columns in the making.

    Parameters
    ----------
    requests
        Who will be written about.
    """

    def __init__(self, requests: PrefillRequests) -> None:
        n = len(requests)
        self.requests = requests
        self.scheduled_s = np.full(n, np.nan)
        self.first_token_s = np.full(n, np.nan)
        self.blocking_s = np.full(n, np.nan)
        self.suspended_s = np.zeros(n)
        self.wasted_s = np.zeros(n)
        self.preemptions = np.zeros(n, dtype=np.int64)
        self._start: list[float] = []
        self._end: list[float] = []
        self._batch: list[int] = []
        self._members: list[int] = []
        self._tokens: list[int] = []
        self._offsets: list[int] = [0]

    def batch(self, members: list[int], tokens: list[int]) -> int:
        """Write down who runs together, and return the number of the pass."""
        self._members += members
        self._tokens += tokens
        self._offsets.append(len(self._members))
        return len(self._offsets) - 2

    def stretch(self, batch: int, start_s: float, end_s: float) -> None:
        """Write down that a pass ran; if it ran just before too, as one stretch."""
        if self._batch and self._batch[-1] == batch and self._end[-1] == start_s:
            self._end[-1] = end_s
        elif end_s > start_s:
            self._start.append(start_s)
            self._end.append(end_s)
            self._batch.append(batch)

    def run(self, policy: str) -> PrefillRun:
        """Return all columns."""
        passes = Passes(
            np.array(self._start),
            np.array(self._end),
            np.array(self._batch, dtype=np.int64),
            np.array(self._members, dtype=np.int64),
            np.array(self._offsets, dtype=np.int64),
            np.array(self._tokens, dtype=np.int64),
        )
        return PrefillRun(
            self.requests,
            policy,
            self.scheduled_s,
            self.first_token_s,
            self.preemptions,
            self.suspended_s,
            self.wasted_s,
            self.blocking_s,
            passes,
        )
