"""What came out of an engine: columns, checked and turned into figures."""

from headway.serving.results.audit import audit
from headway.serving.results.columns import Requests, Speech, Status, Steps
from headway.serving.results.distribution import Distribution
from headway.serving.results.gaps import Gaps, gaps, longest_gaps, range_maxima
from headway.serving.results.run import EngineRun
from headway.serving.results.served import Served

__all__ = [
    "Distribution",
    "EngineRun",
    "Gaps",
    "Requests",
    "Served",
    "Speech",
    "Status",
    "Steps",
    "audit",
    "gaps",
    "longest_gaps",
    "range_maxima",
]
