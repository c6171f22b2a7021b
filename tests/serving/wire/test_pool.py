"""Pools of connections before servers that answer well, badly, late or not at all."""

from __future__ import annotations

import asyncio

import pytest
import uvloop

from headway.serving.wire import Exchange, Limits, Pool, Server, UpstreamError
from tests.serving.wire.loopback import Seen, raw_server, serving

_OK = b"HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nok"


async def _head(reader: asyncio.StreamReader) -> bytes:
    return await reader.readuntil(b"\r\n\r\n")


async def _answers(*answers: bytes, pause_s: float = 0.0) -> tuple[list[bytes], list[str]]:
    """Return what a pool reads of scripted answers, one connection at a time, and its errors."""
    found: list[bytes] = []
    errors: list[str] = []
    left = list(answers)

    async def script(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        while left:
            await _head(reader)
            for piece in left.pop(0).split(b"|"):
                writer.write(piece)
                await writer.drain()
                await asyncio.sleep(pause_s)

    async with raw_server(script) as address:
        pool = Pool(*address)
        for _ in answers:
            try:
                answer = await pool.send(b"GET", b"/")
                found.append(await answer.read())
            except UpstreamError as error:
                errors.append(str(error))
        pool.close()
    return found, errors


def test_answers_in_all_framings_are_read() -> None:
    async def job() -> None:
        chunked = b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n"
        chunked += b"2\r\nab|\r\n3\r\nc|de\r\n0\r\n\r\n"
        early = b"HTTP/1.1 103 Early Hints\r\nLink: x\r\n\r\n|" + _OK
        closing = b"HTTP/1.1 200 OK\r\nConnection: close\r\n\r\nabc|def"
        found, errors = await _answers(_OK, chunked, early, _OK, closing, pause_s=0.01)
        assert not errors
        assert found == [b"ok", b"abcde", b"ok", b"ok", b"abcdef"]

    uvloop.run(job())


@pytest.mark.parametrize(
    "answer",
    [
        b"",
        b"garbage\r\n\r\n",
        b"\x16\x03\x01\x02\x00\x01\x00\x01\xfc\x03\r\n\r\n",
        b"HTTP/1.1 200 OK\r\nContent-Length: 10\r\n\r\nshort",
        b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n5\r\nhel",
        b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\nzz\r\n",
        b"HTTP/1.1 200 OK\r\nContent-Length: 2\r\nContent-Length: 3\r\n\r\nabc",
        b"HTTP/1.1 200 OK\r\nX: " + b"x" * 100_000,
    ],
)
def test_an_answer_that_is_none_is_an_error(answer: bytes) -> None:
    async def job() -> None:
        found, errors = await _answers(answer)
        assert not found
        assert len(errors) == 1

    uvloop.run(job())


def test_more_than_was_asked_for_is_not_taken_for_the_next_answer() -> None:
    async def job() -> None:
        seen: list[bytes] = []

        async def script(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
            while True:
                seen.append(await _head(reader))
                writer.write(_OK)
                await asyncio.sleep(0.02)
                writer.write(_OK.replace(b"ok", b"xx"))

        async with raw_server(script) as address:
            pool = Pool(*address)
            for _ in range(3):
                assert await (await pool.send(b"GET", b"/")).read() == b"ok"
                await asyncio.sleep(0.05)
            pool.close()
        assert len(seen) == 3

    uvloop.run(job())


@pytest.mark.parametrize("chunked", [False, True])
def test_connections_are_used_again(*, chunked: bool) -> None:
    async def job() -> None:
        async def handler(exchange: Exchange) -> None:
            if chunked:
                exchange.start(200, [])
                exchange.write(b"ok")
            else:
                exchange.reply(200, b"ok")

        async with serving(handler) as server:
            pool = Pool(*server.address)  # type: ignore[attr-defined]
            seen = set()
            for _ in range(5):
                assert await (await pool.send(b"POST", b"/", [], b"x")).read() == b"ok"
                seen |= server.connections
            pool.close()
        assert len(seen) == 1

    uvloop.run(job())


def test_a_kept_connection_that_was_closed_is_replaced() -> None:
    async def job() -> None:
        connections = 0

        async def script(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
            nonlocal connections
            connections += 1
            await _head(reader)
            writer.write(_OK)
            if connections == 1:
                await _head(reader)  # takes the second request, and closes

        async with raw_server(script) as address:
            pool = Pool(*address)
            for _ in range(2):
                assert await (await pool.send(b"GET", b"/")).read() == b"ok"
            pool.close()
        assert connections == 2

    uvloop.run(job())


def test_nobody_there_is_an_error() -> None:
    async def job() -> None:
        async with raw_server(lambda _r, _w: asyncio.sleep(0)) as address:
            pass
        with pytest.raises(UpstreamError) as caught:
            await Pool(*address, connect_s=1.0).send(b"GET", b"/")
        assert not caught.value.reached

    uvloop.run(job())


def test_who_gives_up_closes_the_connection_at_once() -> None:
    async def job() -> None:
        seen = Seen(pause_s=30)
        async with serving(seen) as server:
            pool = Pool(*server.address)  # type: ignore[attr-defined]
            task = asyncio.create_task(pool.send(b"GET", b"/"))
            await asyncio.sleep(0.05)
            task.cancel()
            await asyncio.sleep(0.05)
            assert seen.cancelled == 1
            assert not server.connections

    uvloop.run(job())


def test_a_slow_reader_slows_the_sender() -> None:
    async def job() -> None:
        sent = 0

        async def script(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
            nonlocal sent
            await _head(reader)
            writer.write(b"HTTP/1.1 200 OK\r\nContent-Length: %d\r\n\r\n" % (1000 * 65536))
            for _ in range(1000):
                writer.write(b"x" * 65536)
                await writer.drain()
                sent += 65536

        async with raw_server(script) as address:
            upstream = Pool(*address)

            async def gateway(exchange: Exchange) -> None:
                await (await upstream.send(b"GET", b"/")).relay(exchange)

            async with serving(gateway) as server:
                reader, writer = await asyncio.open_connection(
                    *server.address  # type: ignore[attr-defined]
                )
                writer.write(b"GET / HTTP/1.1\r\nHost: a\r\n\r\n")
                await asyncio.sleep(0.5)
                while_unread = sent
                heard = 0
                while heard < 1000 * 65536:
                    heard += len(await reader.read(1 << 20))
                writer.close()
        assert while_unread < 24_000_000
        assert sent == 1000 * 65536

    uvloop.run(job())


def test_a_reader_that_stalls_is_cut_off() -> None:
    async def job() -> None:
        async def handler(exchange: Exchange) -> None:
            exchange.start(200, [])
            for _ in range(1000):
                exchange.write(b"x" * 65536)
                slow = exchange.writable()
                if slow is not None:
                    await slow
            exchange.end()

        async with serving(handler, Limits(stalled_s=0.2)) as server:
            _, writer = await asyncio.open_connection(
                *server.address  # type: ignore[attr-defined]
            )
            writer.write(b"GET / HTTP/1.1\r\nHost: a\r\n\r\n")
            await asyncio.sleep(1.5)
            assert not server.connections
            writer.close()

    uvloop.run(job())


@pytest.mark.parametrize(
    ("broken", "end"),
    [
        (b"5\r\nhello\r\n", b"4\r\nlast\r\n0\r\n\r\n"),
        (b"5\r\nhel", b"hel"),
        (b"5\r\nhello\r\n1", b"\r\n1"),
    ],
)
def test_a_last_word_is_sent_only_where_a_chunk_may_follow(broken: bytes, end: bytes) -> None:
    async def job() -> None:
        async def script(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
            await _head(reader)
            writer.write(b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n" + broken)
            await writer.drain()
            await asyncio.sleep(0.05)

        async with raw_server(script) as address:
            upstream = Pool(*address)

            async def gateway(exchange: Exchange) -> None:
                answer = await upstream.send(b"GET", b"/")
                with pytest.raises(UpstreamError):
                    await answer.relay(exchange)
                exchange.break_off(b"last")

            async with serving(gateway) as server:
                reader, writer = await asyncio.open_connection(
                    *server.address  # type: ignore[attr-defined]
                )
                writer.write(b"GET / HTTP/1.1\r\nHost: a\r\n\r\n")
                heard = b""
                try:
                    while data := await reader.read(4096):
                        heard += data
                except ConnectionResetError:
                    pass
                assert heard.endswith(end)
                writer.close()

    uvloop.run(job())


def test_http_1_0_clients_get_bodies_without_chunks() -> None:
    async def job() -> None:
        async def engine(exchange: Exchange) -> None:
            exchange.start(200, [])
            exchange.write(b"abc")
            await asyncio.sleep(0.01)
            exchange.write(b"def")

        async with serving(engine) as behind:
            upstream = Pool(*behind.address)  # type: ignore[attr-defined]

            async def gateway(exchange: Exchange) -> None:
                await (await upstream.send(b"GET", b"/")).relay(exchange)

            async with serving(gateway) as server:
                reader, writer = await asyncio.open_connection(
                    *server.address  # type: ignore[attr-defined]
                )
                writer.write(b"GET / HTTP/1.0\r\n\r\n")
                head, _, body = (await reader.read()).partition(b"\r\n\r\n")
                assert b"chunked" not in head
                assert body == b"abcdef"
                writer.close()

    uvloop.run(job())


def test_stopping_lets_answers_end() -> None:
    async def job() -> None:
        seen = Seen(pause_s=0.2)
        server = Server(seen)
        pool = Pool(*await server.start())
        task = asyncio.create_task(pool.send(b"GET", b"/"))
        await asyncio.sleep(0.05)
        await server.stop(grace_s=5)
        assert await (await task).read() == b"ok"
        with pytest.raises(UpstreamError):
            await pool.send(b"GET", b"/")

    uvloop.run(job())
