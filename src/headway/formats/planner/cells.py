"""From what stands in a cell to ticks, numbers and names."""

from __future__ import annotations

import datetime as dt
import re
from dataclasses import dataclass

from headway.errors import ConfigError, FormatError
from headway.formats.planner.tables import Cell
from headway.model import Objective
from headway.model.tables import LARGEST_TIME

_WHOLE = re.compile(r"[+-]?[0-9]{1,15}(?:\.0*)?")
_PIECE = re.compile(r"([0-9]{1,12}(?:\.[0-9]{1,6})?)\s*([a-z]+)")
_CLOCK = re.compile(r"([0-9]{1,6}):([0-5][0-9])(?::([0-5][0-9]))?")
_DATE = re.compile(r"[0-9]{4}-[0-9]{2}-[0-9]{2}.*")
_LONGEST_OBJECTIVE = 1000
_SECONDS = {
    **dict.fromkeys(("s", "sec", "second", "seconds"), 1),
    **dict.fromkeys(("min", "minute", "minutes"), 60),
    **dict.fromkeys(("h", "hour", "hours"), 3600),
    **dict.fromkeys(("d", "day", "days"), 86400),
    **dict.fromkeys(("w", "week", "weeks"), 604800),
}
_YES = {"yes", "y", "true", "1", "x"}
_NO = {"no", "n", "false", "0", ""}


def whole(cell: Cell, low: int = 0, high: int = LARGEST_TIME) -> int:
    """Return a whole number."""
    text = cell.text
    if _WHOLE.fullmatch(text) and not isinstance(cell.value, bool):
        number = int(text.split(".", 1)[0])
        if low <= number <= high:
            return number
    raise cell.error(
        f"a whole number from {low} to {high}"
        if high < LARGEST_TIME
        else f"a whole number of at least {low}"
    )


def flag(cell: Cell) -> bool:
    """Return yes or no; an empty cell means no."""
    word = cell.text.lower()
    if word in _YES or word in _NO:
        return word in _YES
    raise cell.error("yes or no")


def seconds(text: str) -> float | None:
    """Return a length of time written with units ("1 h 30 min", "1:30"), or None."""
    clock = _CLOCK.fullmatch(text)
    if clock:
        hours, minutes, rest = (int(part or 0) for part in clock.groups())
        return float(hours * 3600 + minutes * 60 + rest)
    pieces = _PIECE.findall(text.lower())
    if not pieces or _PIECE.sub("", text.lower()).strip():
        return None
    if any(unit not in _SECONDS for _, unit in pieces):
        return None
    return sum(float(number) * _SECONDS[unit] for number, unit in pieces)


