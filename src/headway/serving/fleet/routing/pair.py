"""Prefill and decode apart: who computes a prompt and who goes on with it, chosen together."""

from __future__ import annotations

from collections import OrderedDict

import numpy as np

from headway.errors import ConfigError
from headway.serving.fleet.decisions import Dispatch, Hold, Routing
from headway.serving.fleet.routing.pipeline import RETRY_S, candidates
from headway.serving.fleet.routing.prefix import CAPACITY, SentPrompts
from headway.serving.fleet.view import ClusterView, Engines, Floats, Ints, Mask, RequestView
from headway.serving.fleet.window import SlidingSum

LABEL = "role_set"
"""Label of engines: prefill and decode engines of one set serve a request together."""

PREFIX = 10.0
"""Of a score, what a prompt adds of which nothing is cached."""

REMEMBERED = 10_000
"""Requests between their prompt and their answer."""


class PrefillDecode:
    """A router that chooses the engine for the prompt and the one for the answer at once.

    A prefill engine is better the more of the prompt it was sent before and the fewer requests it
    has; a decode engine the fewer requests it has, the faster it has been speaking of late and the
    more memory is free. Answers count for their decode engine from when the pair is chosen, or
    requests that come together would all see the same idle one. Both engines have the same label
    ``role_set``, or none. Engines that do both are a pair of their own.

    Parameters
    ----------
    running, speed
        Weights of requests and of speed in the score of a decode engine.
    window_s
        Time over which speeds are taken.
    capacity
        Blocks that the index of prefixes remembers.
    seed
        Of the lot among equals.

    Raises
    ------
    ConfigError
        If a weight is negative or the window not positive.

    References
    ----------
    AIBrix (2025), strategy ``pd``.
    """

    name = "pd"

    def __init__(
        self,
        *,
        running: float = 1.0,
        speed: float = 1.0,
        window_s: float = 60.0,
        capacity: int = CAPACITY,
        seed: int = 0,
    ) -> None:
        for key, value in (("running", running), ("speed", speed)):
            if not value >= 0:
                raise ConfigError(f"{key}: must not be negative, got {value}")
        self._running, self._speed = running, speed
        self._prompts = SentPrompts(capacity)
        self._tokens = SlidingSum(window_s)
        self._pending: dict[int, int] = {}
        self._coming = np.zeros(0, dtype=np.int64)
        self._brought: OrderedDict[int, int] = OrderedDict()
        self._sets: tuple[Engines | None, Ints] = (None, np.zeros(0, dtype=np.int64))
        self._rng = np.random.default_rng(seed)

    def route(self, cluster: ClusterView, request: RequestView) -> Routing:
        """Return the engine for the prompt, or the one that was chosen with it for the answer."""
        if len(cluster.engines) > len(self._coming):
            self._coming = np.pad(self._coming, (0, len(cluster.engines) - len(self._coming)))
        among = candidates(cluster, request)
        if not np.count_nonzero(among):
            return Hold(cluster.now_s + RETRY_S)
        if request.stage == "decode":
            return Dispatch(self._decode(cluster, request, among))
        self._release(request.number)
        engine, other = self._pair(cluster, request, among)
        self._prompts.add(cluster, request, engine)
        if other != engine:
            self._pending[request.number] = other
            self._coming[other] += 1
        return Dispatch(engine)

    def ended(self, request: int, engine: int, output_tokens: int, at_s: float) -> None:
        """Count what was said; an answer that now goes on elsewhere is not coming any more."""
        self._tokens.add(at_s, engine, float(output_tokens))
        other = self._release(request)
        if other is not None:
            self._brought[request] = other
            if len(self._brought) > REMEMBERED:
                self._brought.popitem(last=False)

    def gone(self, engine: int, at_s: float) -> None:
        """Forget what an engine was sent and how fast it spoke."""
        self._prompts.forget(engine)
        self._tokens.clear(engine)

    def _pair(self, cluster: ClusterView, request: RequestView, among: Mask) -> tuple[int, int]:
        """Return the best pair; one engine twice if it does both, or nobody can go on yet."""
        engines, sets = cluster.engines, self._sets_of(cluster.engines)
        decode = self._decode_scores(cluster)
        own = engines.of_role("both")
        apart = np.where(cluster.ready & engines.of_role("decode"), decode, np.inf)
        n_sets = int(np.maximum.reduce(sets)) + 1
        if n_sets == 1:
            best = np.minimum.reduce(apart)
        else:
            best = np.array([np.minimum.reduce(apart[sets == one]) for one in range(n_sets)])[sets]
        prefill = self._prefill_scores(cluster, request)
        total = np.where(among, prefill + np.where(own, decode, best), np.inf)
        least = np.minimum.reduce(total)
        if least == np.inf:
            return (engine := self._lot(np.where(among, prefill, np.inf))), engine
        engine = self._lot(total)
        if own[engine]:
            return engine, engine
        return engine, self._lot(np.where(sets == sets[engine], apart, np.inf))

    def _decode(self, cluster: ClusterView, request: RequestView, among: Mask) -> int:
        chosen = self._brought.pop(request.number, None)
        if chosen is not None and among[chosen]:
            return chosen
        scores = np.where(among, self._decode_scores(cluster), np.inf)
        if chosen is not None:
            sets = self._sets_of(cluster.engines)
            near = among & (sets == sets[chosen])
            if np.count_nonzero(near):
                scores[~near] = np.inf
        return self._lot(scores)

    def _prefill_scores(self, cluster: ClusterView, request: RequestView) -> Floats:
        load = cluster.in_flight / max(int(np.maximum.reduce(cluster.in_flight)), 1)
        missed: Floats = PREFIX * (1 - self._prompts.share(cluster, request))
        return missed + load

    def _decode_scores(self, cluster: ClusterView) -> Floats:
        n = len(cluster.engines)
        load = cluster.in_flight + self._coming[:n]
        tokens = self._tokens.total(cluster.now_s, n)
        busy = self._running * load / max(int(np.maximum.reduce(load)), 1)
        slow = self._speed * (1 - tokens / max(float(np.maximum.reduce(tokens)), 1.0))
        # One without memory is the last choice, not none.
        free = np.maximum(cluster.free_blocks, 1e-3)
        scores: Floats = (busy + slow) * (float(np.maximum.reduce(free)) / free)
        return scores

    def _lot(self, scores: Floats) -> int:
        best = np.flatnonzero(scores == np.minimum.reduce(scores))
        return int(best[0] if len(best) == 1 else best[self._rng.integers(len(best))])

    def _release(self, request: int) -> int | None:
        other = self._pending.pop(request, None)
        if other is not None:
            self._coming[other] -= 1
        return other

    def _sets_of(self, engines: Engines) -> Ints:
        """Return a number for each set of roles."""
        if self._sets[0] is not engines:
            labels = [held.get(LABEL, "") for held in engines.labels]
            numbers = {label: number for number, label in enumerate(dict.fromkeys(labels))}
            self._sets = (engines, np.array([numbers[label] for label in labels]))
        return self._sets[1]
