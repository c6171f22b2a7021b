"""Scenarios: laws of what can happen to a shop, read from a file and drawn with a seed."""

from headway.simulate.scenario.experiment import ShopExperiment
from headway.simulate.scenario.orders import Order, Orders, read_orders
from headway.simulate.scenario.scenario import Scenario
from headway.simulate.scenario.settings import (
    Arrivals,
    Breakdowns,
    Cancellations,
    DueChanges,
    DurationChanges,
    Interruptions,
    JobLaws,
    MachineChanges,
    Maintenance,
    Noise,
    Rush,
    Settings,
    Shop,
)

__all__ = [
    "Arrivals",
    "Breakdowns",
    "Cancellations",
    "DueChanges",
    "DurationChanges",
    "Interruptions",
    "JobLaws",
    "MachineChanges",
    "Maintenance",
    "Noise",
    "Order",
    "Orders",
    "Rush",
    "Scenario",
    "Settings",
    "Shop",
    "ShopExperiment",
    "read_orders",
]
