"""Routing of programs: affinity, stealing, fair shares, pauses."""

from headway.serving.agents.routing.hints import Hint
from headway.serving.agents.routing.order import AgentFairShare, FirstCome, Order
from headway.serving.agents.routing.pausing import Pausing
from headway.serving.agents.routing.router import ProgramRouter, programs
from headway.serving.agents.routing.stealing import Guarded, Loads, Never, Stealing, Unguarded

__all__ = [
    "AgentFairShare",
    "FirstCome",
    "Guarded",
    "Hint",
    "Loads",
    "Never",
    "Order",
    "Pausing",
    "ProgramRouter",
    "Stealing",
    "Unguarded",
    "programs",
]
