"""Requests that no engine can answer in time are refused before they cost anything."""

from __future__ import annotations

import math

import numpy as np

from headway.errors import ConfigError
from headway.serving.fleet.decisions import (
    NOWHERE,
    Dispatch,
    Hearer,
    Reject,
    Router,
    Routing,
    tell_gone,
)
from headway.serving.fleet.lessons import Lessons, tell_learned
from headway.serving.fleet.routing.pipeline import candidates
from headway.serving.fleet.routing.ttft import LeastTtft
from headway.serving.fleet.view import ClusterView, RequestView


class EarlyRejection:
    """Refuse at once what no engine can answer in time; a late answer would make others late, too.

    Requests without a deadline and those that have their first token are never refused.

    Parameters
    ----------
    router
        Where the others go.
    estimate
        Expects first tokens.
    tells
        Whether it is to be told who was sent where; not if it is one of the router's scorers.
    spare_s
        By how much a first token must be early: about a step, which the estimate does not know.
    name
        What tables call it.

    References
    ----------
    AIBrix (2025), strategies ``slo``; Qin et al. (2024), "Mooncake", early rejection.
    """

    def __init__(
        self,
        router: Router,
        estimate: LeastTtft,
        *,
        tells: bool = False,
        spare_s: float = 0.0,
        name: str = "slo",
    ) -> None:
        if not math.isfinite(spare_s):
            raise ConfigError(f"spare_s: expected a number, got {spare_s}")
        self.name = name
        self._router = router
        self._estimate = estimate
        self._tells = tells
        self._spare_s = spare_s
        if isinstance(router, Hearer):
            self.said = router.said

    def route(self, cluster: ClusterView, request: RequestView) -> Routing:
        """Return what the router says, or a refusal."""
        if request.stage == "first" and math.isfinite(request.deadline_s):
            among = candidates(cluster, request)
            if np.count_nonzero(among):
                wait_s = float(np.minimum.reduce(self._estimate.score(cluster, request)[among]))
                late_s = cluster.now_s + wait_s + self._spare_s - request.deadline_s
                if late_s > 0:
                    return Reject(f"the first token would come {late_s:.3g} s late", "late")
        decision = self._router.route(cluster, request)
        if self._tells and isinstance(decision, Dispatch):
            self._estimate.sent(cluster, request, decision.engine)
        return decision

    def ended(self, request: int, engine: int, output_tokens: int, at_s: float) -> None:
        """Tell the router."""
        if self._tells and engine != NOWHERE:
            self._estimate.ended(request, engine, output_tokens, at_s)
        self._router.ended(request, engine, output_tokens, at_s)

    def learned(self, lessons: Lessons) -> None:
        """Tell the estimate and the router."""
        if self._tells:
            self._estimate.learned(lessons)
        tell_learned(self._router, lessons)

    def gone(self, engine: int, at_s: float) -> None:
        """Tell the estimate and the router."""
        if self._tells:
            self._estimate.gone(engine, at_s)
        tell_gone(self._router, engine, at_s)
