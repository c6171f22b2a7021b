"""What a gateway finds out beside the simulated engine: two readings of the same facts."""

from __future__ import annotations

import asyncio
import json

from headway.serving.gateway.board import Board
from headway.serving.gateway.engines.document import KvEvents
from headway.serving.gateway.engines.kinds import VLLM
from headway.serving.gateway.engines.live import LiveEngine
from headway.serving.gateway.engines.operate import load_adapter, sleep, unload_adapter, wake
from headway.serving.gateway.watch import HealthRules, Watcher, WatchRules
from headway.serving.gateway.watch.kv import Knowledge
from tests.serving.engine_server.running import Client, served
from tests.serving.gateway.watch.engine import until

_RULES = WatchRules(scrape_s=0.02, models_s=0.05, health=HealthRules(period_s=0.02))
_BODY = {"model": "tiny", "prompt": "a prompt of a few blocks, for the cache " * 8, "max_tokens": 2}


def _engine(client: Client) -> LiveEngine:
    return LiveEngine(number=0, name="small-0", kind=VLLM, pool=client.pool)


def test_it_is_watched_asleep_and_awake_with_its_adapters() -> None:
    async def job(client: Client) -> None:
        engine, board = _engine(client), Board(1, 1)
        clock = asyncio.get_running_loop().time
        watcher = Watcher([engine], board, rules=_RULES, clock=clock)
        task = asyncio.create_task(watcher.run())
        try:
            await until(lambda: board.engine("scraped_s")[0] > 0 and engine.models is not None)
            assert board.engine("healthy")[0] == 1
            assert engine.models == {"tiny"}
            assert (board.engine("blocks")[0], board.engine("block_tokens")[0]) == (256, 4)
            assert (await client.post("/v1/completions", _BODY))[0] == 200
            await until(lambda: board.engine("prefix_queries")[0] > 0)
            await load_adapter(engine, "sql", "/adapters/sql")
            assert (await client.post("/v1/completions", {**_BODY, "model": "sql"}))[0] == 200
            await unload_adapter(engine, "sql")
            assert engine.adapters == frozenset()
            await sleep(engine)
            await until(lambda: board.engine("asleep")[0] == 1)
            await wake(engine)
            await until(lambda: board.engine("asleep")[0] == 0)
        finally:
            task.cancel()
            await asyncio.gather(task, return_exceptions=True)

    served(job)


def test_it_holds_what_it_says_it_holds() -> None:
    """All whole blocks of a prompt, asked for a second time, as its answer counts them."""

    async def job(client: Client) -> None:
        events, replay = client.server.kv_endpoints
        told = KvEvents(publisher=events, replay=replay, topic="kv", tokenize_s=5.0)
        clock = asyncio.get_running_loop().time
        # What is said before anybody listens is asked for again.
        assert (await client.post("/v1/completions", {**_BODY, "prompt": "other words " * 20}))[
            0
        ] == 200
        knowledge = Knowledge([_engine(client)], {0: told}, lambda _: True, clock)
        task = asyncio.create_task(knowledge.run())
        try:
            sent, held = json.dumps(_BODY).encode(), 0
            for number in range(200):
                await client.post("/v1/completions", {**_BODY, "prompt": f"wake {number}" * 20})
                if knowledge.residency.block_tokens:
                    break
                await asyncio.sleep(0.01)
            _, answer = await client.post("/v1/completions", _BODY)
            n_tokens = answer["usage"]["prompt_tokens"]
            while not held:
                found = await knowledge.find("tiny", sent)
                assert found is not None
                tokens, prefix = found
                held = int(prefix.held.blocks[0])
                await asyncio.sleep(0.01)
            assert len(tokens) == n_tokens
            assert prefix.held.exact.tolist() == [True]
            assert held == n_tokens // 4
            assert (await client.raw("POST", "/reset_prefix_cache"))[0] == 200
            while held:
                held = int((await knowledge.find("tiny", sent))[1].held.blocks[0])
                await asyncio.sleep(0.01)
        finally:
            task.cancel()
            await asyncio.gather(task, return_exceptions=True)
            await asyncio.sleep(0.01)

    served(job, kv_events="tcp://127.0.0.1:*", kv_replay="tcp://127.0.0.1:*", kv_topic="kv")
