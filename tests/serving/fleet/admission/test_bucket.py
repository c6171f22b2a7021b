"""Token buckets and budgets: never more than was agreed, and what is agreed is given."""

from __future__ import annotations

import math

import pytest
from hypothesis import given
from hypothesis import strategies as st

from headway.errors import ConfigError
from headway.serving.fleet.admission import Budget, Prices, TokenBucket

amounts = st.lists(st.tuples(st.floats(0, 30), st.floats(0.1, 90)), max_size=60)


@given(per_min=st.floats(1, 100), asked=amounts)
def test_no_minute_gives_more_than_twice_and_no_time_more_than_has_flown_in(
    per_min: float, asked: list[tuple[float, float]]
) -> None:
    bucket, now_s = TokenBucket(per_min), 0.0
    taken: list[tuple[float, float]] = []
    for pause_s, amount in asked:
        now_s += pause_s
        if bucket.take(amount, now_s):
            taken.append((now_s, amount))
    for k, (begin_s, _) in enumerate(taken):
        for end_s, _ in taken[k:]:
            got = sum(amount for at_s, amount in taken if begin_s <= at_s <= end_s)
            most = max(per_min, max(amount for _, amount in taken))
            assert got <= most + per_min * (end_s - begin_s) / 60 + 1e-6


@given(per_min=st.floats(1, 100), amount=st.floats(0.1, 200), debt=st.floats(0, 300))
def test_after_the_wait_an_amount_can_be_taken_and_not_before(
    per_min: float, amount: float, debt: float
) -> None:
    bucket = TokenBucket(per_min)
    bucket.charge(debt, 0.0)
    wait_s = bucket.wait_s(amount, 0.0)
    if wait_s > 0.01:
        assert not bucket.take(amount, wait_s - 0.01)
    assert bucket.take(amount, wait_s + 0.01)


def test_a_clock_that_goes_back_gives_nothing() -> None:
    bucket = TokenBucket(60, now_s=100.0)
    assert bucket.take(60, 100.0)
    assert bucket.level(40.0) == 0.0
    assert bucket.level(101.0) == 1.0


def test_a_budget_is_whole_again_at_midnight() -> None:
    budget = Budget(10)
    budget.charge(9.5, 1000.0)
    assert budget.wait_s(1000.0) == 0.0
    budget.charge(2.0, 2000.0)
    assert budget.left(2000.0) == -1.5
    assert budget.wait_s(86_000.0) == 400.0
    assert budget.left(86_400.0) == 10
    assert Budget(0).wait_s(5.0) == math.inf


def test_what_cannot_be_is_refused() -> None:
    for per_min in (0, -1, math.inf, math.nan):
        with pytest.raises(ConfigError, match="per minute"):
            TokenBucket(per_min)
    with pytest.raises(ConfigError, match="budget"):
        Budget(-1)
    with pytest.raises(ConfigError, match="output: expected a price"):
        Prices(1, math.nan)
    assert Prices(2, 8).of(500_000, 250_000) == 3.0
