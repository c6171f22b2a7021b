"""A queue at the gateway: engines get no more than they can take."""

from __future__ import annotations

import math

import numpy as np

from headway.errors import ConfigError
from headway.serving.fleet.decisions import (
    Dispatch,
    Hearer,
    Hold,
    Reject,
    Router,
    Routing,
    tell_gone,
)
from headway.serving.fleet.lessons import Lessons, tell_learned
from headway.serving.fleet.routing.orders import QueueOrder, Timed
from headway.serving.fleet.view import ClusterView, RequestView

CAPACITY = 10_000
"""Requests that may wait."""

RETRY_S = 1.0
"""When the first in the queue is looked at again though nothing has ended: engines may be back."""


class GatewayQueue:
    """Hold requests while every engine has enough, and let them go in an order.

    An engine that has as many requests in flight as its limit gets no more of them from the router
    behind, nor does any engine while all of them together have as many as theirs. Requests whose
    prompt is computed go on at once, and those that an engine has failed wait whatever the bound.

    Parameters
    ----------
    router
        Decides where a request goes when its turn has come and some engine can take more.
    order
        Decides whose turn it is.
    limit
        Requests in flight an engine; as many as its largest batch by default.
    capacity
        Most requests that wait; others are rejected.
    in_flight
        Requests in flight in all engines together; no limit by default.
    timeout_s
        Longest wait; who has waited for so long is rejected.

    Raises
    ------
    ConfigError
        If the limit or the capacity is below one, or the longest wait is not positive.

    Notes
    -----
    O(log n) for n requests that wait, besides the router: one is asked about only when it comes,
    and when it is the first and something has ended or a second has passed.
    """

    def __init__(
        self,
        router: Router,
        order: QueueOrder,
        *,
        limit: int | None = None,
        capacity: int = CAPACITY,
        in_flight: int | None = None,
        timeout_s: float = math.inf,
    ) -> None:
        for key, value in (("limit", limit), ("capacity", capacity), ("in_flight", in_flight)):
            if value is not None and value < 1:
                raise ConfigError(f"{key}: expected at least 1, got {value}")
        if not timeout_s > 0:
            raise ConfigError(f"timeout_s: must be positive, got {timeout_s}")
        self.name = f"{order.name}/{router.name}"
        self._router = router
        self._order = order
        self._timed = order if isinstance(order, Timed) else None
        self._limit = limit
        self._capacity = capacity
        self._in_flight = in_flight
        self._timeout_s = timeout_s
        self._until_s: dict[int, float] = {}
        self._ask = False
        if isinstance(router, Hearer):
            self.said = router.said

    def route(self, cluster: ClusterView, request: RequestView) -> Routing:
        """Return where a request goes if it is the first and an engine can take it."""
        if self._timed is not None:
            self._timed.clock(cluster.now_s)
        if request.stage == "decode":
            decision = self._router.route(cluster, request)
            if isinstance(decision, Dispatch):
                self._order.sent(request)
            return decision
        number, order, now_s = request.number, self._order, cluster.now_s
        is_new = number not in order
        if is_new:
            if not request.tries and len(order) >= self._capacity:
                return Reject(f"{len(order)} requests wait already", "queue full", RETRY_S)
            order.push(request)
            self._until_s[number] = now_s + self._timeout_s
        until_s = self._until_s[number]
        if now_s >= until_s:
            self._remove(number)
            return Reject(f"waited for {self._timeout_s:g} s", "waited too long")
        if order.head() != number:
            # Time alone may have put another one first, about whom nobody has asked yet.
            self._ask |= self._timed is not None and not is_new
            return Hold(until_s)
        room = self._with_room(cluster)
        hold = Hold(min(now_s + RETRY_S, until_s))
        decision = hold if room is None else self._router.route(room, request)
        if isinstance(decision, Hold):
            return hold
        self._remove(number)
        if isinstance(decision, Dispatch):
            order.sent(request)
        return decision

    def ended(self, request: int, engine: int, output_tokens: int, at_s: float) -> None:
        """Have the first in the queue asked about; let go one that has ended while it waited."""
        self._ask = True
        if self._timed is not None:
            self._timed.clock(at_s)
        if request in self._order:
            self._remove(request)
            return
        self._order.ended(request, output_tokens)
        self._router.ended(request, engine, output_tokens, at_s)

    def learned(self, lessons: Lessons) -> None:
        """Tell the order and the router."""
        tell_learned(self._order, lessons)
        tell_learned(self._router, lessons)

    def gone(self, engine: int, at_s: float) -> None:
        """Tell the router."""
        tell_gone(self._router, engine, at_s)

    def awake(self) -> int | None:
        """Return the first in the queue, once after each change."""
        if not self._ask:
            return None
        self._ask = False
        return self._order.head()

    def _remove(self, request: int) -> None:
        self._order.remove(request)
        del self._until_s[request]
        self._ask = True

    def _with_room(self, cluster: ClusterView) -> ClusterView | None:
        """Return the engines that may get more, None if nobody may."""
        limit = cluster.engines.max_sequences if self._limit is None else self._limit
        if self._in_flight is not None and cluster.in_flight.sum() >= self._in_flight:
            return None
        is_full = cluster.in_flight >= limit
        if not np.count_nonzero(is_full):
            return cluster
        has_room = cluster.ready & ~is_full
        return cluster.only(has_room) if np.count_nonzero(has_room) else None
