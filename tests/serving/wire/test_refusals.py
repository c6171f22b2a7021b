"""What is no proper request is refused, and never reaches a handler."""

from __future__ import annotations

import pytest
import uvloop

from headway.serving.wire import Limits
from tests.serving.wire.loopback import Seen, say, serving

_GET = b"GET / HTTP/1.1\r\nHost: a\r\n"
_POST = b"POST / HTTP/1.1\r\nHost: a\r\n"
_CHUNKED = _POST + b"Transfer-Encoding: chunked\r\n"

_REFUSED = {
    "cl+te": (
        400,
        _POST + b"Content-Length: 5\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n\r\n",
    ),
    "two cl": (
        400,
        _POST + b"Content-Length: 5\r\nContent-Length: 6\r\n\r\nhello",
    ),
    "cl list": (400, _POST + b"Content-Length: 5, 5\r\n\r\nhello"),
    "cl +5": (400, _POST + b"Content-Length: +5\r\n\r\nhello"),
    "cl hex": (400, _POST + b"Content-Length: 0x5\r\n\r\nhello"),
    "cl neg": (400, _POST + b"Content-Length: -5\r\n\r\nhello"),
    "cl huge": (
        400,
        _POST + b"Content-Length: 99999999999999999999999\r\n\r\nhello",
    ),
    "te gzip": (
        501,
        _POST + b"Transfer-Encoding: gzip, chunked\r\n\r\n0\r\n\r\n",
    ),
    "te xchunked": (
        501,
        _POST + b"Transfer-Encoding: xchunked\r\n\r\n0\r\n\r\n",
    ),
    "te two": (
        400,
        _CHUNKED + b"Transfer-Encoding: identity\r\n\r\n0\r\n\r\n",
    ),
    "te twice": (
        400,
        _CHUNKED + b"Transfer-Encoding: chunked\r\n\r\n0\r\n\r\n",
    ),
    "te space": (
        400,
        _POST + b"Transfer-Encoding : chunked\r\n\r\n0\r\n\r\n",
    ),
    "te 1.0": (501, b"POST / HTTP/1.0\r\nHost: a\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n\r\n"),
    "obs fold": (400, _GET + b"X: b\r\n c\r\n\r\n"),
    "bare lf": (400, b"GET / HTTP/1.1\nHost: a\n\n"),
    "lf in head": (400, b"GET / HTTP/1.1\r\nHost: a\nX: y\r\n\r\n"),
    "bare cr": (400, _GET + b"X: b\rY: c\r\n\r\n"),
    "nul": (400, _GET + b"X: b\x00c\r\n\r\n"),
    "space name": (400, _GET + b"X Y: b\r\n\r\n"),
    "empty name": (400, _GET + b": b\r\n\r\n"),
    "chunk ext lf": (
        400,
        _CHUNKED + b"\r\n5;a\nb\r\nhello\r\n0\r\n\r\n",
    ),
    "chunk lf": (
        400,
        _CHUNKED + b"\r\n5\nhello\n0\n\n",
    ),
    "chunk neg": (
        400,
        _CHUNKED + b"\r\n-5\r\nhello\r\n0\r\n\r\n",
    ),
    "chunk big": (
        400,
        _CHUNKED + b"\r\nffffffffffffffffff\r\nhello\r\n0\r\n\r\n",
    ),
    "chunk long": (
        400,
        _CHUNKED + b"\r\n5\r\nhelloworld\r\n0\r\n\r\n",
    ),
    "trailers": (
        400,
        _CHUNKED + b"\r\n5\r\nhello\r\n0\r\nContent-Length: 3\r\n\r\n",
    ),
    "no host": (400, b"GET / HTTP/1.1\r\n\r\n"),
    "two hosts": (400, _GET + b"Host: b\r\n\r\n"),
    "0.9": (505, b"GET /\r\n\r\n"),
    "2.0": (400, b"PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n"),
    "1.2": (400, b"GET / HTTP/1.2\r\nHost: a\r\n\r\n"),
    "connect": (501, b"CONNECT a:1 HTTP/1.1\r\nHost: a\r\n\r\n"),
    "method": (400, b"FOO / HTTP/1.1\r\nHost: a\r\n\r\n"),
    "garbage": (400, b"\x16\x03\x01\x02\x00\x01\x00\x01\xfc"),
}


