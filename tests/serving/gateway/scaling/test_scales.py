"""``headway serve`` with a scaler and engines of its own: from one to three and back."""

from __future__ import annotations

import asyncio
import json
import os
import re
import signal
import sys
import time
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path

import pytest

from headway.serving.wire import Pool

pytestmark = pytest.mark.skipif(sys.platform != "linux", reason="looks for processes in /proc")

FILE = """\
kind: fleet
engines:
  - name: a
    count: 3
    started: 1
    engine: {blocks: 4000}
    step_time: {affine: {constant_s: 0.01}}
policies: [least-request]
controllers:
  - policy: kpa
    with: {target: 4, kind: a, period_s: 0.2, stable_s: 2, panic_s: 1, down_rate: 10}
serve:
  listen: 127.0.0.1:0
  admin: 127.0.0.1:ADMIN
  health: {period_s: 0.2}
  watch: {scrape_s: 0.2}
  scaling: {act: processes, changes_per_min: 100, stop_s: 5}
"""


class Served:
    """A gateway in a process of its own, and those who ask it."""

    def __init__(self, process: asyncio.subprocess.Process, port: int, admin: int) -> None:
        self.process = process
        self.pool = Pool("127.0.0.1", port)
        self.admin = Pool("127.0.0.1", admin)
        self.statuses: list[int] = []

    async def ask(self, until: asyncio.Event) -> None:
        """Ask one question after the other."""
        body = json.dumps({"model": "a", "prompt": "hello", "max_tokens": 20}).encode()
        headers = [(b"content-type", b"application/json")]
        while not until.is_set():
            answer = await self.pool.send(b"POST", b"/v1/completions", headers, body)
            await answer.read()
            self.statuses.append(answer.status)

    async def engines(self) -> dict[str, int]:
        """Return how many engines are desired, ordered and ready."""
        answer = await self.admin.send(b"GET", b"/metrics")
        page = (await answer.read()).decode()
        found = re.findall(r'^headway_scaling_(\w+)\{kind="a"\} (\d+)', page, re.MULTILINE)
        return {name: int(number) for name, number in found}

    async def until(self, **expected: int) -> None:
        end_s = time.monotonic() + 60
        while not expected.items() <= (now := await self.engines()).items():
            assert time.monotonic() < end_s, f"expected {expected}, it is {now}"
            await asyncio.sleep(0.1)

    def guardians(self) -> list[int]:
        """Return the processes that run engines."""
        return descendants(self.process.pid)


def descendants(pid: int) -> list[int]:
    found: list[int] = []
    for path in Path(f"/proc/{pid}/task").glob("*/children"):
        for child in map(int, path.read_text().split()):
            found += [child, *descendants(child)]
    return found


def alive(pid: int) -> bool:
    try:
        return Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()[0] != "Z"
    except OSError:
        return False


@asynccontextmanager
async def served(folder: Path) -> AsyncIterator[Served]:
    from headway.serving.gateway.scaling.processes import free_port

    admin = free_port("127.0.0.1")
    path = folder / "fleet.yaml"
    path.write_text(FILE.replace("ADMIN", str(admin)))
    process = await asyncio.create_subprocess_exec(
        *(sys.executable, "-m", "headway", "serve", str(path)), stdout=asyncio.subprocess.PIPE
    )
    try:
        assert process.stdout is not None
        match = re.search(rb"ready at http://127.0.0.1:(\d+)", await process.stdout.readline())
        assert match
        yield Served(process, int(match[1]), admin)
    finally:
        if process.returncode is None:
            process.send_signal(signal.SIGTERM)
        await asyncio.wait_for(process.wait(), 30)


def test_engines_come_with_the_load_and_go_with_it_and_nothing_is_lost(tmp_path: Path) -> None:
    async def job() -> None:
        async with served(tmp_path) as gateway:
            await gateway.until(ready=1, ordered=1)
            enough = asyncio.Event()
            clients = [asyncio.create_task(gateway.ask(enough)) for _ in range(20)]
            await gateway.until(ready=3, ordered=3)
            enough.set()
            await asyncio.gather(*clients)
            one = asyncio.Event()
            client = asyncio.create_task(gateway.ask(one))
            await gateway.until(desired=1, ordered=1, ready=1)
            one.set()
            await client
            assert set(gateway.statuses) == {200}, "nothing is lost on the way up or down"
            running = gateway.guardians()
        assert running
        assert not any(alive(pid) for pid in running), "engines end with the gateway"

    asyncio.run(job())


def test_a_gateway_that_is_killed_leaves_no_engine_behind(tmp_path: Path) -> None:
    async def job() -> None:
        async with served(tmp_path) as gateway:
            await gateway.until(ready=1)
            running = gateway.guardians()
            assert len(running) >= 2, "a guardian and an engine"
            os.kill(gateway.process.pid, signal.SIGKILL)
            end_s = time.monotonic() + 30
            while any(alive(pid) for pid in running):
                assert time.monotonic() < end_s, "engines are left behind"
                await asyncio.sleep(0.05)

    asyncio.run(job())
