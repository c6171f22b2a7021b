"""The trained rule for job shops: objective, noise, solver, and what ships with the package."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest

import headway as hw
from headway.errors import FormatError, UnknownNameError, UnsupportedError
from headway.learn import Stage, evolve
from headway.learn.jobshop import (
    FEATURE_SET,
    SETS,
    JobShopRule,
    RandomShops,
    gaps,
    mean_excess,
    random_shops,
    table,
)
from headway.learn.jobshop.recipe import RECIPE
from headway.learn.recipe import find, recipes, train
from headway.learn.trained import trained, trained_rules
from headway.simulate.dispatch import Greedy, JobShop, dispatch, linear

START = np.array(RECIPE.start)


@pytest.fixture(scope="module")
def shipped() -> JobShopRule:
    return JobShopRule(trained("jobshop-makespan", FEATURE_SET))


def test_shops_are_drawn_from_a_seed():
    objective = RandomShops(((5, 3), (4, 4)), 6)
    vectors = np.stack([START, START + 1])
    assert objective(vectors, 7).tolist() == objective(vectors, 7).tolist()
    assert objective(vectors, 7).tolist() != objective(vectors, 8).tolist()
    assert objective(vectors[1:], 7).tolist() == objective(vectors, 7)[1:].tolist()


def test_the_excess_is_that_of_the_schedule():
    problem = hw.job_shop([[0, 1], [0, 1], [1, 0]], [[3, 9], [4, 2], [5, 5]])
    shop = JobShop(problem).native
    excess = mean_excess(START[None], [shop, shop])
    makespan = dispatch(problem, linear(START[:12]), delta=0.1).makespan
    assert excess.tolist() == [makespan / shop.bound - 1]


def test_a_delta_beyond_its_range_counts_as_its_end():
    shops = random_shops(((6, 4),), 5, 1)
    vectors = np.tile(START, (4, 1))
    vectors[:, 12] = [-3.0, 0.0, 1.0, 7.0]
    low, zero, one, high = mean_excess(vectors, shops)
    assert (low, one) == (zero, high)
    assert zero != one


def test_a_few_steps_make_a_better_rule():
    shops = random_shops(((8, 6), (10, 5)), 30, 99)
    found = evolve(
        RandomShops(((8, 6), (10, 5)), 6),
        START,
        Stage(120, pairs=12, sigma=(0.3, 0.3), rate=(0.1, 0.1)),
        validate=lambda vectors: mean_excess(vectors, shops),
        seed=1,
    )
    assert found.validation < 0.96 * mean_excess(START[None], shops)[0]


def test_recipes_can_be_shortened():
    short = RECIPE.shortened(100)
    assert short.steps == 100
    assert [stage.steps for _, stage in short.stages] == [56, 44]
    assert short.stages[0][1].pairs == RECIPE.stages[0][1].pairs


def test_an_interrupted_recipe_keeps_what_it_has():
    def interrupted(step):
        if step.number == 3:
            raise KeyboardInterrupt

    quick = replace(RECIPE.shortened(8), settings=lambda vector: {})
    rule = train(quick, seed=1, runs=2, on_step=interrupted)
    assert rule.recipe["steps"] == 3
    assert rule.recipe["runs"] == 1


def test_recipes_are_found_by_name():
    assert "jobshop-makespan" in recipes()
    assert find("jobshop-makespan") is RECIPE
    with pytest.raises(UnknownNameError, match="did you mean jobshop-makespan"):
        find("jobshop-makespam")


def test_the_shipped_rule_keeps_its_promise(shipped):
    """Greedy and searching gaps on Lawrence's instances are those that its file states."""
    stated = {row["rule"]: row["Lawrence"] for row in shipped.rule.measured}
    names = SETS["Lawrence"]
    greedy = gaps(names, shipped.policy, delta=shipped.delta)
    assert round(np.mean(greedy), 2) == stated["jobshop-makespan"] < 7.0
    search = gaps(names, shipped.policy, shipped.search(128), delta=shipped.delta)
    assert round(np.mean(search), 2) == stated["jobshop-makespan, search of 128"] < 3.3


def test_the_table_measures_what_it_says(shipped):
    rows = table(shipped.rule, {"few": ("la01", "la16")})
    assert [row["rule"] for row in rows][2:] == [
        "jobshop-makespan",
        "jobshop-makespan, best of 128",
        "jobshop-makespan, search of 128",
    ]
    greedy = [dispatch(hw.instance(name), "LTAIL").makespan for name in ("la01", "la16")]
    assert rows[0]["few"] == round(50 * (greedy[0] / 666 + greedy[1] / 945 - 2), 2)
    assert rows[4]["few"] <= rows[2]["few"]


def test_shipped_rules_are_found_by_name():
    assert "jobshop-makespan" in trained_rules()
    with pytest.raises(UnknownNameError, match="trained rule"):
        trained("flowshop", FEATURE_SET)
    with pytest.raises(FormatError, match="version 1"):
        trained("jobshop-makespan", replace(FEATURE_SET, version=2))


def test_rules_without_their_settings_are_refused(shipped):
    with pytest.raises(FormatError, match="has no search_share"):
        JobShopRule(
            replace(
                shipped.rule,
                settings={k: v for k, v in shipped.rule.settings.items() if k != "search_share"},
            )
        )
    with pytest.raises(FormatError, match=r"settings\.delta"):
        JobShopRule(replace(shipped.rule, settings={**shipped.rule.settings, "delta": 2.0}))


def test_the_solver_is_quick_and_repeatable():
    problem = hw.instance("ft10")
    seen = []
    results = [
        hw.solve(problem, method="dispatch", seed=4, on_improvement=seen.append) for _ in range(2)
    ]
    assert results[0].objective == results[1].objective
    assert results[0].schedule.start.tolist() == results[1].schedule.start.tolist()
    assert results[0].schedule.makespan < 1000
    values = [event.objective for event in seen[: len(seen) // 2]]
    assert values == sorted(values, reverse=True)


def test_the_solver_proves_what_a_simple_bound_proves():
    result = hw.solve(hw.instance("la01"), method="dispatch")
    assert (str(result.status), result.objective, result.bound) == ("optimal", (666,), (666,))


def test_the_solver_keeps_a_better_warm_start(shipped):
    problem = hw.instance("la16")
    greedy = dispatch(problem, shipped.policy, Greedy(), delta=shipped.delta)
    best = hw.solve(problem, method="tabu", workers=1, time_limit=2).schedule
    result = hw.solve(problem, method="dispatch", warm_start=best)
    assert result.objective == best.objective_values <= greedy.objective_values


def test_the_solver_refuses_what_is_no_job_shop():
    with pytest.raises(UnsupportedError, match="'dispatch' does not apply to 'mk01', because task"):
        hw.solve(hw.instance("mk01"), method="dispatch")


def test_no_time_no_schedule():
    result = hw.solve(
        hw.generate("jobshop", jobs=300, machines=100), method="dispatch", time_limit=1e-9
    )
    assert str(result.status) in ("unknown", "feasible")
