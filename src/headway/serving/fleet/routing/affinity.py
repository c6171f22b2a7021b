"""Scorers that keep together what belongs together."""

from __future__ import annotations

from collections import OrderedDict
from hashlib import blake2b

import numpy as np

from headway.serving.fleet.routing.scorer import Scorer
from headway.serving.fleet.view import ClusterView, Floats, RequestView

SESSIONS = 100_000
"""Sessions whose engines are remembered."""


class SessionAffinity(Scorer):
    """The engine that a session was sent to last, while it takes requests; else one by its name.

    A new session goes where the hash of it and of the engine's name is highest (rendezvous hashing,
    Thaler and Ravishankar 1998), so that several gateways agree without talking, and few sessions
    move when engines come and go.

    Parameters
    ----------
    capacity
        Sessions remembered.
    """

    name = "session"
    largest = True

    def __init__(self, capacity: int = SESSIONS) -> None:
        self._capacity = capacity
        self._home: OrderedDict[int, int] = OrderedDict()

    def score(self, cluster: ClusterView, request: RequestView) -> Floats:
        """Return 1 for one engine; nothing for a request without a session."""
        scores = np.full(len(cluster.engines), np.nan)
        if request.session < 0:
            return scores
        scores[:] = 0.0
        home = self._home.get(request.session, -1)
        if home < 0 or not cluster.ready[home]:
            home = self._highest(cluster, request.session)
        if home >= 0:
            scores[home] = 1.0
        return scores

    def sent(self, cluster: ClusterView, request: RequestView, engine: int) -> None:
        """Note where the session is now."""
        if request.session < 0:
            return
        self._home.pop(request.session, None)
        self._home[request.session] = engine
        if len(self._home) > self._capacity:
            self._home.popitem(last=False)

    @staticmethod
    def _highest(cluster: ClusterView, session: int) -> int:
        ready = np.flatnonzero(cluster.ready).tolist()
        names = cluster.engines.names
        return max(ready, key=lambda k: _hash(session, names[k]), default=-1)


class AdapterAffinity(Scorer):
    """Engines that hold the adapter which the request needs."""

    name = "lora"
    largest = True

    def score(self, cluster: ClusterView, request: RequestView) -> Floats:
        """Return 1 where it is loaded."""
        if request.adapter is None:
            return np.full(len(cluster.engines), np.nan)
        return cluster.holding(request.adapter).astype(np.float64)


def _hash(session: int, name: str) -> bytes:
    return blake2b(f"{session}\0{name}".encode(), digest_size=8).digest()
