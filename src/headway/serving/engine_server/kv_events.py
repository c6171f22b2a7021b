"""What an engine's cache learns and forgets, published as vLLM does it, with a replay."""

from __future__ import annotations

import asyncio
import time
from collections import deque
from contextlib import suppress
from typing import Any

import msgspec
import zmq
import zmq.asyncio

from headway.errors import ConfigError
from headway.serving.engine_server.real_time import Request

KEPT = 10_000
"""Batches that can be asked for again."""

_RANK = 0
"""An engine here is no group of data-parallel ones."""

_END = (-1).to_bytes(8, "big", signed=True)
_ENCODER = msgspec.msgpack.Encoder()


class KvEvents:
    """Publishes batches of events, numbered from 0.

    Parameters
    ----------
    endpoint
        Where the PUB socket binds, such as ``tcp://*:5557``.
    replay
        Where the ROUTER socket binds that tells past batches again; none by default.
    topic
        First frame of each message.
    block_tokens
        Tokens in a block.

    Attributes
    ----------
    endpoints
        Where the sockets are bound: that of the events, then that of the replay.

    Raises
    ------
    ConfigError
        If an address cannot be bound.

    Notes
    -----
    A message has three frames: topic, number in 8 bytes big-endian, and ``[time, events, rank]``
    in MessagePack. Who has missed some sends the first number to the ROUTER socket, and gets those
    that are still kept, then the number -1.
    """

    def __init__(
        self,
        endpoint: str,
        *,
        replay: str | None = None,
        topic: str = "",
        block_tokens: int,
    ) -> None:
        self._context = zmq.asyncio.Context()
        self._topic = topic.encode()
        self._block_tokens = block_tokens
        self._number = 0
        self._kept: deque[tuple[int, bytes]] = deque(maxlen=KEPT)
        self._task: asyncio.Task[None] | None = None
        self.endpoints: list[str] = []
        self._publisher: zmq.Socket[bytes] = zmq.Socket(self._context, zmq.PUB)
        try:
            self._publisher.set_hwm(100_000)
            self._publisher.setsockopt(zmq.LINGER, 0)
            self._publisher.bind(endpoint)
            self.endpoints.append(_bound(self._publisher))
            if replay is not None:
                router = self._context.socket(zmq.ROUTER)
                router.linger = 0
                router.bind(replay)
                self.endpoints.append(_bound(router))
                self._task = asyncio.get_running_loop().create_task(self._replay(router))
        except zmq.ZMQError as error:
            self._publisher.close()
            self._context.destroy(linger=0)
            raise ConfigError(f"kv events: {endpoint} {replay or ''}: {error}") from None

    def changed(self, changes: list[tuple[int, int, int, Request | None]]) -> None:
        """Publish what the cache has learned and forgotten; see `RealTimeEngine`."""
        events: list[dict[str, Any]] = []
        for content, parent, place, request in changes:
            last = events[-1] if events else None
            if request is None:
                if last is not None and last["type"] == "BlockRemoved":
                    last["block_hashes"].append(content)
                else:
                    events.append(
                        {"type": "BlockRemoved", "block_hashes": [content], "medium": "GPU"}
                    )
                continue
            begin = place * self._block_tokens
            tokens = request.tokens[begin : begin + self._block_tokens].tolist()
            stored = last is not None and last["type"] == "BlockStored"
            if last is not None and stored and last["block_hashes"][-1] == parent:
                last["block_hashes"].append(content)
                last["token_ids"] += tokens
                continue
            events.append(
                {
                    "type": "BlockStored",
                    "block_hashes": [content],
                    "parent_block_hash": None if place == 0 else parent,
                    "token_ids": tokens,
                    "block_size": self._block_tokens,
                    "lora_id": None,
                    "lora_name": request.adapter or None,
                    "medium": "GPU",
                    "session_id": request.session,
                    "group_idx": 0,
                }
            )
        self._publish(events)

    def cleared(self) -> None:
        """Publish that the cache is empty."""
        self._publish([{"type": "AllBlocksCleared"}])

    async def close(self) -> None:
        """Stop listening and talking."""
        if self._task is not None:
            self._task.cancel()
            with suppress(asyncio.CancelledError):
                await self._task
        self._publisher.close()
        self._context.destroy(linger=0)

    def _publish(self, events: list[dict[str, Any]]) -> None:
        payload = _ENCODER.encode([time.time(), events, _RANK])
        number = self._number
        self._number += 1
        self._kept.append((number, payload))
        with suppress(zmq.Again):
            self._publisher.send_multipart(
                (self._topic, number.to_bytes(8, "big"), payload), zmq.NOBLOCK
            )

    async def _replay(self, router: zmq.asyncio.Socket) -> None:
        try:
            while True:
                frames = await router.recv_multipart()
                who, asked = frames[0], frames[-1]
                if len(frames) < 2 or len(asked) != 8:
                    continue
                first = int.from_bytes(asked, "big")
                for number, payload in list(self._kept):
                    if number >= first:
                        await router.send_multipart((who, b"", number.to_bytes(8, "big"), payload))
                await router.send_multipart((who, b"", _END, b""))
        finally:
            router.close()


def _bound(socket: zmq.Socket[Any]) -> str:
    return socket.getsockopt_string(zmq.LAST_ENDPOINT).rstrip("\0")
