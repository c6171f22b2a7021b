"""A fake engine that says what a test has it say."""

from __future__ import annotations

import asyncio
import json
import time
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from typing import Any

from headway.serving.gateway.engines.kinds import VLLM, EngineKind
from headway.serving.gateway.engines.live import LiveEngine
from headway.serving.wire import Exchange, Pool, Server
from tests.serving.gateway.watch import pages


@dataclass
class Fake:
    """An engine whose answers are its attributes."""

    health: int = 200
    metrics: bytes = pages.VLLM
    metrics_status: int = 200
    models: list[str] = field(default_factory=lambda: ["base"])
    adapters: list[str] = field(default_factory=list)
    pause_s: float = 0.0
    garbage: bytes = b""
    asleep: bool = False
    dev: bool = True
    asked: list[bytes] = field(default_factory=list)
    bodies: list[Any] = field(default_factory=list)

    async def __call__(self, exchange: Exchange) -> None:
        self.asked.append(exchange.path)
        self.bodies.append(json.loads(exchange.body) if exchange.body else None)
        if self.garbage:
            exchange.write_raw(self.garbage)
            exchange.abort()
            return
        await asyncio.sleep(self.pause_s)
        match exchange.path:
            case b"/health":
                exchange.reply(self.health, b"")
            case b"/metrics":
                exchange.reply(self.metrics_status, self.metrics, b"text/plain")
            case b"/v1/models":
                bases = [{"id": name, "parent": None} for name in self.models]
                adapters = [{"id": name, "parent": "base"} for name in self.adapters]
                exchange.reply(200, json.dumps({"data": bases + adapters}).encode())
            case b"/v1/load_lora_adapter" if self.dev:
                name = self.bodies[-1]["lora_name"]
                known = name in self.adapters
                self.adapters += [] if known else [name]
                exchange.reply(400 if known else 200, b"loaded")
            case b"/v1/unload_lora_adapter" if self.dev:
                name = self.bodies[-1]["lora_name"]
                known = name in self.adapters
                self.adapters = [one for one in self.adapters if one != name]
                exchange.reply(200 if known else 404, b"unloaded")
            case b"/sleep" if self.dev:
                self.asleep = True
                exchange.reply(200, b"")
            case b"/wake_up" if self.dev:
                self.asleep = False
                exchange.reply(200, b"")
            case _:
                exchange.reply(404, b'{"detail":"Not Found"}')


@asynccontextmanager
async def running(fake: Fake, kind: EngineKind = VLLM) -> AsyncIterator[LiveEngine]:
    server = Server(fake)
    host, port = await server.start()
    pool = Pool(host, port)
    try:
        yield LiveEngine(number=0, name="a-0", kind=kind, pool=pool, headers=((b"x-key", b"1"),))
    finally:
        pool.close()
        await server.stop()


async def until(true: Callable[[], bool], timeout_s: float = 10.0) -> None:
    """Wait for something to become true, however slow the machine is."""
    end = time.monotonic() + timeout_s
    while not true():
        assert time.monotonic() < end, "it did not come to be"
        await asyncio.sleep(0.005)
