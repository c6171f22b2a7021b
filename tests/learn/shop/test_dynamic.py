"""Trained rules for dynamic shops: what they weigh, how they are trained, what they are worth."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest

from headway.errors import FormatError
from headway.learn import Breeding, FeatureSet, Stage, breed, parse_rule, train, trained
from headway.learn.shop import (
    FLOW_TIME,
    TARDINESS,
    Aim,
    Course,
    DynamicFormulas,
    DynamicShops,
    mean_cost,
)
from headway.learn.shop.dynamic import measured
from headway.simulate.expression import parse
from headway.simulate.shop import DYNAMIC, FLOW, RULES

AIM = Aim(DYNAMIC, tardiness=1.0, flow=0.25)


def weights(**given: float) -> np.ndarray:
    return np.array([given.get(name, 0.0) for name in DYNAMIC.names])


@pytest.fixture(scope="module")
def course() -> Course:
    return Course.drawn((0.9, 3), 200, 1)


def test_a_classic_rule_can_be_weighed(course: Course) -> None:
    """2PT+WINQ+NPT is a weighted sum of features, up to the unit of time."""
    course.world.reset()
    decision = course.world.decision()
    assert decision is not None
    weighed = DYNAMIC.rule("sum", weights(duration=-2, next_work=-1, next_duration=-1))
    classic = RULES.find("2PT+WINQ+NPT").score(decision)
    np.testing.assert_allclose(
        weighed.score(decision) * decision.columns["shop_p"], classic, rtol=1e-12
    )


def test_costs_are_relative_to_the_best_classic_rule(course: Course) -> None:
    two_pt = course.cost(AIM, RULES.find("2PT+WINQ+NPT"))
    assert 1.25 <= two_pt < 2
    assert course.cost(AIM, AIM.rule(weights(duration=2))) > two_pt


def test_all_vectors_of_a_call_meet_the_same_shop() -> None:
    objective = DynamicShops(AIM, ((0.9, 3), (0.8, 3)), 60)
    vector = weights(duration=-1)
    first = objective(np.array([vector, vector, -vector]), 7)
    assert first[0] == first[1] != first[2]
    assert objective(vector[None], 7)[0] == first[0]
    assert objective(vector[None], 9)[0] != first[0]


def test_formulas_are_bred_for_the_shop() -> None:
    bred = breed(
        DynamicFormulas(AIM, ((0.9, 3),), 100),
        ["p", "winq", "npt", "slack"],
        Breeding(population=20, generations=4),
        ancestors=[parse("p")],
        validation=[1, 2, 3],
        seed=1,
    )
    spt = np.mean([DynamicFormulas(AIM, ((0.9, 3),), 100)([parse("p")], k)[0] for k in (1, 2, 3)])
    assert bred.validation < spt


def test_training_improves_on_a_bad_start(course: Course) -> None:
    small = replace(
        TARDINESS,
        start=tuple(weights(duration=1.0)),
        stages=((DynamicShops(AIM, ((0.9, 3),), 100), Stage(12, 6, (0.5, 0.3), (0.4, 0.2), 4)),),
        validation=lambda: lambda vectors: mean_cost(AIM, vectors, [course]),
    )
    rule = train(small, seed=1)
    start = AIM.rule(np.array(small.start))
    assert course.cost(AIM, rule.policy) < course.cost(AIM, start)
    assert rule.recipe["steps"] == 12
    assert np.array_equal(train(small, seed=1).weights, rule.weights)


@pytest.mark.parametrize(
    ("name", "features", "column"),
    [
        ("shop-tardiness", TARDINESS.features, "mean tardiness"),
        ("shop-flow", FLOW_TIME.features, "mean flow"),
    ],
)
def test_shipped_rules_beat_the_classic_ones_on_fresh_shops(
    name: str, features: FeatureSet, column: str
) -> None:
    rows = measured(trained(name, features), seeds=2, jobs=1000)
    assert len(rows) == 12
    for start in range(0, len(rows), 4):
        *classic, ours = rows[start : start + 4]
        assert ours["rule"] == name
        assert ours[column] < min(row[column] for row in classic)


def test_shipped_rules_are_found_by_name() -> None:
    names = {"LEARNED-TARDINESS", "LEARNED-FLOW", "LEARNED-BLOCKING"}
    assert names <= set(RULES.names())
    found = RULES.find("LEARNED-TARDINESS")
    expected = trained("shop-tardiness", DYNAMIC).weights
    np.testing.assert_array_equal(found.weights, expected)  # type: ignore[attr-defined]


def test_flow_rules_do_not_look_at_due_dates() -> None:
    assert {"duration", "next_work"} <= set(FLOW.names) < set(DYNAMIC.names)
    seen = frozenset().union(*(expression.columns for expression in FLOW.expressions))
    assert not seen & {"d", "odd", "slack"}


def test_a_rule_for_other_features_is_refused() -> None:
    rule = trained("shop-tardiness", DYNAMIC)
    for other in (
        FeatureSet("shop", 2, DYNAMIC.names),
        FeatureSet("chip", 1, DYNAMIC.names),
        FeatureSet("shop", 1, DYNAMIC.names[1:]),
        FeatureSet("shop", 1, (*DYNAMIC.names, "colour")),
    ):
        with pytest.raises(FormatError):
            parse_rule(rule.to_json(), other)
    again = parse_rule(rule.to_json(), DYNAMIC)
    np.testing.assert_array_equal(again.policy.weights, rule.weights)
    assert again.policy.features == DYNAMIC.expressions
