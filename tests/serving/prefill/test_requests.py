"""Columns of requests: checked, scaled, and given limits by length."""

import numpy as np
import pytest

from headway.errors import ConfigError
from headway.serving.prefill import Limit, Load, PrefillRequests, QuadraticWork, with_limits


def test_a_faster_rate_keeps_everything_but_arrivals() -> None:
    requests = PrefillRequests.of([0, 2, 4], [10, 20, 30], [0, 5, 0], ttft_s=[1, 2, 3])
    faster = requests.scaled(4)
    assert faster.arrival_s.tolist() == [0, 0.5, 1]
    assert faster.deadline_s.tolist() == [1, 2.5, 4]
    assert faster.history.tolist() == [0, 5, 0]
    assert requests.span_s == 4


def test_columns_cannot_be_written_to() -> None:
    arrivals = np.array([0.0, 1.0])
    requests = PrefillRequests.of(arrivals, 10)
    arrivals[0] = 0.5
    assert requests.arrival_s[0] == 0
    with pytest.raises(ValueError, match="read-only"):
        requests.tokens[0] = 3


@pytest.mark.parametrize(
    ("column", "values"),
    [
        ("arrival_s", [1.0, 0.0]),
        ("arrival_s", [0.0, np.nan]),
        ("tokens", [0, 1]),
        ("tokens", [1, 2, 3]),
        ("history", [-1, 0]),
        ("ttft_s", [0.0, 1.0]),
        ("ttft_s", [np.nan, 1.0]),
        ("service_class", [0, 1]),
    ],
)
def test_a_column_that_does_not_fit_is_named(column: str, values: list[float]) -> None:
    columns = {"arrival_s": [0.0, 1.0], "tokens": [1, 1], column: values}
    with pytest.raises(ConfigError, match=column):
        PrefillRequests.of(**columns)


def test_limits_go_by_length_and_by_what_a_prompt_takes_alone() -> None:
    work = QuadraticWork()
    requests = PrefillRequests.of([0, 0, 0], [2000, 2001, 100], [0, 0, 50_000])
    limits = [Limit("short", 0.25, 4, up_to_tokens=2000), Limit("long", 0.5, 3)]
    limited = with_limits(requests, limits, work)
    assert limited.service_class.tolist() == [0, 1, 0]
    assert limited.classes == ("short", "long")
    alone = [work.seconds(Load.of(q, c)) for q, c in ((2000, 0), (2001, 0), (100, 50_000))]
    assert limited.ttft_s == pytest.approx(
        [0.25 + 4 * alone[0], 0.5 + 3 * alone[1], 0.25 + 4 * alone[2]]
    )


@pytest.mark.parametrize(
    "limits",
    [
        [],
        [Limit("a", 1, up_to_tokens=5)],
        [Limit("a", 1), Limit("b", 1)],
        [Limit("a", 1, up_to_tokens=5), Limit("b", 1, up_to_tokens=5), Limit("c", 1)],
    ],
)
def test_limits_that_leave_a_length_open_are_refused(limits: list[Limit]) -> None:
    with pytest.raises(ConfigError, match="limits"):
        with_limits(PrefillRequests.of([0], [1]), limits, QuadraticWork())


@pytest.mark.parametrize("setting", [(0.0, 0.0), (-1.0, 2.0)])
def test_a_limit_of_nothing_is_refused(setting: tuple[float, float]) -> None:
    with pytest.raises(ConfigError, match="limit 'a'"):
        Limit("a", *setting)
