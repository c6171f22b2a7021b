"""The limits of one tenant or key, and where it stands."""

from __future__ import annotations

import math

from headway.serving.fleet.admission.bucket import TokenBucket
from headway.serving.gateway.accounts.bounds import Bounds
from headway.serving.gateway.accounts.money import nano
from headway.serving.gateway.accounts.purse import HOUR_S, Moment, Purse
from headway.serving.gateway.errors import Refusal

_SOON_S = 1.0


class Account:
    """Buckets, purses and the count of requests under way.

    Parameters
    ----------
    owner
        In words, for messages.
    bounds
        The limits.
    moment
        When it begins.
    spent
        In the day and in the month so far, in billionths.
    now_s
        Of the clock of the buckets.

    Notes
    -----
    All methods are O(1).

    Attributes
    ----------
    refused
        Requests that were refused.
    refused_s, why
        When the last one was, by the clock of the buckets, and what it was told.
    """

    __slots__ = (
        "day", "in_flight", "is_budgeted", "month", "most", "owner", "refused", "refused_s",
        "requests", "tokens", "why",
    )  # fmt: skip

    def __init__(
        self,
        owner: str,
        bounds: Bounds,
        moment: Moment,
        spent: tuple[int, int] = (0, 0),
        now_s: float = 0.0,
    ) -> None:
        self.owner = owner
        self.in_flight = 0
        self.most = bounds.in_flight
        per_min, tokens, day, month = (
            bounds.requests_per_min,
            bounds.tokens_per_min,
            bounds.budget_per_day,
            bounds.budget_per_month,
        )
        self.requests = None if per_min is None else TokenBucket(per_min, now_s)
        self.tokens = None if tokens is None else TokenBucket(tokens, now_s)
        self.day = None if day is None else Purse(nano(day), moment.day, spent[0])
        self.month = None if month is None else Purse(nano(month), moment.month, spent[1])
        self.is_budgeted = self.day is not None or self.month is not None
        self.refused = 0
        self.refused_s = -math.inf
        self.why = ""

    def refusal(
        self, tokens: int, cost: int, moment: Moment, wall_s: float, now_s: float
    ) -> Refusal | None:
        """Return why a request may not come now, or None; nothing changes.

        Parameters
        ----------
        tokens, cost
            The most it may use.
        moment, wall_s
            Of the calendar.
        now_s
            Of the clock of the buckets.
        """
        if self.most is not None and self.in_flight >= self.most:
            told = f"{self.owner} may have {self.most} requests under way at once"
            return _later(told, _SOON_S)
        if self.day is not None and self.day.left(moment.day) < cost:
            return self._poor(self.day, "day", cost, (moment.day + 1) * 24 * HOUR_S - wall_s)
        if self.month is not None and self.month.left(moment.month) < cost:
            return self._poor(self.month, "month", cost, moment.end_of_month_s() - wall_s)
        if self.requests is not None and (wait_s := self.requests.wait_s(1, now_s)) > 0:
            return _later(f"{self.owner} may ask {self.requests.per_min:g} times a minute", wait_s)
        if self.tokens is not None and (wait_s := self.tokens.wait_s(tokens, now_s)) > 0:
            told = f"{self.owner} may use {self.tokens.per_min:g} tokens a minute, not {tokens} now"
            return _later(told, wait_s)
        return None

    def note(self, refusal: Refusal, now_s: float) -> None:
        """Remember that a request was refused, and why."""
        self.refused += 1
        self.refused_s, self.why = now_s, refusal.message

    def left(self, moment: Moment) -> int:
        """Return what is left of the budgets, in billionths; 0 if more was spent than told."""
        rest = [0]
        if self.day is not None:
            rest = [self.day.left(moment.day)]
        if self.month is not None:
            rest.append(self.month.left(moment.month))
        return max(min(rest), 0)

    def take(self, tokens: int, cost: int, moment: Moment, now_s: float) -> None:
        """Count a request and the most it may use."""
        self.in_flight += 1
        if self.requests is not None:
            self.requests.charge(1, now_s)
        if self.tokens is not None:
            self.tokens.charge(tokens, now_s)
        if self.day is not None:
            self.day.hold(cost, moment.day)
        if self.month is not None:
            self.month.hold(cost, moment.month)

    def close(self, unused: int, held: int, spent: int, moment: Moment, at_s: float) -> None:
        """Count what a request used in place of what was taken for it.

        Parameters
        ----------
        unused
            Tokens to give back; negative if it used more.
        held, spent
            What was set aside, and what it cost.
        moment, at_s
            When it was taken.
        """
        self.in_flight -= 1
        if self.tokens is not None:
            self.tokens.charge(-unused, at_s)
        if self.day is not None:
            self.day.settle(held, spent, moment.day)
        if self.month is not None:
            self.month.settle(held, spent, moment.month)

    def _poor(self, purse: Purse, period: str, cost: int, wait_s: float) -> Refusal:
        if purse.spent + cost <= purse.most:
            told = f"what is left of {self.owner}'s budget of the {period} is set aside"
            return _later(f"{told} for its requests under way", _SOON_S)
        return Refusal(
            status=429,
            message=f"{self.owner} has too little left of its budget of the {period}",
            code="insufficient_quota",
            retry_after_s=wait_s if cost <= purse.most else None,
            # Clients that repeat what was refused with 429 by themselves do so in vain.
            limits=((b"x-should-retry", b"false"),),
        )


def _later(message: str, wait_s: float) -> Refusal:
    return Refusal(
        status=429,
        message=f"{message}; try again in {wait_s:.1f} s",
        code="rate_limit_exceeded",
        retry_after_s=wait_s,
    )
