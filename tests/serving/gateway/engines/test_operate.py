"""Adapters and sleep, beside a fake engine."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable

import pytest

from headway.errors import EndpointError, UnsupportedError
from headway.serving.gateway.engines.kinds import OPENAI, VLLM, EngineKind
from headway.serving.gateway.engines.live import LiveEngine
from headway.serving.gateway.engines.operate import (
    load_adapter,
    refresh,
    sleep,
    unload_adapter,
    wake,
)
from tests.serving.gateway.watch.engine import Fake, running


def _run(job: Callable[[Fake, LiveEngine], Awaitable[None]], kind: EngineKind = VLLM) -> None:
    async def body() -> None:
        fake = Fake()
        async with running(fake, kind) as engine:
            await job(fake, engine)

    asyncio.run(body())


def test_adapters_come_and_go() -> None:
    async def job(fake: Fake, engine: LiveEngine) -> None:
        await load_adapter(engine, "sql", "/adapters/sql")
        assert fake.bodies[-1] == {"lora_name": "sql", "lora_path": "/adapters/sql"}
        assert engine.adapters == {"sql"}
        asked = len(fake.asked)
        await load_adapter(engine, "sql", "/adapters/sql")
        assert len(fake.asked) == asked, "it is there"
        await unload_adapter(engine, "sql")
        assert engine.adapters == frozenset()
        assert fake.adapters == []

    _run(job)


def test_an_adapter_that_somebody_else_has_loaded_is_no_error() -> None:
    async def job(fake: Fake, engine: LiveEngine) -> None:
        fake.adapters = ["sql"]
        await load_adapter(engine, "sql", "/adapters/sql")
        assert engine.adapters == {"sql"}
        fake.adapters = []
        await unload_adapter(engine, "sql")
        assert engine.adapters == frozenset()

    _run(job)


def test_an_engine_started_without_the_permission_says_how() -> None:
    async def job(fake: Fake, engine: LiveEngine) -> None:
        fake.dev = False
        with pytest.raises(EndpointError, match="VLLM_ALLOW_RUNTIME_LORA_UPDATING"):
            await load_adapter(engine, "sql", "/adapters/sql")
        assert engine.adapters == frozenset()
        with pytest.raises(EndpointError, match="VLLM_SERVER_DEV_MODE"):
            await sleep(engine)

    _run(job)


def test_it_sleeps_and_wakes() -> None:
    async def job(fake: Fake, engine: LiveEngine) -> None:
        await sleep(engine)
        assert fake.asleep
        await wake(engine)
        assert not fake.asleep

    _run(job)


def test_kinds_that_cannot_say_so() -> None:
    async def job(_: Fake, engine: LiveEngine) -> None:
        with pytest.raises(UnsupportedError, match="openai do not sleep"):
            await sleep(engine)
        with pytest.raises(UnsupportedError, match="load adapters"):
            await load_adapter(engine, "a", "b")

    _run(job, OPENAI)


def test_changes_of_what_is_served_are_told() -> None:
    async def job(fake: Fake, engine: LiveEngine) -> None:
        assert await refresh(engine, timeout_s=5)
        assert not await refresh(engine, timeout_s=5)
        fake.adapters = ["sql"]
        assert await refresh(engine, timeout_s=5)
        assert (engine.models, engine.adapters) == ({"base"}, {"sql"})

    _run(job)


def test_an_engine_that_does_not_answer_is_an_error() -> None:
    async def job(fake: Fake, engine: LiveEngine) -> None:
        fake.pause_s = 60
        with pytest.raises(EndpointError, match=r"a-0: no answer to /sleep.* within 0\.05 s"):
            await sleep(engine, timeout_s=0.05)

    _run(job)