@pytest.mark.parametrize("case", _REFUSED)
def test_what_is_no_proper_request_is_refused(case: str) -> None:
    status, request = _REFUSED[case]

    async def job() -> None:
        seen = Seen()
        async with serving(seen) as server:
            heard = await say(server, request)
        assert heard.startswith(b"HTTP/1.1 %d " % status)
        assert heard.count(b"HTTP/1.1 ") == 1
        assert not seen.requests

    uvloop.run(job())


def test_requests_behind_a_bad_one_are_not_served() -> None:
    async def job() -> None:
        seen = Seen()
        async with serving(seen) as server:
            good = b"GET /%d HTTP/1.1\r\nHost: a\r\n\r\n"
            heard = await say(server, good % 1 + b"GET /2 HTTP/9\r\nHost: a\r\n\r\n" + good % 3)
        assert [target for _, target, _ in seen.requests] == [b"/1"]
        assert heard.count(b"200 OK") == 1

    uvloop.run(job())


def test_requests_behind_the_last_one_are_not_served() -> None:
    async def job() -> None:
        seen = Seen()
        async with serving(seen) as server:
            last = b"GET /1 HTTP/1.1\r\nHost: a\r\nConnection: close\r\n\r\n"
            await say(server, last + b"GET /2 HTTP/1.1\r\nHost: a\r\n\r\n")
        assert [target for _, target, _ in seen.requests] == [b"/1"]

    uvloop.run(job())


def test_headers_behind_a_body_are_dropped() -> None:
    async def job() -> None:
        async def handler(exchange: object) -> None:
            names = [name for name, _ in exchange.headers]  # type: ignore[attr-defined]
            exchange.reply(200, b" ".join(names))  # type: ignore[attr-defined]

        head = b"POST / HTTP/1.1\r\nHost: a\r\nTransfer-Encoding: chunked\r\n\r\n"
        async with serving(handler) as server:
            heard = await say(server, head + b"2\r\nhi\r\n0\r\nX-Tenant: other\r\n\r\n")
        assert heard.endswith(b"host transfer-encoding")

    uvloop.run(job())


@pytest.mark.parametrize(
    ("status", "request_"),
    [
        (431, b"GET / HTTP/1.1\r\nHost: a\r\nX: " + b"x" * 3000 + b"\r\n\r\n"),
        (431, b"GET / HTTP/1.1\r\nHost: a\r\nX: " + b"x" * 300_000),
        (431, b"GET /" + b"x" * 3000 + b" HTTP/1.1\r\nHost: a\r\n\r\n"),
        (431, b"GET / HTTP/1.1\r\nHost: a\r\n" + b"X: y\r\n" * 20 + b"\r\n"),
        (413, b"POST / HTTP/1.1\r\nHost: a\r\nContent-Length: 5000\r\n\r\n"),
        (
            413,
            b"POST / HTTP/1.1\r\nHost: a\r\nTransfer-Encoding: chunked\r\n\r\n"
            + b"400\r\n%b\r\n" % (b"x" * 1024) * 5,
        ),
        (
            431,
            b"POST / HTTP/1.1\r\nHost: a\r\nTransfer-Encoding: chunked\r\n\r\n"
            b"2\r\nhi\r\n0\r\nX: " + b"x" * 300_000,
        ),
    ],
)
def test_what_is_too_long_is_refused(status: int, request_: bytes) -> None:
    async def job() -> None:
        seen = Seen()
        limits = Limits(head_bytes=2048, headers=16, body_bytes=4096)
        async with serving(seen, limits) as server:
            heard = await say(server, request_)
        assert heard.startswith(b"HTTP/1.1 %d " % status)
        assert not seen.requests

    uvloop.run(job())


def test_who_is_slow_is_cut_off() -> None:
    async def job() -> None:
        seen = Seen()
        async with serving(seen, Limits(head_s=0.1, body_s=0.1, idle_s=0.1)) as server:
            drip = [b"GET / HTTP/1.1\r\n"] + [b"X: y\r\n"] * 10
            assert b" 408 " in await say(server, *drip[:8], pause_s=0.12)
            body = b"POST / HTTP/1.1\r\nHost: a\r\nContent-Length: 9\r\n\r\n"
            assert b" 408 " in await say(server, body, *[b"x"] * 8, pause_s=0.12)
            assert await say(server, b"", pause_s=0.8) == b""
            behind = b"GET / HTTP/1.1\r\nHost: a\r\n\r\nGET"
            assert b" 408 " not in await say(server, behind, b"", pause_s=0.8)
            assert not server.connections
        assert len(seen.requests) == 1

    uvloop.run(job())
