"""Recipes: how the linear rule of a world is trained, from random worlds to a file."""

from __future__ import annotations

import math
import time
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, replace
from functools import cache
from typing import TYPE_CHECKING, Any

import numpy as np

from headway.errors import ConfigError, UnknownNameError
from headway.learn.evolution import Floats, Objective, Stage, Step, Trained, evolve
from headway.learn.rule_file import LinearRule
from headway.simulate.features import FeatureSet

if TYPE_CHECKING:
    from importlib.metadata import EntryPoint

GROUP = "headway.recipes"
"""Entry-point group through which a package adds its recipes."""


@dataclass(frozen=True)
class Recipe:
    """How a linear rule is trained.

    Parameters
    ----------
    name
        Of the recipe, and of the rule it makes.
    summary
        What the rule is for, in one line.
    features
        What is weighed.
    start
        Parameters to start from: one weight per feature, then whatever else is trained.
    stages
        Objectives and how long each is trained on, one after the other.
    validation
        Returns the costs of vectors on a fixed set, which is made when this is called.
    settings
        Returns the further numbers of a rule from its parameters, found on validation data alone.
    measure
        Returns a table of what a rule achieves on the field's instances, which training and
        validation never see.
    """

    name: str
    summary: str
    features: FeatureSet
    start: tuple[float, ...]
    stages: tuple[tuple[Objective, Stage], ...]
    validation: Callable[[], Callable[[Floats], Floats]]
    settings: Callable[[Floats], Mapping[str, float]]
    measure: Callable[[LinearRule], list[dict[str, Any]]]

    @property
    def steps(self) -> int:
        """Steps of all stages together."""
        return sum(stage.steps for _, stage in self.stages)

    def shortened(self, steps: int) -> Recipe:
        """Return the recipe with so many steps in all, in the same proportions.

        Raises
        ------
        ConfigError
            If that is less than one step per stage.
        """
        if steps < len(self.stages):
            raise ConfigError(f"steps: expected at least {len(self.stages)}, got {steps}")
        ends = np.cumsum([stage.steps for _, stage in self.stages]) * steps // self.steps
        counts = np.maximum(np.diff(ends, prepend=0), 1)
        return replace(
            self,
            stages=tuple(
                (objective, replace(stage, steps=int(count)))
                for (objective, stage), count in zip(self.stages, counts, strict=True)
            ),
        )


def train(
    recipe: Recipe,
    *,
    seed: int = 0,
    runs: int = 1,
    workers: int = 1,
    time_limit_s: float = math.inf,
    on_step: Callable[[Step], None] | None = None,
) -> LinearRule:
    """Train a rule by its recipe.

    Parameters
    ----------
    recipe
        What to do.
    seed
        Seed of all random choices.
    runs
        Trainings with seeds from `seed` on; the one of least validation cost is kept.
    workers
        Processes that share the trials of a step. The result does not depend on their number.
    time_limit_s
        Wall-clock seconds for all of it, after which no further step is taken.
    on_step
        Called after each step; steps are counted over stages and runs.

    Returns
    -------
    LinearRule
        Without a measured table; see `Recipe.measure`.

    Raises
    ------
    ConfigError
        If `runs` or `workers` is less than 1.
    """
    if runs < 1:
        raise ConfigError(f"runs: expected at least 1, got {runs}")
    until = time.perf_counter() + time_limit_s
    validate = recipe.validation()
    results: list[tuple[int, Trained]] = []
    taken, complete = 0, True
    for run in range(seed, seed + runs):
        vector: Floats = np.array(recipe.start)
        for number, (objective, stage) in enumerate(recipe.stages):
            found = evolve(
                objective,
                vector,
                stage,
                validate=validate,
                seed=run * len(recipe.stages) + number,
                workers=workers,
                time_limit_s=until - time.perf_counter(),
                on_step=_counting(on_step, taken),
            )
            vector, taken = found.vector, taken + found.steps
            complete = found.steps == stage.steps
            if not complete:
                break  # out of time, or interrupted
        results.append((run, found))
        if not complete:
            break
    best_seed, best = min(results, key=lambda result: result[1].validation)
    k = len(recipe.features.names)
    return LinearRule(
        recipe.name,
        recipe.features,
        best.vector[:k],
        recipe.settings(best.vector),
        {
            "method": "evolution strategy",
            "seed": best_seed,
            "runs": len(results),
            "steps": taken,
            "stages": [_described(objective, stage) for objective, stage in recipe.stages],
            "validation": [round(found.validation, 6) for _, found in results],
        },
    )


def _counting(
    listener: Callable[[Step], None] | None, before: int
) -> Callable[[Step], None] | None:
    if listener is None:
        return None
    return lambda step: listener(replace(step, number=before + step.number))


def _described(objective: Objective, stage: Stage) -> dict[str, Any]:
    return {
        "objective": repr(objective),
        "steps": stage.steps,
        "pairs": stage.pairs,
        "sigma": list(stage.sigma),
        "rate": list(stage.rate),
    }


@cache
def _entry_points() -> dict[str, EntryPoint]:
    from importlib.metadata import entry_points

    return {entry.name: entry for entry in entry_points(group=GROUP)}


def recipes() -> Sequence[str]:
    """Return the names of all recipes, sorted."""
    return tuple(sorted(_entry_points()))


def find(name: str) -> Recipe:
    """Return the recipe called `name`.

    Raises
    ------
    UnknownNameError
        If there is none; the message lists those there are.
    """
    try:
        entry = _entry_points()[name]
    except KeyError:
        raise UnknownNameError("recipe", name, recipes()) from None
    recipe: Recipe = entry.load()
    return recipe
