"""Which headers pass from one connection to the next."""

from __future__ import annotations

from collections.abc import Iterable

Header = tuple[bytes, bytes]
"""A name in small letters, and a value."""

_HOP_BY_HOP = frozenset(
    b"connection keep-alive proxy-connection te trailer upgrade"
    b" proxy-authenticate proxy-authorization".split()
)


def end_to_end(headers: Iterable[Header], drop: frozenset[bytes] = frozenset()) -> list[Header]:
    """Return the headers that are not about one connection (RFC 9110, section 7.6.1).

    ``transfer-encoding`` passes, since the framing does.

    Parameters
    ----------
    headers
        As they came.
    drop
        Names in small letters that do not pass either.
    """
    kept = []
    named: set[bytes] = set()
    for name, value in headers:
        if name == b"connection":
            named.update(token.strip().lower() for token in value.split(b","))
        elif name not in _HOP_BY_HOP and name not in drop:
            kept.append((name, value))
    if named - {b"close", b"keep-alive"}:
        return [pair for pair in kept if pair[0] not in named]
    return kept
