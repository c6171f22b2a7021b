"""Routing of programs: affinity, stealing, fair shares, pauses."""

from headway.serving.agents.routing.fair_queue import FairShareQueue, fair_share
from headway.serving.agents.routing.hints import Hint
from headway.serving.agents.routing.order import AgentFairShare, FirstCome, Order
from headway.serving.agents.routing.pausing import Pausing
from headway.serving.agents.routing.router import ProgramRouter, programs, programs_pausing
from headway.serving.agents.routing.stealing import Guarded, Loads, Never, Stealing, Unguarded

__all__ = [
    "AgentFairShare",
    "FairShareQueue",
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
    "fair_share",
    "programs",
    "programs_pausing",
]
