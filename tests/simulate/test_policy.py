"""Rules, linear policies, rule books and decoders, on a world small enough to see through."""

from __future__ import annotations

import itertools
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Self

import numpy as np
import pytest

from headway.errors import ConfigError, UnknownNameError
from headway.simulate import (
    Expression,
    Linear,
    Rule,
    RuleBook,
    beam,
    best,
    best_of,
    greedy,
    rollout,
    sampled,
)


@dataclass
class Choosing:
    """Jobs waiting for one machine."""

    time: float
    columns: Mapping[str, np.ndarray]
    may_wait: bool = False

    def __len__(self) -> int:
        return len(self.columns["p"])


@dataclass
class OneMachine:
    """Total weighted completion time on one machine, jobs in an order to be chosen."""

    p: tuple[float, ...]
    w: tuple[float, ...]
    order: list[int] = field(default_factory=list)

    def _left(self) -> list[int]:
        return [j for j in range(len(self.p)) if j not in self.order]

    def decision(self) -> Choosing | None:
        left = self._left()
        if not left:
            return None
        columns = {"p": np.array(self.p)[left], "w": np.array(self.w)[left]}
        return Choosing(sum(self.p[j] for j in self.order), columns)

    def apply(self, choice: int | None) -> None:
        assert choice is not None
        self.order.append(self._left()[choice])

    def clone(self) -> Self:
        return type(self)(self.p, self.w, list(self.order))

    @property
    def value(self) -> float:
        ends = itertools.accumulate(self.p[j] for j in self.order)
        return sum(self.w[j] * end for j, end in zip(self.order, ends, strict=True))


BOOK = RuleBook.of(
    "bench",
    ("p", "w"),
    {"SPT": lambda c: c.p, "WSPT": lambda c: c.p / c.w},
    {"LPT": lambda c: c.p},
)
WORLD = OneMachine((4.0, 1.0, 7.0, 3.0), (1.0, 1.0, 9.0, 2.0))
OPTIMUM = min(
    OneMachine(WORLD.p, WORLD.w, list(order)).value for order in itertools.permutations(range(4))
)


def test_a_rule_chooses_by_its_key() -> None:
    assert greedy(WORLD.clone(), BOOK.find("spt")).order == [1, 3, 0, 2]
    assert greedy(WORLD.clone(), BOOK.find("LPT")).order == [2, 0, 3, 1]
    assert greedy(WORLD.clone(), BOOK.find("WSPT")).value == OPTIMUM


def test_ties_go_to_the_first() -> None:
    assert best([1.0, 3.0, 3.0]) == 1
    assert best([-1.0, 0.0], may_wait=True) is None


def test_a_linear_policy_is_the_sum_it_says() -> None:
    features = (Expression("p"), Expression("w"))
    linear = Linear("sum", features, np.array([-1.0, 0.5]))
    decision = WORLD.decision()
    assert decision is not None
    expected = -np.array(WORLD.p) + 0.5 * np.array(WORLD.w)
    np.testing.assert_allclose(linear.score(decision), expected)
    np.testing.assert_allclose(linear.scores.evaluate(decision.columns), expected)
    with pytest.raises(ConfigError, match="expected 2 weights"):
        Linear("short", features, np.array([1.0]))


def test_a_constant_rule_scores_every_candidate() -> None:
    decision = WORLD.decision()
    assert decision is not None
    assert Rule("FIRST", Expression(0.0)).score(decision).shape == (4,)


def test_unknown_rules_are_refused_with_a_suggestion() -> None:
    with pytest.raises(UnknownNameError, match="unknown bench rule 'WSTP'; did you mean WSPT"):
        BOOK.find("WSTP")
    policy = BOOK.rules["SPT"]
    assert BOOK.find(policy) is policy
    assert BOOK.names() == ("SPT", "WSPT", "LPT")
    assert str(BOOK.rules["LPT"]) == "LPT: largest p"


def test_decoders_never_lose_to_greedy_and_effort_pays() -> None:
    spt = BOOK.rules["SPT"]
    plain = greedy(WORLD.clone(), spt).value
    assert plain > OPTIMUM
    assert rollout(WORLD.clone(), spt, 4).value == OPTIMUM
    assert beam(WORLD.clone(), spt, 24, breadth=4).value == OPTIMUM
    assert best_of(WORLD, spt, 200, temperature=5.0, seed=1).value == OPTIMUM
    assert best_of(WORLD, spt, 1).value == plain
    assert WORLD.order == []


def test_sampling_follows_the_scores_and_the_seed() -> None:
    spt = BOOK.rules["SPT"]
    cold = sampled(WORLD.clone(), spt, 1e-9, np.random.default_rng(0))
    assert cold.order == greedy(WORLD.clone(), spt).order
    first, second = (
        [sampled(WORLD.clone(), spt, 3.0, np.random.default_rng([7, k])).order for k in range(20)]
        for _ in range(2)
    )
    assert first == second
    assert len({tuple(order) for order in first}) > 1


@pytest.mark.parametrize(
    ("decode", "message"),
    [
        (lambda world, rule: best_of(world, rule, 0), "k: expected at least 1"),
        (lambda world, rule: best_of(world, rule, 2, temperature=0), "temperature"),
        (lambda world, rule: rollout(world, rule, 0), "breadth"),
        (lambda world, rule: beam(world, rule, 0), "width"),
        (lambda world, rule: beam(world, rule, 1, breadth=0), "breadth"),
        (
            lambda world, rule: sampled(world, rule, float("nan"), np.random.default_rng(0)),
            "temperature",
        ),
    ],
)
def test_decoders_refuse_to_try_nothing(decode, message: str) -> None:
    with pytest.raises(ConfigError, match=message):
        decode(WORLD.clone(), BOOK.rules["SPT"])
