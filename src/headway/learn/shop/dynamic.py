"""Rules for shops in which jobs arrive: little tardiness, short flow times."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

import numpy as np

from headway.learn.evolution import Floats, Stage
from headway.learn.recipe import Recipe
from headway.learn.rule_file import LinearRule
from headway.show.table import rounded
from headway.simulate.expression import Expression
from headway.simulate.features import FeatureSet
from headway.simulate.policy import Linear, Policy, Rule
from headway.simulate.scenario import Scenario
from headway.simulate.shop import DYNAMIC, FLOW, RULES, ShopWorld
from headway.simulate.statistics import summary

_LAWS = """
kind: shop
shop: {{machines: 10}}
arrivals: {{jobs: {jobs}, load: {load}}}
jobs: {{operations: "integers(2, 10)", durations: "integers(1, 49)", due_factor: {factor}}}
"""

Case = tuple[float, float]
"""Load, and due dates as a multiple of the work."""

_CLASSIC = ("2PT+WINQ+NPT", "MOD", "ATC")
_CASES: tuple[Case, ...] = (
    (0.80, 3), (0.85, 3), (0.90, 3), (0.95, 3), (0.95, 5), (0.90, 4), (0.80, 2.5),
)  # fmt: skip
_CHECKED: tuple[Case, ...] = ((0.80, 3), (0.95, 3), (0.95, 5))
_VALIDATION_SEED, _MEASURED_SEED = 10_000, 20_000
_COURSES, _JOBS = 4, 2500
_SEEDS = 2**31


def world_of(case: Case, jobs: int, seed: int) -> ShopWorld:
    """Return the classic dynamic shop of ten machines with one course of events."""
    load, factor = case
    return ShopWorld(Scenario.parse(_LAWS.format(jobs=jobs, load=load, factor=factor)).draw(seed))


@dataclass(frozen=True, slots=True)
class Aim:
    """What a rule is trained for: a sum of ratios to the best of the classic rules.

    Parameters
    ----------
    features
        What the rule weighs.
    tardiness, flow
        Weights of the mean tardiness and of the mean flow time.
    """

    features: FeatureSet = field(repr=False)
    tardiness: float
    flow: float

    def rule(self, weights: Floats) -> Linear:
        """Return the rule of some weights, shape (n_features,)."""
        return self.features.rule("trial", weights)


@dataclass(frozen=True, slots=True, eq=False)
class Course:
    """One course of events, with what the best of the classic rules makes of it.

    Parameters
    ----------
    world
        Is played again and again.
    first
        Jobs before this position are left out.
    tardiness, flow
        Least means among the classic rules.
    """

    world: ShopWorld
    first: int
    tardiness: float
    flow: float

    @classmethod
    def drawn(cls, case: Case, jobs: int, seed: int) -> Course:
        """Return the course of events of a seed; the first fifth of the jobs is left out."""
        world, first = world_of(case, jobs, seed), jobs // 5
        means = [_means(world, RULES.find(name), first) for name in _CLASSIC]
        tardiness, flow = np.min(means, axis=0)
        # Without any tardiness, one tick is what the others are measured by.
        return cls(world, first, max(float(tardiness), 1.0), float(flow))

    def cost(self, aim: Aim, policy: Policy) -> float:
        """Return what a policy makes of it."""
        late, flow = _means(self.world, policy, self.first)
        return aim.tardiness * late / self.tardiness + aim.flow * flow / self.flow


def _means(world: ShopWorld, policy: Policy, first: int) -> tuple[float, float]:
    """Return mean tardiness and mean flow time."""
    world.reset()
    world.play(policy)
    outcome = world.outcome
    return float(outcome.tardiness(first).mean()), float(outcome.flow(first).mean())


@dataclass(frozen=True, slots=True)
class DynamicShops:
    """Cost of rules in one random shop per seed.

    Parameters
    ----------
    aim
        What they are for.
    cases
        One of them is chosen by the seed.
    jobs
        That arrive.
    """

    aim: Aim
    cases: tuple[Case, ...]
    jobs: int

    def __call__(self, vectors: Floats, seed: int) -> Floats:
        """Return the cost of each vector, shape (k,)."""
        course = _drawn(self.cases, self.jobs, seed)
        return np.array([course.cost(self.aim, self.aim.rule(vector)) for vector in vectors])


@dataclass(frozen=True, slots=True)
class DynamicFormulas:
    """The same for formulas, as `headway.learn.breed` asks for.

    Parameters
    ----------
    aim, cases, jobs
        As for `DynamicShops`.
    """

    aim: Aim
    cases: tuple[Case, ...]
    jobs: int

    def __call__(self, rules: Sequence[Expression], seed: int) -> Floats:
        """Return the cost of each formula, of which the smallest value goes first."""
        course = _drawn(self.cases, self.jobs, seed)
        return np.array([course.cost(self.aim, Rule("trial", rule)) for rule in rules])


def _drawn(cases: Sequence[Case], jobs: int, seed: int) -> Course:
    """Return the course of events that a seed stands for."""
    return Course.drawn(cases[seed % len(cases)], jobs, seed // len(cases) % _SEEDS)


def mean_cost(aim: Aim, vectors: Floats, courses: Sequence[Course]) -> Floats:
    """Return the mean cost of each vector over given courses of events, shape (k,)."""
    return np.array(
        [np.mean([course.cost(aim, aim.rule(vector)) for course in courses]) for vector in vectors]
    )


def measured(rule: LinearRule, *, seeds: int = 6, jobs: int = _JOBS) -> list[dict[str, Any]]:
    """Return mean tardiness and flow time beside the classic rules, on seeds of their own.

    Parameters
    ----------
    rule
        For dynamic shops.
    seeds
        Runs of each rule in each scenario.
    jobs
        That arrive in a run.
    """
    rules = [*(RULES.find(name) for name in _CLASSIC), rule.policy]
    found: list[dict[str, Any]] = []
    for case in _CHECKED:
        worlds = [world_of(case, jobs, _MEASURED_SEED + seed) for seed in range(seeds)]
        for decider in rules:
            means = np.array([_means(world, decider, jobs // 5) for world in worlds])
            late, flow = summary(means[:, 0]), summary(means[:, 1])
            found.append(
                {
                    "rule": decider.name,
                    "load": case[0],
                    "due factor": case[1],
                    "mean tardiness": rounded(late.mean, 1),
                    "mean flow": rounded(flow.mean, 1),
                }
            )
    return found


def _validation(aim: Aim) -> Callable[[], Callable[[Floats], Floats]]:
    def drawn() -> Callable[[Floats], Floats]:
        courses = [
            Course.drawn(case, _JOBS, _VALIDATION_SEED + k)
            for case in _CHECKED
            for k in range(_COURSES)
        ]
        return lambda vectors: mean_cost(aim, vectors, courses)

    return drawn


def _no_settings(_vector: Floats) -> Mapping[str, float]:
    return {}


def recipe(name: str, summary: str, aim: Aim, start: Mapping[str, float], steps: int) -> Recipe:
    """Return the recipe of a rule for dynamic shops.

    Parameters
    ----------
    name, summary
        As in `Recipe`.
    aim
        What it is for.
    start
        Weights to start from by the names of their features, others 0.
    steps
        Of its one stage.
    """
    return Recipe(
        name=name,
        summary=summary,
        features=aim.features,
        start=tuple(start.get(feature, 0.0) for feature in aim.features.names),
        stages=((DynamicShops(aim, _CASES, 1000), Stage(steps, 12, (0.25, 0.08), (0.10, 0.01))),),
        validation=_validation(aim),
        settings=_no_settings,
        measure=measured,
    )


TARDINESS = recipe(
    "shop-tardiness",
    "Tardiness in job shops where jobs arrive: durations, queues, slack and urgency.",
    # Some weight on flow time: where nothing is late yet, work that is quickly done comes first.
    Aim(DYNAMIC, tardiness=1.0, flow=0.25),
    {"duration": -2, "next_work": -1, "next_duration": -1, "lateness": -1,
     "slack_per_operation": -0.3},
    600,
)  # fmt: skip

FLOW_TIME = recipe(
    "shop-flow",
    "Flow time in job shops where jobs arrive: durations and queues.",
    Aim(FLOW, tardiness=0.0, flow=1.0),
    {"duration": -2, "next_work": -1, "next_duration": -1},
    300,
)
