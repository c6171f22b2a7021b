"""Dates as people read them: on time axes, and in words.

Names of days and months are English everywhere, whatever the locale, so that a picture of the same
schedule has the same bytes on every machine.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime, timedelta

_DAYS = ("Mon", "Tue", "Wed", "Thu", "Fri", "Sat", "Sun")
_MONTHS = ("Jan", "Feb", "Mar", "Apr", "May", "Jun", "Jul", "Aug", "Sep", "Oct", "Nov", "Dec")
_BEGIN = datetime(1, 1, 1)
"""Where the calendar begins; a Monday."""

_END = datetime(9999, 12, 31)
_DAY = timedelta(days=1)
_MONTH = timedelta(days=365.2425 / 12)


@dataclass(frozen=True, slots=True)
class _Step:
    """From one mark to the next: so many months, or without months, so long."""

    length: timedelta
    months: int = 0


_STEPS = (
    *(_Step(timedelta(seconds=k)) for k in (1, 2, 5, 10, 15, 30)),
    *(_Step(timedelta(minutes=k)) for k in (1, 2, 5, 10, 15, 30)),
    *(_Step(timedelta(hours=k)) for k in (1, 2, 3, 6, 12)),
    *(_Step(timedelta(days=k)) for k in (1, 2, 7, 14)),
    *(_Step(k * _MONTH, k) for k in (1, 2, 3, 6)),
    *(_Step(12 * k * _MONTH, 12 * k) for k in (1, 2, 5, 10, 20, 50, 100, 200, 500, 1000)),
)


def later(origin: datetime, seconds: float) -> datetime | None:
    """Return the date that comes `seconds` after `origin`, or None beyond the calendar."""
    try:
        return origin + timedelta(seconds=seconds)
    except OverflowError:
        return None


def day_name(date: datetime, *, year: bool = False) -> str:
    """Return the day of a date.

    >>> day_name(datetime(2026, 3, 2, 8), year=True)
    'Mon 2 Mar 2026'
    """
    text = f"{_DAYS[date.weekday()]} {date.day} {_MONTHS[date.month - 1]}"
    return f"{text} {date.year}" if year else text


def moment_name(date: datetime, *, year: bool = False) -> str:
    """Return day and time of a date, to the second where it is not a whole minute.

    >>> moment_name(datetime(2026, 3, 2, 8))
    'Mon 2 Mar 08:00'
    """
    whole = later(date, 0.5) or date
    return f"{day_name(whole, year=year)} {_time(whole, seconds=whole.second > 0)}"


def date_marks(origin: datetime, low: float, high: float, n: int) -> list[tuple[float, str]]:
    """Return about `n` round dates with their labels.

    Labels have a second line where something coarser begins: the day under times of day, the year
    under days and months.

    Parameters
    ----------
    origin
        Second 0.
    low, high
        The first and the last second to show, counted from `origin`.
    n
        How many labels there is room for.

    Returns
    -------
    list
        (seconds from `origin`, label), in order.
    """
    first = later(origin, low) or _BEGIN
    last = later(origin, high) or _END
    target = (last - first) / max(n, 1)
    fitting = next((k for k, step in enumerate(_STEPS) if step.length >= target), len(_STEPS) - 1)
    for step in reversed(_STEPS[: fitting + 1]):
        # Round dates may happen to lie outside; finer ones then lie inside.
        dates = _round_dates(step, first, last)
        if dates:
            break
    marks = []
    group = ""
    for date in dates:
        own, coarser = _label(date, step)
        if coarser != group:
            # The year of a day is told once.
            told = day_name(date, year=True) if not group and step.length < _DAY else coarser
            own = f"{own}\n{told}"
            group = coarser
        marks.append(((date - origin).total_seconds(), own))
    return marks


def _round_dates(step: _Step, first: datetime, last: datetime) -> list[datetime]:
    """Return the multiples of a step from `first` to `last`; weeks begin on Mondays."""
    if step.months:
        begin, end = (12 * date.year + date.month - 1 for date in (first, last))
        months = range(-(-begin // step.months) * step.months, end + 1, step.months)
        dates = [datetime(month // 12, month % 12 + 1, 1) for month in months]
        return [date for date in dates if date >= first]
    number = -((_BEGIN - first) // step.length)
    count = (last - _BEGIN) // step.length - number + 1
    return [_BEGIN + (number + k) * step.length for k in range(count)]


def _label(date: datetime, step: _Step) -> tuple[str, str]:
    """Return the label of a mark, and what it shares with its neighbours."""
    if step.length < _DAY:
        return _time(date, seconds=step.length < timedelta(minutes=1)), day_name(date)
    if not step.months:
        return day_name(date), str(date.year)
    if step.months < 12:
        return _MONTHS[date.month - 1], str(date.year)
    return str(date.year), ""


def _time(date: datetime, *, seconds: bool) -> str:
    text = f"{date.hour:02}:{date.minute:02}"
    return f"{text}:{date.second:02}" if seconds else text
