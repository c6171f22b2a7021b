"""Who reads slowly keeps back its own answer, and nobody else's."""

from __future__ import annotations

import asyncio

import uvloop

from headway.serving.wire import Exchange, Limits, Pool
from tests.serving.wire.loopback import serving

_WAIT_S = 5.0


class _Slow:
    """A connection whose client does not read."""

    def __init__(self) -> None:
        self.sent = 0
        self.read: asyncio.Future[None] = asyncio.get_running_loop().create_future()

    def send(self, data: bytes) -> None:
        self.sent += len(data)

    def finished(self, exchange: Exchange) -> None:
        pass

    def writable(self) -> asyncio.Future[None] | None:
        return None if self.read.done() else self.read

    def abort(self) -> None:
        pass


async def _engine(exchange: Exchange) -> None:
    size = int(exchange.path[1:])
    exchange.start(200, [])
    for _ in range(0, size, 10_000):
        exchange.write(b"x" * min(size, 10_000))
        while (ready := exchange.writable()) is not None:
            await ready
    exchange.end()


async def _read(pool: Pool, target: bytes) -> int:
    answer = await pool.send(b"GET", target)
    return len(await answer.read())


def test_a_connection_whose_answer_came_before_it_was_asked_for_is_used_again() -> None:
    async def job() -> None:
        async with serving(_engine) as engine:
            pool = Pool(*engine.address, limits=Limits(write_buffer_bytes=1024))  # type: ignore[attr-defined]
            answer = await pool.send(b"GET", b"/20000")
            await asyncio.sleep(0.05)
            assert len(await answer.read()) == 20_000
            assert await asyncio.wait_for(_read(pool, b"/20000"), _WAIT_S) == 20_000
            pool.close()

    uvloop.run(job())


def test_a_client_that_does_not_read_holds_up_no_other() -> None:
    async def job() -> None:
        async with serving(_engine) as engine:
            pool = Pool(*engine.address)  # type: ignore[attr-defined]
            slow = _Slow()
            answer = await pool.send(b"GET", b"/10")
            await asyncio.wait_for(answer.relay(Exchange(slow, b"GET", b"/", [], b"")), _WAIT_S)
            assert await asyncio.wait_for(_read(pool, b"/10"), _WAIT_S) == 10

            # Nor does it have another answer come faster than its own client reads.
            other = _Slow()
            answer = await pool.send(b"GET", b"/50000000")
            relay = asyncio.ensure_future(answer.relay(Exchange(other, b"GET", b"/", [], b"")))
            await asyncio.sleep(0.1)
            slow.read.set_result(None)
            await asyncio.sleep(0.1)
            assert other.sent < 10_000_000
            other.read.set_result(None)
            await asyncio.wait_for(relay, _WAIT_S)
            assert other.sent > 50_000_000
            pool.close()

    uvloop.run(job())


def test_pieces_that_nobody_takes_are_not_gathered() -> None:
    async def job() -> None:
        sent = 0

        async def endless(exchange: Exchange) -> None:
            nonlocal sent
            exchange.start(200, [])
            while sent < 100_000_000:
                exchange.write(b"x" * 100_000)
                sent += 100_000
                while (ready := exchange.writable()) is not None:
                    await ready
            exchange.end()

        async with serving(endless) as engine:
            pool = Pool(*engine.address)  # type: ignore[attr-defined]
            answer = await pool.send(b"GET", b"/")
            taken = 0
            async for piece in answer.pieces():
                if not taken:
                    await asyncio.sleep(0.3)
                    assert sent < 50_000_000
                taken += len(piece)
            assert taken == sent == 100_000_000
            pool.close()

    uvloop.run(job())
