from __future__ import annotations

import json
import shutil
import subprocess
from datetime import datetime, timedelta
from importlib.resources import files
from itertools import pairwise
from random import Random

import pytest
from hypothesis import given
from hypothesis import strategies as st

from headway.show.clock import Clock
from headway.show.dates import date_marks, day_name, later, moment_name

MONDAY = datetime(2026, 3, 2, 8)
HOUR, DAY = 3600.0, 86400.0


def labels(origin: datetime, high: float, n: int) -> list[str]:
    return [text for _, text in date_marks(origin, 0, high, n)]


def test_days_and_moments_are_named() -> None:
    assert day_name(MONDAY) == "Mon 2 Mar"
    assert day_name(MONDAY, year=True) == "Mon 2 Mar 2026"
    assert moment_name(MONDAY) == "Mon 2 Mar 08:00"
    assert moment_name(MONDAY + timedelta(seconds=7)) == "Mon 2 Mar 08:00:07"
    # What floating point leaves of a second is rounded away, over midnight too.
    assert moment_name(datetime(2026, 3, 2, 23, 59, 59, 999_999)) == "Tue 3 Mar 00:00"
    assert moment_name(datetime(9999, 12, 31, 23, 59, 59, 999_999)).startswith("Fri 31 Dec 23:59")


def test_times_of_day_have_their_day_below() -> None:
    assert labels(MONDAY, 30 * HOUR, 6) == [
        "12:00\nMon 2 Mar 2026", "18:00", "00:00\nTue 3 Mar", "06:00", "12:00",
    ]  # fmt: skip


def test_short_plans_count_minutes_and_seconds() -> None:
    assert labels(MONDAY, 2 * HOUR, 8)[:3] == ["08:00\nMon 2 Mar 2026", "08:15", "08:30"]
    assert labels(MONDAY, 30, 6)[:3] == ["08:00:00\nMon 2 Mar 2026", "08:00:05", "08:00:10"]


def test_long_plans_count_weeks_from_mondays_and_then_months_and_years() -> None:
    christmas = datetime(2026, 12, 25)
    assert labels(christmas, 8 * DAY, 10)[-2:] == ["Fri 1 Jan\n2027", "Sat 2 Jan"]
    assert labels(christmas, 21 * DAY, 6) == ["Mon 28 Dec\n2026", "Mon 4 Jan\n2027", "Mon 11 Jan"]
    assert labels(christmas, 200 * DAY, 6) == ["Jan\n2027", "Mar", "May", "Jul"]
    assert labels(christmas, 3000 * DAY, 10)[:2] == ["2027", "2028"]


def test_the_calendar_ends_and_pictures_go_on() -> None:
    assert later(datetime(9999, 12, 31), 2 * DAY) is None
    marks = date_marks(datetime(9999, 12, 30), 0, 9 * DAY, 1)
    assert [text for _, text in marks] == ["Thu 30 Dec\n9999", "Fri 31 Dec"]


@given(
    origin=st.datetimes(datetime(1, 1, 1), datetime(9000, 1, 1)),
    low=st.floats(0, 1e9),
    span=st.floats(10, 1e10),
    n=st.integers(1, 25),
)
def test_marks_are_few_in_order_and_in_range(
    origin: datetime, low: float, span: float, n: int
) -> None:
    marks = date_marks(origin, low, low + span, n)
    times = [at for at, _ in marks]
    assert 1 <= len(marks) <= max(3, 1.2 * n + 2)
    assert all(a < b for a, b in pairwise(times))
    assert low - 1e-5 <= times[0]
    assert times[-1] <= low + span + 1e-5
    # Every mark says something else than the one before it.
    told = [text for _, text in marks]
    assert all(a != b for a, b in pairwise(told))


NODE = shutil.which("node")


@pytest.mark.skipif(NODE is None, reason="needs Node.js")
def test_the_page_tells_the_same_dates_as_the_pictures() -> None:
    """dates.js is dates.py once more."""
    assert NODE is not None
    random = Random(5)
    cases = []
    for _ in range(300):
        origin = datetime(random.randint(1900, 2200), random.randint(1, 12), random.randint(1, 28))
        origin += timedelta(minutes=random.randint(0, 1440))
        tick_s = random.choice([1.0, 60.0, 900.0, 3600.0, 86400.0])
        low = random.randint(0, 1000)
        high = low + random.choice([12, 50, 300, 2000, 10**4, 10**5])
        clock = Clock.of(tick_s, high - low, origin=origin)
        n = random.randint(2, 15)
        said = {"unit": clock.unit, "perTick": clock.per_tick, "origin": origin.isoformat()}
        cases.append((low, high, n, said, clock.ticks(low, high, n), clock.moment(high)))
    scripts = "".join(
        files("headway.show").joinpath("assets", name).read_text(encoding="utf-8")
        for name in ("format.js", "dates.js")
    )
    script = f"""{scripts}
    const cases = {json.dumps([case[:4] for case in cases])};
    const tell = ([low, high, n, clock]) =>
      [axisMarks(low, high, n, clock), showMoment(high, clock)];
    console.log(JSON.stringify(cases.map(tell)));
    """
    done = subprocess.run(
        [NODE, "-"], input=script, capture_output=True, text=True, check=True, timeout=60
    )
    for (*_, marks, moment), (their_marks, their_moment) in zip(
        cases, json.loads(done.stdout), strict=True
    ):
        assert [text for _, text in marks] == [text for _, text in their_marks]
        assert [at for at, _ in marks] == pytest.approx([at for at, _ in their_marks])
        assert moment == their_moment
