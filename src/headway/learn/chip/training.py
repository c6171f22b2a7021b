"""Trains the linear rule of `headway.simulate.chip` by the evolution strategy."""

from __future__ import annotations

import math
from collections.abc import Callable, Sequence
from dataclasses import asdict, dataclass, field

import numpy as np

from headway.learn.chip.objective import FixedLoads, RandomLoads, Ranges, rule_of
from headway.learn.evolution import Floats, Stage, Step, evolve
from headway.simulate.chip import FEATURES, TaskGraph, WeightFile, Workload

START = {"finish / unit": -3.0}
"""ETF: what ends first has the largest score."""

START_LIMIT = 3.5


LONG = Stage(steps=200, pairs=12, sigma=(0.25, 0.08), rate=(0.08, 0.01))
"""About a minute of one core."""


@dataclass(frozen=True)
class Recipe:
    """How the rule is trained.

    Parameters
    ----------
    stage
        How long and how boldly.
    ranges
        What workloads are drawn from.
    cases
        Workloads per step.
    seed
        Of trials and workloads.
    """

    stage: Stage = field(default_factory=lambda: LONG)
    ranges: Ranges = field(default_factory=Ranges)
    cases: int = 12
    seed: int = 0


def start() -> Floats:
    """Return the parameters that training starts from: ETF that does not look too far ahead."""
    return np.array([*(START.get(name, 0.0) for name in FEATURES), math.log2(START_LIMIT)])


def train(
    kinds: Sequence[TaskGraph],
    recipe: Recipe | None = None,
    *,
    begin: Floats | None = None,
    validation: Sequence[Workload] | None = None,
    validation_seeds: Sequence[int] = range(10_000, 10_010),
    workers: int = 1,
    time_limit_s: float = math.inf,
    on_step: Callable[[Step], None] | None = None,
) -> WeightFile:
    """Return a linear rule trained for some kinds of jobs.

    Parameters
    ----------
    kinds
        Kinds of jobs.
    recipe
        How it is trained.
    begin
        Parameters to start from, shape (n_features + 1,): weights and the binary logarithm of the
        limit; those of ETF by default.
    validation
        Workloads that decide which weights are kept; by default a spread of loads and noise.
    validation_seeds
        What happens in them.
    workers, time_limit_s, on_step
        See `headway.learn.evolve`.
    """
    recipe = recipe or Recipe()
    kept = tuple(kinds)
    found = evolve(
        RandomLoads(kept, recipe.ranges, recipe.cases),
        start() if begin is None else begin,
        recipe.stage,
        validate=FixedLoads(validation or spread(kept), validation_seeds),
        seed=recipe.seed,
        workers=workers,
        time_limit_s=time_limit_s,
        on_step=on_step,
    )
    story = {
        "kinds": [kind.name for kind in kept],
        **asdict(recipe),
        "steps taken": found.steps,
        "validation": round(found.validation, 4),
    }
    return WeightFile(rule_of(found.vector), story)


def spread(kinds: tuple[TaskGraph, ...]) -> list[Workload]:
    """Return workloads of all kinds or the first, light and heavy, with and without noise."""
    unit = Workload(kinds=kinds).unit
    one = kinds[:1]
    settings = (
        (kinds, 2, 3, 0.0),
        (kinds, 2, 3, 0.2),
        (kinds, 2, 3, 0.3),
        (kinds, 4, 3, 0.0),
        (kinds, 2, 5, 0.0),
        (one, 2, 3, 0.0),
        (one, 2, 5, 0.0),
    )
    return [
        Workload(kinds=some, gap=unit * gap, most_jobs=jobs, noise=noise, length=int(375 * unit))
        for some, gap, jobs, noise in settings
    ]
