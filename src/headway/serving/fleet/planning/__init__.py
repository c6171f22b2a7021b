"""Capacity planning: the cheapest fleet and router that keep promises, found by simulation."""

from headway.serving.fleet.planning.case import Case, Slo
from headway.serving.fleet.planning.lattice import Search, cheapest
from headway.serving.fleet.planning.plan import Option, Plan, plan

__all__ = ["Case", "Option", "Plan", "Search", "Slo", "cheapest", "plan"]
