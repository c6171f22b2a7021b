"""Filter, score, pick, remember: how most routers decide."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

from headway import _core
from headway.errors import ConfigError
from headway.serving.fleet.decisions import NOWHERE, Dispatch, Hold, Routing
from headway.serving.fleet.lessons import Lessons
from headway.serving.fleet.routing.scorer import Filter, Scorer
from headway.serving.fleet.view import ClusterView, Mask, RequestView

RETRY_S = 0.1
"""When a request is looked at again that no engine can take."""


class Pipeline:
    """A router of weighted scorers.

    Engines are left out that are not ready, have another role, do not hold the adapter that the
    request needs while others do, or have failed the request while others have not; then those that
    a filter leaves out. Each scorer's values are brought to the range from 0 to 1 over the engines
    that are left, from the worst to the best, or 1 if they are equal; what a scorer says nothing of
    gets 0. The largest weighted mean wins, ties are broken by lot.

    Parameters
    ----------
    name
        What tables call it.
    scorers
        With their weights, none negative and not all zero.
    filters
        One after another.
    strictly
        Whether a scorer decides only between engines that are equal for all before it, whatever
        the weights.
    seed
        Of the lot.

    Raises
    ------
    ConfigError
        If there are no scorers or the weights are no weights.

    References
    ----------
    AIBrix (2025), routing strategies of its gateway: normalisation, penalty for what is not scored,
    and update after the final choice are as there.
    """

    def __init__(
        self,
        name: str,
        scorers: Sequence[tuple[Scorer, float]],
        filters: Sequence[Filter] = (),
        *,
        strictly: bool = False,
        seed: int = 0,
    ) -> None:
        weights = np.array([weight for _, weight in scorers], dtype=np.float64)
        if not len(weights) or not (weights >= 0).all() or not weights.sum() > 0:
            raise ConfigError(f"{name}: a router needs scorers with weights that are not all zero")
        self.name = name
        self._scorers = tuple(scorer for scorer, _ in scorers)
        largest = [scorer.largest for scorer in self._scorers]
        self._choice = _core.Choice((weights / weights.sum()).tolist(), largest, strictly)
        self._filters = tuple(filters)
        self._rng = np.random.default_rng(seed)

    def route(self, cluster: ClusterView, request: RequestView) -> Routing:
        """Return the engine that wins; hold the request if there is none."""
        among = candidates(cluster, request)
        for one in self._filters:
            kept = one.keep(cluster, request, among)
            if kept is not among and np.count_nonzero(kept := kept & among):
                among = kept
        n_left = np.count_nonzero(among)
        if not n_left:
            return Hold(cluster.now_s + RETRY_S)
        engine = int(among.argmax()) if n_left == 1 else self._best(cluster, request, among)
        for scorer in self._scorers:
            scorer.sent(cluster, request, engine)
        return Dispatch(engine)

    def _best(self, cluster: ClusterView, request: RequestView, among: Mask) -> int:
        scores = [scorer.score(cluster, request) for scorer in self._scorers]
        best = self._choice.best(among, scores)
        return best[0] if len(best) == 1 else best[self._rng.integers(len(best))]

    def ended(self, request: int, engine: int, output_tokens: int, at_s: float) -> None:
        """Tell the scorers."""
        if engine == NOWHERE:
            return
        for scorer in self._scorers:
            scorer.ended(request, engine, output_tokens, at_s)

    def learned(self, lessons: Lessons) -> None:
        """Tell the scorers."""
        for scorer in self._scorers:
            scorer.learned(lessons)

    def gone(self, engine: int, at_s: float) -> None:
        """Tell the scorers."""
        for scorer in self._scorers:
            scorer.gone(engine, at_s)


def candidates(cluster: ClusterView, request: RequestView) -> Mask:
    """Return which engines may serve a request.

    Where adapters come and go, only those that hold the one it needs.
    """
    stage = "prefill" if request.stage == "first" else "decode"
    among: Mask = cluster.ready & cluster.engines.of_role("both", stage)
    if request.adapter is not None:
        holds = cluster.holding(request.adapter)
        if cluster.adapters is not None or np.count_nonzero(among & holds):
            among = among & holds
    if request.excluded:
        fresh = among.copy()
        fresh[list(request.excluded)] = False
        if np.count_nonzero(fresh):
            among = fresh
    return among
