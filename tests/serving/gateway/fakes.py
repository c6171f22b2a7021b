"""Fake engines: servers of a few lines that answer, hang, break off or talk nonsense as told."""

from __future__ import annotations

import asyncio
import json
from collections.abc import AsyncIterator, Callable, Iterator
from contextlib import AbstractAsyncContextManager, asynccontextmanager
from pathlib import Path
from typing import Any

import msgspec

from headway.serving.fleet.document import FleetFile
from headway.serving.gateway.gateway import Gateway, running
from headway.serving.gateway.site import Site
from headway.serving.wire import Exchange, Pool, Server


class FakeEngine:
    """Speaks the OpenAI API, and says ``w0 w1 ...``.

    ``mood(exchange)`` may name what goes wrong: ``"500"`` and other statuses, ``"hang"``,
    ``"reset"``, ``"garbage"``, ``"cut"`` in the middle of a stream, ``"headers"`` and then
    nothing, ``"slow"``.
    """

    def __init__(self, mood: Callable[[Exchange], str] = lambda _: "") -> None:
        self.mood = mood
        self.server = Server(self._answer)
        self.seen: list[Exchange] = []
        self.cancelled = 0
        self.open = 0
        self.words = 3
        self.ill = False
        self.host, self.port = "", 0

    async def start(self) -> None:
        self.host, self.port = await self.server.start()

    @property
    def url(self) -> str:
        return f"http://{self.host}:{self.port}"

    async def _answer(self, exchange: Exchange) -> None:
        if exchange.method == b"GET":
            self._tell(exchange)
            return
        self.seen.append(exchange)
        self.open += 1
        try:
            await self._say(exchange, self.mood(exchange))
        except asyncio.CancelledError:
            self.cancelled += 1
            raise
        finally:
            self.open -= 1

    def _tell(self, exchange: Exchange) -> None:
        if exchange.path == b"/v1/models":
            told = [{"id": "m"}, {"id": "tuned", "parent": "m"}]
            exchange.reply(200, json.dumps({"data": told}).encode())
        elif exchange.path == b"/metrics":
            exchange.reply(200, b"vllm:num_requests_running 3\nvllm:num_requests_waiting 2\n")
        else:
            exchange.reply(503 if self.ill else 200, b"")

    async def _say(self, exchange: Exchange, mood: str) -> None:
        if mood.isdigit():
            exchange.reply(int(mood), b'{"error":{"message":"no","code":%b}}' % mood.encode())
        elif mood == "hang":
            await asyncio.sleep(3600)
        elif mood == "reset":
            exchange.abort()
        elif mood == "garbage":
            exchange.write_raw(b"\x00\x01 this is no HTTP\r\n\r\n")
            exchange.abort()
        else:
            asked = json.loads(exchange.body)
            if asked.get("stream"):
                await self._stream(exchange, asked, mood)
            else:
                exchange.reply(200, json.dumps(self._whole(exchange, asked)).encode())

    async def _stream(self, exchange: Exchange, asked: dict[str, Any], mood: str) -> None:
        exchange.start(200, [(b"content-type", b"text/event-stream; charset=utf-8")])
        if mood == "headers":
            await asyncio.sleep(0.01)
            exchange.abort()
            return
        for number in range(self.words):
            exchange.write(_event(self._piece(exchange, asked, f"w{number} ")))
            await asyncio.sleep(3600 if mood == "slow" and number else 0)
            if mood == "cut" and number == 1:
                await asyncio.sleep(0.01)
                exchange.abort()
                return
        if (asked.get("stream_options") or {}).get("include_usage"):
            usage = {"prompt_tokens": 7, "completion_tokens": self.words, "total_tokens": 0}
            exchange.write(
                _event({**self._piece(exchange, asked, ""), "choices": [], "usage": usage})
            )
        exchange.write(b"data: [DONE]\n\n")
        exchange.end()

    def _piece(self, exchange: Exchange, asked: dict[str, Any], text: str) -> dict[str, Any]:
        if exchange.path.endswith(b"chat/completions"):
            choice = {"index": 0, "delta": {"content": text}, "finish_reason": None}
            kind = "chat.completion.chunk"
        else:
            choice = {"index": 0, "text": text, "finish_reason": None}
            kind = "text_completion"
        return {
            "id": "1",
            "object": kind,
            "created": 1,
            "model": asked["model"],
            "choices": [choice],
        }

    def _whole(self, exchange: Exchange, asked: dict[str, Any]) -> dict[str, Any]:
        text = "".join(f"w{number} " for number in range(self.words))
        usage = {
            "prompt_tokens": 7,
            "completion_tokens": self.words,
            "total_tokens": 7 + self.words,
            "prompt_tokens_details": {"cached_tokens": 4},
        }
        told = {"id": "1", "created": 1, "model": asked["model"], "usage": usage}
        if exchange.path.endswith(b"chat/completions"):
            message = {"role": "assistant", "content": text}
            choice = {"index": 0, "message": message, "finish_reason": "stop"}
            return {**told, "object": "chat.completion", "choices": [choice]}
        if exchange.path.endswith(b"embeddings"):
            data = [{"object": "embedding", "index": 0, "embedding": [0.5, 0.25]}]
            return {**told, "object": "list", "data": data}
        choice = {"index": 0, "text": text, "finish_reason": "stop"}
        return {**told, "object": "text_completion", "choices": [choice]}


