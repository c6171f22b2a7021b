"""The shop: jobs, machines, buffers and what happens to them."""

from headway.simulate.shop.columns import COLUMNS
from headway.simulate.shop.features import (
    BLOCKING,
    BLOCKING_REFERENCE,
    DYNAMIC,
    FLOW,
)
from headway.simulate.shop.measures import Outcome
from headway.simulate.shop.realisation import (
    ChangeKind,
    Changes,
    OnOutage,
    Outages,
    Realisation,
)
from headway.simulate.shop.rules import RULES, policy_of
from headway.simulate.shop.run import run, trace_of
from headway.simulate.shop.world import ShopDecision, ShopWorld

__all__ = [
    "BLOCKING",
    "BLOCKING_REFERENCE",
    "COLUMNS",
    "DYNAMIC",
    "FLOW",
    "RULES",
    "ChangeKind",
    "Changes",
    "OnOutage",
    "Outages",
    "Outcome",
    "Realisation",
    "ShopDecision",
    "ShopWorld",
    "policy_of",
    "run",
    "trace_of",
]
