"""Ticks as people read them: units, axis steps and durations in words."""

from __future__ import annotations

import math
from dataclasses import dataclass
from datetime import datetime

from headway.errors import ConfigError
from headway.show.dates import date_marks, later, moment_name

SECONDS = {
    "ns": 1e-9,
    "µs": 1e-6,
    "ms": 1e-3,
    "s": 1.0,
    "min": 60.0,
    "h": 3600.0,
    "d": 86400.0,
}
"""Length of each unit in seconds."""

_SHORTEST_DATED = 10.0
"""Seconds that a picture must show for dates to say anything."""

_DECIMAL = (1.0, 2.0, 5.0)
_STEPS = {
    "min": (0.25, 0.5, 1.0, 2.0, 5.0, 10.0, 15.0, 30.0),
    "h": (0.25, 0.5, 1.0, 2.0, 3.0, 6.0, 12.0, 24.0),
    "d": (0.25, 0.5, 1.0, 2.0, 7.0, 14.0, 28.0),
}


@dataclass(frozen=True, slots=True)
class Clock:
    """Says what a number of ticks is in a unit.

    Parameters
    ----------
    unit
        A key of `SECONDS`, or "ticks".
    per_tick
        Units per tick.
    origin
        The date of tick 0 as clocks on walls show it, or None if instants are not told as dates.
    """

    unit: str = "ticks"
    per_tick: float = 1.0
    origin: datetime | None = None

    @classmethod
    def of(
        cls,
        tick_s: float,
        span: float,
        unit: str | None = None,
        origin: datetime | None = None,
    ) -> Clock:
        """Return the clock for a picture.

        Parameters
        ----------
        tick_s
            Seconds per tick. A tick of exactly one second, the default of every problem, is taken
            to be an abstract unit and stays a plain number unless `unit` or `origin` is given.
        span
            Ticks that the picture shows; decides the unit.
        unit
            A key of `SECONDS` or "ticks", to choose it yourself; instants are then counted from
            tick 0.
        origin
            The date of tick 0, if there is one. Within seconds, dates say nothing and are left out.
        """
        has_dates = unit is None and origin is not None and tick_s * span >= _SHORTEST_DATED
        if unit is None:
            abstract = tick_s == 1.0 and origin is None
            unit = "ticks" if abstract else _fitting(tick_s * max(span, 1.0))
        if unit == "ticks":
            return cls()
        if unit not in SECONDS:
            raise ConfigError(f"unit: expected ticks, {', '.join(SECONDS)}; got {unit!r}")
        start = origin.replace(tzinfo=None) if origin is not None and has_dates else None
        return cls(unit, tick_s / SECONDS[unit], start)

    @property
    def label(self) -> str:
        """Title of a time axis; dates need none."""
        return f"time ({self.unit})" if self.origin is None else ""

    def step(self, span: float, n: int) -> float:
        """Return a round step, in ticks, that cuts `span` ticks into at most `n` or so."""
        target = max(span, 1e-12) * self.per_tick / max(n, 1)
        steps = _STEPS.get(self.unit, ())
        if steps and steps[0] / 2 <= target <= steps[-1]:
            return next(step for step in steps if step >= target) / self.per_tick
        power = 10.0 ** math.floor(math.log10(target))
        step = next((k * power for k in _DECIMAL if k * power >= target * (1 - 1e-9)), 10 * power)
        # A tick cannot be divided: no labels between two of them.
        return max(1.0, step) if self.unit == "ticks" else step / self.per_tick

    def ticks(self, low: float, high: float, n: int) -> list[tuple[float, str]]:
        """Return about `n` instants between two ticks with their labels."""
        if self.origin is not None:
            tick_s = self.per_tick * SECONDS[self.unit]
            marks = date_marks(self.origin, low * tick_s, high * tick_s, n)
            return [(seconds / tick_s, text) for seconds, text in marks]
        step = self.step(high - low, n)
        size = step * self.per_tick
        digits = next(k for k in range(16) if k == 15 or _is_whole(size * 10**k))
        first, last = math.ceil(low / step - 1e-9), math.floor(high / step + 1e-9)
        return [(k * step, grouped(f"{k * size:.{digits}f}")) for k in range(first, last + 1)]

    def show(self, ticks: float) -> str:
        """Return a number of ticks with its unit, as short as it can be said exactly enough.

        >>> Clock().show(930)
        '930'
        >>> Clock("h", 1 / 60).show(135)
        '2 h 15 min'
        >>> Clock("ms", 0.001).show(2500)
        '2.5 ms'
        """
        if self.unit == "ticks":
            return grouped(f"{ticks:.12g}")
        if SECONDS[self.unit] < 60:
            return f"{ticks * self.per_tick:.6g} {self.unit}"
        return _in_words(ticks * self.per_tick * SECONDS[self.unit])

    def moment(self, tick: int) -> str:
        """Return an instant: its date, or without dates the time since tick 0.

        >>> Clock("h", 1 / 60, datetime(2026, 3, 2, 8)).moment(135)
        'Mon 2 Mar 10:15'
        """
        if self.origin is not None:
            date = later(self.origin, tick * self.per_tick * SECONDS[self.unit])
            if date is not None:
                return moment_name(date, year=date.year != self.origin.year)
        return self.show(tick)


def _is_whole(number: float) -> bool:
    return abs(number - round(number)) <= 1e-6 * max(1.0, abs(number))


def grouped(number: str) -> str:
    """Return a number with thin spaces between thousands, if it has five digits or more."""
    whole, point, rest = number.partition(".")
    if len(whole.lstrip("-")) < 5:
        return number
    return f"{int(whole):,}".replace(",", "\u2009") + point + rest


def _fitting(seconds: float) -> str:
    """Return the largest unit of which `seconds` holds at least two."""
    best = "ns"
    for unit, length in SECONDS.items():
        if seconds >= 2 * length:
            best = unit
    return best


def _in_words(seconds: float) -> str:
    """Return seconds as at most days, hours, minutes and seconds."""
    sign = "-" if seconds < 0 else ""
    rest = round(abs(seconds))
    parts = []
    for unit in ("d", "h", "min", "s"):
        count, rest = divmod(rest, int(SECONDS[unit]))
        if count:
            parts.append(f"{count} {unit}")
    return sign + (" ".join(parts) or "0 s")
