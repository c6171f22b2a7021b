from __future__ import annotations

from datetime import datetime, timedelta, timezone

import pytest
from hypothesis import given
from hypothesis import strategies as st

from headway.errors import ConfigError
from headway.show.clock import SECONDS, Clock, grouped


@pytest.mark.parametrize(
    ("tick_s", "span", "unit"),
    [
        (1.0, 5000, "ticks"),
        (60, 90, "min"),
        (60, 900, "h"),
        (3600, 500, "d"),
        (1e-6, 500, "µs"),
        (1e-9, 5, "ns"),
        (0.5, 100, "s"),
    ],
)
def test_the_unit_suits_the_span(tick_s: float, span: float, unit: str) -> None:
    assert Clock.of(tick_s, span).unit == unit


def test_a_unit_may_be_chosen() -> None:
    clock = Clock.of(1.0, 5000, "min")
    assert clock.show(90) == "1 min 30 s"
    assert clock.label == "time (min)"


def test_an_unknown_unit_is_refused() -> None:
    with pytest.raises(ConfigError, match="fortnight"):
        Clock.of(1.0, 10, "fortnight")


def test_durations_are_said_in_words() -> None:
    minutes = Clock.of(60, 600)
    assert minutes.show(135) == "2 h 15 min"
    assert minutes.show(0) == "0 s"
    assert minutes.show(-61) == "-1 h 1 min"
    assert minutes.show(24 * 60) == "1 d"
    assert Clock.of(0.001, 20).show(7) == "7 ms"
    assert Clock().show(61673) == "61\u2009673"


def test_quarters_of_an_hour_keep_both_digits() -> None:
    labels = [text for _, text in Clock("h", 1 / 60).ticks(0, 120, 9)]
    assert labels[:4] == ["0.00", "0.25", "0.50", "0.75"]


def test_ticks_are_never_divided() -> None:
    assert Clock().ticks(0, 3, 10) == [(0, "0"), (1, "1"), (2, "2"), (3, "3")]


@given(
    tick_s=st.sampled_from([1.0, *SECONDS.values(), 0.3, 7.0]),
    span=st.integers(1, 10**9),
    n=st.integers(2, 25),
)
def test_labels_are_few_distinct_and_in_range(tick_s: float, span: int, n: int) -> None:
    marks = Clock.of(tick_s, span).ticks(0, span, n)
    times = [at for at, _ in marks]
    assert 1 <= len(marks) <= 2 * n + 1
    assert times == sorted(times)
    assert len({text for _, text in marks}) == len(marks)
    assert times[0] == 0
    assert times[-1] <= span * (1 + 1e-6)


def test_only_long_numbers_are_grouped() -> None:
    assert grouped("9999") == "9999"
    assert grouped("-1234567") == "-1\u2009234\u2009567"
    assert grouped("12345.25") == "12\u2009345.25"


def test_an_origin_makes_instants_dates_and_leaves_durations() -> None:
    clock = Clock.of(1.0, 9000, origin=datetime(2026, 12, 31, 22))
    assert clock.moment(90) == "Thu 31 Dec 22:01:30"
    assert clock.moment(7200) == "Fri 1 Jan 2027 00:00"
    assert clock.show(90) == "1 min 30 s"
    assert clock.label == ""
    assert clock.ticks(0, 7200, 4)[0] == (0, "22:00\nThu 31 Dec 2026")


@pytest.mark.parametrize(("tick_s", "unit"), [(60.0, "h"), (1e-3, None)])
def test_dates_give_way_to_a_chosen_unit_and_within_seconds(tick_s: float, unit: str) -> None:
    clock = Clock.of(tick_s, 5000, unit, datetime(2026, 3, 2))
    assert clock.origin is None
    assert clock.label.startswith("time (")
    assert clock.moment(120) == clock.show(120)


def test_beyond_the_calendar_instants_are_counted() -> None:
    assert Clock.of(60.0, 600, origin=datetime(9999, 12, 31, 23)).moment(120) == "2 h"


def test_dates_are_those_of_clocks_on_walls() -> None:
    zone = timezone(timedelta(hours=9))
    assert Clock.of(60.0, 600, origin=datetime(2026, 3, 2, 8, tzinfo=zone)).moment(5) == (
        "Mon 2 Mar 08:05"
    )
