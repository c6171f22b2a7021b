"""Summaries and comparisons."""

import math

import numpy as np
import pytest

from headway.errors import ConfigError
from headway.simulate import by_policy, paired, summary


def test_the_interval_of_few_values_is_students() -> None:
    found = summary([1.0, 2.0, 3.0, 4.0])
    assert (found.n, found.mean, found.median, found.largest) == (4, 2.5, 2.5, 4.0)
    # t(0.975; 3) = 3.1824, sd = 1.29099, n = 4.
    assert found.half_width == pytest.approx(3.182446 * 1.290994 / 2, rel=1e-6)
    assert found.interval == (2.5 - found.half_width, 2.5 + found.half_width)


def test_no_values_and_one_value_promise_nothing() -> None:
    assert math.isnan(summary([]).mean)
    assert math.isnan(summary([3.0]).half_width)
    assert math.isnan(summary([3.0, 4.0], batches=5).half_width)


def test_batch_means_cover_the_mean_of_a_dependent_series_where_plain_intervals_do_not() -> None:
    rng = np.random.default_rng(11)
    plain = batched = 0
    for _ in range(200):
        noise = rng.standard_normal(4000)
        series = np.empty(4000)
        level = 0.0
        for k, step in enumerate(noise):
            level = 0.9 * level + step
            series[k] = level
        low, high = summary(series).interval
        plain += low <= 0 <= high
        low, high = summary(series, batches=20).interval
        batched += low <= 0 <= high
    assert batched / 200 > 0.88
    assert plain / 200 < 0.6


def test_paired_cases_are_compared_case_by_case() -> None:
    rng = np.random.default_rng(5)
    luck = rng.normal(100, 30, 40)
    found = paired(luck - 1 + rng.normal(0, 0.1, 40), luck)
    assert found.difference == pytest.approx(-1, abs=0.1)
    assert found.half_width < 0.1
    assert (found.smaller, found.equal, found.larger) == (40, 0, 0)
    assert found.p_value < 1e-6
    assert paired([1.0, 2.0], [1.0, 2.0]).p_value == 1
    compared = by_policy({"FIFO": [3.0, 4.0], "SPT": [1.0, 2.0]}, "FIFO")
    assert list(compared) == ["SPT"]
    assert compared["SPT"].difference == -2


@pytest.mark.parametrize(
    ("call", "message"),
    [
        (lambda: paired([1.0], [1.0, 2.0]), "two samples of one size"),
        (lambda: paired([], []), "two samples of one size"),
        (lambda: summary([1.0, 2.0], batches=1), "batches"),
        (lambda: summary([1.0, 2.0], confidence=2), "confidence"),
    ],
)
def test_nonsense_is_refused(call: object, message: str) -> None:
    with pytest.raises(ConfigError, match=message):
        call()  # type: ignore[operator]
