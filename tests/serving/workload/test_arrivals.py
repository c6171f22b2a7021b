"""Processes of arrivals: as many as they should be, when they should be."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from headway.errors import ConfigError
from headway.serving.workload import Arrivals, read_workload
from headway.serving.workload.columns import Floats
from headway.simulate import Streams
from tests.serving.workload.traces import TRACES


def drawn(process: Arrivals, **how: float) -> Floats:
    streams = Streams(11)
    return process.times(streams.of("gaps"), streams.of("phases"), **how)  # type: ignore[arg-type]


def table(edges: list[float], rates: list[float], repeat: float | None, cv: float = 0) -> Arrivals:
    return Arrivals(np.array(edges), np.array(rates), repeat, cv)


def test_equal_gaps_are_equal() -> None:
    assert drawn(Arrivals.parse("constant(4)"), n=4).tolist() == [0.25, 0.5, 0.75, 1.0]


def test_a_table_of_rates_is_followed_by_hand() -> None:
    """One per second for two seconds, nothing for one, then two per second; again after 4 s."""
    process = table([0, 2, 3], [1, 0, 2], 4)
    assert drawn(process, n=8).tolist() == [1, 3, 3.5, 4, 5, 7, 7.5, 8]
    assert drawn(process, until_s=7.25).tolist() == [1, 3, 3.5, 4, 5, 7]


@pytest.mark.parametrize(
    ("text", "rate", "cv"),
    [
        ("poisson(5)", 5, 1),
        ("gamma(5, 3)", 5, 3),
        ("gamma(5, 0.3)", 5, 0.3),
        ("constant(5)", 5, 0),
        ("bursts(20, 0, 5, 15)", 5, None),
        ("diurnal(5, 1, 50)", 5, None),
    ],
)
def test_rate_and_variation_are_those_asked_for(text: str, rate: float, cv: float | None) -> None:
    moments = drawn(Arrivals.parse(text), n=40_000)
    assert len(moments) == 40_000
    assert (np.diff(moments) >= 0).all()
    gaps = np.diff(moments)
    assert 1 / gaps.mean() == pytest.approx(rate, rel=0.1)
    if cv is not None:
        assert gaps.std() / gaps.mean() == pytest.approx(cv, abs=0.1)


def test_bursts_come_in_the_share_of_time_that_they_have() -> None:
    """5 of 20 s at 20 per second, else silence: three quarters of the seconds are empty."""
    moments = drawn(Arrivals.parse("bursts(20, 0, 5, 15)"), until_s=20_000)
    counts = np.bincount(moments.astype(int), minlength=20_000)
    assert (counts == 0).mean() == pytest.approx(0.73, abs=0.05)
    assert np.median(counts[counts > 0]) == pytest.approx(20, abs=2)


def test_the_rate_follows_the_time_of_day() -> None:
    moments = drawn(Arrivals.parse("diurnal(50, 0.8, 100)"), until_s=1000)
    phase = moments % 100
    morning, night = ((phase >= at) & (phase < at + 10) for at in (20, 70))
    assert morning.sum() / 100 == pytest.approx(50 * 1.787, rel=0.05)
    assert night.sum() / 100 == pytest.approx(50 * 0.213, rel=0.15)


def test_the_rate_follows_a_trace() -> None:
    trace = read_workload(TRACES / "azure_2023_conv.csv")
    process = Arrivals.like(trace, rate=100, bin_s=5, cv=0)
    moments = drawn(process, until_s=trace.span_s)
    bins = len(process.rates)
    mine, _ = np.histogram(moments, bins, (0, trace.span_s))
    theirs, _ = np.histogram(trace.arrival_s, bins, (0, trace.span_s))
    assert len(moments) == pytest.approx(100 * trace.span_s, abs=2)
    assert np.abs(mine / len(moments) - theirs / len(trace)).max() < 0.01


@given(
    st.lists(st.integers(0, 9), min_size=1, max_size=5).filter(any),
    st.sampled_from([0.0, 0.5, 1.0, 2.0]),
    st.integers(0, 99),
)
def test_a_number_of_requests_and_a_time_agree(rates: list[int], cv: float, seed: int) -> None:
    """Those before a moment are the first ones of any number; the same gaps are drawn."""
    process = table(list(range(len(rates))), rates, len(rates), cv)
    streams = Streams(seed)
    some = process.times(streams.of("a"), streams.of("b"), until_s=20)
    many = process.times(streams.of("a"), streams.of("b"), n=len(some))
    assert some.tolist() == pytest.approx(many.tolist())


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("poison(5)", "expected arrivals such as constant"),
        ("poisson(5, 2)", "expected arrivals such as"),
        ("poisson(x)", "expected arrivals such as"),
        ("poisson(inf)", "expected arrivals such as"),
        ("poisson(0)", "expected a rate above 0"),
        ("poisson(-1)", "expected rates of 0 or more"),
        ("gamma(5, -1)", "cv: expected 0 to 1000"),
        ("bursts(5, 0, 0, 1)", "expected stays of more than 0 seconds"),
        ("diurnal(5, 2, 100)", "expected a swing from 0 to 1"),
    ],
)
def test_what_is_no_process_is_refused(text: str, message: str) -> None:
    with pytest.raises(ConfigError, match=message):
        Arrivals.parse(text)


@pytest.mark.parametrize(
    ("edges", "rates", "repeat", "message"),
    [
        ([1.0], [1.0], None, "expected times that ascend from 0"),
        ([0.0, 2.0, 1.0], [1.0, 1.0, 1.0], None, "expected times that ascend from 0"),
        ([0.0, 1.0], [1.0], None, "each with a rate"),
        ([0.0, 5.0], [1.0, 2.0], 5.0, "expected to repeat after 5 s, got 5"),
    ],
)
def test_tables_that_make_no_sense_are_refused(
    edges: list[float], rates: list[float], repeat: float | None, message: str
) -> None:
    with pytest.raises(ConfigError, match=message):
        table(edges, rates, repeat)


def test_typing_errors_do_not_fill_the_memory() -> None:
    with pytest.raises(ConfigError, match=r"1e\+12 arrivals; expected at most 100,000,000"):
        drawn(Arrivals.parse("poisson(1000000)"), until_s=1e6)
    with pytest.raises(ConfigError, match="the rate changes more than 16,777,216 times"):
        drawn(Arrivals.parse("bursts(1, 0, 1e-9, 1e-9)"), n=100)


def test_rates_that_end_before_the_requests_are_refused() -> None:
    with pytest.raises(ConfigError, match="the rate ends at 0 before all requests are there"):
        drawn(table([0, 10], [1, 0], None), n=11)
    assert len(drawn(table([0, 10], [1, 0], None), n=9)) == 9
