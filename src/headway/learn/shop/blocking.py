"""The rule for shops without buffers: short makespan, whatever is interrupted."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np

from headway.instances import instance
from headway.learn.evolution import Floats, Stage
from headway.learn.recipe import Recipe
from headway.learn.rule_file import LinearRule
from headway.model import Problem, job_shop
from headway.show.table import rounded
from headway.simulate.policy import Policy
from headway.simulate.shop import BLOCKING, RULES, Realisation, ShopWorld

Size = tuple[int, int]
"""Jobs and machines."""

_SIZES: tuple[Size, ...] = ((10, 5), (15, 5), (10, 10), (20, 5), (15, 10), (15, 15), (20, 10))
_CHANCES = (0.0, 0.05, 0.1, 0.2)
_MEAN_PAUSE = 20
_VALIDATION_SEED = 987_654_321
_EACH = 4


@dataclass(frozen=True, slots=True, eq=False)
class Course:
    """A shop without buffers and its interruptions.

    Parameters
    ----------
    world
        Is played again and again.
    bound
        The longest job or the heaviest machine.
    """

    world: ShopWorld
    bound: int

    @classmethod
    def of(cls, problem: Problem, chance: float, rng: np.random.Generator) -> Course:
        """Return a problem with interruptions drawn anew.

        Parameters
        ----------
        problem
            A job shop.
        chance
            Probability that an operation is interrupted, for an exponential time of mean 20
            without its fraction, and of 1 at least.
        rng
            Source of the draws.
        """
        hit = rng.random(problem.n_tasks) < chance
        length = np.maximum(rng.exponential(_MEAN_PAUSE, problem.n_tasks).astype(int), 1)
        realisation = Realisation.of(problem, buffer=0, pause=np.where(hit, length, 0))
        work = problem.modes.duration
        of_job = np.bincount(problem.tasks.job, weights=work)
        of_machine = np.bincount(problem.modes.demand_resource, weights=work)
        return cls(ShopWorld(realisation), int(max(of_job.max(), of_machine.max())))

    @classmethod
    def drawn(cls, size: Size, chance: float, rng: np.random.Generator) -> Course:
        """Return a random job shop, durations from 5 to 99, with its interruptions."""
        durations = rng.integers(5, 100, size)
        machines = np.argsort(rng.random(size), axis=1)
        return cls.of(job_shop(machines, durations), chance, rng)

    def makespan(self, policy: Policy) -> int:
        """Return what a policy makes of it."""
        self.world.reset()
        self.world.play(policy)
        return int(self.world.outcome.completion.max())


def mean_excess(vectors: Floats, courses: Sequence[Course]) -> Floats:
    """Return the mean makespan over the bound of rules, minus 1; shape (k,)."""
    rules = [BLOCKING.rule("trial", vector, waits=True) for vector in vectors]
    return np.array(
        [
            np.mean([course.makespan(rule) / course.bound - 1 for course in courses])
            for rule in rules
        ]
    )


@dataclass(frozen=True, slots=True)
class BlockingShops:
    """Mean excess of rules over the bounds of random shops.

    Parameters
    ----------
    sizes
        Drawn from with equal chance, and so is the probability of interruptions.
    each
        Shops per seed.
    """

    sizes: tuple[Size, ...]
    each: int

    def __call__(self, vectors: Floats, seed: int) -> Floats:
        """Return the cost of each vector, shape (k,)."""
        rng = np.random.default_rng(seed)
        courses = []
        for _ in range(self.each):
            size = self.sizes[int(rng.integers(len(self.sizes)))]
            courses.append(Course.drawn(size, _CHANCES[int(rng.integers(len(_CHANCES)))], rng))
        return mean_excess(vectors, courses)


def _validation() -> Callable[[Floats], Floats]:
    rng = np.random.default_rng(_VALIDATION_SEED)
    courses = [
        Course.drawn(size, chance, rng)
        for size in (*_SIZES, (30, 10))
        for chance in _CHANCES
        for _ in range(_EACH)
    ]
    return lambda vectors: mean_excess(vectors, courses)


def _holding_back(_vector: Floats) -> Mapping[str, float]:
    return {"waits": 1.0}


def measured(rule: LinearRule, *, seeds: int = 3, instances: int = 40) -> list[dict[str, Any]]:
    """Return mean makespans on Lawrence's instances beside classic rules.

    Parameters
    ----------
    rule
        For blocking shops.
    seeds
        Draws of the interruptions per instance.
    instances
        Of la01 to la40, the first ones.
    """
    problems = [instance(f"la{k:02d}") for k in range(1, instances + 1)]
    rules: list[Policy] = [*(RULES.find(name) for name in ("SPT", "LOR", "BLK")), rule.policy]
    rows: list[dict[str, Any]] = [{"rule": decider.name} for decider in rules]
    for chance in _CHANCES:
        courses = [
            Course.of(problem, chance, np.random.default_rng([seed, k]))
            for k, problem in enumerate(problems)
            for seed in range(seeds if chance else 1)
        ]
        for row, decider in zip(rows, rules, strict=True):
            mean = float(np.mean([course.makespan(decider) for course in courses]))
            row[f"interrupted {chance:.0%}"] = rounded(mean, 0)
    return rows


RECIPE = Recipe(
    name="shop-blocking",
    summary="Makespan of shops without buffers, some operations interrupted; holds jobs back.",
    features=BLOCKING,
    start=tuple(
        {"blocked": 0.5, "work_after": 2.0, "relief": 1.0, "inside": -2.0, "one": 2.0}.get(
            name, 0.0
        )
        for name in BLOCKING.names
    ),
    stages=((BlockingShops(_SIZES, 12), Stage(700, 16, (0.3, 0.1), (0.15, 0.02))),),
    validation=_validation,
    settings=_holding_back,
    measure=measured,
)
