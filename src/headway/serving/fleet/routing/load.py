"""Scorers that look at how much engines have to do."""

from __future__ import annotations

from heapq import heapify, heappop, heappush

import numpy as np

from headway.serving.fleet.routing.scorer import Filter, Scorer
from headway.serving.fleet.view import ClusterView, Floats, Mask, RequestView


class Random(Scorer):
    """All alike: the lot decides."""

    name = "random"

    def score(self, cluster: ClusterView, request: RequestView) -> Floats:
        """Return zeros."""
        return np.zeros(len(cluster.engines))


class RoundRobin(Scorer):
    """One after another: the one that has waited longest for its turn."""

    name = "round-robin"

    def __init__(self) -> None:
        self._turns = 0
        self._last = np.zeros(0)

    def score(self, cluster: ClusterView, request: RequestView) -> Floats:
        """Return the last turn of each; those that had none yet go first, in order."""
        self._grow(len(cluster.engines))
        return self._last.copy()

    def sent(self, cluster: ClusterView, request: RequestView, engine: int) -> None:
        """Note whose turn it was."""
        self._grow(len(cluster.engines))
        self._turns += 1
        self._last[engine] = self._turns

    def _grow(self, n_engines: int) -> None:
        known = len(self._last)
        if known != n_engines:
            turns = np.arange(n_engines, dtype=np.float64) - n_engines
            had_one = self._last[:n_engines] > 0
            turns[:known][had_one] = self._last[:n_engines][had_one]
            self._last = turns


class LeastRequests(Scorer):
    """Requests sent and not ended, counted by the gateway."""

    name = "least-request"

    def score(self, cluster: ClusterView, request: RequestView) -> Floats:
        """Return the number of requests."""
        return cluster.in_flight.astype(np.float64)


class ShortestQueue(Scorer):
    """Requests that wait in the engine."""

    name = "least-waiting"

    def score(self, cluster: ClusterView, request: RequestView) -> Floats:
        """Return the number of requests that wait."""
        return cluster.waiting.astype(np.float64)


class LeastCache(Scorer):
    """Share of the key-value cache that is held."""

    name = "least-kv"

    def score(self, cluster: ClusterView, request: RequestView) -> Floats:
        """Return the share."""
        return cluster.kv_usage


class Freeness(Scorer):
    """Decode steps until the cache of an engine is full (Llumnix, without priorities)."""

    name = "freeness"
    largest = True

    def score(self, cluster: ClusterView, request: RequestView) -> Floats:
        """Return free blocks less those that the queue wants, per running request."""
        free = cluster.free_blocks - cluster.wanted_blocks
        return free / np.maximum(cluster.running, 1)


class DrainRate(Scorer):
    """Requests there, by how fast they end: a measure that unequal engines have in common.

    Parameters
    ----------
    window_s
        Time over which ends are counted.
    """

    name = "drain-rate"

    def __init__(self, window_s: float = 60.0) -> None:
        self._window_s = window_s
        self._ends: list[tuple[float, int]] = []
        self._counts = np.zeros(0)

    def score(self, cluster: ClusterView, request: RequestView) -> Floats:
        """Return seconds until the requests there would have ended."""
        self._advance(cluster.now_s, len(cluster.engines))
        counts = self._counts[: len(cluster.engines)]
        return cluster.in_flight * self._window_s / np.maximum(counts, 1.0)

    def ended(self, request: int, engine: int, output_tokens: int, at_s: float) -> None:
        """Count an end, if it is not that of a request that failed."""
        self._advance(at_s, engine + 1)
        if output_tokens > 0:
            heappush(self._ends, (at_s, engine))
            self._counts[engine] += 1

    def gone(self, engine: int, at_s: float) -> None:
        """Forget its ends."""
        self._advance(at_s, engine + 1)
        self._ends = [end for end in self._ends if end[1] != engine]
        heapify(self._ends)
        self._counts[engine] = 0

    def _advance(self, now_s: float, n_engines: int) -> None:
        """Make room for engines, and forget the ends before the window."""
        if n_engines > len(self._counts):
            self._counts = np.pad(self._counts, (0, n_engines - len(self._counts)))
        while self._ends and self._ends[0][0] < now_s - self._window_s:
            self._counts[heappop(self._ends)[1]] -= 1


class LeastLatency(Scorer):
    """Time that requests took of late, as an exponentially weighted mean.

    Parameters
    ----------
    weight
        Of the newest request in the mean.
    """

    name = "least-latency"

    def __init__(self, weight: float = 0.1) -> None:
        self._weight = weight
        self._sent: dict[int, float] = {}
        self._mean: dict[int, float] = {}

    def score(self, cluster: ClusterView, request: RequestView) -> Floats:
        """Return the mean, 0 for engines of which nothing is known."""
        return np.array([self._mean.get(k, 0.0) for k in range(len(cluster.engines))])

    def sent(self, cluster: ClusterView, request: RequestView, engine: int) -> None:
        """Note when it was sent."""
        self._sent[request.number] = cluster.now_s

    def ended(self, request: int, engine: int, output_tokens: int, at_s: float) -> None:
        """Take its time into the mean, if it did not fail."""
        took_s = at_s - self._sent.pop(request, at_s)
        if output_tokens < 1:
            return
        mean = self._mean.get(engine, took_s)
        self._mean[engine] = mean + self._weight * (took_s - mean)

    def gone(self, engine: int, at_s: float) -> None:
        """Forget its mean."""
        self._mean.pop(engine, None)


class TwoChoices(Filter):
    """Two engines drawn by lot (power of two choices, Mitzenmacher 2001).

    Parameters
    ----------
    seed
        Of the lot.
    """

    name = "two-choices"

    def __init__(self, seed: int = 0) -> None:
        self._rng = np.random.default_rng(seed)

    def keep(self, cluster: ClusterView, request: RequestView, among: Mask) -> Mask:
        """Return two of them."""
        left = np.flatnonzero(among)
        kept = np.zeros(len(among), dtype=np.bool_)
        kept[left if len(left) < 3 else self._rng.choice(left, 2, replace=False)] = True
        return kept
