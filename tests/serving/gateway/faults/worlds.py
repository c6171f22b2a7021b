"""Gateways before engines that fail, and what has to hold when all is over."""

from __future__ import annotations

import asyncio
import gc
import sys
import time
from collections import Counter
from collections.abc import AsyncIterator, Callable, Coroutine
from contextlib import asynccontextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import uvloop

from headway.serving.gateway.accounts import Anonymous, Lease
from headway.serving.gateway.gateway import Gateway, running
from headway.serving.gateway.usage import Clock
from tests.serving.gateway.fakes import counts, site
from tests.serving.gateway.faults.clients import Outcome
from tests.serving.gateway.faults.sockets import RawEngine

PATIENT: dict[str, Any] = {
    "timeouts": {"connect_s": 1.0, "first_byte_s": 0.4, "between_bytes_s": 0.4},
    "retries": {"first_s": 0.002, "most_s": 0.01},
    "breaker": {"open_s": 0.3},
}
"""Settings that make faults short."""

WATCHED: dict[str, Any] = {
    "health": {"period_s": 0.05, "timeout_s": 0.2, "failures": 2, "successes": 1},
    "watch": {"scrape_s": 0.05, "models_s": 0.1, "timeout_s": 0.5},
}
"""Settings with which engines are asked often."""


class Book(Anonymous):
    """Accounts that remember their leases, and how often each was closed."""

    def __init__(self) -> None:
        super().__init__()
        self.leases: list[Lease] = []
        self.ends: Counter[int] = Counter()

    async def reserve(self, *asked: Any) -> Lease:
        lease = await super().reserve(*asked)
        self.leases.append(lease)
        return lease

    def settle(self, lease: Lease, *used: int) -> None:
        super().settle(lease, *used)
        self.ends[id(lease)] += 1

    def release(self, lease: Lease) -> None:
        super().release(lease)
        self.ends[id(lease)] += 1


@dataclass
class World:
    """A gateway and its engines.

    Attributes
    ----------
    gateway, address
        The gateway, and where it listens.
    engines
        Behind it.
    """

    gateway: Gateway
    address: tuple[str, int]
    engines: list[RawEngine]

    async def quiet(self, within_s: float = 5.0) -> None:
        """Wait until nothing is under way, here and at engines."""
        async with asyncio.timeout(within_s):
            while any(counts(self.gateway)) or any(one.open for one in self.engines):
                await asyncio.sleep(0.002)


@asynccontextmanager
async def world(
    *engines: RawEngine,
    watched: bool = False,
    accounts: Any = None,
    clock: Clock = time.monotonic,
    **serve: Any,
) -> AsyncIterator[World]:
    """Give a gateway before engines; at the end, see that nothing is left of it.

    Raises
    ------
    AssertionError
        If a count, a lease, a task or a file is left behind.
    """
    before = _files(), len(asyncio.all_tasks())
    for one in engines:
        await one.start()
    book = Book() if accounts is None else accounts
    place = site(
        [one.url for one in engines], serve={**PATIENT, **(WATCHED if watched else {}), **serve}
    )
    async with running(place, watched=watched, accounts=book, clock=clock) as (gateway, host, port):
        here = World(gateway, (host, port), list(engines))
        if watched:
            await until(lambda: bool(gateway.sight.ready(gateway._clock()).all()))
        yield here
        await here.quiet()
    for one in engines:
        await one.kill()
    if isinstance(book, Book):
        assert not any(lease.open for lease in book.leases)
        assert all(book.ends[id(lease)] == 1 for lease in book.leases), book.ends
    await until(lambda: (_files(), len(asyncio.all_tasks())) <= before)


async def until(holds: Callable[[], bool], within_s: float = 5.0) -> None:
    """Wait for something to hold."""
    async with asyncio.timeout(within_s):
        while not holds():
            await asyncio.sleep(0.005)


def run(job: Coroutine[Any, Any, None], within_s: float = 20.0) -> None:
    """Run a job, bounded."""
    uvloop.run(asyncio.wait_for(job, within_s))


def kinds(outcomes: list[Outcome]) -> dict[str, int]:
    """Return how many requests ended how."""
    return dict(Counter(one.kind for one in outcomes))


def _files() -> int:
    if sys.platform != "linux":
        return 0
    gc.collect()
    return sum(_is_socket(one) for one in Path("/proc/self/fd").iterdir())


def _is_socket(one: Path) -> bool:
    try:
        return str(one.readlink()).startswith("socket:")
    except OSError:
        return False
