"""Routers: which engine of a fleet serves a request."""

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
from headway.serving.fleet.routing.named import order, orders, router, routers
from headway.serving.fleet.routing.orders import (
    EarliestDeadline,
    FirstCome,
    QueueOrder,
    VirtualTokens,
)
from headway.serving.fleet.routing.pair import PrefillDecode
from headway.serving.fleet.routing.past import DrainRate, LeastLatency, LeastResponse, Throughput
from headway.serving.fleet.routing.peak import PredictedPeak
from headway.serving.fleet.routing.pipeline import Pipeline, candidates
from headway.serving.fleet.routing.preble import Preble
from headway.serving.fleet.routing.prefix import Gate, PrefixCache, PrefixIndex, chain
from headway.serving.fleet.routing.pressure import InstancePressure
from headway.serving.fleet.routing.profiled import profile_queue
from headway.serving.fleet.routing.queue import GatewayQueue
from headway.serving.fleet.routing.scorer import Filter, Scorer
from headway.serving.fleet.routing.slo import EarlyRejection
from headway.serving.fleet.routing.spread import TenantSpread
from headway.serving.fleet.routing.ttft import LeastTtft

__all__ = [
    "AdapterAffinity",
    "DrainRate",
    "EarliestDeadline",
    "EarlyRejection",
    "Filter",
    "FirstCome",
    "Freeness",
    "Gate",
    "GatewayQueue",
    "InstancePressure",
    "LeastCache",
    "LeastLatency",
    "LeastRequests",
    "LeastResponse",
    "LeastTtft",
    "LengthClass",
    "Pipeline",
    "Preble",
    "PredictedPeak",
    "PrefillDecode",
    "PrefixCache",
    "PrefixIndex",
    "QueueOrder",
    "Random",
    "RoundRobin",
    "Scorer",
    "SessionAffinity",
    "ShortestQueue",
    "TenantSpread",
    "Throughput",
    "TwoChoices",
    "VirtualTokens",
    "candidates",
    "chain",
    "order",
    "orders",
    "profile_queue",
    "router",
    "routers",
]
