"""Numbers that list schedulers order tasks by: how long the way down or up a graph is."""

from __future__ import annotations

import numpy as np

from headway.simulate.chip.graph import Floats, TaskGraph


def upward_ranks(graph: TaskGraph) -> Floats:
    """Return the length of the longest way from the start of each task to the end of all.

    With mean durations and mean delays: rank(i) = mean duration of i + max over edges (i, j) of
    (mean delay + rank(j)), as in HEFT.

    Returns
    -------
    Floats
        Ticks, shape (n_tasks,).

    References
    ----------
    H. Topcuoglu, S. Hariri, M.-Y. Wu, "Performance-Effective and Low-Complexity Task Scheduling
    for Heterogeneous Computing", 2002.
    """
    rank = [0.0] * graph.n_tasks
    duration, delay = graph.mean_duration.tolist(), graph.mean_delay.tolist()
    target = graph.target.tolist()
    for task in reversed(graph.order):
        behind = [delay[edge] + rank[target[edge]] for edge in graph.outgoing[task]]
        rank[task] = duration[task] + max(behind, default=0.0)
    return np.array(rank)


def downward_ranks(graph: TaskGraph) -> Floats:
    """Return the length of the longest way from the beginning of all to the start of each task.

    Returns
    -------
    Floats
        Ticks, shape (n_tasks,); see `upward_ranks`.
    """
    rank = [0.0] * graph.n_tasks
    duration, delay = graph.mean_duration.tolist(), graph.mean_delay.tolist()
    source = graph.source.tolist()
    for task in graph.order:
        before = [
            rank[source[edge]] + duration[source[edge]] + delay[edge]
            for edge in graph.incoming[task]
        ]
        rank[task] = max(before, default=0.0)
    return np.array(rank)


def optimistic_costs(graph: TaskGraph) -> Floats:
    """Return the optimistic cost table of PEFT.

    How long what follows each task takes at least if the task runs on each element and every
    follower has its best one to itself: max over edges (i, j) of min over q of (cost(j, q) +
    duration(j, q) + mean delay unless q is the task's own element).

    Returns
    -------
    Floats
        Ticks, shape (n_tasks, n_elements).

    References
    ----------
    H. Arabnejad, J. Barbosa, "List Scheduling Algorithm for Heterogeneous Systems by an Optimistic
    Cost Table", 2014.
    """
    cost = np.zeros((graph.n_tasks, graph.n_elements))
    work = np.where(graph.supported, graph.duration, np.inf)
    apart = 1.0 - np.eye(graph.n_elements)
    for task in reversed(graph.order):
        for edge in graph.outgoing[task]:
            follower = graph.target[edge]
            there = cost[follower] + work[follower]
            best = (there + apart * graph.mean_delay[edge]).min(axis=1)
            np.maximum(cost[task], best, out=cost[task])
    return cost


def by_rank(graph: TaskGraph, rank: Floats) -> list[int]:
    """Return the tasks by falling rank; of equal ones what comes first in the graph."""
    place = np.empty(graph.n_tasks, dtype=np.int64)
    place[list(graph.order)] = np.arange(graph.n_tasks)
    return [int(task) for task in np.lexsort((place, -rank))]
