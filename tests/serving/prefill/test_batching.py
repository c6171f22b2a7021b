"""Batches, small enough to be checked by hand."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from headway.errors import ConfigError
from headway.serving.prefill import Alone, Candidates, Exact, Fill, Load, QuadraticWork, SloAware

WORK = QuadraticWork(base_s=0.01, token_s=1e-3, pair_s=0.0)
"""10 ms for a pass and 1 ms for each token."""


def candidates(tokens: list[int], deadline_s: list[float]) -> Candidates:
    loads = Load.each(tokens)
    service = np.asarray(WORK.seconds(loads))
    slack = np.array(deadline_s) - service
    return Candidates(loads, slack, service, np.ones(len(tokens)), Exact(WORK))


def test_one_at_a_time() -> None:
    assert Alone().choose(candidates([5, 5], [1, 1])) == [0]


def test_filling_stops_at_the_first_that_does_not_fit() -> None:
    three = candidates([50, 60, 10], [1, 1, 1])
    assert Fill(110).choose(three) == [0, 1]
    assert Fill(100).choose(three) == [0]
    assert Fill(20).choose(three) == [0]
    assert Fill(1000, requests=2).choose(three) == [0, 1]


def test_the_head_stays_within_its_deadline() -> None:
    """110 ms for the head, 160 with the second, 130 with the third, of 150."""
    three = candidates([100, 50, 20], [0.15, 9, 9])
    assert SloAware().choose(three) == [0, 2]


def test_a_batch_is_not_grown_at_the_cost_of_others() -> None:
    """With the second, the batch takes 210 ms, and the third, which needs 60, is late at 250."""
    three = candidates([100, 100, 50], [9, 9, 0.25])
    assert SloAware(tokens=210).choose(three) == [0]
    assert SloAware(tokens=210, harm=False).choose(three) == [0, 1]


def test_short_seeds_are_preferred_if_the_long_head_would_push_them_out() -> None:
    """The head takes 510 ms and pushes two out; from the second on both keep their deadlines."""
    three = candidates([500, 20, 20], [0.52, 0.1, 0.1])
    assert SloAware(seeds=1).choose(three) == [0]
    assert SloAware(seeds=2).choose(three) == [1, 2]


def test_a_head_that_is_late_anyway_holds_nobody_back() -> None:
    two = candidates([100, 50], [0.05, 9])
    assert SloAware().choose(two) == [0, 1]


@given(
    st.lists(st.tuples(st.integers(1, 400), st.floats(0.01, 1.0)), min_size=1, max_size=8),
    st.booleans(),
    st.integers(1, 3),
)
def test_a_batch_never_makes_its_feasible_seed_late(
    drawn: list[tuple[int, float]], harm: bool, seeds: int
) -> None:
    tokens, deadline = (list(column) for column in zip(*drawn, strict=True))
    chosen = SloAware(600, 4, harm, seeds).choose(candidates(tokens, deadline))
    assert len(set(chosen)) == len(chosen) <= 4
    together = 0.01 + 1e-3 * sum(tokens[k] for k in chosen)
    seed = chosen[0]
    if 0.01 + 1e-3 * tokens[seed] <= deadline[seed]:
        assert together <= deadline[seed] + 1e-9
    assert len(chosen) == 1 or sum(tokens[k] for k in chosen) <= 600


@pytest.mark.parametrize("make", [lambda: Fill(0), lambda: SloAware(seeds=0)])
def test_batches_of_nothing_are_refused(make) -> None:
    with pytest.raises(ConfigError, match="batching"):
        make()
