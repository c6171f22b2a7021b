"""Budgets of a day or a month, in which money is set aside before it is spent."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import NamedTuple

HOUR_S = 3600


class Moment(NamedTuple):
    """An hour of the calendar (UTC), and the day and month it lies in.

    Attributes
    ----------
    hour, day
        Since 1970.
    month
        Since the year 0.
    """

    hour: int
    day: int
    month: int

    @classmethod
    def of(cls, hour: int) -> Moment:
        """Return an hour since 1970 with its day and month."""
        date = datetime.fromtimestamp(hour * HOUR_S, UTC)
        return cls(hour, hour // 24, date.year * 12 + date.month - 1)

    def end_of_month_s(self) -> int:
        """Return when the month ends, in seconds since 1970."""
        year, month = divmod(self.month + 1, 12)
        return int(datetime(year, month + 1, 1, tzinfo=UTC).timestamp())

    def start_of_month(self) -> int:
        """Return the first hour of the month."""
        year, month = divmod(self.month, 12)
        return int(datetime(year, month + 1, 1, tzinfo=UTC).timestamp()) // HOUR_S


class Purse:
    """What may be spent in a period, and what is spent or set aside of it.

    A period once begun does not come back: with a clock that is set back, the purse stays in the
    latest period it has seen, so that no period is ever given its budget twice.

    Parameters
    ----------
    most
        To spend in a period, in billionths.
    period
        The one that is on.
    spent
        In it so far.
    """

    __slots__ = ("held", "most", "period", "spent")

    def __init__(self, most: int, period: int = -1, spent: int = 0) -> None:
        self.most = most
        self.period = period
        self.spent = spent
        self.held = 0

    def left(self, period: int) -> int:
        """Return what is neither spent nor set aside; negative if one was dearer than told."""
        if period > self.period:
            self.period, self.spent, self.held = period, 0, 0
        return self.most - self.spent - self.held

    def hold(self, amount: int, period: int) -> None:
        """Set an amount aside."""
        self.left(period)
        self.held += amount

    def settle(self, held: int, spent: int, period: int) -> None:
        """Spend an amount in place of what was set aside in that period, gone by or not."""
        if period == self.period:
            self.held -= held
            self.spent += spent
