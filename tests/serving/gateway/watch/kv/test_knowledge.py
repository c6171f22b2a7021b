"""From what an engine publishes to the engine that a router of prefixes picks."""

from __future__ import annotations

import asyncio
import json
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

import numpy as np
import pytest

from headway.serving.fleet.routing import router
from headway.serving.gateway.engines.document import KvEvents
from headway.serving.gateway.engines.kinds import VLLM
from headway.serving.gateway.engines.live import LiveEngine
from headway.serving.gateway.watch.kv import Knowledge
from headway.serving.wire import Pool, Server
from tests.serving.fleet.views import request, sent, view
from tests.serving.gateway.watch.engine import until
from tests.serving.gateway.watch.kv.publisher import Publisher, publishing, stored
from tests.serving.gateway.watch.kv.test_tokens import Teller

_BODY = json.dumps({"model": "tiny", "prompt": "abcde"}).encode()
_WORDS = list(b"abcd")


@asynccontextmanager
async def knowing(publisher: Publisher, **more: bool) -> AsyncIterator[Knowledge]:
    """Two engines at one address; the second publishes."""
    server = Server(Teller())
    host, port = await server.start()
    engines = [
        LiveEngine(number=number, name=f"a-{number}", kind=VLLM, pool=Pool(host, port))
        for number in range(2)
    ]
    told = KvEvents(
        publisher=publisher.events.replace("127.0.0.1", "*"), replay=publisher.replay, **more
    )
    clock = asyncio.get_running_loop().time
    knowledge = Knowledge(engines, {1: told}, lambda _: True, clock)
    task = asyncio.create_task(knowledge.run())
    try:
        await publisher.joined()
        yield knowledge
    finally:
        assert not task.done()
        task.cancel()
        await asyncio.gather(task, return_exceptions=True)
        await asyncio.sleep(0.01)
        for engine in engines:
            engine.pool.close()
        await server.stop()


def test_a_prompt_goes_to_the_engine_that_says_it_holds_it() -> None:
    async def job() -> None:
        async with publishing() as publisher, knowing(publisher) as knowledge:
            assert await knowledge.find("tiny", _BODY) is None
            await publisher.say(stored(_WORDS, [11, 12]))
            await until(lambda: knowledge.residency.block_tokens == 2)
            found = await knowledge.find("tiny", _BODY)
            assert found is not None
            tokens, prefix = found
            assert tokens.tolist() == list(b"abcde")
            assert prefix.held.blocks.tolist() == [0, 2]
            assert prefix.held.exact.tolist() == [False, True]
            asked = request(
                prompt_tokens=5,
                blocks=prefix.blocks,
                block_tokens=prefix.block_tokens,
                held=prefix.held,
            )
            for name in ("prefix-cache", "preble", "least-ttft"):
                assert sent(router(name).route(view([0, 1]), asked)) == 1, name

    asyncio.run(job())


@pytest.mark.parametrize("noticed_s", [10.0, -1.0], ids=["heard already", "not heard yet"])
def test_an_engine_that_is_lost_holds_nothing_for_sure(
    noticed_s: float, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Unless its new publisher has been heard already, which begins with an empty cache."""
    monkeypatch.setattr("headway.serving.gateway.watch.kv.knowledge.NOTICED_S", noticed_s)

    async def job() -> None:
        async with publishing() as publisher, knowing(publisher) as knowledge:
            await publisher.say(stored(_WORDS, [11, 12]))
            await until(lambda: knowledge.residency.block_tokens == 2)
            knowledge.gone(1)
            found = await knowledge.find("tiny", _BODY)
            assert found is not None
            heard = noticed_s > 0
            assert found[1].held.blocks.tolist() == [0, 2 if heard else 0]
            assert found[1].held.exact.tolist() == [False, heard]

    asyncio.run(job())


def test_an_engine_that_moves_is_followed_where_it_is() -> None:
    async def job() -> None:
        async with publishing() as publisher, knowing(publisher) as knowledge:
            await publisher.say(stored(_WORDS, [11, 12]))
            await until(lambda: knowledge.residency.block_tokens == 2)
            knowledge.moved(1)
            found = await knowledge.find("tiny", _BODY)
            assert found is not None
            assert found[1].held.blocks.tolist() == [0, 0]
            await publisher.joined()
            await publisher.say(stored([1, 2], [13]))

            def depth() -> int:
                prefix = knowledge.residency.find(np.array(_WORDS, dtype=np.int32), 2)
                return 0 if prefix is None else int(prefix.held.blocks[1])

            await until(lambda: depth() == 2)

    asyncio.run(job())


def test_where_nobody_is_to_be_asked_only_tokens_that_are_sent_count() -> None:
    async def job() -> None:
        async with publishing() as publisher, knowing(publisher, tokenize=False) as knowledge:
            await publisher.say(stored(_WORDS, [11, 12]))
            await until(lambda: knowledge.residency.block_tokens == 2)
            assert await knowledge.find("tiny", _BODY) is None
            sent = json.dumps({"prompt": _WORDS}).encode()
            assert await knowledge.find("tiny", sent) is not None

    asyncio.run(job())
