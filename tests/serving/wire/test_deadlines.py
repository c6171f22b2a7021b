"""Clients that do not read, or do not ask again, are let go in every order of events."""

from __future__ import annotations

import asyncio
import socket

import pytest
import uvloop

from headway.serving.wire import Exchange, Limits, Server
from tests.serving.wire.loopback import serving

_ASK = b"GET / HTTP/1.1\r\nHost: a\r\n\r\n"
_LAST = b"GET / HTTP/1.1\r\nHost: a\r\nConnection: close\r\n\r\n"
_SECONDS = 4.0


async def _big(exchange: Exchange) -> None:
    exchange.reply(200, b"x" * 12_000_000)


async def _until_gone(server: Server) -> bool:
    """Return whether all connections are gone before long."""
    try:
        async with asyncio.timeout(_SECONDS):
            while server.connections:
                await asyncio.sleep(0.02)
    except TimeoutError:
        return False
    return True


def _client(server: Server) -> socket.socket:
    """Return a connection whose buffer is as small as can be."""
    sock = socket.socket()
    sock.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, 4096)
    sock.connect(server.address)  # type: ignore[attr-defined]
    sock.setblocking(False)
    return sock


@pytest.mark.parametrize(
    "asked", [_ASK, _ASK * 2, _LAST, _ASK + _ASK[:9]], ids=["once", "twice", "last", "half"]
)
@pytest.mark.parametrize("unread", [1024, 64 * 1024 * 1024], ids=["paused", "not paused"])
def test_answers_that_nobody_reads_are_not_kept(asked: bytes, unread: int) -> None:
    limits = Limits(stalled_s=0.3, idle_s=0.3, head_s=0.3, write_buffer_bytes=unread)

    async def job() -> None:
        async with serving(_big, limits) as server:
            client = _client(server)
            await asyncio.get_running_loop().sock_sendall(client, asked)
            await asyncio.sleep(0.1)
            assert server.connections
            assert await _until_gone(server)
            client.close()

    uvloop.run(job())


def test_asking_again_does_not_help_who_does_not_read() -> None:
    limits = Limits(stalled_s=0.3, idle_s=60, head_s=60, write_buffer_bytes=1024)

    async def job() -> None:
        loop = asyncio.get_running_loop()

        async def handler(exchange: Exchange) -> None:
            exchange.start(200, [])
            exchange.write(b"x" * 12_000_000)
            while (ready := exchange.writable()) is not None:
                await ready

        async with serving(handler, limits) as server:
            client = _client(server)
            await loop.sock_sendall(client, _ASK)
            await asyncio.sleep(0.1)
            await loop.sock_sendall(client, _ASK)
            assert await _until_gone(server)
            client.close()

    uvloop.run(job())


def test_who_was_slow_to_read_may_not_idle_for_ever() -> None:
    limits = Limits(stalled_s=60, idle_s=0.3, write_buffer_bytes=1024)

    async def job() -> None:
        loop = asyncio.get_running_loop()
        async with serving(_big, limits) as server:
            client = _client(server)
            await loop.sock_sendall(client, _ASK)
            await asyncio.sleep(0.1)
            left = 12_000_000
            while left > 0:
                left -= len(await loop.sock_recv(client, 1_000_000))
            assert await _until_gone(server)
            client.close()

    uvloop.run(job())


def test_a_body_in_many_pieces_arrives_whole() -> None:
    async def handler(exchange: Exchange) -> None:
        assert type(exchange.body) is bytes
        exchange.reply(200, exchange.body)

    async def job() -> None:
        async with serving(handler) as server:
            reader, writer = await asyncio.open_connection(*server.address)  # type: ignore[attr-defined]
            pieces = [b"%d" % number for number in range(2000)]
            writer.write(b"POST / HTTP/1.1\r\nHost: a\r\nTransfer-Encoding: chunked\r\n\r\n")
            writer.write(
                b"".join(b"%x\r\n%b\r\n" % (len(one), one) for one in pieces) + b"0\r\n\r\n"
            )
            head = await reader.readuntil(b"\r\n\r\n")
            whole = b"".join(pieces)
            assert b"content-length: %d\r\n" % len(whole) in head
            assert await reader.readexactly(len(whole)) == whole
            writer.close()

    uvloop.run(job())
