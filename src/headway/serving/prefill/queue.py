"""The requests that wait, in order of arrival."""

from __future__ import annotations

import numpy as np

from headway.serving.prefill.requests import Ints


class Waiting:
    """A line of request numbers, rising; joining costs O(1), leaving a move of those behind.

    Parameters
    ----------
    capacity
        Most requests that will ever wait at once.
    """

    def __init__(self, capacity: int) -> None:
        self._line = np.empty(capacity, dtype=np.int64)
        self._n = 0

    def __len__(self) -> int:
        return self._n

    @property
    def line(self) -> Ints:
        """Who waits; valid until somebody joins or leaves."""
        return self._line[: self._n]

    def join(self, first: int, after: int) -> None:
        """Let requests ``first`` to ``after - 1`` join."""
        self._line[self._n : self._n + after - first] = np.arange(first, after)
        self._n += after - first

    def leave(self, requests: list[int]) -> None:
        """Let some go."""
        for request in requests:
            k = int(np.searchsorted(self.line, request))
            self._line[k : self._n - 1] = self._line[k + 1 : self._n]
            self._n -= 1
