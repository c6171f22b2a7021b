"""Tiny random shops and projects with what peers know: for comparing optimal values."""

from __future__ import annotations

import random
from dataclasses import replace

import headway as hw
from headway.model import Objective, Problem
from headway.model.tables import FOREVER
from tests.problems import random_problem

FEATURES = (
    "job release",
    "job due date",
    "job deadline",
    "job weight",
    "earliest start",
    "latest start",
    "earliest end",
    "latest end",
    "blocking",
    "several modes",
    "machine",
    "renewable",
    "non-renewable",
    "start-start",
    "start-end",
    "end-start",
    "end-end",
    "minimum lag",
    "maximum lag",
    "same sequence",
    "setup time",
)

OBJECTIVES: tuple[Objective, ...] = (
    hw.makespan(),
    hw.total_completion(weighted=True),
    hw.total_flow_time(),
    hw.total_tardiness(weighted=True),
    hw.total_tardiness() + 2 * hw.makespan(),
    hw.tardy_jobs(),
    hw.max_tardiness(),
)


def small_problem(seed: int) -> Problem:
    """Return a random problem of a few tasks with a random handful of `FEATURES`."""
    rng = random.Random(seed)
    wanted = {"machine", "end-start", *rng.sample(FEATURES, rng.randint(2, 8))}
    problem = random_problem(seed, features=wanted, n_tasks=rng.randint(3, 5))
    dated = bool((problem.jobs.due < FOREVER).any())
    objective = rng.choice(OBJECTIVES[: 7 if dated else 3 if problem.n_jobs else 1])
    return replace(problem, horizon=FOREVER, objective=objective)
