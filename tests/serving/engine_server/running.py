"""A server in the test's own loop, and what one needs to talk to it."""

from __future__ import annotations

import asyncio
import json
from collections.abc import Awaitable, Callable
from typing import Any

import pytest

pytest.importorskip("zmq")

from headway.serving.engine import EngineConfig
from headway.serving.engine_server import EngineServer, Settings
from headway.serving.step_time import Affine
from headway.serving.wire import Pool

STEP_TIME = Affine(0.01, {"prefill_tokens": 1e-4, "decodes": 1e-4})
CONFIG = EngineConfig(blocks=256, block_tokens=4, max_sequences=8, token_budget=512)


class Client:
    """Talks to an engine's server without any library for that."""

    def __init__(self, server: EngineServer, address: tuple[str, int]) -> None:
        self.server = server
        self.url = f"http://{address[0]}:{address[1]}"
        self.address = address
        self.pool = Pool(*address)

    async def raw(
        self, method: str, path: str, body: bytes = b"", headers: Any = ()
    ) -> tuple[int, bytes, dict[bytes, bytes]]:
        answer = await self.pool.send(method.encode(), path.encode(), headers, body)
        return answer.status, await answer.read(), dict(answer.headers)

    async def get(self, path: str) -> Any:
        status, body, _ = await self.raw("GET", path)
        assert status == 200, (status, body)
        return json.loads(body) if body[:1] in b"{[" and body else body

    async def post(self, path: str, body: Any = None, **headers: str) -> tuple[int, Any]:
        data = b"" if body is None else json.dumps(body).encode()
        named = [(k.replace("_", "-").encode(), v.encode()) for k, v in headers.items()]
        status, found, _ = await self.raw("POST", path, data, named)
        return status, json.loads(found) if found[:1] == b"{" else found

    async def stream(self, path: str, body: Any) -> list[Any]:
        """Return the events of a stream; the last is the word at its end."""
        status, found, headers = await self.raw("POST", path, json.dumps(body).encode())
        assert status == 200, found
        assert headers[b"content-type"].startswith(b"text/event-stream")
        events = found.decode().split("\n\n")
        assert events.pop() == ""
        told = [event.removeprefix("data: ") for event in events]
        assert told.pop() == "[DONE]"
        return [json.loads(one) for one in told]

    async def metric(self, name: str, more: str = "") -> float:
        """Return the sum of the samples of a metric."""
        text = (await self.get("/metrics")).decode()
        lines = [line for line in text.splitlines() if line.startswith(f"vllm:{name}{{")]
        return sum(float(line.rsplit(" ", 1)[1]) for line in lines if more in line)


def served(
    job: Callable[[Client], Awaitable[None]], *, wait_s: float = 20.0, **settings: Any
) -> None:
    """Run a job against a server, in one loop, and see that nothing is left behind."""

    async def run() -> None:
        given = {"name": "small", "model": "tiny", "config": CONFIG, "step_time": STEP_TIME}
        server = EngineServer(Settings(**{**given, "speed": 20.0, **settings}))
        client = Client(server, await server.start())
        try:
            async with asyncio.timeout(wait_s):
                await job(client)
        finally:
            client.pool.close()
            await server.stop()

    asyncio.run(run())
