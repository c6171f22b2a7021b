"""Who is let into an engine, in which order, and who gives way: policies of known engines."""

from headway.serving.policies.admission import Admission, Gate
from headway.serving.policies.decaying_ratio import DecayingRatio
from headway.serving.policies.demand import Futures, peak_demand
from headway.serving.policies.extremes import Aggressive, Conservative
from headway.serving.policies.history import History
from headway.serving.policies.orders import (
    FirstCome,
    LongestOutputFirst,
    PriorityFirst,
    RandomOrder,
)
from headway.serving.policies.past_future import Oracle, PastFuture, PeakDemand
from headway.serving.policies.prefix_orders import (
    DepthFirst,
    HighestResponseRatio,
    LongestPrefix,
    PrefixOrder,
    ShortestPrefill,
)

__all__ = [
    "Admission",
    "Aggressive",
    "Conservative",
    "DecayingRatio",
    "DepthFirst",
    "FirstCome",
    "Futures",
    "Gate",
    "HighestResponseRatio",
    "History",
    "LongestOutputFirst",
    "LongestPrefix",
    "Oracle",
    "PastFuture",
    "PeakDemand",
    "PrefixOrder",
    "PriorityFirst",
    "RandomOrder",
    "ShortestPrefill",
    "peak_demand",
]
