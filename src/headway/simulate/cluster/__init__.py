"""Batch and GPU clusters: queues, backfilling, preemption, placement."""

from headway.simulate.cluster import traces
from headway.simulate.cluster.estimates import estimated
from headway.simulate.cluster.experiment import ClusterExperiment
from headway.simulate.cluster.gpu_csv import GpuTasks, read_gpu_tasks, read_nodes
from headway.simulate.cluster.lublin import LublinModel, lublin
from headway.simulate.cluster.nodes import Demands, Nodes
from headway.simulate.cluster.placement import Packing, Placement, pack
from headway.simulate.cluster.realise import Pieces
from headway.simulate.cluster.rules import RULES
from headway.simulate.cluster.run import Backfill, run
from headway.simulate.cluster.swf import Overrun, Oversize, SwfLog, read_swf
from headway.simulate.cluster.synthetic import CLUSTERS, ClusterFigures, synthetic
from headway.simulate.cluster.trace import ClusterTrace
from headway.simulate.cluster.workload import Workload
from headway.simulate.cluster.world import ClusterWorld

__all__ = [
    "CLUSTERS",
    "RULES",
    "Backfill",
    "ClusterExperiment",
    "ClusterFigures",
    "ClusterTrace",
    "ClusterWorld",
    "Demands",
    "GpuTasks",
    "LublinModel",
    "Nodes",
    "Overrun",
    "Oversize",
    "Packing",
    "Pieces",
    "Placement",
    "SwfLog",
    "Workload",
    "estimated",
    "lublin",
    "pack",
    "read_gpu_tasks",
    "read_nodes",
    "read_swf",
    "run",
    "synthetic",
    "traces",
]
