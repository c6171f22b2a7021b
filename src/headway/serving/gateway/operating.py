"""Carries out what controllers decide about engines that run: adapters, and sleep."""

from __future__ import annotations

import asyncio
import logging
import time
from collections.abc import Coroutine, Mapping, Sequence
from typing import Any, Protocol

from headway.errors import HeadwayError
from headway.serving.fleet.decisions import Drain, LoadAdapter, Start, UnloadAdapter
from headway.serving.gateway.engines import LiveEngine
from headway.serving.gateway.engines.operate import load_adapter, sleep, unload_adapter, wake
from headway.serving.gateway.scaling.books import Books
from headway.serving.gateway.steering import Actuator, Advice
from headway.serving.gateway.usage import Clock

_log = logging.getLogger("headway.serving.gateway")


class Keeper(Protocol):
    """Keeps engines from requests, see `headway.serving.gateway.lookout.Lookout`."""

    async def drain(self, number: int, grace_s: float) -> None:
        """Send an engine no more requests; return when none is in flight, or the time is up."""
        ...

    def resume(self, number: int) -> None:
        """Send an engine requests again."""
        ...

    def turned(self, number: int, *, asleep: bool) -> None:
        """Hear that an engine has gone to sleep, or has woken."""
        ...


class Operating:
    """Loads and unloads adapters; puts engines to sleep that are to stop, and wakes them to start.

    Parameters
    ----------
    engines
        Of the gateway.
    paths
        Where engines find adapters, by the engine's number and the adapter's name.
    sleepers
        Numbers of the engines that sleep instead of stopping.
    keeper
        Keeps requests from those.
    grace_s
        Time for requests in flight before an engine sleeps.
    others
        Carries out all other decisions, and hears of these, too.
    books
        Of adapters that come and go: who has room for another one, and who goes for it.
    clock
        Seconds that never go back.
    """

    def __init__(
        self,
        engines: Sequence[LiveEngine],
        paths: Mapping[int, Mapping[str, str]],
        sleepers: frozenset[int],
        keeper: Keeper,
        grace_s: float,
        others: Actuator,
        books: Books | None = None,
        clock: Clock = time.monotonic,
    ) -> None:
        self._engines = tuple(engines)
        self._paths = dict(paths)
        self._sleepers = sleepers
        self._keeper = keeper
        self._grace_s = grace_s
        self._turning: dict[int, asyncio.Task[None]] = {}
        self._books = books
        self._clock = clock
        self.others = others

    async def carry_out(self, advice: Advice) -> None:
        """Do it; an engine that refuses is logged, and the next look of a controller sees it."""
        await self.others.carry_out(advice)
        operation = advice.operation
        if isinstance(operation, LoadAdapter | UnloadAdapter):
            await self._tried(self._adapter(operation))
        elif isinstance(operation, Drain | Start) and operation.engine in self._sleepers:
            self._turn(operation.engine, asleep=isinstance(operation, Drain))

    async def close(self) -> None:
        """Leave engines that are on their way to sleep as they are."""
        tasks = list(self._turning.values())
        for task in tasks:
            task.cancel()
        await asyncio.gather(*tasks, return_exceptions=True)

    async def _adapter(self, operation: LoadAdapter | UnloadAdapter) -> None:
        engine, adapter = self._engines[operation.engine], operation.adapter
        path = self._paths.get(operation.engine, {}).get(adapter)
        books = self._books if self._books is not None and self._books.knows(adapter) else None
        if isinstance(operation, UnloadAdapter):
            if books is None or books.unload(engine.number, adapter, self._clock()):
                await unload_adapter(engine, adapter)
        elif path is None:
            _log.warning("%s: nobody says where adapter %s is", engine.name, adapter)
        elif books is None:
            await load_adapter(engine, adapter, path)
        else:
            await self._shelve(books, engine, adapter, path)

    async def _shelve(self, books: Books, engine: LiveEngine, adapter: str, path: str) -> None:
        """Load an adapter, for which another may have to go, if there is room for it."""
        loading = books.load(engine.number, adapter, self._clock())
        if loading is None:
            return
        try:
            if loading.evicted is not None:
                await unload_adapter(engine, loading.evicted)
            await load_adapter(engine, adapter, path)
        finally:
            books.loaded(engine.number, adapter, loading, self._clock())

    def _turn(self, number: int, *, asleep: bool) -> None:
        """Begin to put an engine to sleep, or to wake it; what it was at is given up."""
        before = self._turning.pop(number, None)
        if before is not None:
            before.cancel()
        job = self._put_to_sleep(number) if asleep else self._wake(number)
        task = asyncio.create_task(self._tried(job))
        self._turning[number] = task
        task.add_done_callback(lambda done: self._ended(number, done))

    def _ended(self, number: int, task: asyncio.Task[None]) -> None:
        if self._turning.get(number) is task:
            del self._turning[number]

    async def _put_to_sleep(self, number: int) -> None:
        await self._keeper.drain(number, self._grace_s)
        try:
            await sleep(self._engines[number])
        except HeadwayError:
            self._keeper.resume(number)  # better awake than of no use
            raise
        self._keeper.turned(number, asleep=True)

    async def _wake(self, number: int) -> None:
        await wake(self._engines[number])
        self._keeper.turned(number, asleep=False)
        self._keeper.resume(number)

    async def _tried(self, job: Coroutine[Any, Any, None]) -> None:
        try:
            await job
        except HeadwayError as error:
            _log.warning("%s", error)
