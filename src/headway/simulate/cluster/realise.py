"""From pieces of work to the realised problem and its schedule, which `verify` can check.

A pool is one renewable resource. Where jobs are placed, every GPU is a renewable resource of 1000
thousandths, and every node has one for its processors and one for its memory. Pieces of one job
follow each other.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field

import numpy as np

from headway.model import Problem, Schedule, makespan, total_flow_time
from headway.model.tables import (
    ABSENT,
    FOREVER,
    Ints,
    Jobs,
    Modes,
    RelationKind,
    Relations,
    ResourceKind,
    Resources,
    Tasks,
    bools,
    ints,
)
from headway.simulate.cluster.nodes import WHOLE, Nodes
from headway.simulate.cluster.workload import Workload


@dataclass(frozen=True, eq=False, kw_only=True)
class Pieces:
    """Stretches of time in which jobs ran.

    Attributes
    ----------
    job
        Position in the workload, shape (n_pieces,); by job, then by start.
    start, end
        Seconds.
    node
        Where each piece ran, or `ABSENT` if jobs are not placed.
    gpus
        Numbers of the GPUs within the node that each piece used, a bit each; 0 if not placed.
    nodes
        The nodes that jobs were placed on, if they were.
    """

    job: Ints
    start: Ints
    end: Ints
    node: Ints
    gpus: Ints
    nodes: Nodes | None = field(default=None, repr=False)

    @classmethod
    def of(
        cls,
        job: object,
        start: object,
        end: object,
        *,
        node: object = None,
        gpus: object = None,
        nodes: Nodes | None = None,
    ) -> Pieces:
        """Return pieces given in any order, sorted."""
        jobs, starts, ends = ints(job), ints(start), ints(end)
        order = np.lexsort((starts, jobs))
        places = ints(np.full(len(jobs), ABSENT) if node is None else node)
        masks = ints(np.zeros(len(jobs)) if gpus is None else gpus)
        return cls(
            job=ints(jobs[order]),
            start=ints(starts[order]),
            end=ints(ends[order]),
            node=ints(places[order]),
            gpus=ints(masks[order]),
            nodes=nodes,
        )

    def __len__(self) -> int:
        return len(self.job)


def realised(workload: Workload, pieces: Pieces) -> Schedule:
    """Return the schedule of a run, tied to the problem that the run turned out to be."""
    resources, demands = (
        _pool(workload, pieces) if pieces.nodes is None else _nodes(workload, pieces)
    )
    n, job = len(pieces), pieces.job
    number = np.arange(n) - np.searchsorted(job, job)
    free = np.full(n, FOREVER)
    none = np.full(len(workload), FOREVER)
    after = np.flatnonzero(np.diff(job) == 0) + 1
    problem = Problem(
        name=workload.name,
        jobs=Jobs(
            name=workload.label,
            release=workload.submit,
            due=ints(none),
            deadline=ints(none),
            weight=ints(np.ones(len(workload))),
        ),
        resources=resources,
        tasks=Tasks(
            name=tuple("run" if k == 0 else f"run {k + 1}" for k in number.tolist()),
            job=job,
            earliest_start=ints(np.zeros(n)),
            latest_start=ints(free),
            earliest_end=ints(np.zeros(n)),
            latest_end=ints(free),
            optional=bools(np.zeros(n)),
            interruptible=bools(np.zeros(n)),
            hold_until=ints(np.full(n, ABSENT)),
            family=ints(np.full(n, ABSENT)),
            mode_ptr=ints(np.arange(n + 1)),
        ),
        modes=Modes(
            task=ints(np.arange(n)),
            duration=ints(pieces.end - pieces.start),
            cost=ints(np.zeros(n)),
            **demands,
        ),
        relations=Relations(
            kind=ints(np.full(len(after), RelationKind.END_START)),
            before=ints(after - 1),
            after=ints(after),
            min_lag=ints(np.zeros(len(after))),
            max_lag=ints(np.full(len(after), FOREVER)),
            transfer=bools(np.zeros(len(after))),
        ),
        objective=total_flow_time() if len(workload) else makespan(),
    )
    return problem.schedule(pieces.start)


def _pool(workload: Workload, pieces: Pieces) -> tuple[Resources, dict[str, Ints]]:
    n = len(pieces)
    demands = {
        "demand_ptr": ints(np.arange(n + 1)),
        "demand_resource": ints(np.zeros(n)),
        "demand_amount": ints(workload.amount[pieces.job]),
    }
    return _renewables(("pool",), [workload.capacity]), demands


def _nodes(workload: Workload, pieces: Pieces) -> tuple[Resources, dict[str, Ints]]:
    nodes, wanted = pieces.nodes, workload.demands
    assert nodes is not None
    assert wanted is not None
    names: list[str] = []
    capacity: list[int] = []
    first: list[int] = []
    for k, name in enumerate(nodes.name):
        first.append(len(names))
        names += [f"{name} processors", f"{name} memory"]
        capacity += [int(nodes.cpu_milli[k]), int(nodes.memory_mib[k])]
        names += [f"{name} GPU {gpu}" for gpu in range(nodes.gpus[k])]
        capacity += [WHOLE] * int(nodes.gpus[k])
    pointer, resource, amount = [0], list[int](), list[int]()
    for job, node, mask in zip(
        pieces.job.tolist(), pieces.node.tolist(), pieces.gpus.tolist(), strict=True
    ):
        needs = [(0, int(wanted.cpu_milli[job])), (1, int(wanted.memory_mib[job]))]
        share = int(wanted.gpu_milli[job])
        needs += [(2 + gpu, share) for gpu in range(nodes.gpus[node]) if mask >> gpu & 1]
        resource += [first[node] + offset for offset, units in needs if units]
        amount += [units for _, units in needs if units]
        pointer.append(len(resource))
    demands = {
        "demand_ptr": ints(pointer),
        "demand_resource": ints(resource),
        "demand_amount": ints(amount),
    }
    return _renewables(tuple(names), capacity), demands


def _renewables(names: tuple[str, ...], capacity: Sequence[int]) -> Resources:
    n = len(names)
    zero = ints(np.zeros(n))
    return Resources(
        name=names,
        kind=ints(np.full(n, ResourceKind.RENEWABLE)),
        capacity=ints(capacity),
        cost=zero,
        level=zero,
        level_min=zero,
        level_max=zero,
        break_ptr=ints(np.zeros(n + 1)),
        step_ptr=ints(np.zeros(n + 1)),
        setup=ints(np.full(n, ABSENT)),
    )
