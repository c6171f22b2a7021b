"""Windows forward and backward add up to the whole, however it is cut."""

from itertools import islice

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from headway.errors import ConfigError
from headway.serving.coserve import Tuning, sequences
from tests.serving.coserve.small import ACTIVATIONS

LAYERS = 32
LINEAR = 1 + ACTIVATIONS.head_share


@settings(max_examples=50)
@given(length=st.integers(1, 60), cuts=st.lists(st.integers(1, 500), min_size=1))
def test_windows_add_up_to_the_whole_sequence(length, cuts) -> None:
    tuning = Tuning([length], ACTIVATIONS)
    whole = tuning.whole()
    tokens = pairs = 0.0
    steps = 0
    while tuning.length:
        window = tuning.window(cuts[steps % len(cuts)])
        assert 0 < window.units <= tuning.units_left
        left = tuning.whole()
        tuning.advance(window.units)
        tokens, pairs, steps = tokens + window.tokens, pairs + window.pairs, steps + 1
        if tuning.length:
            assert tuning.whole().tokens == pytest.approx(left.tokens - window.tokens)
            assert tuning.whole().pairs == pytest.approx(left.pairs - window.pairs)
    assert tokens == pytest.approx(whole.tokens) == pytest.approx(2 * length * LINEAR)
    assert pairs == pytest.approx(whole.pairs) == pytest.approx(3.5 * length * (length + 1) / 2)
    assert (tuning.progress_tokens, tuning.sequences, tuning.held_bytes) == (length, 1, 0)


def test_backward_goes_from_the_last_token_to_the_first_of_each_layer() -> None:
    """Of 3 tokens the last has 3 keys: the first unit backward is worth 3 pairs, then 2, then 1."""
    tuning = Tuning([3], ACTIVATIONS)
    tuning.advance(3)
    assert tuning.goes_backward
    pairs = []
    for _ in range(4):
        window = tuning.window(1)
        pairs.append(window.pairs * LAYERS / 2.5)
        tuning.advance(1)
    assert pairs == pytest.approx([3, 2, 1, 3])


def test_activations_grow_forward_and_shrink_backward() -> None:
    tuning = Tuning([10], ACTIVATIONS)
    kept = ACTIVATIONS.bytes_per_token()
    tuning.advance(4)
    assert tuning.held_bytes == 4 * kept
    assert tuning.progress_tokens == 2
    tuning.advance(6 + 5 * LAYERS)
    assert tuning.held_bytes == 5 * kept
    assert tuning.progress_tokens == 7.5


def test_what_does_not_fit_any_more_is_lost_and_told() -> None:
    kept = ACTIVATIONS.bytes_per_token()
    tuning = Tuning([10], ACTIVATIONS)
    tuning.advance(8)
    tuning.shrink(100 * kept)
    assert tuning.lost_tokens == 0
    tuning.shrink(5.5 * kept)
    assert (tuning.held_bytes, tuning.lost_tokens, tuning.progress_tokens) == (5 * kept, 1.5, 2.5)
    tuning.advance(5 + LAYERS)
    tuning.shrink(kept)
    assert (tuning.held_bytes, tuning.lost_tokens, tuning.progress_tokens) == (0, 7, 0)
    assert not tuning.goes_backward


def test_more_than_there_is_cannot_be_done() -> None:
    with pytest.raises(ConfigError, match="at most"):
        Tuning([2], ACTIVATIONS).advance(2 + 2 * LAYERS + 1)
    assert Tuning([], ACTIVATIONS).length == 0


def test_lengths_are_seeded_and_within_bounds() -> None:
    first, again = (list(islice(sequences(3), 2000)) for _ in range(2))
    assert first == again
    assert 16 <= min(first) <= max(first) <= 8192
    assert 1400 < sum(first) / len(first) < 1900
