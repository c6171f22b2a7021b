"""The recipe of the rule for job shops with least makespan."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

from headway.learn.evolution import Floats, Stage
from headway.learn.jobshop.measure import table
from headway.learn.jobshop.objective import RandomShops, Size, mean_excess, random_shops
from headway.learn.jobshop.rule import FEATURE_SET
from headway.learn.jobshop.tune import noise
from headway.learn.recipe import Recipe

_SMALL: tuple[Size, ...] = ((10, 10), (15, 10), (15, 15), (20, 10), (20, 15), (30, 10))
_LARGE: tuple[Size, ...] = (*_SMALL, (20, 20), (30, 15), (30, 20), (40, 15))

_VALIDATION_SEED = 987_654_321


@dataclass(frozen=True, slots=True)
class _Validation:
    """Mean excess on instances drawn once."""

    sizes: tuple[Size, ...]
    each: int

    def __call__(self) -> Callable[[Floats], Floats]:
        shops = random_shops(self.sizes, self.each, _VALIDATION_SEED)
        return lambda vectors: mean_excess(vectors, shops)


RECIPE = Recipe(
    name="jobshop-makespan",
    summary="Makespan of job shops: twelve features of the next operation of each job.",
    features=FEATURE_SET,
    # The longest tail first, and candidates hardly later than the earliest start.
    start=(0.0, 1.0, *10 * (0.0,), 0.1),
    stages=(
        (RandomShops(_SMALL, 12), Stage(1560, 24, (0.12, 0.12), (0.06, 0.02))),
        (RandomShops(_LARGE, 16), Stage(1200, 20, (0.10, 0.05), (0.023, 0.003))),
    ),
    validation=_Validation(
        ((10, 10), (15, 15), (20, 15), (20, 20), (30, 15), (30, 20), (50, 15), (50, 20)), 30
    ),
    settings=noise,
    measure=table,
)
"""An evolution strategy in two stages, the second with larger shops and smaller steps."""
