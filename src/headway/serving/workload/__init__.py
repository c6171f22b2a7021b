"""Traffic: what an engine is asked to do, read from public traces or drawn from laws."""

from headway.serving.workload.arrivals import Arrivals
from headway.serving.workload.blocks import Blocks
from headway.serving.workload.chart import chart
from headway.serving.workload.columns import NONE
from headway.serving.workload.merge import merge
from headway.serving.workload.named import RECORDINGS, TRACES, obtain, recorded, workload
from headway.serving.workload.own import write_workload
from headway.serving.workload.prefix import PrefixHits, prefix_hits
from headway.serving.workload.read import FORMATS, TraceFormat, read_recorded, read_workload
from headway.serving.workload.recorded import Recorded
from headway.serving.workload.requests import NO_LIMIT, Workload
from headway.serving.workload.service import EVERYBODY, ServiceClass
from headway.serving.workload.summary import WorkloadSummary
from headway.serving.workload.synthetic import synthetic

__all__ = [
    "EVERYBODY",
    "FORMATS",
    "NONE",
    "NO_LIMIT",
    "RECORDINGS",
    "TRACES",
    "Arrivals",
    "Blocks",
    "PrefixHits",
    "Recorded",
    "ServiceClass",
    "TraceFormat",
    "Workload",
    "WorkloadSummary",
    "chart",
    "merge",
    "obtain",
    "prefix_hits",
    "read_recorded",
    "read_workload",
    "recorded",
    "synthetic",
    "workload",
    "write_workload",
]
