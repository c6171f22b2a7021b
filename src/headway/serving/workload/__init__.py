"""Traffic: what an engine is asked to do, read from public traces or drawn from laws."""

from headway.serving.workload.blocks import Blocks
from headway.serving.workload.columns import NONE
from headway.serving.workload.merge import merge
from headway.serving.workload.prefix import PrefixHits, prefix_hits
from headway.serving.workload.read import FORMATS, TraceFormat, read_workload
from headway.serving.workload.service import EVERYBODY, ServiceClass
from headway.serving.workload.workload import NO_LIMIT, Workload

__all__ = [
    "EVERYBODY",
    "FORMATS",
    "NONE",
    "NO_LIMIT",
    "Blocks",
    "PrefixHits",
    "ServiceClass",
    "TraceFormat",
    "Workload",
    "merge",
    "prefix_hits",
    "read_workload",
]
