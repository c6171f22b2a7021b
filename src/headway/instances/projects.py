"""Random projects after the scheme of ProGen.

R. Kolisch, A. Sprecher and A. Drexl (1995), Characterization and generation of a general class of
resource-constrained project scheduling problems. The same three parameters say how hard a project
is: network complexity (arcs per task), resource factor (share of the resources that a task needs)
and resource strength (how far capacities lie between just enough and plenty).
"""

from __future__ import annotations

import math

import numpy as np
from numpy.typing import NDArray

from headway.instances.network import Network
from headway.instances.shops import Seed, at_least, share
from headway.model import families
from headway.model.problem import Problem

LONGEST = 10
MOST_DEMAND = 10
FIRST_TASKS = 3
"""Durations and demands go up to 10, and about three tasks start and end the project."""
TRIES = 50
"""How many arcs are tried per task; all of them in a project of 100 tasks."""


def project(
    *,
    tasks: int = 30,
    resources: int = 4,
    network_complexity: float = 1.5,
    resource_factor: float = 0.5,
    resource_strength: float = 0.5,
    seed: Seed = 0,
) -> Problem:
    """Draw a resource-constrained project with one mode per task.

    Parameters
    ----------
    tasks
        Number of tasks; there are no dummy tasks.
    resources
        Number of renewable resources.
    network_complexity
        Arcs per task, none of them redundant; 1.5, 1.8 and 2.1 in the literature. The network
        stops growing earlier if no further arc fits.
    resource_factor
        Share of the resources that a task needs on average, 0 to 1.
    resource_strength
        0: capacities just suffice for the most demanding task; 1: they never delay anything.
    seed
        Same seed, same problem.
    """
    at_least(1, tasks=tasks, resources=resources)
    at_least(0, network_complexity=network_complexity)
    share(resource_factor=resource_factor, resource_strength=resource_strength)
    rng = np.random.default_rng(seed)
    network = _network(rng, tasks, network_complexity)
    durations = rng.integers(1, LONGEST, endpoint=True, size=tasks)
    demand = rng.integers(1, MOST_DEMAND, endpoint=True, size=(tasks, resources))
    demand[~_needed(rng, tasks, resources, resource_factor)] = 0
    start = earliest_starts(network, durations)
    capacities = _between(
        demand.max(axis=0),
        [_peak(start, durations, column) for column in demand.T],
        resource_strength,
    )
    return families.project(
        [[(int(d), row.tolist())] for d, row in zip(durations, demand, strict=True)],
        capacities,
        network.successors(),
        name=f"project {tasks}",
    )


