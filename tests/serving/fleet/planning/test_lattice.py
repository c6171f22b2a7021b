"""The search over counts against looking at all of them."""

from __future__ import annotations

import itertools

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from headway.errors import ConfigError
from headway.serving.fleet.planning import cheapest


@st.composite
def problems(draw: st.DrawFn) -> tuple[list[float], list[int], list[float], float]:
    kinds = draw(st.integers(1, 3))
    prices = draw(st.lists(st.integers(1, 9), min_size=kinds, max_size=kinds))
    most = draw(st.lists(st.integers(0, 5), min_size=kinds, max_size=kinds))
    strength = draw(st.lists(st.integers(0, 9), min_size=kinds, max_size=kinds))
    return (
        [float(price) for price in prices],
        most,
        [float(s) for s in strength],
        draw(st.floats(0.5, 60)),
    )


@given(problems())
@settings(max_examples=200, deadline=None)
def test_it_finds_what_looking_at_all_finds(
    problem: tuple[list[float], list[int], list[float], float],
) -> None:
    prices, most, strength, need = problem

    def worth(counts: tuple[int, ...]) -> float:
        return sum(n * s for n, s in zip(counts, strength, strict=True)) + max(counts) / 10

    found = cheapest(prices, most, worth, target=need)
    everything = list(itertools.product(*(range(count + 1) for count in most)))
    enough = [row for row in everything if any(row) and worth(row) >= need]
    if not enough:
        assert found.best is None
        return
    assert found.best is not None
    assert worth(found.best) >= need

    def price(row: tuple[int, ...]) -> float:
        return sum(n * p for n, p in zip(row, prices, strict=True))

    assert price(found.best) == pytest.approx(min(map(price, enough)))
    assert found.tried[found.best] == worth(found.best)


def test_one_kind_is_found_by_bisection() -> None:
    found = cheapest([1.0], [1000], lambda counts: float(counts[0]), target=617)
    assert found.best == (617,)
    assert len(found.tried) <= 11


def test_two_kinds_take_no_more_looks_than_their_border() -> None:
    found = cheapest([1.0, 2.7], [30, 30], lambda c: c[0] + 3.0 * c[1], target=41)
    assert found.best == (2, 13)
    assert len(found.tried) <= 31


def test_a_kind_that_does_harm_does_not_hide_those_that_do_without_it() -> None:
    found = cheapest([1.0, 3.0], [4, 2], lambda c: 0.0 if c[0] else float(c[1]), target=1)
    assert found.best == (0, 1)


def test_what_is_impossible_is_never_looked_at() -> None:
    looked: list[tuple[int, ...]] = []

    def worth(counts: tuple[int, ...]) -> float:
        looked.append(counts)
        return 1.0

    found = cheapest([1, 1], [3, 3], worth, target=1, possible=lambda c: c[0] > 0 and c[1] > 1)
    assert found.best == (1, 2)
    assert all(a > 0 and b > 1 for a, b in looked)


def test_prices_and_sizes_that_cannot_be_are_refused() -> None:
    with pytest.raises(ConfigError, match="price"):
        cheapest([0.0], [3], lambda _: 1.0, target=1)
    with pytest.raises(ConfigError, match="combinations"):
        cheapest([1.0] * 4, [30] * 4, lambda _: 1.0, target=1)
