import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from headway.errors import ConfigError
from headway.serving.policies.history import History
from headway.serving.workload import NO_LIMIT

LENGTHS = st.lists(st.integers(1, 50), min_size=1, max_size=30)


@given(LENGTHS, st.integers(1, 8), st.data())
def test_the_window_holds_the_last_lengths_in_order(lengths, window, data) -> None:
    guesses = data.draw(st.integers(1, window))
    history = History(window, prior=7, guesses=guesses)
    for length in lengths:
        history.append(length)
    expected = ([7] * guesses + lengths)[-window:]
    assert history.lengths.tolist() == sorted(expected)


def test_half_of_the_window_is_prior_at_first() -> None:
    assert History(window=1000, prior=512).lengths.tolist() == [512] * 500


@pytest.mark.parametrize(
    ("settings", "key"),
    [
        ({"window": 0}, "window"),
        ({"prior": 0}, "prior"),
        ({"window": 3, "guesses": 4}, "guesses"),
        ({"guesses": 0}, "guesses"),
    ],
)
def test_settings_without_sense_are_refused(settings, key) -> None:
    with pytest.raises(ConfigError, match=key):
        History(**settings)


def support(past: list[int], generated: int, limit: int) -> list[int]:
    """What the specification says, word by word."""
    points = [generated, *sorted(length for length in past if length > generated)]
    return points + [limit] * (points[-1] < limit != NO_LIMIT)


@given(
    LENGTHS,
    st.lists(st.tuples(st.integers(0, 60), st.integers(1, 60) | st.just(NO_LIMIT)), min_size=1),
    st.integers(0, 2**32),
)
def test_quantiles_lie_on_the_line_through_the_support(past, requests, seed) -> None:
    history = History(len(past), prior=past[0], guesses=1)
    for length in past[1:]:
        history.append(length)
    generated, limit = np.array(requests, np.int64).T
    probability = np.random.default_rng(seed).random((3, len(requests)))
    result = history.beyond(generated, limit, probability)
    for sample, draws in zip(result, probability, strict=True):
        for value, draw, (done, most) in zip(sample, draws, requests, strict=True):
            points = support(past, done, most)
            exact = np.interp(draw * (len(points) - 1), np.arange(len(points)), points)
            assert value == np.rint(exact)
            assert value >= done


def test_a_length_equal_to_what_was_generated_does_not_count_as_longer() -> None:
    history = History(window=3, prior=10, guesses=3)
    assert history.beyond(np.array([10]), np.array([NO_LIMIT]), np.array([[0.9]])) == 10


def test_where_all_the_past_is_shorter_only_the_limit_remains() -> None:
    history = History(window=2, prior=10)
    draws = np.linspace(0, 0.999, 500)[:, None]
    samples = history.beyond(np.array([20]), np.array([40]), draws)
    assert samples.min() == 20
    assert samples.max() == 40
    assert samples.mean() == pytest.approx(30, abs=0.1)


def test_samples_follow_the_conditioned_past() -> None:
    """Of lengths 1 to 100 those above 60 remain, evenly; the line from 60 makes it continuous."""
    history = History(window=100, prior=1, guesses=1)
    for length in range(2, 101):
        history.append(length)
    draws = np.random.default_rng(3).random((4000, 1))
    samples = history.beyond(np.array([60]), np.array([NO_LIMIT]), draws)
    assert samples.mean() == pytest.approx(80, abs=0.6)
    assert np.quantile(samples, 0.25) == pytest.approx(70, abs=1.5)


def test_draws_of_the_past_are_evenly_spread() -> None:
    history = History(window=4, prior=5, guesses=1)
    for length in (1, 3, 9):
        history.append(length)
    draws = (np.arange(400) + 0.5) / 400
    values, count = np.unique(history.at(draws), return_counts=True)
    assert values.tolist() == [1, 3, 5, 9]
    assert count.tolist() == [100] * 4
