"""Requests that no engine can answer in time are refused before they cost anything."""

from __future__ import annotations

import math

from headway.serving.fleet.decisions import Reject, Router, Routing
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
        Expects first tokens; one of the router's scorers, which keeps it informed.
    spare_s
        By how much a first token must be early: about a step, which the estimate does not know.
    name
        What tables call it.

    References
    ----------
    AIBrix (2025), strategies ``slo``; Qin et al. (2024), "Mooncake", early rejection.
    """

    def __init__(
        self, router: Router, estimate: LeastTtft, *, spare_s: float = 0.0, name: str = "slo"
    ) -> None:
        self.name = name
        self._router = router
        self._estimate = estimate
        self._spare_s = spare_s

    def route(self, cluster: ClusterView, request: RequestView) -> Routing:
        """Return what the router says, or a refusal."""
        if request.stage == "first" and math.isfinite(request.deadline_s):
            among = candidates(cluster, request)
            if among.any():
                wait_s = float(self._estimate.score(cluster, request)[among].min())
                late_s = cluster.now_s + wait_s + self._spare_s - request.deadline_s
                if late_s > 0:
                    return Reject(f"the first token would come {late_s:.3g} s late")
        return self._router.route(cluster, request)

    def ended(self, request: int, engine: int, output_tokens: int, at_s: float) -> None:
        """Tell the router."""
        self._router.ended(request, engine, output_tokens, at_s)
