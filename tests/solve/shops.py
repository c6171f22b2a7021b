"""Small random shops with everything that the search of shops takes."""

from __future__ import annotations

import random
from itertools import pairwise

import headway as hw
from headway.model import Model, Problem
from headway.model.objective import Objective

OBJECTIVES = (
    "makespan",
    "weighted tardiness",
    "weighted completion",
    "flow-time",
    "max-lateness",
    "max-tardiness",
    "weighted tardy-jobs",
    "3 makespan + weighted tardiness + 2 max-lateness",
)


def random_shop(seed: int, *, n_jobs: int = 4) -> Problem:
    """Return a job shop, a flexible one, an open one or parallel machines, with setups or not."""
    rng = random.Random(seed)
    model = Model(f"shop {seed}")
    machines = [model.machine(f"machine {k}") for k in range(rng.randint(1, 3))]
    crew = [model.machine(f"worker {k}") for k in range(rng.choice([0, 0, 2]))]
    families = "abc" if seed % 3 == 0 else ""
    for machine in machines if families else []:
        times = {(a, b): rng.randint(0, 4) for a in families for b in families}
        times |= {(None, b): rng.randint(0, 3) for b in families}
        model.setup_times(machine, times)
    if seed % 5 == 0:
        for a, b in pairwise(machines):
            model.transfer_time(a, b, rng.randint(0, 3))
    rows = []
    for j in range(rng.randint(2, n_jobs)):
        due = rng.randint(3, 20) if j == 0 or rng.random() < 0.6 else None
        job = model.job(
            f"job {j}", release=rng.choice([0, 0, 3]), due=due, weight=rng.randint(0, 4)
        )
        owner = model.machine(f"owner {j}") if seed % 4 == 1 else None
        row = []
        for k in range(rng.randint(1, 3)):
            family = rng.choice([*families, None]) if families else None
            task = model.task(job, str(k), family=family, start=(rng.choice([0, 0, 0, 7]), None))
            for machine in rng.sample(machines, rng.randint(1, len(machines))):
                needs = {machine: 1}
                if crew and rng.random() < 0.5:
                    needs[rng.choice(crew)] = 1
                if owner is not None:
                    needs[owner] = 1
                task.mode(needs, duration=rng.randint(1, 6))
            row.append(task)
        if owner is None:
            for a, b in pairwise(row):
                model.end_before_start(a, b, rng.choice([0, 0, 2]), transfer=seed % 5 == 0)
        rows.append(row)
    if seed % 7 == 0:
        model.start_before_start(rows[0][0], rows[1][-1], rng.randint(0, 5))
    model.minimise(Objective.parse(OBJECTIVES[seed % len(OBJECTIVES)]))
    return model.problem()


def tardy(name: str, factor: float = 1.3) -> Problem:
    """Return a job shop with the due dates and weights of Singer and Pinedo (1998)."""
    shop = hw.instance(name)
    rows = [shop.tasks_of(j) for j in range(min(10, shop.n_jobs))]
    durations = [shop.modes.duration[row].tolist() for row in rows]
    n = len(rows)
    return hw.job_shop(
        [shop.modes.demand_resource[row].tolist() for row in rows],
        durations,
        due=[int(factor * sum(row)) for row in durations],
        weight=[4] * (n // 5) + [2] * (n - 2 * (n // 5)) + [1] * (n // 5),
        objective=hw.total_tardiness(weighted=True),
        name=f"{name} tardy",
    )
