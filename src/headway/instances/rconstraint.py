"""Feasibility problems of growing difficulty, after R-ConstraintBench.

Tasks in layers share renewable resources. Precedence arcs, none of which follows from the others,
are added one by one; the number of arcs is the *level*. Further phases add downtimes, windows and
pairs that exclude each other. Every instance holds a planted schedule, its *witness*, so that a
planner that finds no schedule is wrong. `headway.instances.feasibility` scores planners.

R. Jain and M. Wetter (2025), R-ConstraintBench: evaluating LLMs on NP-complete scheduling. Sizes
and distributions are ours where the paper leaves them open. In particular, downtimes are drawn
before the witness is laid around them: a schedule made without them leaves a shared resource idle
too rarely to hide a downtime in its gaps.
"""

from __future__ import annotations

from dataclasses import dataclass
from enum import IntEnum

import numpy as np
from numpy.typing import NDArray

from headway.errors import ConfigError
from headway.instances.network import Network
from headway.instances.shops import Seed, at_least, share
from headway.model.build import Model
from headway.model.objective import Objective, makespan
from headway.model.problem import Problem
from headway.model.schedule import Schedule
from headway.model.tables import Ints, ints

LONGEST = 10
MOST_DEMAND = 3
SHORTEST_DOWNTIME, LONGEST_DOWNTIME = 2, 6
ATTEMPTS = 20
"""How often a network is drawn anew if the arcs asked for do not fit."""


class Phase(IntEnum):
    """Which constraints there are; each phase includes the earlier ones."""

    PRECEDENCE = 1
    """Precedence arcs and resource capacities."""
    DOWNTIME = 2
    """Resources are down for a while."""
    WINDOWS = 3
    """Tasks have an earliest start and a latest end."""
    DISJUNCTIVE = 4
    """Pairs of tasks exclude each other; each pair is a machine that only these two need."""


@dataclass(frozen=True, eq=False)
class Planted:
    """A feasibility problem and the schedule it was built around.

    Parameters
    ----------
    problem
        What a planner sees.
    witness
        A valid schedule of it.
    edges
        The level: how many precedence arcs there are, none redundant.
    phase
        Which constraints there are.
    """

    problem: Problem
    witness: Schedule
    edges: int
    phase: Phase


def rconstraint(
    *,
    tasks: int = 20,
    edges: int = 20,
    phase: int = 4,
    probability: float = 0.75,
    slack: float = 4.0,
    migration: bool = False,
    minimise_makespan: bool = False,
    seed: Seed = 0,
) -> Problem:
    """Draw a feasibility problem with layered precedence, downtimes, windows and exclusive pairs.

    Parameters
    ----------
    tasks
        Number of tasks, in about √tasks layers.
    edges
        Number of precedence arcs, none redundant: the level of difficulty. About 50 fit 20 tasks,
        100 fit 30.
    phase
        1: precedence and capacities, 2: and downtimes, 3: and windows, 4: and exclusive pairs.
    probability
        Chance of a downtime per resource, of a window per task, and of an exclusive pair per two
        tasks.
    slack
        How much earlier, and how much later, than planted a task with a window may run: uniform
        between 0 and this many times its duration.
    migration
        Whether tasks and resources carry the names of a data-centre migration.
    minimise_makespan
        Whether the makespan is minimised; otherwise any valid schedule will do.
    seed
        Same seed, same problem.
    """
    return plant(
        tasks=tasks,
        edges=edges,
        phase=phase,
        probability=probability,
        slack=slack,
        migration=migration,
        minimise_makespan=minimise_makespan,
        seed=seed,
    ).problem


def plant(
    *,
    tasks: int = 20,
    edges: int = 20,
    phase: int = 4,
    probability: float = 0.75,
    slack: float = 4.0,
    migration: bool = False,
    minimise_makespan: bool = False,
    seed: Seed = 0,
) -> Planted:
    """Draw a feasibility problem together with its witness; parameters as in `rconstraint`.

    Raises
    ------
    ConfigError
        If a parameter has a value it cannot have, or so many arcs do not fit so few tasks.
    """
    at_least(3, tasks=tasks)
    at_least(0, edges=edges, slack=slack)
    share(probability=probability)
    if phase not in Phase.__members__.values():
        raise ConfigError(f"phase: expected 1 to {max(Phase)}, got {phase}")
    rng = np.random.default_rng(seed)
    layer = np.arange(tasks) * max(3, round(tasks**0.5)) // tasks
    network = _network(rng, layer, edges)
    draft = _Draft(rng, network, tasks)
    if phase >= Phase.DOWNTIME:
        draft.draw_downtimes(probability)
    start = draft.start
    end = start + draft.durations
    earliest, latest = np.zeros(tasks, dtype=np.int64), np.full(tasks, -1)
    if phase >= Phase.WINDOWS:
        room = np.floor(rng.random((2, tasks)) * (slack * draft.durations + 1)).astype(int)
        bound = rng.random(tasks) < probability
        earliest = np.where(bound, np.maximum(0, start - room[0]), 0)
        latest = np.where(bound, end + room[1], -1)
    pairs = _exclusive_pairs(rng, network, start, end, probability) if phase >= 4 else []
    model = Model(f"{'migration' if migration else 'rconstraint'} {tasks} tasks, level {edges}")
    names = _migration_names(layer) if migration else [f"task {i}" for i in range(tasks)]
    work = [
        model.task(
            name=name,
            start=(int(earliest[i]), None),
            end=(None, int(latest[i]) if latest[i] >= 0 else None),
        )
        for i, name in enumerate(names)
    ]
    shared = [
        model.renewable(
            MIGRATION_RESOURCES[r] if migration else f"resource {r}",
            capacity=int(capacity),
            breaks=draft.downtimes[r],
        )
        for r, capacity in enumerate(draft.capacity)
    ]
    exclusive = [
        model.machine(f"{'cutover path' if migration else 'pair'} {k}") for k in range(len(pairs))
    ]
    for i, task in enumerate(work):
        demand = {r: int(q) for r, q in zip(shared, draft.demand[i], strict=True) if q}
        demand |= {m: 1 for m, pair in zip(exclusive, pairs, strict=True) if i in pair}
        task.mode(demand, duration=int(draft.durations[i]))
    for before, after in network.arcs:
        work[before] >> work[after]
    model.minimise(makespan() if minimise_makespan else Objective())
    problem = model.problem()
    return Planted(problem, Schedule.of(problem, ints(start)), edges, Phase(phase))


