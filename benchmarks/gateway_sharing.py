"""What workers of a gateway gain by telling one another where prefixes are, and what it costs.

    HEADWAY_DATA=… python benchmarks/gateway_sharing.py

The requests of Mooncake's conversation trace, in its order, to engines that remember prefixes: a
block of 512 tokens is 512 bytes of text here, so that prompts have the prefixes in common that
they had there. Engines keep the blocks that were used last, and say how many of a prompt they had.
Each request comes by a connection drawn by lot, so that the turns of a conversation meet any
worker. The hit rate is that of the engines, by count of blocks; one worker knows all that is to be
known. By default one request is under way at a time and engines forget nothing, so that only
knowledge decides: with a dozen, `prefix-cache` passes over engines that have one more than others,
and engines that forget do better if prompts that all begin alike are spread. CPU time is that of
the gateway's processes, from ``/proc``, which varies with what else the machine does; what it takes
to tell and to hear of a request is measured apart, in batches of 50. *Measured*.
"""

from __future__ import annotations

import argparse
import asyncio
import collections
import contextlib
import json
import os
import random
import statistics
import sys
import tempfile
import time
from collections.abc import AsyncIterator, Callable, Sequence
from hashlib import blake2b
from pathlib import Path

import numpy as np
from gateway_load import cpu_s, free_ports, running
from table import keep, machine

from headway.errors import HeadwayError
from headway.serving.fleet.routing import router
from headway.serving.gateway.board import Board
from headway.serving.gateway.sharing import Sharing
from headway.serving.gateway.view import LiveRequest
from headway.serving.wire import Exchange, Pool, Server
from headway.serving.workload import workload

BLOCK = 512
CONNECTIONS = 64
BATCH = 50


