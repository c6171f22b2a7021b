"""A problem or two for every search: small, but of the kind that it is for."""

from __future__ import annotations

import random
from collections.abc import Callable
from dataclasses import dataclass, replace
from functools import cached_property, partial

import numpy as np

import headway as hw
from headway.model import Problem
from headway.model.tables import ABSENT, ints
from headway.solve import lns, registry, rolling
from headway.solve.lns import LargeNeighbourhoodSearch
from headway.solve.rolling import RollingSearch
from headway.solve.searcher import Searcher
from tests.solve.shops import tardy
from tests.twins import one_machine


def searchers() -> dict[str, Searcher]:
    """Return every search that goes by a name, with effort that suits small problems."""
    found = {name: registry.find(name) for name in registry.solvers()}
    known = {name: solver for name, solver in found.items() if isinstance(solver, Searcher)}
    windows = rolling.Settings(sizes=(12, 40), effort=2_000, whole=False)
    trials = lns.Settings(size=12, effort=0.02)
    small = {
        "rolling": partial(RollingSearch, settings=windows),
        "lns": partial(LargeNeighbourhoodSearch, settings=trials),
    }
    return known | {name: replace(known[name], search=search) for name, search in small.items()}


SEARCHERS = searchers()


@dataclass(frozen=True)
class Sample:
    """A problem for a search.

    Attributes
    ----------
    method
        Name of the search.
    make
        Returns the problem.
    moves
        So many find good schedules in a fraction of a second, but hardly the best.
    """

    method: str
    make: Callable[[], Problem]
    moves: int

    @property
    def searcher(self) -> Searcher:
        return SEARCHERS[self.method]

    @cached_property
    def problem(self) -> Problem:
        return self.make()

    def __str__(self) -> str:
        return f"{self.method} {SAMPLES.index(self)}"


def without_waits(problem: Problem) -> Problem:
    """Return a job shop in which each task starts as soon as the one before it ends."""
    relations = problem.relations
    return replace(problem, relations=replace(relations, max_lag=ints(relations.min_lag)))


def holding(problem: Problem) -> Problem:
    """Return a job shop in which each task but the last of a job holds its machine."""
    until = np.full(problem.n_tasks, ABSENT)
    until[problem.relations.before] = problem.relations.after
    return replace(problem, tasks=replace(problem.tasks, hold_until=ints(until)))


def lagged(seed: int, n: int, *, tightness: float = 0.3) -> Problem:
    """Return a project with maximum lags that the tasks keep if they follow one another."""
    rng = random.Random(seed)
    capacities = [rng.randint(3, 6) for _ in range(3)]
    modes, start, now = [], [], 0
    for _ in range(n):
        needs = [rng.choice([0, rng.randint(1, capacity)]) for capacity in capacities]
        modes.append([(rng.randint(1, 9), needs)])
        start.append(now)
        now += modes[-1][0][0]
    lags = []
    for i in range(n):
        for j in range(i + 1, min(n, i + 8)):
            apart = start[j] - start[i]
            if rng.random() < 0.2:
                lags.append((i, j, rng.randint(0, modes[i][0][0])))
            if rng.random() < tightness / 4:
                lags.append((j, i, -apart))
    return hw.project(modes, capacities, [[] for _ in modes], lags=lags, name=f"lagged {seed}")


def hybrid_shop(objective: hw.Objective) -> Problem:
    """Return a hybrid flow shop of 30 jobs whose machines differ."""
    rng = np.random.default_rng(1)
    work, due = rng.integers(1, 20, (30, 6)), rng.integers(20, 300, 30)
    return hw.hybrid_flow_shop(work, [2, 3, 1], due=due, objective=objective)


def flow_shop(objective: hw.Objective, *, setups: bool = False) -> Problem:
    """Return a flow shop of 20 jobs on 4 machines."""
    rng = np.random.default_rng(1)
    times = rng.integers(0, 20, (4, 20, 20)) if setups else None
    work, due = rng.integers(1, 40, (20, 4)), rng.integers(50, 500, 20)
    return hw.flow_shop(work, due=due, setups=times, objective=objective)


def assembly() -> Problem:
    """Return a flexible job shop whose jobs are no chains."""
    rng = random.Random(1)
    jobs = [[[(k, rng.randint(1, 9)) for k in range(3)] for _ in range(6)] for _ in range(15)]
    return hw.flexible_job_shop(jobs, precedence=[[(0, 2), (1, 2), (2, 5), (3, 4), (4, 5)]] * 15)


SAMPLES = (
    Sample("single", lambda: hw.generate("single-machine", jobs=100, seed=1), 15),
    Sample("single", lambda: one_machine.random_problem(3, "makespan", n=30, setups=True), 15),
    Sample("flow", lambda: flow_shop(hw.makespan()), 50),
    Sample("flow", lambda: flow_shop(hw.total_tardiness(), setups=True), 50),
    Sample("no_wait", lambda: without_waits(hw.instance("la21")), 2_000),
    Sample("blocking", lambda: holding(hw.instance("la01")), 3_000),
    Sample("hybrid", lambda: hybrid_shop(hw.makespan()), 2_000),
    Sample("hybrid", lambda: hybrid_shop(hw.total_tardiness()), 2_000),
    Sample("tabu", lambda: hw.instance("la21"), 5_000),
    Sample("flexible", lambda: hw.instance("mk02"), 1_000),
    Sample("flexible", assembly, 2_000),
    Sample("shop", lambda: tardy("la18"), 2_000),
    Sample("shop", lambda: hw.instance("gp06-01"), 2_000),
    Sample("project", lambda: hw.instance("j60_9_1"), 2_000),
    Sample("max_lags", lambda: lagged(2, 30), 1_000),
    Sample("rolling", lambda: hw.generate("jobshop", jobs=20, machines=6), 20),
    Sample("rolling", lambda: hw.generate("flexible-jobshop", jobs=20, machines=6), 20),
    Sample("lns", lambda: hw.instance("la16"), 6),
)

SOLVED: dict[str, tuple[Callable[[], Problem], int]] = {
    "single": (
        lambda: hw.single_machine(
            [121, 79, 147, 83, 130],
            due=[260, 266, 266, 336, 337],
            objective=hw.total_tardiness(),
        ),
        370,
    ),
    "flow": (lambda: hw.instance("tfs061"), 5493),
    "no_wait": (lambda: without_waits(hw.job_shop([[0, 1]] * 2, [[2, 3]] * 2)), 8),
    "blocking": (lambda: holding(hw.job_shop([[0, 1]] * 2, [[2, 3]] * 2)), 8),
    "hybrid": (lambda: hw.hybrid_flow_shop([[2, 10]] * 24, [4, 4]), 62),
    "tabu": (lambda: hw.instance("la01"), 666),
    "flexible": (lambda: hw.instance("mk04"), 60),
    "shop": (lambda: hw.instance("la05"), 593),
    "project": (lambda: hw.instance("j90_2_1"), 96),
    "max_lags": (
        lambda: hw.project(
            [[(2, [1])], [(3, [1])], [(1, [1])]],
            [1],
            [[], [], []],
            lags=[(0, 1, 1), (1, 0, -4), (2, 0, 1)],
        ),
        6,
    ),
    "rolling": (lambda: hw.instance("la06"), 926),
    "lns": (lambda: hw.instance("ft06"), 55),
}
"""For each search a problem whose optimum it proves soon, with the optimum."""