def _network(rng: np.random.Generator, layer: Ints, edges: int) -> Network:
    """Draw a network with exactly so many arcs, all from a layer to a later one."""
    pairs = np.argwhere(layer[:, None] < layer)
    most = 0
    for _ in range(ATTEMPTS):
        network = Network(len(layer))
        for before, after in rng.permutation(pairs).tolist():
            if len(network.arcs) == edges:
                return network
            network.add(before, after)
        if len(network.arcs) == edges:
            return network
        most = max(most, len(network.arcs))
    raise ConfigError(
        f"edges: only {most} arcs without a redundant one were found for {len(layer)} tasks,"
        f" got {edges}; draw more tasks"
    )


class _Draft:
    """Durations, demands, capacities, downtimes, and a schedule that respects them."""

    def __init__(self, rng: np.random.Generator, network: Network, tasks: int) -> None:
        self.rng, self.network = rng, network
        resources = int(rng.integers(2, 4, endpoint=True))
        self.durations: Ints = rng.integers(1, LONGEST, endpoint=True, size=tasks)
        self.demand: Ints = rng.integers(0, MOST_DEMAND, endpoint=True, size=(tasks, resources))
        spare = rng.integers(1, 4, endpoint=True, size=resources)
        self.capacity: Ints = self.demand.max(axis=0) + spare
        self.downtimes: list[list[tuple[int, int]]] = [[] for _ in range(resources)]
        self.start = self.serial_schedule()

    def draw_downtimes(self, probability: float) -> None:
        """Take resources down for a while, and lay the schedule around it."""
        rng, busy = self.rng, int((self.start + self.durations).max())
        for downtimes in self.downtimes:
            if rng.random() < probability:
                start = int(rng.integers(1, max(2, busy)))
                length = int(rng.integers(SHORTEST_DOWNTIME, LONGEST_DOWNTIME, endpoint=True))
                downtimes.append((start, start + length))
        self.start = self.serial_schedule()

    def serial_schedule(self) -> Ints:
        """Return starts: tasks one by one, in a random order, each as early as it fits."""
        horizon = int(self.durations.sum() + LONGEST) + max(
            (end for downtimes in self.downtimes for _, end in downtimes), default=0
        )
        free = np.tile(self.capacity, (horizon, 1))
        for r, downtimes in enumerate(self.downtimes):
            for begin, end in downtimes:
                free[begin:end, r] = 0
        start = np.zeros(len(self.durations), dtype=np.int64)
        predecessors = self.network.predecessors()
        for task in self._random_order():
            length, need = self.durations[task], self.demand[task]
            before = predecessors[task]
            ready = int((start[before] + self.durations[before]).max()) if before else 0
            fits: NDArray[np.bool_] = (free[ready:] >= need).all(axis=1)
            run = np.convolve(fits, np.ones(length, dtype=np.int64), "valid")
            start[task] = ready + int(np.argmax(run == length))
            free[start[task] : start[task] + length] -= need
        return start

    def _random_order(self) -> list[int]:
        """Return the tasks in a random order that respects precedence."""
        urgency = self.rng.random(len(self.durations))
        waiting = [len(before) for before in self.network.predecessors()]
        successors = self.network.successors()
        ready = [task for task, count in enumerate(waiting) if count == 0]
        order = []
        while ready:
            task = min(ready, key=urgency.__getitem__)
            ready.remove(task)
            order.append(task)
            for after in successors[task]:
                waiting[after] -= 1
                if waiting[after] == 0:
                    ready.append(after)
        return order


def _exclusive_pairs(
    rng: np.random.Generator, network: Network, start: Ints, end: Ints, probability: float
) -> list[tuple[int, int]]:
    """Draw pairs of tasks that precedence leaves open and the witness keeps apart."""
    tasks = len(start)
    apart = (end[:, None] <= start) | (end <= start[:, None])
    open_ = [
        (i, j)
        for i, j in np.argwhere(np.triu(apart, 1)).tolist()
        if not (network.reaches(i, j) or network.reaches(j, i))
    ]
    count = min(len(open_), int(rng.binomial(tasks // 2, probability)))
    return sorted(open_[k] for k in rng.permutation(len(open_))[:count])


MIGRATION_RESOURCES = ("migration crew", "uplink", "power feed", "change window slots")
_STEPS = ("back up", "copy", "freeze", "cut over", "check", "retire")
_SYSTEMS = (
    "database",
    "web tier",
    "mail",
    "storage array",
    "directory",
    "billing",
    "message queue",
)


def _migration_names(layer: Ints) -> list[str]:
    """Return names for tasks: early layers prepare, late ones clean up."""
    steps = layer * len(_STEPS) // (int(layer[-1]) + 1)
    return [f"{_STEPS[s]} {_SYSTEMS[i % len(_SYSTEMS)]} {i}" for i, s in enumerate(steps)]
