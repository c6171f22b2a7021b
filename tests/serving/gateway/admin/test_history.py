"""Points of the last half hour, made of the board's counts."""

from __future__ import annotations

import math

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from headway.serving.gateway.admin.history import EACH, WHOLE, WINDOW_S, History, quantile
from headway.serving.gateway.board import (
    BOUNDS_S,
    CACHED_TOKENS,
    COMPLETED,
    IN_FLIGHT,
    OUTPUT_TOKENS,
    PROMPT_TOKENS,
    TTFT,
    Board,
)


def counts(*seconds: float) -> np.ndarray:
    board = Board(1, 1)
    for one in seconds:
        board.row(0).observe(TTFT, 0, one)
    return board.buckets[0, TTFT, 0]


def test_quantiles_lie_within_their_bucket() -> None:
    """0.02 and 0.04 are in (0.01, 0.025] and (0.025, 0.05]; half of two ends the first bucket."""
    assert quantile(counts(0.02, 0.04), 0.5) == pytest.approx(0.025)
    assert quantile(counts(0.02, 0.04), 0.75) == pytest.approx(0.0375)
    assert quantile(counts(0.02), 0.5) == pytest.approx(0.0175)
    assert math.isnan(quantile(counts(), 0.5))
    assert quantile(counts(1e6), 0.5) == BOUNDS_S[-1]


@given(st.lists(st.floats(1e-4, 599.0), min_size=1, max_size=60), st.sampled_from((0.5, 0.9, 0.99)))
def test_a_quantile_is_in_the_bucket_of_the_true_one(seconds: list[float], share: float) -> None:
    true = sorted(seconds)[math.ceil(share * len(seconds)) - 1]
    found = quantile(counts(*seconds), share)
    edges = [0.0, *BOUNDS_S]
    bucket = next(k for k, bound in enumerate(BOUNDS_S) if true <= bound)
    assert edges[bucket] <= found <= edges[bucket + 1] + 1e-12


def test_rates_are_those_of_the_last_seconds() -> None:
    board = Board(2, 2)
    history = History(board, ("a", "b"))
    history.take(100.0)
    for second in range(1, 31):
        for worker in range(2):
            row = board.row(worker)
            row.count(COMPLETED, 0, 1)
            row.count(OUTPUT_TOKENS, 0, 10 if second <= 20 else 30)
            row.count(PROMPT_TOKENS, 0, 8)
            row.count(CACHED_TOKENS, 0, 2)
        history.take(100.0 + second)
    board.gauges[1, IN_FLIGHT, 1] += 5
    history.take(131.0)
    told = history.told()
    whole, each = told["all"], told["engines"]
    assert len(told["t"]) == 32
    assert math.isnan(whole["requests_per_s"][0])
    assert whole["requests_per_s"][20] == 2.0
    assert whole["output_tokens_per_s"][20] == 20.0
    assert whole["output_tokens_per_s"][30] == 60.0
    assert whole["hit_rate"][30] == 0.25
    assert math.isnan(whole["ttft_p50"][30])
    assert each["a"]["output_tokens_per_s"][30] == 60.0
    assert math.isnan(each["b"]["hit_rate"][30])
    assert each["b"]["in_flight"][-2:] == [0.0, 5.0]
    assert set(whole) == set(WHOLE)
    assert set(each["a"]) == set(EACH)


def test_percentiles_forget_what_is_older_than_the_window() -> None:
    board = Board(1, 1)
    history = History(board, ("a",))
    history.take(0.0)
    board.row(0).observe(TTFT, 0, 5.0)
    history.take(1.0)
    for second in range(2, 30):
        board.row(0).observe(TTFT, 0, 0.02)
        history.take(float(second))
    column = history.told()["all"]["ttft_p99"]
    assert column[1] > 3
    assert column[WINDOW_S] > 3
    assert column[WINDOW_S + 1] < 0.03


def test_an_engine_that_begins_anew_has_a_hit_rate_again() -> None:
    board = Board(1, 1)
    queries, hits = board.engine("prefix_queries"), board.engine("prefix_hits")
    history = History(board, ("a",))
    for second, (asked, found) in enumerate([(100, 50), (200, 125), (10, 0), (30, 10)]):
        queries[0], hits[0] = asked, found
        history.take(float(second))
    told = history.told()["engines"]["a"]["hit_rate"]
    assert told == pytest.approx([math.nan, 0.75, math.nan, math.nan], nan_ok=True)
    for second in range(4, 20):
        queries[0] += 10
        hits[0] += 5
        history.take(float(second))
    assert history.told()["engines"]["a"]["hit_rate"][-1] == 0.5


@given(
    taken=st.integers(0, 50),
    kept=st.integers(1, 20),
    since=st.integers(0, 60),
    most=st.integers(1, 25),
)
def test_points_come_in_order_bounded_and_with_the_newest(
    taken: int, kept: int, since: int, most: int
) -> None:
    history = History(Board(1, 1), ("a",), kept=kept)
    for second in range(taken):
        history.take(float(second))
    told = history.told(since, most)
    times = told["t"]
    assert told["count"] == taken
    assert len(times) <= min(most, kept)
    assert times == sorted(set(times))
    assert all(one >= max(since, taken - kept) for one in times)
    if since < taken:
        assert times[-1] == taken - 1
    assert all(len(column) == len(times) for column in told["all"].values())


def test_figures_are_told_to_four_digits() -> None:
    board = Board(1, 1)
    history = History(board, ("a",))
    history.take(0.0)
    usage = board.engine("kv_usage")
    for second, (value, expected) in enumerate(
        [(1 / 3, 0.3333), (123456.0, 123500.0), (0.0, 0.0), (-2 / 3, -0.6667), (1e-9, 1e-9)], 1
    ):
        usage[0] = value
        history.take(float(second))
        assert history.told(most=1)["engines"]["a"]["kv_usage"] == pytest.approx(
            [expected], rel=1e-12
        )
