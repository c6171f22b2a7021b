"""What a server makes of the less common forms of requests."""

from __future__ import annotations

import json

import pytest
import uvloop

from headway.serving.wire import Exchange, plain_refusal
from tests.serving.wire.loopback import Seen, say, serving

_HOST = b" HTTP/1.1\r\nHost: a\r\n"


def test_the_body_of_an_answer_to_head_stays_away() -> None:
    async def job() -> None:
        async with serving(Seen()) as server:
            heard = await say(server, b"HEAD /1" + _HOST + b"\r\nGET /2" + _HOST + b"\r\n")
        first, second, body = heard.split(b"\r\n\r\n")
        assert b"content-length: 2" in first
        assert second.startswith(b"HTTP/1.1 200 OK")
        assert body == b"ok"

    uvloop.run(job())


@pytest.mark.parametrize(
    ("sent", "target", "path"),
    [
        (b"/v1?a=/b", b"/v1?a=/b", b"/v1"),
        (b"http://other/v1?a=b://c", b"/v1?a=b://c", b"/v1"),
        (b"http://other:80", b"/", b"/"),
        (b"http://other?x=/y", b"/?x=/y", b"/"),
        (b"*", b"*", b"*"),
    ],
)
def test_whole_addresses_are_cut_to_path_and_query(sent: bytes, target: bytes, path: bytes) -> None:
    exchange = Exchange(None, b"GET", sent, [], b"")  # type: ignore[arg-type]
    assert (exchange.target, exchange.path) == (target, path)


def test_bodies_are_not_lost_where_another_protocol_is_offered() -> None:
    offer = b"Connection: Upgrade\r\nUpgrade: h2c\r\n"

    async def job() -> None:
        seen = Seen()
        async with serving(seen) as server:
            heard = await say(server, b"POST /" + _HOST + offer + b"Content-Length: 2\r\n\r\nhi")
            assert heard.startswith(b"HTTP/1.1 501 ")
            assert not seen.requests
            heard = await say(server, b"GET /" + _HOST + offer + b"\r\n")
            assert heard.startswith(b"HTTP/1.1 200 ")

    uvloop.run(job())


def test_who_asks_whether_to_go_on_is_not_told_so_before_a_refusal() -> None:
    async def job() -> None:
        ask = b"POST /" + _HOST + b"Expect: 100-continue\r\nContent-Length: %d\r\n\r\n"
        async with serving(Seen()) as server:
            assert b" 100 " in await say(server, ask % 5)
            assert (await say(server, ask % 10**12)).startswith(b"HTTP/1.1 413 ")

    uvloop.run(job())


def test_refusals_are_json_whatever_they_say() -> None:
    for message in ('a "b" \\ c', "line\nbreak", "\x00é\ud800"):
        assert json.loads(plain_refusal(400, message))["error"]["message"] == message
