"""A router that sends each request to the engine with the most room ahead."""

from __future__ import annotations

from collections.abc import Mapping

import numpy as np

from headway.errors import ConfigError
from headway.serving.fleet.decisions import Dispatch, Hold, Routing
from headway.serving.fleet.llumnix.usage import HEADROOM, Queue, VirtualUsage
from headway.serving.fleet.routing.pipeline import RETRY_S, candidates
from headway.serving.fleet.view import ClusterView, RequestView


class MostFree:
    """Sends a request where freeness is greatest, to the first of equals.

    Parameters
    ----------
    seed
        Of the lot among the freest.
    headroom
        See `VirtualUsage`.
    queue
        Whose needs count. Those of all, by default: requests that arrive within one step of an
        engine would all go to the same one if only the head of its queue were seen.
    among
        A lot decides among so many of the freest, so that several gateways do not all choose alike.

    Raises
    ------
    ConfigError
        If a setting makes no sense.
    """

    name = "llumnix"

    def __init__(
        self,
        seed: int = 0,
        *,
        headroom: Mapping[int, float] = HEADROOM,
        queue: Queue = "all",
        among: int = 1,
    ) -> None:
        if among < 1:
            raise ConfigError(f"among: expected at least 1, got {among}")
        self._usage = VirtualUsage(headroom=headroom, queue=queue)
        self._among = among
        self._rng = np.random.default_rng(seed)

    def route(self, cluster: ClusterView, request: RequestView) -> Routing:
        """Return the freest engine; hold the request if there is none at all."""
        may = np.flatnonzero(candidates(cluster, request))
        if not len(may):
            return Hold(cluster.now_s + RETRY_S)
        freeness = self._usage.freeness(cluster)[may]
        if self._among == 1:
            return Dispatch(int(may[freeness.argmax()]))
        best = np.argsort(-freeness, kind="stable")[: self._among]
        return Dispatch(int(may[self._rng.choice(best)]))

    def ended(self, request: int, engine: int, output_tokens: int, at_s: float) -> None:
        """Learn nothing: all that counts is in the view."""
