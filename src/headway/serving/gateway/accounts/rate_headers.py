"""Headers that tell how much of a rate is left, as clients of the OpenAI API know them."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING

from headway.serving.fleet.admission.bucket import MINUTE_S, TokenBucket
from headway.serving.gateway.accounts.account import Account

if TYPE_CHECKING:  # accounts need no server
    from headway.serving.wire import Header


def rate_headers(accounts: Sequence[Account], now_s: float) -> tuple[Header, ...]:
    """Return limit, rest and time to fill of requests and tokens, of whichever has least left.

    Parameters
    ----------
    accounts
        That a request counts in.
    now_s
        Of the clock of their buckets.
    """
    headers: tuple[Header, ...] = ()
    asked = [one.requests for one in accounts if one.requests is not None]
    if asked:
        headers += _headers(b"requests", asked, now_s)
    used = [one.tokens for one in accounts if one.tokens is not None]
    if used:
        headers += _headers(b"tokens", used, now_s)
    return headers


def _headers(what: bytes, buckets: Sequence[TokenBucket], now_s: float) -> tuple[Header, ...]:
    least = min(buckets, key=lambda bucket: bucket.level(now_s))
    level = least.level(now_s)
    wait_s = (least.per_min - level) * MINUTE_S / least.per_min
    return (
        (b"x-ratelimit-limit-%b" % what, b"%d" % least.per_min),
        (b"x-ratelimit-remaining-%b" % what, b"%d" % max(level, 0)),
        (b"x-ratelimit-reset-%b" % what, _span(wait_s)),
    )


def _span(wait_s: float) -> bytes:
    """Return a time in the notation of these headers, as in ``6m0s`` or ``20ms``."""
    if wait_s < 1:
        return b"%dms" % round(wait_s * 1000)
    minutes, seconds = divmod(round(wait_s), 60)
    return b"%dm%ds" % (minutes, seconds) if minutes else b"%ds" % seconds
