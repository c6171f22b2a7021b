"""The trained rule of the chip: what it costs, how it is trained, and what is shipped."""

import warnings
from dataclasses import replace

import numpy as np
import pytest
from gymnasium.utils.env_checker import check_env

from headway.errors import ConfigError, FormatError
from headway.learn import Stage, train, trained
from headway.learn.chip import FixedLoads, RandomLoads, Ranges, policy_of
from headway.learn.chip.measure import LOADS, latencies, load
from headway.learn.chip.objective import mean_stay
from headway.learn.chip.recipe import RECIPE
from headway.learn.environments import DecisionEnvironment
from headway.simulate.chip import (
    FEATURES,
    RULES,
    Bound,
    ChipWorld,
    Workload,
    linear,
    outcome,
    run,
    top,
)

KINDS = top()[:3]
SHORT = Ranges(length=60)


def test_a_rule_that_weighs_the_end_alone_and_does_not_wait_is_etf() -> None:
    weights = np.array([-1.0 * (name == "finish") for name in FEATURES.names])
    workload = Workload(kinds=KINDS, length=1000)
    rule = linear(weights, 1e6, waits=False)
    assert FixedLoads([workload], range(3)).cases[0].cost(rule) == 1.0
    etf, same = (outcome(workload, policy, seed=1) for policy in ("ETF", rule))
    assert etf.completion.tolist() == same.completion.tolist()


def test_costs_do_not_depend_on_what_else_is_asked() -> None:
    objective = RandomLoads(KINDS, SHORT, cases=3)
    rng = np.random.default_rng(0)
    vectors = np.array(RECIPE.start) + 0.2 * rng.standard_normal((3, len(RECIPE.start)))
    together = objective(vectors, 5)
    assert together.tolist() == [float(objective(v[None], 5)[0]) for v in vectors]
    assert together.tolist() != objective(vectors, 6).tolist()


def test_a_rule_that_leaves_jobs_for_ever_is_charged_for_them() -> None:
    """It completes young jobs the sooner, but its mean latency tells half the truth."""
    weights = np.array([-1.0 * (name == "age") for name in FEATURES.names])
    workload = Workload(kinds=KINDS, length=3000, most_jobs=6)
    youngest, etf = (
        outcome(workload, policy, seed=1) for policy in (linear(weights, 0, waits=False), "ETF")
    )
    assert youngest.latency.mean() < etf.latency.mean()
    assert mean_stay(youngest) > mean_stay(etf)
    nothing = outcome(Workload(kinds=KINDS, length=20), "ETF")
    assert mean_stay(nothing) == 60.0


def test_training_by_the_recipe_finds_shorter_latencies_and_says_how() -> None:
    loads = [Workload(kinds=KINDS, most_jobs=5, length=1500)]
    stage = Stage(steps=10, pairs=6, sigma=(0.3, 0.2), rate=(0.2, 0.1), check_every=2)
    recipe = replace(
        RECIPE,
        stages=((RandomLoads(KINDS, SHORT, cases=4), stage),),
        validation=lambda: FixedLoads(loads, range(100, 104)),
    )
    found = train(recipe, seed=1)
    cases = FixedLoads(loads, range(100, 104)).cases
    costs = [case.cost(policy_of(found)) for case in cases]
    assert np.mean(costs) == pytest.approx(found.recipe["validation"][0], abs=1e-6)
    assert np.mean(costs) < FixedLoads(loads, range(100, 104))(np.array(RECIPE.start)[None])[0]


def test_the_shipped_rule_is_found_by_name_and_shortens_latencies() -> None:
    rule = RULES.find("LINEAR")
    assert isinstance(rule, Bound)
    assert "LINEAR" in RULES.names()
    for name in ("gap 25, 3 jobs", "noise 0.3", "5 jobs"):
        own, etf = (
            latencies(load(LOADS[name]), policy, range(200, 212)) for policy in (rule, "ETF")
        )
        assert own.mean() < 0.98 * etf.mean()
    trace = run(Workload(kinds=KINDS, length=600, noise=0.2), "LINEAR", seed=1)
    assert trace.measures["completed"] > 5


def test_the_shipped_file_says_that_it_is_better_than_etf_everywhere() -> None:
    rule = trained("chip-latency", FEATURES)
    assert [row["load"] for row in rule.measured] == list(LOADS)
    for other in ("ETF", "late ETF"):
        ratios = [row[f"ratio to {other}"] for row in rule.measured]
        assert max(ratios) < 1.0
        assert np.mean(ratios) < 0.97
        # Not by leaving some jobs for ever.
        assert all(row["completed"] > 0.99 * row[f"{other} completed"] for row in rule.measured)
    assert rule.recipe["method"] == "evolution strategy"


def test_outside_trainers_may_play() -> None:
    workload = Workload(kinds=KINDS, length=200)
    env = DecisionEnvironment(
        lambda luck: ChipWorld(workload, workload.fate(luck)), FEATURES.expressions, most=24
    )
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        check_env(env, skip_render_check=True)


def test_a_rule_without_its_limit_is_refused() -> None:
    rule = trained("chip-latency", FEATURES)
    with pytest.raises(FormatError, match=r"settings\.limit"):
        policy_of(replace(rule, settings={}))
    with pytest.raises(ConfigError, match="limit"):
        linear(rule.weights, float("nan"))
    with pytest.raises(ConfigError, match="expected 12 weights"):
        linear(rule.weights[:3], 1.0)
