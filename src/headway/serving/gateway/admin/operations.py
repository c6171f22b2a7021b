"""What operators may do to engines and to the gateway."""

from __future__ import annotations

import asyncio
import time
from collections.abc import AsyncIterator, Callable, Mapping, Sequence
from contextlib import asynccontextmanager

from headway.errors import ConfigError, UnknownNameError, UnsupportedError
from headway.serving.gateway.board import IN_FLIGHT, LOOK, POLICY, Board
from headway.serving.gateway.engines import LiveEngine
from headway.serving.gateway.engines.operate import load_adapter, sleep, unload_adapter, wake

_LOOK_S = 0.05


class BusyError(UnsupportedError):
    """An engine is at something else that an operator has asked for."""


class Operations:
    """Does what operators ask for, one thing at a time for each engine.

    Engines are taken out of service on the board, which all workers read.

    Parameters
    ----------
    engines
        Of the gateway.
    board
        Of all workers.
    policies
        That can be the one of requests that name none.
    adapters
        Where engines find adapters, by the engine's number and the adapter's name.
    clock
        Seconds that never go back.
    """

    def __init__(
        self,
        engines: Sequence[LiveEngine],
        board: Board,
        policies: Sequence[str],
        adapters: Mapping[int, Mapping[str, str]],
        clock: Callable[[], float] = time.monotonic,
    ) -> None:
        self._engines = {engine.name: engine for engine in engines}
        self._board = board
        self._policies = tuple(policies)
        self._adapters = adapters
        self._clock = clock
        self._busy: dict[int, str] = {}

    def busy(self, number: int) -> str:
        """Return what an engine is at, empty if it is at nothing."""
        return self._busy.get(number, "")

    def allowed(self, engine: LiveEngine) -> list[str]:
        """Return the names of what can be done to an engine as it is now."""
        board, number, kind = self._board, engine.number, engine.kind
        found = ["undrain" if board.engine("draining")[number] else "drain"]
        if kind.sleep is not None:
            found.append("wake" if board.engine("asleep")[number] else "sleep")
        if kind.adapters is not None:
            found += ["load-adapter", "unload-adapter"]
        return found

    def drain(self, name: str) -> None:
        """Send an engine no new requests; those under way go on.

        Raises
        ------
        UnknownNameError
            If there is no such engine; so do all operations.
        """
        self._board.engine("draining")[self._engine(name).number] = 1

    def undrain(self, name: str) -> None:
        """Send an engine requests again."""
        self._board.engine("draining")[self._engine(name).number] = 0

    async def sleep(self, name: str, grace_s: float) -> None:
        """Have an engine give up its memory, once it has nothing to do.

        Parameters
        ----------
        name
            Of the engine.
        grace_s
            How long to wait for its requests; those that are left then, it may lose.

        Raises
        ------
        UnsupportedError
            If engines of its kind cannot.
        EndpointError
            If it does not; it serves on.
        """
        engine = self._engine(name)
        number, draining = engine.number, self._board.engine("draining")
        if engine.kind.sleep is None:
            raise UnsupportedError(f"{name}: engines of kind {engine.kind.name} do not sleep")
        async with self._at(engine, "sleep"):
            before = draining[number]
            draining[number] = 1
            try:
                await self._quiet(number, grace_s)
                await sleep(engine)
                self._board.engine("asleep")[number] = 1
                # Its cache is gone: workers forget what they believed of it.
                self._board.engine("restarts")[number] += 1
            finally:
                draining[number] = before

    async def wake(self, name: str) -> None:
        """Have an engine take its memory back."""
        engine = self._engine(name)
        async with self._at(engine, "wake"):
            await wake(engine)
            self._board.engine("asleep")[engine.number] = 0

    async def load_adapter(self, name: str, adapter: str, path: str | None = None) -> None:
        """Have an engine load an adapter.

        Parameters
        ----------
        name
            Of the engine.
        adapter
            Name that requests call it by.
        path
            Where the engine finds it; by default where the fleet's file says.

        Raises
        ------
        ConfigError
            If nobody says where it is.
        """
        engine = self._engine(name)
        place = path or self._adapters.get(engine.number, {}).get(adapter)
        if place is None:
            raise ConfigError(f"{name}: nobody says where adapter {adapter!r} is; give its path")
        async with self._at(engine, "load-adapter"):
            await load_adapter(engine, adapter, place)
            self._look_again()

    async def unload_adapter(self, name: str, adapter: str) -> None:
        """Have an engine give up an adapter."""
        engine = self._engine(name)
        if adapter not in engine.adapters:
            raise UnknownNameError("adapter", adapter, sorted(engine.adapters))
        async with self._at(engine, "unload-adapter"):
            await unload_adapter(engine, adapter)
            self._look_again()

    @property
    def policy(self) -> str:
        """Name of the policy of requests that name none."""
        return self._policies[int(self._board.wishes[POLICY])]

    def prefer(self, policy: str) -> None:
        """Have another one of the listed policies decide about requests that name none.

        Raises
        ------
        UnknownNameError
            If it is not listed.
        """
        if policy not in self._policies:
            raise UnknownNameError("policy", policy, self._policies)
        self._board.wishes[POLICY] = self._policies.index(policy)

    def _engine(self, name: str) -> LiveEngine:
        try:
            return self._engines[name]
        except KeyError:
            raise UnknownNameError("engine", name, self._engines) from None

    def _look_again(self) -> None:
        self._board.wishes[LOOK] += 1

    async def _quiet(self, number: int, grace_s: float) -> None:
        until_s = self._clock() + grace_s
        while self._board.total(IN_FLIGHT)[number] > 0 and self._clock() < until_s:
            await asyncio.sleep(_LOOK_S)

    @asynccontextmanager
    async def _at(self, engine: LiveEngine, what: str) -> AsyncIterator[None]:
        other = self._busy.get(engine.number)
        if other is not None:
            raise BusyError(f"{engine.name} is at something else: {other}")
        self._busy[engine.number] = what
        try:
            yield
        finally:
            del self._busy[engine.number]
