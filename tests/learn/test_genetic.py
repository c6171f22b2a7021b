"""Genetic programming: finds a rule that is known to be best, and keeps its promises."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
import pytest

from headway.errors import ConfigError
from headway.learn import Breeding, Generation, breed
from headway.simulate import Expression
from headway.simulate.expression import parse

VALIDATION = range(1000, 1005)


def weighted_completion(rules: Sequence[Expression], seed: int) -> np.ndarray:
    """Total weighted completion on one machine, over that of WSPT, which is optimal."""
    rng = np.random.default_rng(seed)
    p, w = rng.integers(1, 100, 40).astype(float), rng.integers(1, 10, 40).astype(float)

    def total(key: np.ndarray) -> float:
        order = np.argsort(np.broadcast_to(key, p.shape), kind="stable")
        return float(np.sum(w[order] * np.cumsum(p[order])))

    columns = {"p": p, "w": w, "d": rng.random(40)}
    with np.errstate(all="ignore"):
        return np.array([total(rule.evaluate(columns)) for rule in rules]) / total(p / w)


SMALL = Breeding(population=60, generations=12, depth=4)


def test_smiths_rule_is_found() -> None:
    bred = breed(weighted_completion, ["p", "w", "d"], SMALL, validation=VALIDATION, seed=1)
    assert bred.validation < 1.001
    assert {"p", "w"} <= bred.rule.columns
    assert bred.rule == bred.rule.simplified()


def test_the_same_seed_breeds_the_same_rule() -> None:
    short = Breeding(population=20, generations=3)
    first, second = (
        breed(weighted_completion, ["p", "w"], short, validation=VALIDATION, seed=7)
        for _ in range(2)
    )
    assert (first.rule, first.validation) == (second.rule, second.validation)


def test_training_never_meets_the_validation_worlds_before_the_end() -> None:
    met: list[int] = []

    def cost(rules: Sequence[Expression], seed: int) -> np.ndarray:
        met.append(seed)
        return np.array([rule.size for rule in rules], dtype=float)

    breed(cost, ["p"], Breeding(population=10, generations=5), validation=VALIDATION)
    assert met[5:] == list(VALIDATION)
    assert not set(met[:5]) & set(VALIDATION)
    assert len(set(met[:5])) == 5


def test_the_result_is_never_worse_than_its_ancestors() -> None:
    wspt = parse("p / w")
    bred = breed(
        weighted_completion,
        ["p", "w"],
        Breeding(population=4, generations=2, elite=1),
        ancestors=[wspt],
        validation=VALIDATION,
    )
    assert bred.validation <= 1.0


def test_rules_keep_their_depth_and_look_at_something() -> None:
    seen: list[Expression] = []

    def cost(rules: Sequence[Expression], seed: int) -> np.ndarray:
        seen.extend(rules)
        return np.random.default_rng(seed).random(len(rules))

    breed(cost, ["p", "w"], Breeding(population=40, generations=8, depth=4), validation=[5])
    assert max(rule.depth for rule in seen) <= 4
    assert all(rule.columns for rule in seen[60:])


def test_news_come_every_generation_and_a_stop_is_heeded() -> None:
    news: list[Generation] = []
    bred = breed(
        weighted_completion,
        ["p", "w"],
        SMALL,
        validation=VALIDATION,
        on_generation=news.append,
        stop=lambda: len(news) == 2,
    )
    assert [event.number for event in news] == [1, 2]
    assert bred.generations == 2
    assert news[0].cost <= news[0].mean_cost


def test_a_rule_without_a_cost_is_the_worst() -> None:
    def cost(rules: Sequence[Expression], seed: int) -> np.ndarray:
        return np.array([np.nan if "w" in rule.columns else 1.0 for rule in rules])

    bred = breed(cost, ["p", "w"], Breeding(population=20, generations=3), validation=[5])
    assert "w" not in bred.rule.columns


@pytest.mark.parametrize(
    ("setting", "message"),
    [
        ({"population": 1}, "population: expected at least 2"),
        ({"depth": 1}, "depth"),
        ({"crossover": 0.9, "mutation": 0.2}, "at most 1 together"),
        ({"population": 4, "elite": 4}, "elite: expected fewer"),
    ],
)
def test_nonsense_is_refused(setting: dict[str, float], message: str) -> None:
    with pytest.raises(ConfigError, match=message):
        Breeding(**setting)  # type: ignore[arg-type]


def test_nothing_to_look_at_is_refused() -> None:
    with pytest.raises(ConfigError, match="columns and validation seeds"):
        breed(weighted_completion, [], validation=VALIDATION)
