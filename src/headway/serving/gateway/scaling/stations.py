"""Engines that a gateway runs itself: started, looked after, started again, emptied and stopped."""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Protocol

from headway.errors import HeadwayError, UnsupportedError
from headway.serving.gateway.board import Board
from headway.serving.gateway.engines import LiveEngine
from headway.serving.gateway.engines.address import Address
from headway.serving.gateway.scaling.hands import Keeper
from headway.serving.gateway.scaling.uncut import uncut

_log = logging.getLogger("headway.serving.gateway.scaling")

_LOOK_S = 0.05
_MOST_PAUSE_S = 60.0
_MOST_FAILURES = 5


class Running(Protocol):
    """An engine that was launched."""

    @property
    def address(self) -> Address:
        """Where it is, or will be."""
        ...

    async def ended(self) -> str:
        """Wait until it has ended by itself, and return why."""
        ...

    async def end(self, grace_s: float) -> None:
        """Have it end, by force if it takes longer."""
        ...


class Launcher(Protocol):
    """Launches engines."""

    async def launch(self, number: int) -> Running:
        """Launch that of a place; cancelled, it leaves nothing behind that runs.

        Raises
        ------
        EndpointError
            If it cannot be launched.
        """
        ...

    async def close(self) -> None:
        """Give up what launching takes."""
        ...


@dataclass(frozen=True, slots=True)
class Times:
    """How long things may take.

    Attributes
    ----------
    start_s
        Until an engine is well.
    drain_s
        Until its requests have ended.
    stop_s
        Until it has ended, once it was told to.
    pause_s
        Before an engine that has ended is started again.
    connect_s
        To connect to it.
    """

    start_s: float
    drain_s: float
    stop_s: float
    pause_s: float
    connect_s: float


