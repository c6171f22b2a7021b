"""Where tenants and keys stand with their limits, for people who look after a gateway."""

from __future__ import annotations

from collections.abc import Iterable

import msgspec

from headway.serving.gateway.accounts.account import Account
from headway.serving.gateway.accounts.money import NANO
from headway.serving.gateway.accounts.purse import Moment, Purse

MOST_TOLD = 200
"""Tenants and keys that are told of at once."""


class Standing(msgspec.Struct, frozen=True):
    """What is left of the limits of one tenant or key; None where there is no limit.

    Attributes
    ----------
    owner
        In words, as in refusals.
    in_flight, most
        Requests under way, and how many there may be.
    requests_left, requests_per_min, tokens_left, tokens_per_min
        Of what flows in by the minute; negative in debt.
    day_left, day_budget, month_left, month_budget
        In the currency of the prices; what is set aside is not left.
    refused
        How many requests were refused since the gateway began.
    refused_s
        Seconds since the last of them; None if there was none.
    why
        What that one was told.
    """

    owner: str
    in_flight: int
    most: int | None
    requests_left: float | None
    requests_per_min: float | None
    tokens_left: float | None
    tokens_per_min: float | None
    day_left: float | None
    day_budget: float | None
    month_left: float | None
    month_budget: float | None
    refused: int
    refused_s: float | None
    why: str


def standings(
    accounts: Iterable[Account], moment: Moment, now_s: float, most: int = MOST_TOLD
) -> tuple[Standing, ...]:
    """Return where accounts stand: those refused last first, then those with most under way.

    Parameters
    ----------
    accounts
        All of them.
    moment, now_s
        By the calendar, and by the clock of the buckets.
    most
        How many are returned.
    """

    def urgency(one: Account) -> tuple[float, int, str]:
        return -one.refused_s, -one.in_flight, one.owner

    return tuple(_standing(one, moment, now_s) for one in sorted(accounts, key=urgency)[:most])


def _standing(one: Account, moment: Moment, now_s: float) -> Standing:
    requests, tokens = one.requests, one.tokens
    day_left, day_budget = _money(one.day, moment.day)
    month_left, month_budget = _money(one.month, moment.month)
    return Standing(
        owner=one.owner,
        in_flight=one.in_flight,
        most=one.most,
        requests_left=None if requests is None else requests.level(now_s),
        requests_per_min=None if requests is None else requests.per_min,
        tokens_left=None if tokens is None else tokens.level(now_s),
        tokens_per_min=None if tokens is None else tokens.per_min,
        day_left=day_left,
        day_budget=day_budget,
        month_left=month_left,
        month_budget=month_budget,
        refused=one.refused,
        refused_s=max(now_s - one.refused_s, 0.0) if one.refused else None,
        why=one.why,
    )


def _money(purse: Purse | None, period: int) -> tuple[float | None, float | None]:
    if purse is None:
        return None, None
    return purse.left(period) / NANO, purse.most / NANO
