"""A router before which tenants are held to their limits."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass

from headway.errors import ConfigError
from headway.serving.fleet.admission.budget import FREE, Prices
from headway.serving.fleet.admission.tenants import Tenant, Usage
from headway.serving.fleet.decisions import (
    NOWHERE,
    Hearer,
    Reject,
    Router,
    Routing,
    Waker,
    tell_gone,
)
from headway.serving.fleet.lessons import Lessons, tell_learned
from headway.serving.fleet.view import ClusterView, RequestView


@dataclass(frozen=True, slots=True)
class _Open:
    """A request under way: tokens of its prompt, if they were counted here, and of its answer."""

    usage: Usage
    counted: int
    told: int


class TenantLimits:
    """Refuse what a tenant may not ask, and count what it is given.

    A prompt counts when it comes, an answer when it has ended; what is refused further on, or gives
    up before it was sent anywhere, counts for nothing. Requests of nobody known have no limits.

    Parameters
    ----------
    router
        Where the others go.
    tenants
        Who is known.
    prices
        What tokens cost them.
    own
        Names of the fleet's own models: what requests without an adapter ask for.

    Raises
    ------
    ConfigError
        If two tenants have one name.

    Notes
    -----
    O(1) a request; memory for those that are under way.
    """

    def __init__(
        self,
        router: Router,
        tenants: Iterable[Tenant],
        prices: Prices = FREE,
        own: Iterable[str] = (),
    ) -> None:
        self.name = router.name
        self._router = router
        self._own = frozenset(own)
        self.usage: dict[str, Usage] = {}
        """What each has used, by name."""
        for tenant in tenants:
            if tenant.name in self.usage:
                raise ConfigError(f"tenants: two are called {tenant.name!r}")
            self.usage[tenant.name] = Usage(tenant, prices)
        self._open: dict[int, _Open] = {}
        # Only a router that wakes requests makes this one a `Waker`: those cost simulations time.
        if isinstance(router, Waker):
            self.awake = router.awake
        if isinstance(router, Hearer):
            self.said = router.said

    def route(self, cluster: ClusterView, request: RequestView) -> Routing:
        """Return what the router says, or a refusal with its reason."""
        usage = self.usage.get(request.tenant)
        if usage is None:
            return self._router.route(cluster, request)
        number, now_s = request.number, cluster.now_s
        if number not in self._open:
            is_new = request.stage == "first" and not request.tries
            refused = self._refusal(usage, request, now_s) if is_new else None
            if refused is not None:
                return refused
            counted = request.prompt_tokens if is_new else 0
            # An answer that goes on elsewhere was counted up to its first token.
            self._open[number] = _Open(usage, counted, int(request.stage == "decode"))
        decision = self._router.route(cluster, request)
        if isinstance(decision, Reject):
            self._forget(number, now_s)
        return decision

    def ended(self, request: int, engine: int, output_tokens: int, at_s: float) -> None:
        """Count the answer."""
        if request in self._open and engine == NOWHERE:
            self._forget(request, at_s)
        elif request in self._open:
            known = self._open.pop(request)
            known.usage.answered(max(output_tokens - known.told, 0), at_s)
        self._router.ended(request, engine, output_tokens, at_s)

    def learned(self, lessons: Lessons) -> None:
        """Tell the router."""
        tell_learned(self._router, lessons)

    def gone(self, engine: int, at_s: float) -> None:
        """Tell the router."""
        tell_gone(self._router, engine, at_s)

    def _forget(self, number: int, now_s: float) -> None:
        known = self._open.pop(number)
        if known.counted:
            known.usage.give_back(known.counted, now_s)

    def _refusal(self, usage: Usage, request: RequestView, now_s: float) -> Reject | None:
        tenant = usage.tenant
        if tenant.models:
            asked = self._own if request.adapter is None else {request.adapter}
            if not asked & set(tenant.models):
                told = request.adapter or "the model itself"
                return Reject(f"{tenant.name} may not use {told}", "model")
        return usage.ask(request.prompt_tokens, now_s)
