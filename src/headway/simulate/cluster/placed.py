"""Jobs that wait for a place on a node, not just for units of a pool."""

from __future__ import annotations

import heapq

import numpy as np

from headway.errors import ProblemError
from headway.simulate.cluster.nodes import Nodes
from headway.simulate.cluster.placement import Floor, Mix, Placement
from headway.simulate.cluster.queue import Known, Queue
from headway.simulate.cluster.realise import Pieces
from headway.simulate.cluster.workload import Workload
from headway.simulate.policy import Policy


def pieces(
    workload: Workload,
    policy: Policy,
    nodes: Nodes,
    placement: Placement,
    *,
    greedy: bool,
    seed: int,
) -> Pieces:
    """Return when and where each job ran.

    Parameters
    ----------
    workload
        The jobs; they must say what they ask of a node.
    policy
        The order of the queue.
    nodes, placement, seed
        As for `headway.simulate.cluster.placement.Floor`.
    greedy
        Whether jobs may start before one in front of them that finds no room.

    Raises
    ------
    ProblemError
        If the jobs do not say what they ask of a node, or one finds no room even on empty nodes.
    """
    demands = workload.demands
    if demands is None:
        raise ProblemError(f"{workload.name}: no job says what it asks of a node")
    mix = Mix.of(demands)
    _refuse_hopeless(workload, nodes, mix)
    floor = Floor(nodes, mix, placement, seed=seed)
    known = Known.of(workload)
    n = len(workload)
    start = np.zeros(n, dtype=np.int64)
    node = np.zeros(n, dtype=np.int64)
    gpus = np.zeros(n, dtype=np.int64)
    ends: list[tuple[int, int]] = []
    waiting = np.zeros(0, dtype=np.int64)
    following = 0
    while following < n or ends:
        now = min(
            int(workload.submit[following]) if following < n else ends[0][0],
            ends[0][0] if ends else int(workload.submit[following]),
        )
        while ends and ends[0][0] == now:
            job = heapq.heappop(ends)[1]
            floor.release(int(mix.kind[job]), int(node[job]), int(gpus[job]))
        arrived = int(np.searchsorted(workload.submit, now, side="right"))
        waiting = np.concatenate((waiting, np.arange(following, arrived)))
        following = arrived
        if not len(waiting):
            continue
        scores = policy.score(Queue(float(now), waiting, known))
        begun = []
        hopeless = set[int]()
        for job in waiting[np.lexsort((waiting, -scores))].tolist():
            kind = int(mix.kind[job])
            place = None if kind in hopeless else floor.place(kind)
            if place is not None:
                start[job], (node[job], gpus[job]) = now, place
                heapq.heappush(ends, (now + int(workload.run[job]), job))
                begun.append(job)
            elif greedy:
                hopeless.add(kind)
            else:
                break
        waiting = waiting[~np.isin(waiting, begun)]
    return Pieces.of(np.arange(n), start, start + workload.run, node=node, gpus=gpus, nodes=nodes)


def _refuse_hopeless(workload: Workload, nodes: Nodes, mix: Mix) -> None:
    """Refuse the first job that fits on no node even if nothing else is there."""
    kinds = mix.kinds
    for kind in range(len(kinds)):
        fits = (
            (nodes.cpu_milli >= kinds.cpu_milli[kind])
            & (nodes.memory_mib >= kinds.memory_mib[kind])
            & (nodes.gpus >= kinds.gpus[kind])
        )
        wanted = kinds.models[kind]
        if wanted:
            fits &= np.array([model in wanted for model in nodes.model])
        if not fits.any():
            job = int(np.flatnonzero(mix.kind == kind)[0])
            raise ProblemError(
                f"{workload.name}: job {workload.label[job]!r} fits on none of the nodes"
            )
