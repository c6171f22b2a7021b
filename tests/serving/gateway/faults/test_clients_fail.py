"""Clients that leave, read slowly, send slowly, too much or what is no request."""

from __future__ import annotations

import asyncio
import json
import random
import socket

import pytest

from tests.serving.gateway.faults.clients import ask, many
from tests.serving.gateway.faults.sockets import RawEngine
from tests.serving.gateway.faults.worlds import World, kinds, run, until, world


def _request(name: str, *, stream: bool = True) -> bytes:
    body = json.dumps({"model": "m", "prompt": name, "stream": stream}).encode()
    head = b"POST /v1/completions HTTP/1.1\r\nhost: g\r\ncontent-length: %d\r\n\r\n" % len(body)
    return head + body


def test_clients_that_leave_at_any_moment_leave_nothing_behind() -> None:
    async def job() -> None:
        engines = [RawEngine(words=6, pace_s=0.004), RawEngine(words=6, pace_s=0.004)]
        async with world(*engines) as here:
            chance = random.Random(3)

            async def leaves(number: int) -> None:
                _, writer = await asyncio.open_connection(*here.address)
                told = _request(f"gone{number}", stream=number % 3 > 0)
                writer.write(told[: chance.choice([1, 40, len(told) - 1, *[len(told)] * 5])])
                await asyncio.sleep(chance.uniform(0, 0.05))
                if number % 2:
                    writer.transport.abort()
                else:
                    writer.close()

            stay = asyncio.create_task(many(here.address, 30, over_s=0.3, words=6))
            await asyncio.gather(*[leaves(number) for number in range(60)])
            assert kinds(await stay) == {"whole": 30}
            await here.quiet(1.0)
            gone = sum(one.asked.total() for one in engines) - 30
            assert gone > 0
            assert sum(one.said.total() for one in engines) < 30 + gone, "engines were told to stop"

    run(job())


def test_a_slow_reader_holds_up_nobody_and_no_engine_is_blamed() -> None:
    async def job() -> None:
        engine = RawEngine(words=20_000, pace_s=0.0, ballast=20_000)
        limits = {"stalled_s": 1.2, "write_buffer_bytes": 4096}
        async with world(engine, limits=limits) as here:
            with socket.socket() as slow:
                slow.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, 4096)
                slow.setblocking(False)
                loop = asyncio.get_running_loop()
                await loop.sock_connect(slow, here.address)
                await loop.sock_sendall(slow, _request("slow1"))
                await until(lambda: _is_stalled(here))
                await asyncio.sleep(0.9)  # an engine must not be silent for 0.4 s
                assert engine.open == 1
                assert here.gateway.board.gauges[0, 0].tolist() == [1]
                engine.words, engine.ballast = 4, b""
                assert kinds(await many(here.address, 10)) == {"whole": 10}
                await until(lambda: engine.open == 0)
            await here.quiet()
            assert here.gateway.board.counters[0, 2].tolist() == [0], "no failure of the engine"

    run(job())


def test_whoever_sends_slowly_is_refused_and_holds_up_nobody() -> None:
    async def job() -> None:
        limits = {"head_s": 0.3, "body_s": 0.3}
        async with world(RawEngine(), limits=limits) as here:

            async def drips(data: bytes, by: int) -> bytes:
                reader, writer = await asyncio.open_connection(*here.address)
                answer = asyncio.create_task(reader.readuntil(b"\r\n\r\n"))
                for at in range(0, len(data), by):
                    if answer.done():
                        break
                    writer.write(data[at : at + by])
                    await asyncio.sleep(0.05)
                try:
                    return await answer
                finally:
                    writer.close()

            told = _request("slow1")
            head = told.index(b"\r\n\r\n") + 4
            lorises = [drips(told[:head] * 3, 2) for _ in range(20)]
            lorises += [drips(told[:-5], 60) for _ in range(20)]
            slow = asyncio.gather(*lorises)
            assert kinds(await many(here.address, 30)) == {"whole": 30}
            for answer in await slow:
                assert answer.startswith(b"HTTP/1.1 408 "), answer
            await until(lambda: not here.gateway._server.connections)

    run(job())


_HOST = b"host: g\r\n"
_POST = b"POST /v1/completions HTTP/1.1\r\n" + _HOST
_BODY = b'{"model":"m","prompt":"p"}'
_LENGTH = b"content-length: %d\r\n" % len(_BODY)
_HIDDEN = b"POST /v1/completions HTTP/1.1\r\nhost: g\r\n" + _LENGTH + b"\r\n" + _BODY
_CHUNKED = b"transfer-encoding: chunked\r\n"
_CHUNKS = b"%x\r\n%b\r\n0\r\n\r\n" % (len(_BODY), _BODY)