def multi_mode_project(
    *,
    tasks: int = 20,
    modes: int = 3,
    resources: int = 2,
    budgets: int = 2,
    network_complexity: float = 1.8,
    resource_factor: float = 0.75,
    resource_strength: float = 0.5,
    budget_strength: float = 0.5,
    seed: Seed = 0,
) -> Problem:
    """Draw a project in which tasks choose among modes: slower ones need less.

    Unlike ProGen's, the project always has a schedule: strengths are measured from what one choice
    of modes, the most frugal ones, needs.

    Parameters
    ----------
    tasks
        Number of tasks; there are no dummy tasks.
    modes
        Modes of each task, with different durations.
    resources
        Number of renewable resources.
    budgets
        Number of non-renewable resources.
    network_complexity
        Arcs per task, none of them redundant.
    resource_factor
        Share of the resources, and of the budgets, that a task needs on average, 0 to 1.
    resource_strength
        Of the renewable resources; 0: just enough, 1: plenty.
    budget_strength
        Of the budgets; 0: only the most frugal modes can be paid, 1: all can.
    seed
        Same seed, same problem.
    """
    at_least(1, tasks=tasks, modes=modes, resources=resources)
    at_least(0, budgets=budgets, network_complexity=network_complexity)
    share(
        resource_factor=resource_factor,
        resource_strength=resource_strength,
        budget_strength=budget_strength,
    )
    rng = np.random.default_rng(seed)
    network = _network(rng, tasks, network_complexity)
    longest = max(LONGEST, modes)
    durations = np.array(
        [np.sort(rng.choice(longest, size=modes, replace=False)) + 1 for _ in range(tasks)]
    )
    count = resources + budgets
    demand = rng.integers(1, MOST_DEMAND, endpoint=True, size=(tasks, modes, count))
    demand = -np.sort(-demand, axis=1)  # the slower a mode, the less it needs
    needed = np.hstack(
        [_needed(rng, tasks, size, resource_factor) for size in (resources, budgets)]
    )
    demand *= needed[:, None, :]
    start = earliest_starts(network, durations[:, 0])
    capacities = _between(
        demand[:, -1, :resources].max(axis=0),
        [_peak(start, durations[:, 0], column) for column in demand[:, 0, :resources].T],
        resource_strength,
    ) + _between(
        demand[:, -1, resources:].sum(axis=0),
        demand[:, 0, resources:].sum(axis=0),
        budget_strength,
    )
    return families.project(
        [
            [(int(d), row.tolist()) for d, row in zip(durations[i], demand[i], strict=True)]
            for i in range(tasks)
        ],
        capacities,
        network.successors(),
        renewable=[True] * resources + [False] * budgets,
        name=f"multi-mode project {tasks}",
    )


def earliest_starts(network: Network, durations: NDArray[np.int64]) -> NDArray[np.int64]:
    """Return when each task can start if resources are plenty; arcs go to larger numbers."""
    start = np.zeros(network.n_tasks, dtype=np.int64)
    for task, before in enumerate(network.predecessors()):
        if before:
            start[task] = (start[before] + durations[before]).max()
    return start


def _network(rng: np.random.Generator, tasks: int, complexity: float) -> Network:
    """Draw a network: every task gets a predecessor, then a successor, then more arcs are added."""
    network = Network(tasks)
    ends = min(FIRST_TASKS, max(1, tasks // 4))
    for task in range(ends, tasks):
        network.add(int(rng.integers(task)), task)
    succeeded = {before for before, _ in network.arcs}
    for task in range(tasks - ends):
        if task not in succeeded:
            later = rng.integers(task + 1, tasks, size=TRIES).tolist()
            next((after for after in later if network.add(task, after)), None)
    pairs = tasks * (tasks - 1) // 2
    for pair in rng.choice(pairs, size=min(pairs, TRIES * tasks), replace=False).tolist():
        if len(network.arcs) >= complexity * tasks:
            break
        after = (1 + math.isqrt(1 + 8 * pair)) // 2  # pairs are counted by their later task
        network.add(pair - after * (after - 1) // 2, after)
    return network


def _needed(
    rng: np.random.Generator, tasks: int, resources: int, factor: float
) -> NDArray[np.bool_]:
    """Draw which tasks need which resources, so that the average share is `factor`."""
    mask = np.zeros(tasks * resources, dtype=np.bool_)
    mask[rng.permutation(mask.size)[: round(factor * mask.size)]] = True
    return mask.reshape(tasks, resources)


def _peak(start: NDArray[np.int64], durations: NDArray[np.int64], demand: NDArray[np.int64]) -> int:
    """Return the largest usage of a schedule."""
    change = np.zeros(int((start + durations).max()) + 1, dtype=np.int64)
    np.add.at(change, start, demand)
    np.subtract.at(change, start + durations, demand)
    return int(np.cumsum(change).max())


def _between(
    least: NDArray[np.int64], most: list[int] | NDArray[np.int64], strength: float
) -> list[int]:
    """Return capacities at a relative position between two limits, and at least 1."""
    low, high = np.asarray(least), np.maximum(least, most)
    capacity = np.maximum(1, low + np.rint(strength * (high - low)).astype(np.int64))
    return [int(units) for units in capacity]
