"""The last half hour, second by second: rates and percentiles, from the board's counts."""

from __future__ import annotations

from collections import deque
from collections.abc import Sequence

import numpy as np
from numpy.typing import NDArray

from headway.serving.gateway.board import (
    BOUNDS_S,
    CACHED_TOKENS,
    COMPLETED,
    FAILED,
    IN_FLIGHT,
    OUTPUT_TOKENS,
    PROMPT_TOKENS,
    REQUESTS,
    TPOT,
    TTFT,
    Board,
)

KEPT_S = 1800
"""Points, one a second."""

WINDOW_S = 10
"""Rates and percentiles are those of so many seconds: of one, they would be mostly noise."""

WHOLE = (
    *("ttft_p50", "ttft_p99", "tpot_p50", "tpot_p99", "queue", "in_flight"),
    *("requests_per_s", "prompt_tokens_per_s", "output_tokens_per_s", "hit_rate"),
    *("errors_per_s", "refused_per_s"),
)
"""Of the gateway as a whole."""

EACH = (
    *("ttft_p50", "ttft_p99", "in_flight", "running", "waiting", "kv_usage"),
    *("requests_per_s", "output_tokens_per_s", "hit_rate"),
)
"""Of each engine."""

_EDGES = np.array([0.0, *BOUNDS_S])


