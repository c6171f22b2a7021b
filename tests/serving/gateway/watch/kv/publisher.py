"""An engine's publisher of events, real but for what it says: it can lose messages and die."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from typing import Any

import msgspec
import zmq
import zmq.asyncio

_END = (-1).to_bytes(8, "big", signed=True)


def stored(tokens: list[int], hashes: list[int], parent: int | None = None, size: int = 2) -> Any:
    return ["BlockStored", hashes, parent, tokens, size, None]


def removed(*hashes: int) -> Any:
    return ["BlockRemoved", list(hashes)]


class Publisher:
    """Sends numbered messages, and those of its buffer again."""

    def __init__(self, context: zmq.asyncio.Context, *, replay: bool = True) -> None:
        self._context = context
        self.port, self.replay_port = 0, 0
        self.buffer: list[tuple[int, bytes]] = []
        self.next = 0
        self.asked: list[int] = []
        self._replays = replay
        self.silent = False
        self.noise: list[list[bytes]] = []

    @property
    def events(self) -> str:
        return f"tcp://127.0.0.1:{self.port}"

    @property
    def replay(self) -> str | None:
        return f"tcp://127.0.0.1:{self.replay_port}" if self._replays else None

    async def start(self) -> None:
        self._pub = self._context.socket(zmq.XPUB)
        self._pub.setsockopt(zmq.XPUB_VERBOSE, 1)
        self._pub.setsockopt(zmq.LINGER, 0)
        self.port = await self._bind(self._pub, self.port)
        self._router = self._context.socket(zmq.ROUTER)
        self._router.setsockopt(zmq.LINGER, 0)
        self.replay_port = await self._bind(self._router, self.replay_port)
        self._task = asyncio.create_task(self._answer())

    async def _bind(self, socket: zmq.asyncio.Socket, port: int) -> int:
        """Listen at a free port or, after a restart, at the old one once it is free."""
        async with asyncio.timeout(10):
            while True:
                try:
                    socket.bind(f"tcp://127.0.0.1:{port or '*'}")
                    break
                except zmq.ZMQError:
                    await asyncio.sleep(0.01)
        return int(socket.getsockopt_string(zmq.LAST_ENDPOINT).rpartition(":")[2])

    async def stop(self) -> None:
        self._task.cancel()
        await asyncio.gather(self._task, return_exceptions=True)
        for socket in (self._pub, self._router):
            socket.close()

    async def joined(self) -> None:
        """Wait until somebody has subscribed."""
        async with asyncio.timeout(10):
            while (await self._pub.recv())[0] != 1:
                pass  # that was one who has left

    async def say(self, *events: Any, lost: bool = False) -> None:
        payload = msgspec.msgpack.encode([0.0, list(events), 0])
        await self.send(payload, lost=lost)

    async def send(self, payload: bytes, *, lost: bool = False) -> None:
        number, self.next = self.next, self.next + 1
        self.buffer.append((number, payload))
        if not lost:
            await self._pub.send_multipart([b"kv", number.to_bytes(8, "big"), payload])

    async def frames(self, *frames: bytes) -> None:
        await self._pub.send_multipart(list(frames))

    async def _answer(self) -> None:
        while True:
            identity, _, first = await self._router.recv_multipart()
            self.asked.append(int.from_bytes(first, "big"))
            if self.silent:
                continue
            for frames in self.noise:
                await self._router.send_multipart([identity, *frames])
            for number, payload in self.buffer:
                if number >= self.asked[-1]:
                    frames = [identity, b"", number.to_bytes(8, "big"), payload]
                    await self._router.send_multipart(frames)
            await self._router.send_multipart([identity, b"", _END, b""])


@asynccontextmanager
async def publishing(*, replay: bool = True) -> AsyncIterator[Publisher]:
    context = zmq.asyncio.Context()
    publisher = Publisher(context, replay=replay)
    await publisher.start()
    try:
        yield publisher
    finally:
        await publisher.stop()
        context.term()
