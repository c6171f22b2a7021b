"""Headers that tell how much of a rate is left, as clients of the OpenAI API know them."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING

from headway.serving.fleet.admission.bucket import MINUTE_S, TokenBucket
from headway.serving.gateway.accounts.account import Account

if TYPE_CHECKING:  # accounts need no server
    from headway.serving.wire import Header


_Names = tuple[bytes, bytes, bytes]
_REQUESTS: _Names = (
    b"x-ratelimit-limit-requests",
    b"x-ratelimit-remaining-requests",
    b"x-ratelimit-reset-requests",
)
_TOKENS: _Names = (
    b"x-ratelimit-limit-tokens",
    b"x-ratelimit-remaining-tokens",
    b"x-ratelimit-reset-tokens",
)


def rate_headers(accounts: Sequence[Account], now_s: float) -> tuple[Header, ...]:
    """Return limit, rest and time to fill of requests and tokens, of whichever has least left.

    Parameters
    ----------
    accounts
        That a request counts in.
    now_s
        Of the clock of their buckets.
    """
    requests = tokens = None
    for one in accounts:
        requests = _least(requests, one.requests, now_s)
        tokens = _least(tokens, one.tokens, now_s)
    headers: tuple[Header, ...] = ()
    if requests is not None:
        headers = _headers(_REQUESTS, requests, now_s)
    if tokens is not None:
        headers += _headers(_TOKENS, tokens, now_s)
    return headers


def _least(
    first: TokenBucket | None, second: TokenBucket | None, now_s: float
) -> TokenBucket | None:
    if first is None or second is None:
        return first or second
    return first if first.level(now_s) <= second.level(now_s) else second


def _headers(names: _Names, bucket: TokenBucket, now_s: float) -> tuple[Header, ...]:
    limit, remaining, reset = names
    per_min, level = bucket.per_min, bucket.level(now_s)
    wait_s = (per_min - level) * MINUTE_S / per_min
    return (
        (limit, b"%d" % per_min),
        (remaining, b"%d" % level if level > 0 else b"0"),
        (reset, _span(wait_s)),
    )


def _span(wait_s: float) -> bytes:
    """Return a time in the notation of these headers, as in ``6m0s`` or ``20ms``."""
    if wait_s < 1:
        return b"%dms" % (wait_s * 1000 + 0.5)
    minutes, seconds = divmod(round(wait_s), 60)
    return b"%dm%ds" % (minutes, seconds) if minutes else b"%ds" % seconds
