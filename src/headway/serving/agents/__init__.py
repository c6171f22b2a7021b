"""Agents: programs of model steps and tool calls, and which of their caches are worth keeping."""

from headway.serving.agents.cache import CacheRun, replay
from headway.serving.agents.eviction import (
    EndedFirst,
    Evictor,
    Furthest,
    LeastRecent,
    Outlook,
    Pool,
    PrefixBonus,
    ResidualLife,
    ToolTTL,
    WorkflowAware,
)
from headway.serving.agents.generators import (
    SWE_BENCH,
    TENANTS,
    WEB_ARENA,
    AgentKind,
    Tenant,
    draw,
    draw_tenants,
)
from headway.serving.agents.graphs import AgentGraph, Forecast, Graphs, Inferred, Node
from headway.serving.agents.idle import Answer, Answers
from headway.serving.agents.keeping import Keeping
from headway.serving.agents.prefetch import Prefetch
from headway.serving.agents.programs import NO_TOOL, Programs, Spans, undisturbed
from headway.serving.agents.recorded import recorded_programs
from headway.serving.agents.requests import ProgramTraffic, as_traffic, declared, told
from headway.serving.agents.tools import TOOLS, LatencyFit, Tool, median_residual_s

__all__ = [
    "NO_TOOL",
    "SWE_BENCH",
    "TENANTS",
    "TOOLS",
    "WEB_ARENA",
    "AgentGraph",
    "AgentKind",
    "Answer",
    "Answers",
    "CacheRun",
    "EndedFirst",
    "Evictor",
    "Forecast",
    "Furthest",
    "Graphs",
    "Inferred",
    "Keeping",
    "LatencyFit",
    "LeastRecent",
    "Node",
    "Outlook",
    "Pool",
    "Prefetch",
    "PrefixBonus",
    "ProgramTraffic",
    "Programs",
    "ResidualLife",
    "Spans",
    "Tenant",
    "Tool",
    "ToolTTL",
    "WorkflowAware",
    "as_traffic",
    "declared",
    "draw",
    "draw_tenants",
    "median_residual_s",
    "recorded_programs",
    "replay",
    "told",
    "undisturbed",
]
