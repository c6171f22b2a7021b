"""Scorers that look at how much engines have to do."""

from __future__ import annotations

import numpy as np

from headway.serving.fleet.lessons import Lessons
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

    def learned(self, lessons: Lessons) -> None:
        """Note whose turn it was elsewhere."""
        for engine in lessons.sent.engine.tolist():
            if engine < len(self._last):
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
