"""Starts and stops engines that are pods of a Deployment."""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Coroutine, Sequence
from contextlib import suppress
from typing import Any

from headway.errors import EndpointError, HeadwayError, UnsupportedError
from headway.serving.gateway.board import Board
from headway.serving.gateway.engines import LiveEngine
from headway.serving.gateway.scaling.hands import Keeper
from headway.serving.gateway.scaling.kubernetes.deployment import Deployment

_log = logging.getLogger("headway.serving.gateway.scaling")

_LOOK_S = 0.05


class Deployments:
    """Has a Deployment be larger or smaller; pods that come take places as they are discovered.

    A pod has no place before it is ready, so the first places that are free stand for those that
    are starting. An engine that is to stop is emptied, its pod marked as the first to go, and the
    Deployment made smaller. Whatever others do to the Deployment is taken over.

    Parameters
    ----------
    deployment
        Of the engines.
    engines
        All places of the gateway.
    numbers
        Places of the Deployment's engines.
    board
        Of the gateway.
    keeper
        Keeps requests from engines that are to stop.
    drain_s
        Longest wait for their requests.
    gone_s
        Longest wait for a pod to vanish; then it serves again, as another one went.
    look_s
        Between two looks at the Deployment.
    """

    def __init__(
        self,
        deployment: Deployment,
        engines: Sequence[LiveEngine],
        numbers: Sequence[int],
        board: Board,
        keeper: Keeper,
        *,
        drain_s: float,
        gone_s: float,
        look_s: float,
    ) -> None:
        self._deployment = deployment
        self._engines = tuple(engines)
        self._places = tuple(numbers)
        self._healthy, self._ordered = board.engine("healthy"), board.engine("ordered")
        self._keeper = keeper
        self._drain_s, self._gone_s, self._look_s = drain_s, gone_s, look_s
        self._replicas = 0
        self._failing = False
        self._adding: set[int] = set()
        self._emptying: dict[int, asyncio.Task[None]] = {}
        self._going: set[int] = set()
        self._tasks: set[asyncio.Task[None]] = set()
        self._writing = asyncio.Lock()

    @property
    def numbers(self) -> frozenset[int]:
        """Places whose engines it starts and stops."""
        return frozenset(self._places)

    def start(self, number: int) -> str:
        """Have one pod more, or call one back that empties."""
        emptying = self._emptying.pop(number, None)
        if emptying is not None:
            emptying.cancel()
            self._keeper.resume(number)
            return "called back"
        if number in self._going:
            raise UnsupportedError(f"{self._name(number)} is just about to end")
        if self._ordered[number]:
            raise UnsupportedError(f"{self._name(number)} is there already, or starting")
        self._adding.add(number)
        self._ordered[number] = 1
        self._begin(self._add(number))
        return f"one pod more of {self._deployment.name}"

    def stop(self, number: int) -> str:
        """Empty an engine, and have one pod less."""
        if number in self._emptying or number in self._going:
            raise UnsupportedError(f"{self._name(number)} is on its way to stop already")
        if not self._ordered[number]:
            raise UnsupportedError(f"{self._name(number)} is not there")
        if not self._engines[number].present:
            # Pods that are not ready go before others: there is nothing to choose.
            self._ordered[number] = 0
            self._begin(self._drop())
            return f"one pod less of {self._deployment.name}, as it is not ready"
        self._emptying[number] = self._begin(self._empty(number))
        return "emptying"

    def state(self, number: int) -> str:
        """Return where an engine stands."""
        if number in self._emptying:
            return "emptying"
        if number in self._going:
            return "stopping"
        if not self._ordered[number]:
            return "off"
        return "on" if self._healthy[number] else "starting"

    async def run(self) -> None:
        """Look at the Deployment, again and again."""
        while True:
            try:
                await self._look()
            except EndpointError as error:
                if not self._failing:
                    _log.warning("%s", error)
                self._failing = True
            await asyncio.sleep(self._look_s)

    async def close(self) -> None:
        """Leave the Deployment as it is."""
        tasks = list(self._tasks)
        for task in tasks:
            task.cancel()
        await asyncio.gather(*tasks, return_exceptions=True)

    def _name(self, number: int) -> str:
        return self._engines[number].name

    async def _look(self) -> None:
        if not self._writing.locked():
            self._take(await self._deployment.replicas())
        if self._failing:
            _log.info("deployment %s: it answers again", self._deployment.name)
        self._failing = False

    def _take(self, replicas: int) -> None:
        """Take over how many pods there are to be: those without a place stand for it."""
        self._replicas = replicas
        present = [k for k in self._places if self._engines[k].present]
        staying = [k for k in present if k not in self._going]
        free = [k for k in self._places if not self._engines[k].present]
        # Places that somebody has just ordered come first, so that they keep their state.
        free.sort(key=lambda k: (k not in self._adding, not self._ordered[k], k))
        missing = max(replicas - len(staying), len(self._adding), 0)
        ordered = {*staying, *free[:missing]}
        for number in self._places:
            self._ordered[number] = number in ordered

    async def _add(self, number: int) -> None:
        try:
            async with self._writing:
                replicas = await self._deployment.change(1)
        except EndpointError:
            self._ordered[number] = 0
            raise
        finally:
            self._adding.discard(number)
        self._told(replicas)

    async def _drop(self) -> None:
        async with self._writing:
            replicas = await self._deployment.change(-1)
        self._told(replicas)

    async def _empty(self, number: int) -> None:
        """Empty an engine, have its pod go, and wait until it is gone."""
        engine = self._engines[number]
        ip = engine.pool.host
        try:
            await self._keeper.drain(number, self._drain_s)
            # From here on it cannot be called back.
            del self._emptying[number]
            self._going.add(number)
            self._ordered[number] = 0
            pod = await self._smaller(ip)
            if not await self._is_gone(engine, ip):
                _log.warning("pod %s is still there, and serves again: another one went", pod)
                await self._deployment.stays(pod)
        finally:
            self._emptying.pop(number, None)
            self._going.discard(number)
            self._ordered[number] = engine.present
            self._keeper.resume(number)

    async def _smaller(self, ip: str) -> str:
        """Have one pod less, that at an address; return its name."""
        async with self._writing:
            pod = await self._deployment.next_to_go(ip)
            try:
                replicas = await self._deployment.change(-1)
            except EndpointError:
                await self._deployment.stays(pod)
                raise
        self._told(replicas)
        return pod

    async def _is_gone(self, engine: LiveEngine, ip: str) -> bool:
        with suppress(TimeoutError):
            async with asyncio.timeout(self._gone_s):
                while engine.present and engine.pool.host == ip:
                    await asyncio.sleep(_LOOK_S)
                return True
        return False

    def _told(self, replicas: int) -> None:
        self._replicas = replicas
        _log.info("deployment %s is to have %d pods", self._deployment.name, replicas)

    def _begin(self, job: Coroutine[Any, Any, None]) -> asyncio.Task[None]:
        task = asyncio.create_task(self._tried(job))
        self._tasks.add(task)
        task.add_done_callback(self._tasks.discard)
        return task

    async def _tried(self, job: Coroutine[Any, Any, None]) -> None:
        try:
            await job
        except HeadwayError as error:
            _log.warning("%s", error)
