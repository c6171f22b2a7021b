"""Engines as actors of a Ray cluster: each runs its command where there is room for it.

Headway has to be installed on the nodes, with the extras ``serve`` and ``ray``.
"""

from __future__ import annotations

import asyncio
from collections.abc import Mapping, Sequence
from contextlib import suppress
from typing import Any

from headway.errors import EndpointError, MissingExtraError
from headway.serving.gateway.engines.address import Address
from headway.serving.gateway.scaling.document import Scaled
from headway.serving.gateway.scaling.processes import LocalEngine, Processes

_MORE_S = 10.0
"""For an actor to answer, beyond the grace of its engine."""


class EngineActor:
    """Runs the engine of one place on the node that it is put on.

    Parameters
    ----------
    command, names, env, stop_s
        As of `Processes`.
    """

    def __init__(
        self,
        command: Sequence[str],
        names: Mapping[int, str],
        env: Mapping[str, str],
        stop_s: float,
    ) -> None:
        import ray

        own_address: Any = ray.util.get_node_ip_address
        self._host = str(own_address())
        self._processes = Processes(command, names, env=env, host=self._host, stop_s=stop_s)
        self._engine: LocalEngine | None = None

    async def start(self, number: int) -> tuple[str, int]:
        """Launch it, and return where it listens."""
        self._engine = await self._processes.launch(number)
        return self._engine.address.host, self._engine.address.port

    async def ended(self) -> str:
        """Wait until it has ended by itself, and return why."""
        assert self._engine is not None
        return await self._engine.ended()

    async def end(self, grace_s: float) -> None:
        """Have it end, by force if it takes longer."""
        assert self._engine is not None
        await self._engine.end(grace_s)


class RayEngines:
    """Launches engines in actors.

    Parameters
    ----------
    command, names, stop_s
        As of `Processes`.
    own
        What an engine needs, and where it may be.
    address
        Of the cluster; by default the one that Ray finds, or a new one on this machine.

    Raises
    ------
    MissingExtraError
        If there is no Ray.
    """

    def __init__(
        self,
        command: Sequence[str],
        names: Mapping[int, str],
        *,
        own: Scaled,
        address: str | None,
        stop_s: float,
    ) -> None:
        try:
            import ray
        except ModuleNotFoundError:
            raise MissingExtraError("ray is missing: pip install 'headway[ray]'") from None
        self._ray: Any = ray
        self._given = (tuple(command), dict(names), dict(own.env), stop_s)
        self._options: dict[str, Any] = {
            "num_cpus": own.cpus,
            "num_gpus": own.gpus,
            "resources": own.resources,
            "scheduling_strategy": own.strategy,
        }
        self._names = dict(names)
        self._address = address
        self._connecting = asyncio.Lock()
        self._is_ours = False

    async def launch(self, number: int) -> RayEngine:
        """Launch that of a place as soon as there is room; cancelled, it leaves nothing behind.

        Raises
        ------
        EndpointError
            If the cluster is not to be reached, or the actor dies.
        """
        await self._connect()
        name = self._names[number]
        actor = self._ray.remote(EngineActor).options(**self._options).remote(*self._given)
        try:
            host, port = await actor.start.remote(number)
        except self._ray.exceptions.RayError as error:
            raise EndpointError(f"{name}: {_first_line(error)}") from None
        except asyncio.CancelledError:
            self._ray.kill(actor)
            raise
        return RayEngine(self._ray, actor, Address(host, port))

    async def close(self) -> None:
        """Leave the cluster, if it was entered here."""
        if self._is_ours:
            self._is_ours = False
            await asyncio.to_thread(self._ray.shutdown)

    async def _connect(self) -> None:
        async with self._connecting:
            if self._ray.is_initialized():
                return
            try:
                await asyncio.to_thread(self._ray.init, address=self._address, log_to_driver=False)
            except (
                ConnectionError,
                RuntimeError,
                ValueError,
                self._ray.exceptions.RayError,
            ) as error:
                raise EndpointError(f"ray: {_first_line(error)}") from None
            self._is_ours = True


class RayEngine:
    """An engine in an actor.

    Parameters
    ----------
    ray
        The module.
    actor
        That runs it.
    address
        Where it listens.
    """

    def __init__(self, ray: Any, actor: Any, address: Address) -> None:
        self.address = address
        self._ray = ray
        self._actor = actor

    async def ended(self) -> str:
        """Wait until it, or its actor, has ended by itself, and return why."""
        try:
            return str(await self._actor.ended.remote())
        except self._ray.exceptions.RayError as error:
            return _first_line(error)

    async def end(self, grace_s: float) -> None:
        """Have it end, and its actor with it."""
        with suppress(TimeoutError, self._ray.exceptions.RayError):
            async with asyncio.timeout(grace_s + _MORE_S):
                await self._actor.end.remote(grace_s)
        self._ray.kill(self._actor)


def _first_line(error: Exception) -> str:
    return (str(error).strip().splitlines() or [type(error).__name__])[0]