SMUGGLED = {
    "two lengths": _POST + _LENGTH + b"content-length: 5\r\n\r\n" + _BODY,
    "length and chunks": _POST + _LENGTH + _CHUNKED + b"\r\n0\r\n\r\n" + _HIDDEN,
    "chunks and length": _POST + _CHUNKED + b"content-length: 4\r\n\r\n" + _CHUNKS,
    "a sign in a length": _POST + b"content-length: +26\r\n\r\n" + _BODY,
    "a length with a space": _POST + b"content-length : 26\r\n\r\n" + _BODY,
    "another coding": _POST + b"transfer-encoding: chunked, gzip\r\n\r\n" + _CHUNKS,
    "a coding in disguise": _POST + b"transfer-encoding: xchunked\r\n\r\n" + _CHUNKS,
    "a folded header": _POST
    + b"x: 1\r\n transfer-encoding: chunked\r\n"
    + _LENGTH
    + b"\r\n"
    + _BODY,
    "a line feed alone": _POST.replace(b"\r\n", b"\n") + b"x: 1\n\n",
    "two hosts": _POST + b"host: other\r\n" + _LENGTH + b"\r\n" + _BODY,
    "no host": b"POST /v1/completions HTTP/1.1\r\n" + _LENGTH + b"\r\n" + _BODY,
    "a chunk that is longer than told": _POST + _CHUNKED + b"\r\n4\r\nabcdefg\r\n0\r\n\r\n",
    "a chunk of minus one": _POST + _CHUNKED + b"\r\n-1\r\n\r\n0\r\n\r\n",
    "a huge chunk": _POST + _CHUNKED + b"\r\nfffffffffffffffff\r\n",
    "nul in a header": _POST + b"x: a\x00b\r\n" + _LENGTH + b"\r\n" + _BODY,
    "a body too long": _POST + b"content-length: 99999999999\r\n\r\n",
    "headers without end": _POST + b"x: " + b"y" * 200_000,
    "too many headers": _POST + b"x: y\r\n" * 1000,
    "no HTTP": b"\x16\x03\x01\x02\x00\x01\x00",
    "another version": b"POST /v1/completions HTTP/3.0\r\n" + _HOST + b"\r\n",
    "a tunnel": b"CONNECT g:80 HTTP/1.1\r\n" + _HOST + b"\r\n",
}


@pytest.mark.parametrize("name", SMUGGLED)
def test_what_is_no_plain_request_reaches_no_engine(name: str) -> None:
    async def job() -> None:
        engine = RawEngine()
        async with world(engine) as here:
            reader, writer = await asyncio.open_connection(*here.address)
            writer.write(SMUGGLED[name])
            answer = await asyncio.wait_for(reader.read(), 5)
            writer.close()
            status = int(answer.split(b" ", 2)[1])
            assert 400 <= status < 600, answer
            assert answer.count(b"HTTP/1.1 ") == 1, "what was hidden was not read"
            assert not engine.asked
            assert (await ask(here.address, stream=True)).kind == "whole"

    run(job())


def test_requests_one_behind_another_are_answered_in_their_order() -> None:
    async def job() -> None:
        engines = [RawEngine(), RawEngine(lambda _: "reset")]
        async with world(*engines) as here:
            reader, writer = await asyncio.open_connection(*here.address)
            writer.write(b"".join(_request(f"q{k}", stream=False) for k in range(12)))
            for number in range(12):
                head = await reader.readuntil(b"\r\n\r\n")
                length = int(head.lower().partition(b"content-length: ")[2].split(b"\r\n")[0])
                told = json.loads(await reader.readexactly(length))
                assert told["choices"][0]["text"].startswith(f"q{number}.0 ")
            writer.close()

    run(job())


def test_a_client_that_sends_ahead_cannot_be_slow_for_ever() -> None:
    """Its next request comes while it leaves the answer to the first unread."""

    async def job() -> None:
        engine = RawEngine(words=20_000, pace_s=0.0, ballast=20_000)
        limits = {"stalled_s": 0.6, "write_buffer_bytes": 4096, "head_s": 60, "body_s": 60}
        async with world(engine, limits=limits) as here:
            with socket.socket() as slow:
                slow.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, 4096)
                slow.setblocking(False)
                loop = asyncio.get_running_loop()
                await loop.sock_connect(slow, here.address)
                await loop.sock_sendall(slow, _request("slow1"))
                await until(lambda: _is_stalled(here))
                await loop.sock_sendall(slow, _request("next1"))
                await until(lambda: engine.open == 0, 4.0)
            assert not engine.asked["next1"]

    run(job())


def _is_stalled(here: World) -> bool:
    return any(one.writable() is not None for one in here.gateway._server.connections)
