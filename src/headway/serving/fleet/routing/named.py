"""Routers by name, alone, weighted or behind a queue: ``vtc/prefix-cache:3,least-request``."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from types import MappingProxyType

from headway.errors import ConfigError, UnknownNameError
from headway.serving.fleet.decisions import Router
from headway.serving.fleet.routing.affinity import AdapterAffinity, SessionAffinity
from headway.serving.fleet.routing.length import LengthClass
from headway.serving.fleet.routing.load import (
    Freeness,
    LeastCache,
    LeastRequests,
    Random,
    RoundRobin,
    ShortestQueue,
    TwoChoices,
)
from headway.serving.fleet.routing.orders import (
    EarliestDeadline,
    FirstCome,
    QueueOrder,
    VirtualTokens,
    of_session,
    of_tenant,
)
from headway.serving.fleet.routing.pair import PrefillDecode
from headway.serving.fleet.routing.past import DrainRate, LeastLatency, LeastResponse, Throughput
from headway.serving.fleet.routing.peak import PredictedPeak
from headway.serving.fleet.routing.pipeline import Pipeline
from headway.serving.fleet.routing.preble import Preble
from headway.serving.fleet.routing.prefix import Gate, PrefixCache
from headway.serving.fleet.routing.pressure import InstancePressure
from headway.serving.fleet.routing.queue import GatewayQueue
from headway.serving.fleet.routing.scorer import Scorer
from headway.serving.fleet.routing.slo import EarlyRejection
from headway.serving.fleet.routing.spread import TenantSpread
from headway.serving.fleet.routing.ttft import LeastTtft
from headway.simulate import registry

WORLD = "fleet"
"""Entries of `headway.policies` for fleets begin with this and a dot."""

ORDERS = "order"
"""Those for orders of queues; they are called with the weights of tenants."""

MOST_WEIGHT = 1_000_000

_SCORERS: Mapping[str, Callable[[], Scorer]] = {
    kind.name: kind
    for kind in (
        Random,
        RoundRobin,
        LeastRequests,
        ShortestQueue,
        LeastCache,
        LeastLatency,
        LeastResponse,
        Throughput,
        Freeness,
        DrainRate,
        LeastTtft,
        PredictedPeak,
        PrefixCache,
        Preble,
        LengthClass,
        SessionAffinity,
        AdapterAffinity,
        TenantSpread,
    )
}


def _two_choices(seed: int) -> Router:
    return Pipeline("two-choices", [(LeastRequests(), 1)], [TwoChoices(seed)], seed=seed)


def _prefix_cache(seed: int) -> Router:
    scorers: list[tuple[Scorer, float]] = [(PrefixCache(), 1), (LeastRequests(), 1)]
    return Pipeline("prefix-cache", scorers, [Gate()], strictly=True, seed=seed)


def _session(seed: int) -> Router:
    scorers: list[tuple[Scorer, float]] = [(SessionAffinity(), 1), (LeastRequests(), 1)]
    return Pipeline("session", scorers, strictly=True, seed=seed)


def _preble(seed: int) -> Router:
    return Pipeline("preble", [(Preble(), 1)], [Gate()], seed=seed)


def _length_class(seed: int) -> Router:
    scorers: list[tuple[Scorer, float]] = [(LengthClass(), 1), (LeastRequests(), 1)]
    return Pipeline("length-class", scorers, strictly=True, seed=seed)


def _length_pools(seed: int) -> Router:
    by_length = LengthClass(pressure=InstancePressure())
    scorers: list[tuple[Scorer, float]] = [(by_length, 1), (LeastRequests(), 1)]
    return Pipeline("length-pools", scorers, strictly=True, seed=seed)


def _tenant_spread(seed: int) -> Router:
    return Pipeline(TenantSpread.name, [(TenantSpread(seed=seed), 1)], seed=seed)


def _pair(seed: int) -> Router:
    return PrefillDecode(seed=seed)


def _slo(seed: int) -> Router:
    estimate = LeastTtft()
    return EarlyRejection(Pipeline("least-ttft", [(estimate, 1)], seed=seed), estimate)


_ROUTERS: Mapping[str, Callable[[int], Router]] = {
    "two-choices": _two_choices,
    "prefix-cache": _prefix_cache,
    "session": _session,
    "preble": _preble,
    "length-class": _length_class,
    "length-pools": _length_pools,
    "pd": _pair,
    "vtc-basic": _tenant_spread,
    "slo": _slo,
}
"""Those that are more than their one scorer."""


_ORDERS: Mapping[str, Callable[[], QueueOrder]] = {
    "fcfs": FirstCome,
    "edf": EarliestDeadline,
    "vtc": VirtualTokens,
    "vtc-session": lambda: VirtualTokens(of_session, name="vtc-session"),
}


def orders() -> tuple[str, ...]:
    """Return the names of the orders of queues, which stand before a router and a slash."""
    return tuple(sorted({*_ORDERS, *registry.policies(ORDERS)}))


def order(name: str, weights: Mapping[str, float] = MappingProxyType({})) -> QueueOrder:
    """Return an order of queues by its name.

    Parameters
    ----------
    name
        One of `orders`.
    weights
        Of tenants; with them ``"vtc"`` and ``"afs"`` are fair between tenants, without, between
        classes.

    Raises
    ------
    UnknownNameError
        If there is no such order.
    """
    if name in registry.policies(ORDERS):
        made: QueueOrder = registry.entry(ORDERS, name)(weights)
        return made
    if name not in _ORDERS:
        raise UnknownNameError("order of a queue", name, orders())
    if name == "vtc" and weights:
        return VirtualTokens(of_tenant, weights=dict(weights.items()))
    return _ORDERS[name]()


def routers() -> tuple[str, ...]:
    """Return the names of routers there are, sorted; those that are scorers can be weighted."""
    return tuple(sorted({*_SCORERS, *_ROUTERS, *registry.policies(WORLD)}))


def router(specification: str, seed: int = 0) -> Router:
    """Return a router by its specification.

    Parameters
    ----------
    specification
        A name, or names of scorers with whole weights (1 if not given; 0 drops one), as in
        ``"prefix-cache:3,least-request"``. Before it, with a slash, the order of a queue at the
        gateway, as in ``"vtc/least-request"``.
    seed
        Of what is decided by lot.

    Raises
    ------
    UnknownNameError
        If there is no such router or order; never does another take its place.
    ConfigError
        If a weight is no whole number from 0 to a million, or all are 0.
    """
    first, slash, behind = specification.partition("/")
    if slash:
        return GatewayQueue(router(behind, seed), order(first))
    if specification in _ROUTERS:
        return _ROUTERS[specification](seed)
    if specification in registry.policies(WORLD):
        made: Router = registry.entry(WORLD, specification)(seed)
        return made
    scorers = []
    for part in specification.split(","):
        name, _, weight = part.strip().partition(":")
        if name not in _SCORERS:
            known = routers() if part == specification else tuple(sorted(_SCORERS))
            raise UnknownNameError("router" if part == specification else "scorer", name, known)
        scorers.append((_SCORERS[name](), _weight(weight, specification)))
    return Pipeline(specification, [one for one in scorers if one[1]], seed=seed)


def _weight(text: str, specification: str) -> int:
    if not text:
        return 1
    if not text.isdecimal() or int(text) > MOST_WEIGHT:
        raise ConfigError(
            f"router {specification!r}: expected a whole weight from 0 to {MOST_WEIGHT:,},"
            f" got {text!r}"
        )
    return int(text)
