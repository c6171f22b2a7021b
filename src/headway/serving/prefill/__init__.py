"""One instance that only prefills: who runs, with whom, and where a running prompt is cut."""

from headway.serving.prefill.goodput import MaxGoodput, max_goodput
from headway.serving.prefill.limits import Limit, with_limits
from headway.serving.prefill.requests import PrefillRequests
from headway.serving.prefill.run import Passes, PrefillRun
from headway.serving.prefill.work import Level, Load, Operators, PrefillWork, QuadraticWork

__all__ = [
    "Level",
    "Limit",
    "Load",
    "MaxGoodput",
    "Operators",
    "Passes",
    "PrefillRequests",
    "PrefillRun",
    "PrefillWork",
    "QuadraticWork",
    "max_goodput",
    "with_limits",
]
