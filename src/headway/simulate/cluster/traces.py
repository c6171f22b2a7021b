"""Recorded and published workloads by name, downloaded once; see `headway.instances.remote`."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from headway.instances import remote
from headway.simulate.cluster.gpu_csv import GpuTasks, read_gpu_tasks, read_nodes, read_run_times
from headway.simulate.cluster.nodes import Nodes
from headway.simulate.cluster.swf import SwfLog, read_swf


def lublin_256() -> SwfLog:
    """Return 10,000 jobs of the Lublin model for 256 processors, a common benchmark.

    Drawn by the authors of "RLScheduler" (Zhang, Dai, He, Bao, Xie, 2020).
    """
    return read_swf(remote.fetch("clusters/lublin_256.swf"))


def alibaba_2023_tasks(*, with_models: bool = False) -> GpuTasks:
    """Return 8,152 tasks of a production GPU cluster (Weng and others, 2023).

    Parameters
    ----------
    with_models
        Whether a third of the tasks that use GPUs insists on certain types, as in production; in
        the plain table nobody does.
    """
    which = "_gpuspec33" if with_models else ""
    return read_gpu_tasks(remote.fetch(f"clusters/alibaba_2023_gpu_pods{which}.csv"))


def alibaba_2023_nodes() -> Nodes:
    """Return the 1,213 nodes with GPUs of the same cluster."""
    return read_nodes(remote.fetch("clusters/alibaba_2023_gpu_nodes.csv"))


def philly_run_times() -> NDArray[np.float64]:
    """Return the run times of 83,154 jobs of Microsoft's Philly cluster, seconds.

    As published beside Alibaba's 2020 trace; the cluster is that of Jeon and others (2019),
    "Analysis of large-scale multi-tenant GPU clusters for DNN training workloads".
    """
    return read_run_times(remote.fetch("clusters/philly_runtimes.csv"))
