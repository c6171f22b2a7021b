"""What a gateway reads from the headers of a request, and which it hands on."""

from __future__ import annotations

from collections.abc import Iterable, Mapping

import xxhash

from headway.serving.wire import Header, end_to_end

REQUEST_ID = b"x-request-id"
POLICY = b"x-headway-policy"
PROGRAM = b"x-headway-program"
TOOL = b"x-headway-tool"
FINAL = b"x-headway-final"
CLASS = b"x-headway-class"
PRIORITY = b"x-headway-priority"
RESUMED = b"x-headway-resumed"
SESSION = b"x-session-id"
ENGINE = b"x-headway-engine"
TRIES = b"x-headway-tries"

_READ = frozenset(
    (
        *(b"authorization", b"content-type", b"content-encoding"),
        *(REQUEST_ID, POLICY, PROGRAM, TOOL, FINAL, CLASS, PRIORITY, RESUMED, SESSION),
    )
)

_KEPT_BACK = frozenset(
    (
        *(b"authorization", b"host", b"content-length", b"expect", b"transfer-encoding"),
        # Engines answer in plain bytes, so that what they used can be read in passing.
        b"accept-encoding",
        *(REQUEST_ID, POLICY, PROGRAM, TOOL, FINAL, CLASS, PRIORITY, RESUMED),
    )
)

_MASK = 2**63 - 1


def known(headers: Iterable[Header]) -> Mapping[bytes, bytes]:
    """Return the headers that say something to the gateway, by their names."""
    return {name: value for name, value in headers if name in _READ}


def handed_on(headers: Iterable[Header]) -> list[Header]:
    """Return the headers that engines get."""
    return end_to_end(headers, _KEPT_BACK)


def session(headers: Mapping[bytes, bytes], user: str | None) -> int:
    """Return a number for whose turn a request is, -1 if it does not say.

    Sessions are told by ``x-session-id``, programs of agents by ``x-headway-program``; else the
    field ``user`` of the body counts.
    """
    name = headers.get(SESSION) or headers.get(PROGRAM)
    if name is None:
        if not user:
            return -1
        name = user.encode()
    return xxhash.xxh3_64_intdigest(name) & _MASK
