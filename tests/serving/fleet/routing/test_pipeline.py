"""How scores become a choice."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from headway import _core
from headway.serving.fleet.routing.cost import REFERENCE, PromptCost
from headway.serving.step_time import Shape
from tests.twins import choice as twin

SCORE = st.sampled_from([0.0, 1.0, 2.0, 7.5, -3.0, np.nan, np.inf, 1e-12, 1e-300])


@st.composite
def rankings(draw: st.DrawFn) -> tuple[np.ndarray, list[tuple[np.ndarray, float, bool]]]:
    n = draw(st.integers(0, 6))
    among = np.array(draw(st.lists(st.booleans(), min_size=n, max_size=n)), dtype=np.bool_)
    column = st.lists(SCORE | st.floats(-1e3, 1e3), min_size=n, max_size=n).map(
        lambda values: np.array(values, dtype=np.float64)
    )
    one = st.tuples(column, st.sampled_from([0.25, 1.0, 3.0]), st.booleans())
    return among, draw(st.lists(one, min_size=1, max_size=3))


@given(rankings(), st.booleans())
def test_the_choice_is_that_of_its_twin(
    given_rankings: tuple[np.ndarray, list[tuple[np.ndarray, float, bool]]], strictly: bool
) -> None:
    among, rows = given_rankings
    chosen = _core.Choice([row[1] for row in rows], [row[2] for row in rows], strictly)
    for _ in range(2):
        found = chosen.best(among, [row[0] for row in rows])
        assert found == twin.best(among, rows, strictly=strictly)


def test_scores_are_brought_to_one_range() -> None:
    scores = np.array([2.0, 6.0, np.nan, 4.0])
    assert twin.normalised(scores, largest=True).tolist() == [0, 1, 0, 0.5]
    assert twin.normalised(scores, largest=False).tolist() == [1, 0, 0, 0.5]
    assert twin.normalised(np.array([3.0, 3.0]), largest=True).tolist() == [1, 1]


def test_a_range_beyond_all_numbers_still_has_a_winner() -> None:
    chosen = _core.Choice([1.0], [True], False)
    scores = np.array([-1.7e308, 1.7e308])
    assert chosen.best(np.ones(2, dtype=np.bool_), [scores])


def test_columns_that_do_not_fit_are_refused() -> None:
    chosen = _core.Choice([1.0, 2.0], [True, False], False)
    among, two, three = np.ones(2, dtype=np.bool_), np.zeros(2), np.zeros(3)
    for scores in ([two], [two, three], [two, two, two], [two, None], [two, np.zeros((2, 1))]):
        with pytest.raises(ValueError, match="choice"):
            chosen.best(among, scores)  # type: ignore[arg-type]
    with pytest.raises(ValueError, match="choice"):
        _core.Choice([1.0], [], False)


@given(st.integers(1, 200_000), st.lists(st.floats(0, 1), min_size=1, max_size=5))
def test_a_prompt_costs_what_a_step_with_it_alone_takes(tokens: int, shares: list[float]) -> None:
    cached = (np.array(shares) * tokens).astype(np.int64)
    seconds = PromptCost(REFERENCE).seconds(tokens, cached)
    for known, took_s in zip(cached.tolist(), seconds.tolist(), strict=True):
        alone = Shape.of(prefills=[(tokens - known, known)])
        assert took_s == pytest.approx(REFERENCE.seconds(alone) if known < tokens else 0.0)


def test_more_cached_than_there_is_is_refused() -> None:
    for cached in (-1, 11):
        with pytest.raises(ValueError, match="cached"):
            PromptCost(REFERENCE).seconds(10, np.array([cached]))
