"""Gaps between tokens, against lists of all tokens."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from headway.serving.results import Distribution, Gaps, Speech, gaps, longest_gaps, range_maxima

Segments = tuple[Speech, np.ndarray, int]


@st.composite
def speeches(draw: st.DrawFn) -> Segments:
    """Draw who speaks when, the ends of the steps, and how many requests there are."""
    n_steps, n_requests = draw(st.integers(1, 40)), draw(st.integers(1, 6))
    pauses = draw(st.lists(st.integers(0, 9), min_size=n_steps, max_size=n_steps))
    rows = []
    for request in range(n_requests):
        cuts = sorted(draw(st.sets(st.integers(0, n_steps - 1), max_size=8)))
        for first, last in zip(cuts[::2], cuts[1::2], strict=False):
            rows.append((request, first, last))
    rows = draw(st.permutations(rows))
    columns = np.array(rows, dtype=np.int32).reshape(-1, 3).T
    return Speech(*columns), np.cumsum(pauses) / 4, n_requests


def listed(speech: Speech, end_s: np.ndarray, n_requests: int) -> list[np.ndarray]:
    """Return the gaps of each request, from a list of all its tokens."""
    tokens: list[list[float]] = [[] for _ in range(n_requests)]
    for request, first, last in zip(
        speech.request, speech.first_step, speech.last_step, strict=True
    ):
        tokens[request] += end_s[first : last + 1].tolist()
    return [np.diff(times) for times in tokens]


@given(speeches())
def test_gaps_are_those_of_all_tokens(case: Segments) -> None:
    found = gaps(*case[:2])
    expected = np.concatenate(listed(*case))
    assert (found.times > 0).all()
    np.testing.assert_array_equal(np.sort(np.repeat(found.seconds, found.times)), np.sort(expected))


@given(speeches(), st.data())
def test_gaps_of_some_requests_are_theirs_alone(case: Segments, data: st.DataObject) -> None:
    speech, end_s, n = case
    chosen = np.array(data.draw(st.lists(st.booleans(), min_size=n, max_size=n)))
    found = gaps(speech, end_s, chosen)
    each = [own for own, mine in zip(listed(*case), chosen, strict=True) if mine]
    np.testing.assert_array_equal(
        np.sort(np.repeat(found.seconds, found.times)), np.sort(np.concatenate([[], *each]))
    )


@given(speeches())
def test_the_longest_gap_is_that_of_all_tokens(case: Segments) -> None:
    found = longest_gaps(*case)
    expected = [own.max() if len(own) else np.nan for own in listed(*case)]
    np.testing.assert_array_equal(found, expected)


@given(st.data(), st.lists(st.floats(-9, 9), min_size=1, max_size=70))
def test_range_maxima_are_the_largest_values(data: st.DataObject, values: list[float]) -> None:
    place = st.integers(0, len(values) - 1)
    ranges = data.draw(st.lists(st.tuples(place, place).map(sorted), max_size=20))
    first, last = np.array(ranges, dtype=np.int32).reshape(-1, 2).T
    found = range_maxima(np.array(values), first, last)
    assert found.tolist() == [max(values[low : high + 1]) for low, high in ranges]


@given(st.lists(st.tuples(st.floats(0, 9), st.integers(1, 50)), min_size=1, max_size=30))
def test_percentiles_of_counted_values_are_those_of_repeated_ones(
    counted: list[tuple[float, int]],
) -> None:
    values, times = np.array([v for v, _ in counted]), np.array([n for _, n in counted])
    found, expected = Distribution.of(values, times), Distribution.of(np.repeat(values, times))
    assert found.n == expected.n
    for name in ("mean", "p50", "p90", "p99"):
        assert getattr(found, name) == pytest.approx(getattr(expected, name), abs=1e-12)


def test_what_is_not_defined_counts_for_nothing() -> None:
    assert Distribution.of(np.array([np.nan, 2.0])).mean == 2
    assert Distribution.of(np.array([np.nan, 2.0]), np.array([5, 1])) == Distribution(1, 2, 2, 2, 2)
    assert np.isnan(Distribution.of(np.array([np.nan])).p99)


def test_a_long_run_needs_no_list_of_its_tokens() -> None:
    """A hundred thousand steps of ten thousand speakers are a milliard tokens."""
    n_steps, speakers = 100_000, 10_000
    end_s = np.arange(n_steps) / 64
    who = np.arange(speakers, dtype=np.int32)
    all_along = Speech(who, np.zeros_like(who), np.full_like(who, n_steps - 1))
    found: Gaps = gaps(all_along, end_s)
    assert int(found.times.sum()) == speakers * (n_steps - 1)
    assert Distribution.of(found.seconds, found.times).p99 == 1 / 64