class Stations:
    """Runs an engine in each place that is to have one.

    One that ends by itself is started again, after a pause that grows; one that has not been well
    once in five tries is given up, until a controller orders it anew.

    Parameters
    ----------
    engines
        All places of the gateway.
    launchers
        By the number of the place.
    first
        Places that have an engine from the beginning.
    board
        Of the gateway.
    keeper
        Keeps requests from engines that are to stop.
    times
        How long things may take.
    """

    def __init__(
        self,
        engines: Sequence[LiveEngine],
        launchers: Mapping[int, Launcher],
        first: Sequence[int],
        board: Board,
        keeper: Keeper,
        times: Times,
    ) -> None:
        self._engines = tuple(engines)
        self._launchers = dict(launchers)
        self._first = tuple(first)
        self._healthy, self._ordered = board.engine("healthy"), board.engine("ordered")
        self._keeper = keeper
        self._times = times
        self._kept: dict[int, asyncio.Task[None]] = {}
        self._stopping: dict[int, asyncio.Task[None]] = {}
        self._emptying: set[int] = set()
        for number in self.numbers:
            self._engines[number].present = False

    @property
    def numbers(self) -> frozenset[int]:
        """Places whose engines it runs."""
        return frozenset(self._launchers)

    def start(self, number: int) -> str:
        """Begin to start an engine, or call back one that empties."""
        if number in self._emptying:
            self._stopping.pop(number).cancel()
            self._emptying.discard(number)
            self._ordered[number] = 1
            self._keeper.resume(number)
            return "called back"
        if number in self._stopping:
            raise UnsupportedError(f"{self._name(number)} is just about to end")
        if number in self._kept:
            raise UnsupportedError(f"{self._name(number)} is there already, or starting")
        self._ordered[number] = 1
        task = asyncio.create_task(self._keep(number))
        self._kept[number] = task
        task.add_done_callback(lambda done: self._kept_ended(number, done))
        return "starting"

    def stop(self, number: int) -> str:
        """Begin to empty an engine and to stop it."""
        if number in self._stopping:
            raise UnsupportedError(f"{self._name(number)} is on its way to stop already")
        if number not in self._kept:
            raise UnsupportedError(f"{self._name(number)} is not there")
        self._emptying.add(number)
        task = asyncio.create_task(self._stop(number))
        self._stopping[number] = task
        task.add_done_callback(lambda done: self._stop_ended(number, done))
        return "emptying"

    def state(self, number: int) -> str:
        """Return where an engine stands."""
        if number in self._emptying:
            return "emptying"
        if number in self._stopping:
            return "stopping"
        if number not in self._kept:
            return "off"
        return "on" if self._healthy[number] else "starting"

    async def run(self) -> None:
        """Start those that are to be there from the beginning."""
        for number in self._first:
            if number not in self._kept:
                self.start(number)

    async def close(self) -> None:
        """Stop all engines."""
        tasks = [*self._stopping.values(), *self._kept.values()]
        for task in tasks:
            task.cancel()
        await asyncio.gather(*tasks, return_exceptions=True)
        for launcher in {id(one): one for one in self._launchers.values()}.values():
            await launcher.close()

    def _name(self, number: int) -> str:
        return self._engines[number].name

    async def _keep(self, number: int) -> None:
        """Have an engine in a place until cancelled, or until it seems hopeless."""
        failures, pause_s = 0, self._times.pause_s
        while failures < _MOST_FAILURES:
            was_well, why = await self._once(number)
            failures = 0 if was_well else failures + 1
            pause_s = self._times.pause_s if was_well else min(2 * pause_s, _MOST_PAUSE_S)
            _log.warning("engine %s has ended: %s", self._name(number), why)
            if failures < _MOST_FAILURES:
                await asyncio.sleep(pause_s)
        _log.error("engine %s is given up: it was not well once", self._name(number))

    async def _once(self, number: int) -> tuple[bool, str]:
        """Run an engine until it ends; return whether it was well once, and why it has ended."""
        try:
            running = await self._launchers[number].launch(number)
        except HeadwayError as error:
            return False, str(error)
        ended = asyncio.ensure_future(running.ended())
        try:
            self._arrive(number, running.address)
            try:
                async with asyncio.timeout(self._times.start_s):
                    well = await self._well(number, ended)
            except TimeoutError:
                return False, f"not well within {self._times.start_s:g} s"
            if well:
                _log.info("engine %s is there", self._name(number))
            return well, await ended
        finally:
            ended.cancel()
            self._leave(number)
            await uncut(running.end(self._times.stop_s))

    async def _well(self, number: int, ended: asyncio.Future[str]) -> bool:
        """Wait until an engine is well, or has ended; return whether it is well."""
        while not self._healthy[number]:
            if ended.done():
                return False
            await asyncio.sleep(_LOOK_S)
        return True

    def _arrive(self, number: int, address: Address) -> None:
        engine = self._engines[number]
        engine.pool.close()
        engine.pool = address.pool(connect_s=self._times.connect_s)
        engine.prefix = address.prefix
        engine.present = True
        self._keeper.moved(number)
        _log.info("engine %s starts at %s", engine.name, address)

    def _leave(self, number: int) -> None:
        engine = self._engines[number]
        engine.present = False
        engine.pool.close()
        self._keeper.moved(number)

    async def _stop(self, number: int) -> None:
        if self._healthy[number]:
            await self._keeper.drain(number, self._times.drain_s)
        self._emptying.discard(number)
        self._ordered[number] = 0
        kept = self._kept.get(number)
        if kept is not None:
            kept.cancel()
            await asyncio.wait([kept])
        _log.info("engine %s is stopped", self._name(number))

    def _kept_ended(self, number: int, task: asyncio.Task[None]) -> None:
        self._kept.pop(number, None)
        self._ordered[number] = 0
        if not task.cancelled() and (error := task.exception()) is not None:
            _log.error("engine %s cannot be run", self._name(number), exc_info=error)

    def _stop_ended(self, number: int, task: asyncio.Task[None]) -> None:
        if self._stopping.get(number) is task:
            del self._stopping[number]
        if not task.cancelled():
            self._emptying.discard(number)
            self._keeper.resume(number)  # whoever comes next here is not to be kept from requests
