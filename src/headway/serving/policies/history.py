"""How long answers were in the past, and how long those that are being given may become.

References
----------
Gong et al. (2025), "Past-Future Scheduler for LLM Serving under SLA Guarantees".
"""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from headway.errors import ConfigError
from headway.serving.workload import NO_LIMIT


class History:
    """Output lengths of the requests that ended last.

    Parameters
    ----------
    window
        How many of them count.
    prior
        Output length that is taken for granted as long as little is known, in tokens.
    guesses
        How many times the prior stands in the window at first. None: half of the window.

    Raises
    ------
    ConfigError
        If the window or the prior is below one, or the guesses are none or exceed the window.

    Examples
    --------
    >>> history = History(window=4, prior=512)
    >>> for length in (30, 10, 20):
    ...     history.append(length)
    >>> history.lengths.tolist()
    [10, 20, 30, 512]
    """

    def __init__(self, window: int = 1000, prior: int = 512, guesses: int | None = None) -> None:
        if window < 1:
            raise ConfigError(f"window: expected at least 1 request, got {window}")
        if prior < 1:
            raise ConfigError(f"prior: expected at least 1 token, got {prior}")
        filled = max(window // 2, 1) if guesses is None else guesses
        if not 1 <= filled <= window:
            raise ConfigError(f"guesses: expected 1 to {window}, got {filled}")
        self._ring = np.full(window, prior, np.int64)
        self._filled = filled
        self._oldest = 0
        self._kept = np.full(window, prior, np.int64)

    @property
    def _sorted(self) -> NDArray[np.int64]:
        return self._kept[: self._filled]

    @property
    def lengths(self) -> NDArray[np.int64]:
        """All that is remembered in tokens, shortest first; until the next one."""
        return self._sorted

    def append(self, length: int) -> None:
        """Remember an output length in tokens, and forget the oldest if the window is full.

        Takes time linear in the window.
        """
        window = len(self._ring)
        kept = self._sorted
        if self._filled < window:
            self._ring[(self._oldest + self._filled) % window] = length
            place, end = int(kept.searchsorted(length, side="right")), self._filled
            self._kept[place + 1 : end + 1] = self._kept[place:end]
            self._kept[place] = length
            self._filled += 1
            return
        gone = int(kept.searchsorted(self._ring[self._oldest]))
        place = int(kept.searchsorted(length, side="right"))
        # What is between the two places moves by one, towards the one that is gone.
        if place <= gone:
            kept[place + 1 : gone + 1] = kept[place:gone]
            kept[place] = length
        else:
            kept[gone : place - 1] = kept[gone + 1 : place]
            kept[place - 1] = length
        self._ring[self._oldest] = length
        self._oldest = (self._oldest + 1) % window

    def at(self, probability: NDArray[np.float64]) -> NDArray[np.int64]:
        """Return quantiles of the past, in tokens.

        Parameters
        ----------
        probability
            Any shape, from 0 up to but without 1. Uniform draws give a sample of the past.
        """
        return self._sorted[(probability * len(self._sorted)).astype(np.int64)]

    def beyond(
        self,
        generated: NDArray[np.int64],
        limit: NDArray[np.int64],
        probability: NDArray[np.float64],
    ) -> NDArray[np.int64]:
        """Return quantiles of final output lengths, given what has been generated so far.

        The distribution function runs linearly through what was generated, all longer lengths of
        the past, and the request's limit if that is larger still. Where nothing larger is known,
        the answer is taken to be about to end.

        Parameters
        ----------
        generated
            Output tokens so far, shape (n_requests,).
        limit
            Most output tokens, shape (n_requests,); `NO_LIMIT` where there is none.
        probability
            Shape (n_samples, n_requests), from 0 up to but without 1. Uniform draws give samples.

        Returns
        -------
        NDArray
            Tokens, shape (n_samples, n_requests), at least `generated`.
        """
        past = self._sorted
        shorter = np.searchsorted(past, generated, side="right")
        longer = len(past) - shorter
        longest = np.where(longer > 0, past[-1], generated)
        capped = (limit > longest) & (limit != NO_LIMIT)
        last = longer + capped
        position = probability * last
        below = position.astype(np.int64)
        above = np.minimum(below + 1, last)

        def value(index: NDArray[np.int64]) -> NDArray[np.int64]:
            # Positions beyond the past are those of the limit, which the next line puts in.
            found = np.take(past, shorter + index - 1, mode="clip")
            return np.where(index == 0, generated, np.where(index > longer, limit, found))

        low, high = value(below), value(above)
        between: NDArray[np.float64] = low + (high - low) * (position - below)
        return np.rint(between).astype(np.int64)