@dataclass(frozen=True)
class Clock:
    """How dates and lengths of time become ticks.

    Attributes
    ----------
    tick_s
        Seconds per tick.
    start
        When tick 0 is; None if the tables know no dates.
    has_units
        Whether lengths may be written with units.
    """

    tick_s: float = 1.0
    start: dt.datetime | None = None
    has_units: bool = False

    def length(self, cell: Cell, text: str | None = None, low: int = 0) -> int:
        """Return a length of time in ticks.

        Parameters
        ----------
        cell
            Where it stands.
        text
            The part of the cell meant; the whole cell by default.
        low
            Smallest value allowed.
        """
        value = cell.value if text is None else None
        if isinstance(value, dt.time):
            value = dt.timedelta(hours=value.hour, minutes=value.minute, seconds=value.second)
        if isinstance(value, dt.timedelta):
            return self._ticks(cell, value.total_seconds())
        plain = cell.text if text is None else text.strip()
        if _WHOLE.fullmatch(plain):
            number = int(plain.split(".", 1)[0])
            if low <= number <= LARGEST_TIME:
                return number
        else:
            duration = seconds(plain)
            if duration is not None:
                return self._ticks(cell, duration)
        raise cell.error("a whole number of ticks, or a length such as '1 h 30 min' or '1:30'")

    def moment(
        self, cell: Cell, text: str | None = None, *, is_end: bool = False, low: int = 0
    ) -> int:
        """Return an instant in ticks.

        A date without a time means its beginning, or with `is_end` (due dates, deadlines) its end.

        Parameters
        ----------
        cell
            Where it stands.
        text
            The part of the cell meant; the whole cell by default.
        is_end
            Whether a date without a time means its end.
        low
            Smallest tick allowed; negative ones are before the start of the plan.
        """
        found = self.instant(cell, text, is_end=is_end, low=low)
        return found if isinstance(found, int) else self._since_start(cell, found, low)

    def release(self, cell: Cell) -> int:
        """Return an instant from which on work may start; whatever is past means tick 0."""
        found = self.instant(cell, low=-LARGEST_TIME)
        if isinstance(found, int):
            return max(0, found)
        if self.start is not None and found.tzinfo is None and found < self.start:
            return 0
        return self._since_start(cell, found, 0)

    def instant(
        self, cell: Cell, text: str | None = None, *, is_end: bool = False, low: int = 0
    ) -> int | dt.datetime:
        """Return a tick or a date, whichever stands there; see `moment`."""
        value = cell.value if text is None else None
        plain = cell.text if text is None else text.strip()
        if isinstance(value, dt.datetime):
            return value
        if isinstance(value, dt.date):
            return _midnight(cell, value, is_end=is_end)
        if _WHOLE.fullmatch(plain):
            number = int(plain.split(".", 1)[0])
            if low <= number <= LARGEST_TIME:
                return number
        if _DATE.fullmatch(plain):
            try:
                if len(plain) == len("2026-03-02"):
                    return _midnight(cell, dt.date.fromisoformat(plain), is_end=is_end)
                return dt.datetime.fromisoformat(plain)
            except FormatError:
                raise
            except ValueError:
                pass
        ticks = "a tick" if low < 0 else f"a tick of at least {low}"
        raise cell.error(f"{ticks} or a date such as 2026-03-02 08:00")

    def _since_start(self, cell: Cell, moment: dt.datetime, low: int) -> int:
        if moment.tzinfo is not None:
            raise cell.error("a local time without a time zone")
        if self.start is None:
            raise cell.complain(
                f"{cell.text!r} is a date; say in the settings which date is tick 0"
                " (setting 'start')"
            )
        if moment < self.start and low >= 0:
            hint = (
                "; no schedule could meet it, a date that may be missed is a due date"
                if cell.column == "deadline"
                else ""
            )
            raise cell.error(f"a date not before the start of the plan, {self.start}{hint}")
        return self._ticks(cell, (moment - self.start).total_seconds(), low)

    def _ticks(self, cell: Cell, duration: float, low: int = 0) -> int:
        if not self.has_units:
            raise cell.complain(
                f"{cell.text!r} has a unit; say in the settings how long a tick is (setting 'tick')"
            )
        ticks = duration / self.tick_s
        if not ticks.is_integer() or not low <= ticks <= LARGEST_TIME:
            raise cell.error(f"a multiple of the tick, {self.tick_s:g} s")
        return int(ticks)


def _midnight(cell: Cell, day: dt.date, *, is_end: bool) -> dt.datetime:
    moment = dt.datetime.combine(day, dt.time())
    if is_end and day == dt.date.max:
        raise cell.error("a date in this millennium")
    return moment + dt.timedelta(days=1) if is_end else moment


def objective(cell: Cell) -> Objective:
    """Return an objective written as `str` writes it; see `Objective.parse`."""
    text = " ".join(cell.text.lower().split())
    if len(text) > _LONGEST_OBJECTIVE:
        raise cell.error(f"an objective of at most {_LONGEST_OBJECTIVE} letters")
    if text == str(Objective()):
        return Objective()
    try:
        return Objective.parse(text)
    except ConfigError as error:
        raise cell.complain(str(error)) from None
