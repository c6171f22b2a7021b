"""The best placement of a task graph, by the exact solver: what list schedulers are measured by."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from headway.model import Model, Problem
from headway.model.build import Mode, Task
from headway.model.tables import ints
from headway.simulate.chip.graph import TaskGraph
from headway.simulate.chip.lists import LIST_SCHEDULERS, place
from headway.simulate.chip.placement import Placement
from headway.solve import Status, solve


@dataclass(frozen=True)
class Optimum:
    """The best placement found, and how good one can be.

    Attributes
    ----------
    placement
        Verified.
    bound
        No placement has a smaller makespan.
    proven
        Whether the placement meets the bound.
    """

    placement: Placement
    bound: int
    proven: bool


def problem(graph: TaskGraph) -> Problem:
    """Return a graph as a problem with a machine per element and a task per message.

    A message takes as long as the delay between the elements of its two ends: it has a mode per
    pair of elements, each of which asks for the modes of both ends.
    """
    model = Model(graph.name, tick_s=graph.tick_s)
    machines = [model.machine(name) for name in graph.elements]
    job = model.job(graph.name)
    modes: list[dict[int, Mode]] = []
    tasks: list[Task] = []
    for task, name in enumerate(graph.tasks):
        able = np.flatnonzero(graph.supported[task]).tolist()
        added = model.task(job, name)
        for element in able:
            added.mode({machines[element]: 1}, duration=int(graph.duration[task, element]))
        tasks.append(added)
        modes.append(dict(zip(able, model.modes_of(added), strict=True)))
    for edge in range(graph.n_edges):
        _add_message(model, graph, edge, tasks, modes)
    return model.problem()


def _add_message(
    model: Model, graph: TaskGraph, edge: int, tasks: list[Task], modes: list[dict[int, Mode]]
) -> None:
    source, target = int(graph.source[edge]), int(graph.target[edge])
    if not graph.delay[edge].any():
        tasks[source] >> tasks[target]
        return
    message = model.task(None, f"{graph.tasks[source]} to {graph.tasks[target]}")
    pairs = [(p, q) for p in modes[source] for q in modes[target]]
    for p, q in pairs:
        message.mode({}, duration=int(graph.delay[edge, p, q]))
    for (p, q), mode in zip(pairs, model.modes_of(message), strict=True):
        model.mode_dependency(mode, [modes[source][p]])
        model.mode_dependency(mode, [modes[target][q]])
    tasks[source] >> message
    message >> tasks[target]


def optimum(graph: TaskGraph, *, time_limit: float = 60.0, workers: int | None = None) -> Optimum:
    """Return the best placement that CP-SAT finds, never worse than a list scheduler's.

    Meant for graphs of some dozens of tasks on a few elements: there are as many modes as edges
    times pairs of elements.

    Parameters
    ----------
    graph
        What is placed.
    time_limit
        Seconds.
    workers
        Threads; all cores if nothing is said.
    """
    exact = problem(graph)
    result = solve(exact, method="cpsat", time_limit=time_limit, workers=workers)
    found = [place(graph, rule) for rule in LIST_SCHEDULERS if rule != "random"]
    if result.schedule is not None:
        # Tasks come first, in the order of the graph; messages follow them.
        own = slice(0, graph.n_tasks)
        resource = exact.modes.demand_resource[exact.modes.demand_ptr[result.schedule.mode[own]]]
        found.append(Placement(graph, ints(resource), ints(result.schedule.start[own])))
    best = min(found, key=lambda placement: placement.makespan)
    bound = result.bound[0] if result.bound else 0
    _ = best.schedule  # verifies it
    return Optimum(best, bound, result.status is Status.OPTIMAL)
