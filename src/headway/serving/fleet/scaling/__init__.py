"""How many engines of which kind there should be, and what a load costs at least."""

from headway.serving.fleet.scaling.history import violation_s
from headway.serving.fleet.scaling.load import LoadMonitor, Pattern, rates
from headway.serving.fleet.scaling.named import apa, hpa, kpa, optimizer
from headway.serving.fleet.scaling.optimizer import Allocation, allocate
from headway.serving.fleet.scaling.profile import Profile
from headway.serving.fleet.scaling.replicas import Calm, Replicas
from headway.serving.fleet.scaling.rules import Apa, Hpa, Kpa, Rule
from headway.serving.fleet.scaling.scaler import (
    Metric,
    OptimizerScaler,
    Scaler,
    Watched,
    in_flight,
    kv_usage,
)

__all__ = [
    "Allocation",
    "Apa",
    "Calm",
    "Hpa",
    "Kpa",
    "LoadMonitor",
    "Metric",
    "OptimizerScaler",
    "Pattern",
    "Profile",
    "Replicas",
    "Rule",
    "Scaler",
    "Watched",
    "allocate",
    "apa",
    "hpa",
    "in_flight",
    "kpa",
    "kv_usage",
    "optimizer",
    "rates",
    "violation_s",
]