def _event(piece: dict[str, Any]) -> bytes:
    return b"data: %b\n\n" % json.dumps(piece).encode()


def site(urls: list[str], *, policies: Any = ("least-request",), **more: Any) -> Site:
    """Return a fleet of engines at these addresses; ``serve`` adds to its section on live use."""
    serve = {
        "listen": "127.0.0.1:0",
        "admin": None,
        "engines": {"a": {"kind": "vllm", "urls": urls}},
        **more.pop("serve", {}),
    }
    file = {
        "kind": "fleet",
        "engines": [
            {
                "name": "a",
                "engine": {"blocks": 1000, "block_tokens": 16, "max_sequences": 64},
                "step_time": {"affine": {"constant_s": 0.001}},
            }
        ],
        "policies": policies,
        "serve": serve,
        **more,
    }
    return Site.of(msgspec.convert(file, FleetFile), Path("fleet.yaml"))


@asynccontextmanager
async def fleet(*moods: Callable[[Exchange], str]) -> AsyncIterator[list[FakeEngine]]:
    """Give engines that are there."""
    engines = [FakeEngine(mood) for mood in moods]
    for engine in engines:
        await engine.start()
    try:
        yield engines
    finally:
        for engine in engines:
            await engine.server.stop()


def behind(site: Site, **more: Any) -> AbstractAsyncContextManager[tuple[Gateway, str, int]]:
    """Give a gateway that takes its engines to be well, and does not ask them."""
    return running(site, watched=False, **more)


def well(_: Exchange) -> str:
    return ""


def always(mood: str) -> Callable[[Exchange], str]:
    return lambda _: mood


def first(*moods: str) -> Callable[[Exchange], str]:
    """Be in these moods one after another, and well from then on."""
    left: Iterator[str] = iter(moods)
    return lambda _: next(left, "")


def counts(gateway: Gateway) -> list[int]:
    """Return everything that has to be 0 when nothing is under way."""
    return [
        *gateway.board.gauges.ravel().tolist(),
        *gateway.board.held.tolist(),
        len(gateway.tickets),
    ]


async def post(
    pool: Pool, path: str, told: dict[str, Any], **headers: str
) -> tuple[int, Any, dict]:
    """Return the status, the decoded body and the headers of an answer."""
    lines = [(name.replace("_", "-").encode(), value.encode()) for name, value in headers.items()]
    answer = await pool.send(b"POST", path.encode(), lines, json.dumps(told).encode())
    raw = await answer.read()
    found = {name.decode(): value.decode() for name, value in answer.headers}
    return answer.status, raw if not raw.startswith(b"{") else json.loads(raw), found