class CachingEngine:
    """Remembers the blocks of the prompts that it was sent last, and answers at once."""

    def __init__(self, capacity: int) -> None:
        self._capacity = capacity
        self._held: collections.OrderedDict[bytes, None] = collections.OrderedDict()
        self.server = Server(self._answer)
        self.blocks = self.hits = self.requests = 0

    async def _answer(self, exchange: Exchange) -> None:
        if exchange.method != b"POST":
            models = b'{"object":"list","data":[{"id":"m","object":"model"}]}'
            exchange.reply(200, models if exchange.path == b"/v1/models" else b"")
            return
        text = json.loads(exchange.body)["prompt"]
        names, name = [], b""
        for at in range(0, len(text), BLOCK):
            name = blake2b(name + text[at : at + BLOCK].encode(), digest_size=16).digest()
            names.append(name)
        hits = next((k for k, one in enumerate(names) if one not in self._held), len(names))
        for one in reversed(names):
            self._held.pop(one, None)
            self._held[one] = None
        while len(self._held) > self._capacity:
            self._held.popitem(last=False)
        self.requests += 1
        self.blocks += len(names)
        self.hits += hits
        await asyncio.sleep(0.001)
        usage = {
            "prompt_tokens": len(text) // 4,
            "completion_tokens": 1,
            "prompt_tokens_details": {"cached_tokens": hits * BLOCK // 4},
        }
        told = {"id": "1", "model": "m", "choices": [{"index": 0, "text": "a"}], "usage": usage}
        exchange.reply(200, json.dumps(told).encode())


def prompts(requests: int) -> list[str]:
    """Return texts with the prefixes of the trace in common."""
    try:
        traffic = workload("mooncake-conversation")
    except HeadwayError as error:
        raise SystemExit(f"{error}\nHEADWAY_DATA must say where traces are") from None
    blocks = traffic.blocks
    assert blocks is not None
    made: dict[int, str] = {}
    found = []
    for number in range(min(requests, len(traffic))):
        text = []
        for name in blocks[number].tolist():
            if name not in made:
                made[name] = (blake2b(str(name).encode()).hexdigest() * 4)[:BLOCK]
            text.append(made[name])
        found.append("".join(text))
    return found


@contextlib.asynccontextmanager
async def engines(
    count: int, capacity: int
) -> AsyncIterator[tuple[list[CachingEngine], list[str]]]:
    """Give engines and their addresses."""
    made = [CachingEngine(capacity) for _ in range(count)]
    places = [await one.server.start() for one in made]
    try:
        yield made, [f"http://{host}:{port}" for host, port in places]
    finally:
        for one in made:
            await one.server.stop()


async def ask(port: int, texts: Sequence[str], at_once: int, seed: int) -> float:
    """Send all, in their order, so many at a time; return how many seconds that took."""
    chance = random.Random(seed)
    pools = [Pool("127.0.0.1", port) for _ in range(CONNECTIONS)]
    free = list(pools)
    wait = asyncio.Semaphore(at_once)

    async def one(text: str) -> None:
        pool = free.pop(chance.randrange(len(free)))
        try:
            body = json.dumps({"model": "m", "prompt": text, "max_tokens": 1}).encode()
            answer = await pool.send(b"POST", b"/v1/completions", [], body)
            await answer.read()
            assert answer.status == 200, answer.status
        finally:
            free.append(pool)
            wait.release()

    begin_s = time.perf_counter()
    async with asyncio.TaskGroup() as group:
        for text in texts:
            await wait.acquire()
            group.create_task(one(text))
    took_s = time.perf_counter() - begin_s
    for pool in pools:
        pool.close()
    return took_s


class ByHand:
    """A channel whose batches are carried by hand."""

    def __init__(self) -> None:
        self.sent: list[bytes] = []
        self.heard: Callable[[bytes], None] = lambda _: None

    def open(self, heard: Callable[[bytes], None]) -> None:
        """Remember who hears."""
        self.heard = heard

    def send(self, data: bytes) -> int:
        """Keep a batch."""
        self.sent.append(data)
        return 0

    def close(self) -> None:
        """Do nothing."""


async def costs(texts: Sequence[str], policy: str) -> tuple[float, float]:
    """Return CPU microseconds to tell of a request and its end, and to hear of them."""
    ways, ends = (ByHand(), ByHand()), []
    for way in ways:
        row = Board(1, 8).row(0)
        ends.append(Sharing({policy: router(policy)}, 8, row, time.monotonic, 3600.0))
        ends[-1].open([way])
    requests = []
    for number, text in enumerate(texts):
        prompt = memoryview(text.encode())
        one = LiveRequest(
            prompt, 1, number, 0.0, len(text) // 4, 16, 0, 0, 0.0, -1, None, 128, "tenant"
        )
        assert len(one.blocks) == len(text) // BLOCK
        requests.append(one)
    begin_s = time.process_time()
    for first in range(0, len(requests), BATCH):
        for one in requests[first : first + BATCH]:
            ends[0].sent(policy, one, one.number % 8)
            ends[0].ended(policy, one, one.number % 8, 16)
        ends[0].flush()
    told_s = time.process_time() - begin_s
    for data in ways[0].sent:
        ways[1].heard(data)
    heard_s = time.process_time() - begin_s - told_s
    for end in ends:
        end.close()
    return 1e6 * told_s / len(texts), 1e6 * heard_s / len(texts)


async def measure(
    folder: Path,
    workers: int,
    texts: Sequence[str],
    arguments: argparse.Namespace,
    *,
    shared: bool,
    seed: int,
) -> tuple[float, float, float]:
    """Return the hit rate, CPU microseconds a request, and requests a second."""
    async with engines(arguments.engines, arguments.capacity) as (there, urls):
        (port,) = free_ports(1)
        file = folder / "fleet.yaml"
        file.write_text(
            "kind: fleet\n"
            f"engines: [{{name: e, count: {len(urls)}, model: llama-3.1-8b, gpu: h100}}]\n"
            f"policies: [{arguments.policy}]\n"
            "serve:\n"
            f"  listen: 127.0.0.1:{port}\n"
            "  admin: null\n"
            f"  workers: {workers}\n"
            f"  shared: {{workers: {str(shared).lower()}}}\n"
            f"  engines: {{e: {{kind: openai, urls: [{', '.join(urls)}]}}}}\n"
        )
        log = folder / "log"
        with running([sys.executable, "-m", "headway", "serve", str(file)], log) as pid:
            while "ready at" not in log.read_text():
                await asyncio.sleep(0.1)
            await asyncio.sleep(0.5)
            before_s = cpu_s(pid)
            took_s = await ask(port, texts, arguments.at_once, seed)
            used_s = cpu_s(pid) - before_s
    blocks, hits = sum(one.blocks for one in there), sum(one.hits for one in there)
    return hits / blocks, 1e6 * used_s / len(texts), len(texts) / took_s


def main() -> None:
    """Run all, and keep the table."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--requests", type=int, default=1500)
    parser.add_argument("--engines", type=int, default=8)
    parser.add_argument(
        "--capacity", type=int, default=1_000_000, help="blocks of an engine's cache"
    )
    parser.add_argument("--policy", default="prefix-cache")
    parser.add_argument("--at-once", type=int, default=1, help="requests under way")
    parser.add_argument("--runs", type=int, default=2)
    parser.add_argument("--workers", type=int, nargs="+", default=[1, 2, 4])
    arguments = parser.parse_args()
    texts = prompts(arguments.requests)
    rows = []
    with tempfile.TemporaryDirectory() as name:
        for workers in arguments.workers:
            for shared in (False, True)[: 1 + (workers > 1)]:
                runs = [
                    asyncio.run(
                        measure(Path(name), workers, texts, arguments, shared=shared, seed=seed)
                    )
                    for seed in range(arguments.runs)
                ]
                hit, cpu, rate = zip(*runs, strict=True)
                rows.append(
                    {
                        "workers": workers,
                        "told": "yes" if shared else "no",
                        "hit rate": f"{np.mean(hit):.3f}",
                        "least and most": f"{min(hit):.3f} … {max(hit):.3f}",
                        "CPU µs a request": f"{statistics.median(cpu):.0f}",
                        "requests/s": f"{statistics.median(rate):.0f}",
                    }
                )
                print(rows[-1], flush=True)
    seen: set[str] = set()
    known = total = 0
    for text in texts:
        path = ""
        cut = [text[at : at + BLOCK] for at in range(0, len(text), BLOCK)]
        total += len(cut)
        for block in cut:
            path = blake2b((path + block).encode()).hexdigest()
            known += path in seen
            seen.add(path)
    keep(
        "gateway-sharing",
        "Workers of a gateway that tell one another where prefixes are, *measured*",
        rows,
        requests=len(texts),
        engines=f"{arguments.engines} with {arguments.capacity:,} blocks each",
        policy=arguments.policy,
        **{
            "to tell of a request, and to hear of it": " and ".join(
                f"{statistics.median(one):.1f} µs"
                for one in zip(
                    *(asyncio.run(costs(texts, arguments.policy)) for _ in range(5)), strict=True
                )
            ),
            "under way at a time": arguments.at_once,
            "mean prompt": f"{np.mean([len(one) for one in texts]) / 1024:.1f} KiB",
            "hit rate of one endless cache": f"{known / total:.3f}",
            "command": "python benchmarks/gateway_sharing.py",
        },
        **machine("httptools", "uvloop"),
    )


if __name__ == "__main__":
    os.environ.setdefault("PYTHONUNBUFFERED", "1")
    main()
