"""Llumnix: free memory ahead as the one measure of load, and requests that move while they run."""

from headway.serving.fleet.llumnix.band import FreenessBand
from headway.serving.fleet.llumnix.dispatch import MostFree
from headway.serving.fleet.llumnix.rebalance import Rebalance
from headway.serving.fleet.llumnix.usage import VirtualUsage

__all__ = ["FreenessBand", "MostFree", "Rebalance", "VirtualUsage"]
