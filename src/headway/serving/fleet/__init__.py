"""A fleet of engines behind one router, simulated: who serves what, what breaks, what it costs."""

from headway.serving.fleet.decisions import (
    Controller,
    Dispatch,
    Drain,
    Hold,
    Keep,
    LoadAdapter,
    Migrate,
    Operation,
    Reject,
    Router,
    Routing,
    Start,
    UnloadAdapter,
    Warm,
)
from headway.serving.fleet.faults import (
    Crash,
    FalseAlarm,
    Fault,
    Hang,
    SlowLink,
    StaleMetrics,
    Straggle,
    WrongMetrics,
)
from headway.serving.fleet.follow import Follow
from headway.serving.fleet.member import Link, Member
from headway.serving.fleet.random_faults import FaultRates, random_faults
from headway.serving.fleet.run import FleetRun, Move, Note
from headway.serving.fleet.simulation import FleetSimulation
from headway.serving.fleet.view import Adapters, ClusterView, Engines, RequestView, Residents

__all__ = [
    "Adapters",
    "ClusterView",
    "Controller",
    "Crash",
    "Dispatch",
    "Drain",
    "Engines",
    "FalseAlarm",
    "Fault",
    "FaultRates",
    "FleetRun",
    "FleetSimulation",
    "Follow",
    "Hang",
    "Hold",
    "Keep",
    "Link",
    "LoadAdapter",
    "Member",
    "Migrate",
    "Move",
    "Note",
    "Operation",
    "Reject",
    "RequestView",
    "Residents",
    "Router",
    "Routing",
    "SlowLink",
    "StaleMetrics",
    "Start",
    "Straggle",
    "UnloadAdapter",
    "Warm",
    "WrongMetrics",
    "random_faults",
]
