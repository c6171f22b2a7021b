"""Scorers that keep together what belongs together."""

from __future__ import annotations

from collections import OrderedDict
from hashlib import blake2b

import numpy as np
from numpy.typing import NDArray

from headway.serving.fleet.lessons import Lessons
from headway.serving.fleet.routing.scorer import Scorer
from headway.serving.fleet.view import ClusterView, Engines, Floats, RequestView

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
        self._names: tuple[Engines | None, NDArray[np.uint64]] = (None, np.zeros(0, np.uint64))

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
        if request.session >= 0:
            self._settle(request.session, engine)

    def learned(self, lessons: Lessons) -> None:
        """Note where sessions are that others have sent."""
        sent = lessons.sent
        for session, engine in zip(sent.session.tolist(), sent.engine.tolist(), strict=True):
            if session >= 0:
                self._settle(session, engine)

    def _settle(self, session: int, engine: int) -> None:
        self._home.pop(session, None)
        self._home[session] = engine
        if len(self._home) > self._capacity:
            self._home.popitem(last=False)

    def _highest(self, cluster: ClusterView, session: int) -> int:
        if not np.count_nonzero(cluster.ready):
            return -1
        if self._names[0] is not cluster.engines:
            names = np.array([_of_name(name) for name in cluster.engines.names], dtype=np.uint64)
            self._names = (cluster.engines, names)
        own = _mixed(np.array([session], dtype=np.uint64))
        # One bit less, so that nobody who is ready is below those who are not.
        scores = _mixed(self._names[1] ^ own) >> np.uint64(1)
        return int(np.where(cluster.ready, scores.astype(np.int64), -1).argmax())


class AdapterAffinity(Scorer):
    """Engines that hold the adapter which the request needs."""

    name = "lora"
    largest = True

    def score(self, cluster: ClusterView, request: RequestView) -> Floats:
        """Return 1 where it is loaded."""
        if request.adapter is None:
            return np.full(len(cluster.engines), np.nan)
        return cluster.holding(request.adapter).astype(np.float64)


def _of_name(name: str) -> int:
    return int.from_bytes(blake2b(name.encode(), digest_size=8).digest(), "little")


def _mixed(words: NDArray[np.uint64]) -> NDArray[np.uint64]:
    """Return words of which every bit depends on all bits (SplitMix64, Steele et al. 2014)."""
    words = (words ^ words >> np.uint64(30)) * np.uint64(0xBF58476D1CE4E5B9)
    words = (words ^ words >> np.uint64(27)) * np.uint64(0x94D049BB133111EB)
    return words ^ words >> np.uint64(31)
