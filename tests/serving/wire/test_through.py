"""A gateway of a few lines, from a client through to a server and back."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable

import uvloop

from headway.serving.wire import Exchange, Pool, Server, end_to_end

_OWN = frozenset([b"host", b"content-length"])


async def _engine(exchange: Exchange) -> None:
    if exchange.path == b"/stream":
        exchange.start(200, [(b"content-type", b"text/event-stream")])
        for number in range(5):
            exchange.write(b"data: %d\n\n" % number)
            await asyncio.sleep(0.001)
        exchange.end()
    else:
        exchange.reply(200, b"%d" % len(exchange.body), headers=[(b"x-target", exchange.target)])


async def _through(job: Callable[[Pool], Awaitable[None]]) -> None:
    engine = Server(_engine)
    engine_pool = Pool(*await engine.start())

    async def gateway(exchange: Exchange) -> None:
        headers = end_to_end(exchange.headers, _OWN)
        answer = await engine_pool.send(exchange.method, exchange.target, headers, exchange.body)
        await answer.relay(exchange, [(b"x-by", b"gateway")])

    server = Server(gateway)
    client = Pool(*await server.start())
    try:
        await job(client)
    finally:
        client.close()
        await server.stop()
        engine_pool.close()
        await engine.stop()


def test_an_answer_passes_with_its_headers_and_body() -> None:
    async def job(client: Pool) -> None:
        answer = await client.send(b"POST", b"/v1?a=1", [], b"x" * 100_000)
        assert answer.status == 200
        assert answer.header(b"x-by") == b"gateway"
        assert answer.header(b"x-target") == b"/v1?a=1"
        assert await answer.read() == b"100000"

    uvloop.run(_through(job))


def test_a_stream_passes_piece_by_piece() -> None:
    async def job(client: Pool) -> None:
        answer = await client.send(b"POST", b"/stream", [], b"{}")
        pieces = [piece async for piece in answer.pieces()]
        assert b"".join(pieces) == b"".join(b"data: %d\n\n" % k for k in range(5))
        assert len(pieces) > 1

    uvloop.run(_through(job))


def test_many_requests_share_few_connections() -> None:
    async def job(client: Pool) -> None:
        async def some() -> None:
            for _ in range(20):
                answer = await client.send(b"GET", b"/")
                assert await answer.read() == b"0"

        await asyncio.gather(*[some() for _ in range(10)])

    uvloop.run(_through(job))
