"""Keeps what a worker believes of engines up to date with what is found out about them."""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Iterable, Sequence
from contextlib import suppress
from functools import partial

from headway.errors import EndpointError
from headway.serving.fleet.decisions import Router, tell_gone
from headway.serving.gateway.board import Board
from headway.serving.gateway.engines import LiveEngine
from headway.serving.gateway.engines.operate import refresh
from headway.serving.gateway.models import Catalogue
from headway.serving.gateway.usage import Clock
from headway.serving.gateway.view import Sight
from headway.serving.gateway.watch.keeping import kept
from headway.serving.gateway.watch.watcher import Watcher, WatchRules

_LOOK_S = 0.25
"""Between two looks at the board."""


class Lookout:
    """Looks after engines in one worker, and at what that one has written in all others.

    Parameters
    ----------
    engines
        Of the gateway.
    board
        Of all workers.
    sight, catalogue, routers
        That hear what has changed.
    clock
        Seconds that never go back, the same for all workers.
    rules
        How often engines are asked.
    gone
        Hears, besides routers, of engines that have lost all they held.
    """

    def __init__(
        self,
        engines: Sequence[LiveEngine],
        board: Board,
        sight: Sight,
        catalogue: Catalogue,
        routers: Iterable[Router],
        clock: Clock,
        rules: WatchRules,
        gone: Callable[[int], None] = lambda _: None,
    ) -> None:
        self._engines = engines
        self._board = board
        self._sight = sight
        self._catalogue = catalogue
        self._routers = tuple(routers)
        self._clock = clock
        self._rules = rules
        self._hears = gone
        self._restarts = board.engine("restarts").copy()
        self._served: list[object] = []
        self._wanted = asyncio.Event()
        self.watcher: Watcher | None = None
        """Of the worker that asks engines for all."""

    async def run(self, *, asks: bool) -> None:
        """Look until cancelled.

        Parameters
        ----------
        asks
            Whether this is the worker that asks engines how they are.
        """
        async with asyncio.TaskGroup() as group:
            group.create_task(kept("the look at the board", self._look_on))
            if asks:
                self.watcher = Watcher(
                    self._engines,
                    self._board,
                    rules=self._rules,
                    clock=self._clock,
                    gone=self._gone,
                )
                group.create_task(self.watcher.run())
            else:
                for engine in self._engines:
                    ask = partial(self._ask_models, engine)
                    group.create_task(kept(f"the look at the models of {engine.name}", ask))

    def look(self) -> None:
        """Take over what has changed."""
        restarts = self._board.engine("restarts")
        if restarts.tobytes() != self._restarts.tobytes():
            for number in (restarts != self._restarts).nonzero()[0].tolist():
                self._forget(number)
            self._restarts = restarts.copy()
        served: list[object] = []
        for engine in self._engines:
            served += (engine.models, engine.adapters)
        if served != self._served:
            self._served = served
            self._catalogue.changed()
        self._sight.learn([engine.adapters for engine in self._engines])

    def look_again(self) -> None:
        """Ask all engines soon what they serve."""
        if self.watcher is not None:
            self.watcher.look_again()
        self._wanted.set()
        self._wanted.clear()

    def moved(self, number: int) -> None:
        """Hear that there is another engine at a place, or none."""
        if self.watcher is not None:
            self.watcher.lost(number)

    async def drain(self, number: int, grace_s: float) -> None:
        """Send an engine no more requests; return when none is in flight, or the time is up."""
        if self.watcher is not None:
            await self.watcher.drain(number, grace_s)

    def resume(self, number: int) -> None:
        """Send an engine requests again."""
        if self.watcher is not None:
            self.watcher.resume(number)

    def turned(self, number: int, *, asleep: bool) -> None:
        """Hear that an engine has gone to sleep, with nothing in its cache, or has woken."""
        self._board.engine("asleep")[number] = asleep
        if asleep:
            self._gone(number, self._clock())

    def _gone(self, number: int, at_s: float) -> None:  # noqa: ARG002
        """Have all workers know, by the board."""
        self._board.engine("restarts")[number] += 1

    def _forget(self, number: int) -> None:
        now_s = self._clock()
        for router in self._routers:
            tell_gone(router, number, now_s)
        self._hears(number)
        breaker = self._engines[number].breaker
        if breaker is not None:
            breaker.reset()

    async def _look_on(self) -> None:
        while True:
            self.look()
            await asyncio.sleep(_LOOK_S)

    async def _ask_models(self, engine: LiveEngine) -> None:
        healthy = self._board.engine("healthy")
        while True:
            if healthy[engine.number]:
                with suppress(EndpointError):
                    await refresh(engine, timeout_s=self._rules.timeout_s)
            known = engine.models is not None
            with suppress(TimeoutError):
                async with asyncio.timeout(self._rules.models_s if known else _LOOK_S):
                    await self._wanted.wait()
