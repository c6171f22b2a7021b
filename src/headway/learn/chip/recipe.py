"""The recipe of the rule for short times of jobs that arrive at a chip."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

from headway.learn.chip.measure import table
from headway.learn.chip.objective import FixedLoads, RandomLoads
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


def _late_and_waiting(_: Floats) -> Mapping[str, float]:
    return {"limit": 0.0, "waits": 1.0}


_START = {"one": 1.0, "regret": -1.0, "finish": -0.3}
"""A free element takes what ends first there, unless a busy one would end it a task sooner."""

RECIPE = Recipe(
    name="chip-latency",
    summary="Time in the system of jobs on a chip: twelve features of a task and an element.",
    features=FEATURES,
    start=tuple(_START.get(name, 0.0) for name in FEATURES.names),
    stages=((RandomLoads(top(), cases=10), Stage(50, 12, (0.15, 0.05), (0.06, 0.01), 10)),),
    validation=_Validation(range(10_000, 10_010)),
    settings=_late_and_waiting,
    measure=table,
)
"""An evolution strategy over loads, sizes of the system and noise of all kinds."""
