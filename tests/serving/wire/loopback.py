"""Servers on free loopback ports, and clients that speak bytes."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager

from headway.serving.wire import Exchange, Handler, Limits, Server


class Seen:
    """A handler that remembers what it was given and answers ``ok``."""

    def __init__(self, pause_s: float = 0.0) -> None:
        self.requests: list[tuple[bytes, bytes, bytes]] = []
        self.cancelled = 0
        self._pause_s = pause_s

    async def __call__(self, exchange: Exchange) -> None:
        self.requests.append((exchange.method, exchange.target, exchange.body))
        try:
            await asyncio.sleep(self._pause_s)
        except asyncio.CancelledError:
            self.cancelled += 1
            raise
        exchange.reply(200, b"ok", b"text/plain")


@asynccontextmanager
async def serving(handler: Handler, limits: Limits | None = None) -> AsyncIterator[Server]:
    server = Server(handler, limits)
    server.address = await server.start()  # type: ignore[attr-defined]
    try:
        yield server
    finally:
        await server.stop()


async def say(server: Server, *pieces: bytes, pause_s: float = 0.0) -> bytes:
    """Send pieces on one connection, and return all that comes until it is closed or silent."""
    reader, writer = await asyncio.open_connection(*server.address)  # type: ignore[attr-defined]
    heard = b""
    try:
        for piece in pieces:
            writer.write(piece)
            if pause_s:
                await asyncio.sleep(pause_s)
        while True:
            data = await asyncio.wait_for(reader.read(65536), 0.3)
            if not data:
                break
            heard += data
    except TimeoutError:
        pass
    except ConnectionError:
        heard += b"<reset>"
    finally:
        writer.close()
    return heard


@asynccontextmanager
async def raw_server(
    script: Callable[[asyncio.StreamReader, asyncio.StreamWriter], Awaitable[None]],
) -> AsyncIterator[tuple[str, int]]:
    """Serve a script that reads and writes bytes."""

    async def run(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        try:
            await script(reader, writer)
        except (ConnectionError, asyncio.IncompleteReadError):
            pass
        finally:
            writer.close()

    server = await asyncio.start_server(run, "127.0.0.1", 0)
    try:
        yield server.sockets[0].getsockname()[:2]
    finally:
        server.close()
