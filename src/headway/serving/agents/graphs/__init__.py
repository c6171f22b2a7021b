"""Execution graphs of agents: declared by a client, inferred from what happens, or not known."""

from headway.serving.agents.graphs.declared import AgentGraph, Node
from headway.serving.agents.graphs.forecast import UNKNOWN, Forecast
from headway.serving.agents.graphs.inferred import Inferred
from headway.serving.agents.graphs.tiers import Graphs

__all__ = ["UNKNOWN", "AgentGraph", "Forecast", "Graphs", "Inferred", "Node"]
