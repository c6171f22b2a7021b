"""Tokens of prompts, beside an engine that tells them."""

from __future__ import annotations

import asyncio
import json
from collections.abc import Awaitable, Callable
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from headway.serving.gateway.engines.kinds import LLAMACPP, SGLANG, VLLM, EngineKind
from headway.serving.gateway.engines.live import LiveEngine
from headway.serving.gateway.watch.kv import PromptTokens
from headway.serving.wire import Exchange, Pool, Server


class Teller:
    """Makes a token of every byte of what it is asked about."""

    def __init__(self) -> None:
        self.asked: list[dict[str, Any]] = []
        self.status = 200
        self.raw: bytes | None = None
        self.pause_s = 0.0

    async def __call__(self, exchange: Exchange) -> None:
        assert exchange.path == b"/tokenize"
        body = json.loads(exchange.body)
        self.asked.append(body)
        await asyncio.sleep(self.pause_s)
        text = body.get("prompt") or body.get("content") or json.dumps(body.get("messages"))
        answer = json.dumps({"count": len(text), "tokens": list(text.encode())}).encode()
        exchange.reply(self.status, self.raw or answer)


class Asking:
    """A teller, and who asks it."""

    def __init__(self, teller: Teller, engine: LiveEngine) -> None:
        self.teller = teller
        self.now_s = 0.0
        self.engine: LiveEngine | None = engine
        self.tokens = PromptTokens(
            lambda _: self.engine, lambda: self.now_s, timeout_s=0.2, capacity=100
        )

    async def of(self, **body: Any) -> list[int] | None:
        found = await self.tokens.of("tiny", json.dumps(body).encode())
        return None if found is None else found.tolist()


def _run(job: Callable[[Asking], Awaitable[None]], kind: EngineKind = VLLM) -> None:
    async def body() -> None:
        teller = Teller()
        server = Server(teller)
        pool = Pool(*await server.start())
        try:
            await job(Asking(teller, LiveEngine(number=0, name="a-0", kind=kind, pool=pool)))
        finally:
            pool.close()
            await server.stop()

    asyncio.run(body())


def test_tokens_that_are_sent_are_taken() -> None:
    async def job(one: Asking) -> None:
        assert await one.of(prompt=[5, 6, 7]) == [5, 6, 7]
        assert one.teller.asked == []

    _run(job)


def test_a_text_is_asked_about_once() -> None:
    async def job(one: Asking) -> None:
        for _ in range(3):
            assert await one.of(prompt="ab", max_tokens=3) == [97, 98]
        assert one.teller.asked == [{"model": "tiny", "prompt": "ab", "add_special_tokens": True}]
        assert (one.tokens.hits, one.tokens.misses) == (2, 1)

    _run(job)


def test_a_conversation_is_asked_about_with_all_that_it_is_made_of() -> None:
    async def job(one: Asking) -> None:
        messages = [{"role": "user", "content": "hi"}]
        tools = [{"type": "function"}]
        assert await one.of(messages=messages, stream=True) is not None
        assert await one.of(messages=messages, tools=tools, temperature=1) is not None
        assert one.teller.asked == [
            {"model": "tiny", "messages": messages},
            {"model": "tiny", "messages": messages, "tools": tools},
        ]

    _run(job)


def test_llamacpp_is_asked_in_its_own_words() -> None:
    async def job(one: Asking) -> None:
        assert await one.of(prompt="ab") == [97, 98]
        assert one.teller.asked == [{"content": "ab", "add_special": True}]

    _run(job, LLAMACPP)


def test_who_knows_no_conversations_is_not_asked_about_them() -> None:
    async def job(one: Asking) -> None:
        assert await one.of(messages=[]) is None
        assert one.teller.asked == []

    _run(job, SGLANG)


def test_what_is_remembered_is_bounded() -> None:
    async def job(one: Asking) -> None:
        for text in ("a" * 60, "b" * 60, "a" * 60, "c" * 200, "c" * 200):
            await one.of(prompt=text)
        assert len(one.teller.asked) == 5

    _run(job)


def test_nobody_waits_for_an_engine_that_does_not_tell() -> None:
    """After three failures in a row it is left alone for five seconds."""

    async def job(one: Asking) -> None:
        one.teller.pause_s = 60
        for number in range(3):
            assert await one.of(prompt=f"{number}") is None
        one.teller.pause_s = 0
        assert await one.of(prompt="ab") is None
        assert len(one.teller.asked) == 3
        one.now_s = 5.0
        assert await one.of(prompt="ab") == [97, 98]

    _run(job)


@pytest.mark.parametrize(
    ("status", "raw"),
    [
        (500, None),
        (400, None),
        (200, b"{}"),
        (200, b"\xff"),
        (200, b'{"tokens": []}'),
        (200, b'{"tokens": [-1]}'),
        (200, b'{"tokens": [99999999999999999999]}'),
        (200, b'{"x": ' + b"[" * 100_000),
    ],
)
def test_what_is_no_answer_is_none(status: int, raw: bytes | None) -> None:
    async def job(one: Asking) -> None:
        one.teller.status, one.teller.raw = status, raw
        assert await one.of(prompt="ab") is None
        one.teller.status, one.teller.raw = 200, None
        assert await one.of(prompt="ab") == [97, 98]

    _run(job)


def test_without_anybody_to_ask_there_are_none() -> None:
    async def job(one: Asking) -> None:
        one.engine = None
        assert await one.of(prompt="ab") is None

    _run(job)


@settings(max_examples=50)
@given(st.binary(max_size=40), st.recursive(st.none() | st.integers() | st.text(), st.lists))
def test_no_body_makes_it_fail(noise: bytes, value: Any) -> None:
    async def job() -> None:
        tokens = PromptTokens(lambda _: None, lambda: 0.0)
        for body in (noise, b'{"prompt": ' + noise + b"}", json.dumps({"prompt": value}).encode()):
            await tokens.of("tiny", body)

    asyncio.run(job())
