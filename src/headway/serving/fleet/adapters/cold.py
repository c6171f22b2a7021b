"""Requests that wait at the gateway until somebody has loaded their adapter."""

from __future__ import annotations

import math
from collections.abc import Callable, Iterator, Sequence
from dataclasses import replace

import numpy as np

from headway.serving.fleet.adapters.placement import Placer
from headway.serving.fleet.decisions import Operation
from headway.serving.fleet.routing.pipeline import candidates
from headway.serving.fleet.view import ClusterView, RequestView


class ColdStarts:
    """Has adapters loaded that requests lack, and knows who waits for which.

    Parameters
    ----------
    requests
        How many there are.
    placers
        Say where to load; the first that has an answer.
    operate
        Carries out.
    """

    def __init__(
        self, requests: int, placers: Sequence[Placer], operate: Callable[[Operation], None]
    ) -> None:
        self._placers = tuple(placers)
        self._operate = operate
        self._parked: dict[str, dict[int, None]] = {}
        self._since: dict[int, float] = {}
        self.waited_s = np.full(requests, math.nan)
        """How long each request waited for an adapter to be loaded, nan if it did not have to."""

    def wait(self, cluster: ClusterView, request: RequestView) -> bool:
        """Have the adapter of a held request loaded if nobody has it; return whether one does so.

        Then the request is among those that `due` returns when the load is done.
        """
        adapters, adapter = cluster.adapters, request.adapter
        if adapters is None or adapter is None or candidates(cluster, request).any():
            return False
        self._since.setdefault(request.number, cluster.now_s)
        may = candidates(cluster, replace(request, adapter=None))
        loading = adapters.loading[adapters.row(adapter)]
        for placer in self._placers:
            if (loading & may).any():
                break
            for operation in placer.needed(cluster, request):
                self._operate(operation)
        if not (loading & may).any():
            return False
        self._parked.setdefault(adapter, {})[request.number] = None
        return True

    def due(self, adapter: str | None = None) -> Iterator[int]:
        """Yield who waits for an adapter, for any by default, and forget that they do.

        Who has been sent in the meantime, as another one was, is left out.
        """
        names = list(self._parked) if adapter is None else [adapter]
        parked = [request for name in names for request in self._parked.pop(name, ())]
        return (request for request in parked if request in self._since)

    def over(self, request: int, adapter: str | None, now_s: float) -> None:
        """Note that a request waits no more, as it was sent or refused."""
        if adapter is None or request not in self._since:
            return
        self._parked.get(adapter, {}).pop(request, None)
        began_s = self._since.pop(request)
        before = 0.0 if math.isnan(self.waited_s[request]) else float(self.waited_s[request])
        self.waited_s[request] = before + now_s - began_s