class History:
    """A ring of points; nothing grows.

    Parameters
    ----------
    board
        Of the gateway.
    names
        Of its engines.
    kept
        Points.

    Attributes
    ----------
    count
        Points that were taken so far, those forgotten included.

    Notes
    -----
    A point costs O(engines) and ``8 * len(EACH)`` bytes an engine.
    """

    def __init__(self, board: Board, names: Sequence[str], kept: int = KEPT_S) -> None:
        self._board = board
        self._names = tuple(names)
        self._kept = kept
        self._at_s = np.zeros(kept)
        self._whole = np.full((len(WHOLE), kept), np.nan)
        self._each = np.full((len(EACH), len(names), kept), np.nan)
        self._past: deque[_Counts] = deque(maxlen=WINDOW_S + 1)
        self.count = 0

    def take(self, now_s: float) -> None:
        """Add a point.

        Parameters
        ----------
        now_s
            In seconds since 1970.
        """
        counts = _Counts(self._board, now_s)
        self._past.append(counts)
        spent_s = counts.at_s - self._past[0].at_s
        slot = self.count % self._kept
        self._at_s[slot] = now_s
        if spent_s > 0:
            recent = _Recent(self._past[0], counts, spent_s)
            self._whole[:, slot] = _rounded(np.array(self._of_all(recent)))
            self._each[:, :, slot] = _rounded(self._of_engines(recent))
        else:
            self._whole[:, slot] = self._each[:, :, slot] = np.nan
        self.count += 1

    def told(self, since: int = 0, most: int = KEPT_S) -> dict[str, object]:
        """Return points as columns of four digits, oldest first; what is not known is nan.

        Parameters
        ----------
        since
            Points already known: the count that was told with them.
        most
            Points to return; with more, every second one is left out, or two of three, and so on.
        """
        first = max(min(since, self.count), self.count - self._kept)
        step = max(-(-(self.count - first) // max(most, 1)), 1)
        # Counted from the newest one, which is never left out.
        places = np.arange(self.count - 1, first - 1, -step)[::-1] % self._kept
        each = self._each[:, :, places].tolist()
        return {
            "count": self.count,
            "window_s": WINDOW_S,
            "t": self._at_s[places].round(1).tolist(),
            "all": dict(zip(WHOLE, self._whole[:, places].tolist(), strict=True)),
            "engines": {
                name: {key: each[number][engine] for number, key in enumerate(EACH)}
                for engine, name in enumerate(self._names)
            },
        }

    def _of_all(self, recent: _Recent) -> list[float]:
        counters, buckets = recent.counters.sum(axis=1), recent.buckets.sum(axis=1)
        per_s = counters / recent.spent_s
        return [
            quantile(buckets[TTFT], 0.5),
            quantile(buckets[TTFT], 0.99),
            quantile(buckets[TPOT], 0.5),
            quantile(buckets[TPOT], 0.99),
            float(self._board.held.sum()),
            float(self._board.total(IN_FLIGHT).sum()),
            per_s[COMPLETED],
            per_s[PROMPT_TOKENS],
            per_s[OUTPUT_TOKENS],
            _share(counters[CACHED_TOKENS], counters[PROMPT_TOKENS]),
            per_s[FAILED],
            recent.refusals / recent.spent_s,
        ]

    def _of_engines(self, recent: _Recent) -> NDArray[np.float64]:
        board, counters = self._board, recent.counters
        ttft = recent.buckets[TTFT]
        return np.array(
            [
                [quantile(row, 0.5) for row in ttft],
                [quantile(row, 0.99) for row in ttft],
                board.total(IN_FLIGHT),
                board.engine("running"),
                board.engine("waiting"),
                board.engine("kv_usage"),
                counters[REQUESTS] / recent.spent_s,
                counters[OUTPUT_TOKENS] / recent.spent_s,
                recent.hit_rates(),
            ]
        )


def quantile(counts: NDArray[np.int64], share: float) -> float:
    """Return a quantile of observations in the board's buckets, interpolated as Prometheus does.

    Parameters
    ----------
    counts
        In each bucket; shape (len(BOUNDS_S) + 1,).
    share
        Above 0, at most 1.

    Returns
    -------
    float
        In seconds; nan without observations, and the last bound for those beyond it.
    """
    total = int(counts.sum())
    if not total:
        return float("nan")
    rank = share * total
    upto = counts.cumsum()
    bucket = int(np.searchsorted(upto, rank))
    if bucket >= len(BOUNDS_S):
        return BOUNDS_S[-1]
    below = int(upto[bucket - 1]) if bucket else 0
    part = (rank - below) / int(counts[bucket])
    return float(_EDGES[bucket] + part * (_EDGES[bucket + 1] - _EDGES[bucket]))


class _Counts:
    """What the board had counted at a moment."""

    def __init__(self, board: Board, at_s: float) -> None:
        self.at_s = at_s
        self.counters = board.counters.sum(axis=0)
        self.buckets = board.buckets.sum(axis=0)
        self.refusals = int(board.refusals.sum())
        self.queries = board.engine("prefix_queries").copy()
        self.hits = board.engine("prefix_hits").copy()


class _Recent:
    """What was counted between two moments; an engine that began anew has counted nothing."""

    def __init__(self, before: _Counts, now: _Counts, spent_s: float) -> None:
        self.spent_s = spent_s
        self.counters = now.counters - before.counters
        self.buckets = now.buckets - before.buckets
        self.refusals = now.refusals - before.refusals
        self.queries = np.maximum(now.queries - before.queries, 0)
        self.hits = np.maximum(now.hits - before.hits, 0)

    def hit_rates(self) -> list[float]:
        """Return those that engines tell; of others, what their answers say."""
        rows = zip(
            self.hits.tolist(),
            self.queries.tolist(),
            self.counters[CACHED_TOKENS].tolist(),
            self.counters[PROMPT_TOKENS].tolist(),
            strict=True,
        )
        return [
            _share(hits, queries) if queries else _share(cached, prompt)
            for hits, queries, cached, prompt in rows
        ]


def _share(part: float, whole: float) -> float:
    return min(part / whole, 1.0) if whole else float("nan")


def _rounded(values: NDArray[np.float64]) -> NDArray[np.float64]:
    """Return values to four digits."""
    size = np.abs(values)
    digits = 3 - np.floor(np.log10(size, where=size > 0, out=np.zeros_like(size)))
    scale = 10.0**digits
    return np.round(values * scale) / scale
