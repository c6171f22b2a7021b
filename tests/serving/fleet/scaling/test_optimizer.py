"""The cheapest fleet for a load: published cases to the digit, and brute force on small ones."""

from __future__ import annotations

import itertools
import math

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from headway.errors import ConfigError, InfeasibleError
from headway.serving.fleet.scaling import Profile, allocate
from tests.serving.fleet.scaling.profiles import A40, A100, profile


def spread_evenly(rate_per_s: float) -> np.ndarray:
    load = np.zeros((8, 5))
    load[:7, :4] = rate_per_s / 28
    return load


def two_patterns(rate_per_s: float) -> np.ndarray:
    load = np.zeros((8, 5))
    load[A100.cell(prompt_tokens=1024, output_tokens=128)] = 0.6 * rate_per_s
    load[A100.cell(prompt_tokens=512, output_tokens=256)] = 0.4 * rate_per_s
    return load


@pytest.mark.parametrize(
    ("load", "price", "engines", "cost", "only_a100", "only_a40"),
    [
        (spread_evenly(40), 0.7, (1, 4), 3.8, 5.0, 4.2),
        (spread_evenly(40), 0.8, (1, 4), 4.2, 5.0, 4.8),
        (spread_evenly(40), 0.3, (0, 6), 1.8, 5.0, 1.8),
        (two_patterns(10), 0.7, (2, 1), 2.7, 3.0, 2.8),
    ],
)
def test_llama_2_7b_on_two_gpus(
    load: np.ndarray,
    price: float,
    engines: tuple[int, int],
    cost: float,
    only_a100: float,
    only_a40: float,
) -> None:
    a40 = Profile.read(A40, cost=price)
    best = allocate([A100, a40], load)
    assert tuple(best.engines.values()) == engines
    assert best.cost == pytest.approx(cost, abs=1e-12)
    assert allocate([A100], load).cost == pytest.approx(only_a100, abs=1e-12)
    assert allocate([a40], load).cost == pytest.approx(only_a40, abs=1e-12)


def test_shares_are_whole_slices_that_fit_on_the_engines() -> None:
    load, kinds = spread_evenly(40), [A100, Profile.read(A40, cost=0.7)]
    best = allocate(kinds, load)
    assert best.share.sum(axis=0)[load > 0] == pytest.approx(1)
    assert (best.share[:, load == 0] == 0).all()
    assert (best.share * 4 == np.rint(best.share * 4)).all()
    for one, share in zip(kinds, best.share, strict=True):
        used = share[load > 0] * load[load > 0] / one.rate_per_s[load > 0]
        assert used.sum() <= best.engines[one.kind] + 1e-9


@st.composite
def cases(draw: st.DrawFn) -> tuple[list[Profile], np.ndarray, int]:
    rates = st.floats(0.5, 5)
    tables = draw(st.lists(st.lists(rates, min_size=3, max_size=3), min_size=2, max_size=2))
    prices = draw(st.lists(st.floats(0.1, 2), min_size=2, max_size=2))
    kinds = [profile(str(g), prices[g], [table]) for g, table in enumerate(tables)]
    load = draw(st.lists(st.floats(0, 6), min_size=3, max_size=3))
    return kinds, np.array([load]), draw(st.integers(1, 2))


@given(cases())
@settings(max_examples=40, deadline=None)
def test_no_way_to_place_the_slices_is_cheaper(case: tuple[list[Profile], np.ndarray, int]) -> None:
    kinds, load, slices = case
    parts = [(cell, load[0, cell] / slices) for cell in range(3) for _ in range(slices)]
    # HiGHS holds constraints to 1e-6: what is as near as that to a whole number may be either.
    least = [math.inf, math.inf]
    for choice in itertools.product((0, 1), repeat=len(parts)):
        need = [0.0, 0.0]
        for kind, (cell, rate) in zip(choice, parts, strict=True):
            need[kind] += rate / kinds[kind].rate_per_s[0, cell]
        for k, tolerance in enumerate((1e-5, 0.0)):
            engines = [math.ceil(one - tolerance) for one in need]
            cost = sum(n * kind.cost for n, kind in zip(engines, kinds, strict=True))
            least[k] = min(least[k], cost)
    assert least[0] - 1e-9 <= allocate(kinds, load, slices=slices).cost <= least[1] + 1e-9


def test_without_a_load_the_cheapest_kind_is_kept() -> None:
    none = allocate([A100, Profile.read(A40)], np.zeros((8, 5)), idle=2)
    assert list(none.engines.values()) == [0, 2]
    assert none.cost == 0.6


def test_a_kind_that_cannot_serve_a_length_gets_none_of_it() -> None:
    load = np.zeros((8, 5))
    load[7, 0] = 2.0
    best = allocate([A100, Profile.read(A40, cost=50.0)], load)
    assert list(best.engines.values()) == [0, 1]
    with pytest.raises(InfeasibleError, match="prompts of 128 and answers of 512 tokens"):
        allocate([A100], load)


def test_too_few_engines_are_said_to_be_so() -> None:
    limits = {A100.kind: 2}
    both = allocate([A100, Profile.read(A40)], spread_evenly(40), at_most=limits)
    assert list(both.engines.values()) == [0, 6]
    with pytest.raises(InfeasibleError, match="too few"):
        allocate([A100], spread_evenly(40), at_most=limits)


@pytest.mark.parametrize(
    ("kinds", "load", "message"),
    [
        ([], np.zeros((8, 5)), "at least one"),
        ([A100, A100], np.zeros((8, 5)), "twice"),
        ([A100, profile("b", 1.0, [[1.0]])], np.zeros((8, 5)), "differ in output_tokens"),
        ([A100], np.zeros((2, 5)), r"expected shape \(8, 5\)"),
        ([A100], np.full((8, 5), -1.0), "not negative"),
        ([A100], np.full((8, 5), np.nan), "finite"),
    ],
)
def test_what_does_not_fit_together_is_refused(
    kinds: list[Profile], load: np.ndarray, message: str
) -> None:
    with pytest.raises(ConfigError, match=message):
        allocate(kinds, load)
    with pytest.raises(ConfigError, match="slices"):
        allocate([A100], np.zeros((8, 5)), slices=0)
