"""Prompts that engines have still to compute, as far as a gateway can tell."""

from __future__ import annotations

import numpy as np

from headway.serving.fleet.view import ClusterView, Floats


class Backlog:
    """Seconds of prompts that engines were sent and cannot have computed yet.

    Each engine is taken to compute one prompt after the other; one that has nothing in flight has
    nothing left to compute. One number an engine is kept.
    """

    def __init__(self) -> None:
        self._done_s = np.zeros(0)

    def seconds(self, cluster: ClusterView) -> Floats:
        """Return what is left, shape (n_engines,)."""
        self._grow(len(cluster.engines))
        left = self._done_s[: len(cluster.engines)] - cluster.now_s
        waits: Floats = np.maximum(left, 0.0) * (cluster.in_flight > 0)
        return waits

    def add(self, cluster: ClusterView, engine: int, seconds: float) -> None:
        """Let an engine compute so much more, after what it has."""
        self._grow(len(cluster.engines))
        if cluster.in_flight[engine] > 0:
            self.follow(cluster.now_s, engine, seconds)
        else:
            self._done_s[engine] = cluster.now_s + seconds

    def follow(self, now_s: float, engine: int, seconds: float) -> None:
        """Let an engine compute so much more, after what it had to compute as far as is known."""
        self._grow(engine + 1)
        self._done_s[engine] = max(now_s, float(self._done_s[engine])) + seconds

    def _grow(self, n_engines: int) -> None:
        if n_engines > len(self._done_s):
            self._done_s = np.pad(self._done_s, (0, n_engines - len(self._done_s)))
