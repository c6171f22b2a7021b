"""One instance that only prefills: who runs, with whom, and where a running prompt is cut."""

from headway.serving.prefill.batching import Alone, Batching, Candidates, Fill, SloAware
from headway.serving.prefill.instance import simulate
from headway.serving.prefill.limits import Limit, with_limits
from headway.serving.prefill.orders import (
    ORDERS,
    ByColumn,
    Hrrn,
    Order,
    Preflow,
    View,
)
from headway.serving.prefill.policy import NAMED, Cut, PrefillPolicy, find
from headway.serving.prefill.predictors import (
    PREDICTORS,
    Exact,
    Fitting,
    LengthBuckets,
    LinearFit,
    Noisy,
    NoisyFitting,
    Predictor,
)
from headway.serving.prefill.preemption import Guards, Standing, outranks
from headway.serving.prefill.requests import PrefillRequests
from headway.serving.prefill.run import Passes, PrefillRun
from headway.serving.prefill.step_work import StepWork
from headway.serving.prefill.work import Level, Load, Operators, PrefillWork, QuadraticWork
from headway.simulate.goodput import MaxGoodput, max_goodput

__all__ = [
    "NAMED",
    "ORDERS",
    "PREDICTORS",
    "Alone",
    "Batching",
    "ByColumn",
    "Candidates",
    "Cut",
    "Exact",
    "Fill",
    "Fitting",
    "Guards",
    "Hrrn",
    "LengthBuckets",
    "Level",
    "Limit",
    "LinearFit",
    "Load",
    "MaxGoodput",
    "Noisy",
    "NoisyFitting",
    "Operators",
    "Order",
    "Passes",
    "Predictor",
    "PrefillPolicy",
    "PrefillRequests",
    "PrefillRun",
    "PrefillWork",
    "Preflow",
    "QuadraticWork",
    "SloAware",
    "Standing",
    "StepWork",
    "View",
    "find",
    "max_goodput",
    "outranks",
    "simulate",
    "with_limits",
]
