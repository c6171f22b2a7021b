"""The recipe of the rule for short times of jobs that arrive at a chip."""

from __future__ import annotations

import math
from collections.abc import Mapping
from dataclasses import dataclass

from headway.learn.chip.measure import table
from headway.learn.chip.objective import FixedLoads, RandomLoads
from headway.learn.chip.rule import limit_of
from headway.learn.evolution import Floats, Stage
from headway.learn.recipe import Recipe
from headway.simulate.chip import FEATURES, TaskGraph, Workload, top


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


@dataclass(frozen=True, slots=True)
class _Validation:
    """Mean cost on a spread of workloads, with luck that is drawn once."""

    seeds: range

    def __call__(self) -> FixedLoads:
        return FixedLoads(spread(top()), self.seeds)


def _settings(vector: Floats) -> Mapping[str, float]:
    return {"limit": limit_of(vector)}


_START = {"finish": -3.0}
"""ETF: what ends first has the largest score."""

RECIPE = Recipe(
    name="chip-latency",
    summary="Time in the system of jobs on a chip: eleven features of a task and an element.",
    features=FEATURES,
    start=(*(_START.get(name, 0.0) for name in FEATURES.names), math.log2(3.5)),
    stages=((RandomLoads(top()), Stage(150, 12, (0.25, 0.08), (0.08, 0.01))),),
    validation=_Validation(range(10_000, 10_010)),
    settings=_settings,
    measure=table,
)
"""An evolution strategy from ETF over loads, sizes of the system and noise of all kinds."""
