"""The gateway's own listener learns from an engine's events what its cache holds."""

from __future__ import annotations

import asyncio

import numpy as np
import zmq.asyncio

from headway.serving.engine_server.tokens import encode
from headway.serving.gateway.watch.kv import Residency, Source, Subscriber
from tests.serving.engine_server.running import CONFIG, Client, served


def test_a_gateway_knows_what_the_engine_will_find() -> None:
    async def job(client: Client) -> None:
        events, replay = client.server.kv_endpoints
        residency = Residency()
        subscriber = Subscriber(Source(0, 0, events, replay), residency)
        context = zmq.asyncio.Context()
        await client.post("/v1/completions", {"prompt": "x" * 90, "max_tokens": 2})  # unheard
        follows = asyncio.create_task(subscriber.run(context))
        await asyncio.sleep(0.2)
        text = "the quick brown fox, und der faule Hund, größer noch"
        for _ in range(3):
            _, found = await client.post("/v1/completions", {"prompt": text, "max_tokens": 9})
        tokens = encode(text).astype(np.int32)
        size = CONFIG.block_tokens
        while (prefix := residency.find(tokens, 1)) is None or prefix.held.blocks[0] == 0:
            await asyncio.sleep(0.01)
        cached = found["usage"]["prompt_tokens_details"]["cached_tokens"]
        assert cached == (len(tokens) - 1) // size * size
        assert prefix.held.blocks[0] * size == len(tokens) // size * size
        unheard = residency.find(encode("x" * 90).astype(np.int32), 1)
        assert unheard is not None
        assert unheard.held.blocks[0] == 90 // 4 // size
        assert subscriber.malformed == 0
        follows.cancel()
        await asyncio.gather(follows, return_exceptions=True)
        context.destroy(linger=0)

    served(job, kv_events="tcp://127.0.0.1:*", kv_replay="tcp://127.0.0.1:*")
