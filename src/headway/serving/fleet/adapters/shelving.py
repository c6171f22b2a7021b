"""The adapters of a simulated fleet: what operations do to them, and who uses them."""

from __future__ import annotations

from typing import TYPE_CHECKING

from headway.errors import ConfigError
from headway.serving.fleet.adapters.catalogue import Catalogue
from headway.serving.fleet.adapters.shelves import Shelves
from headway.serving.fleet.view import Adapters

if TYPE_CHECKING:
    from headway.serving.fleet.world import World


class Shelving:
    """Ties `Shelves` to a simulated world; does nothing if adapters do not come and go.

    Parameters
    ----------
    world
        The engines.
    catalogue
        The adapters, None if engines keep those that they come up with.

    Raises
    ------
    ConfigError
        If the traffic needs an adapter that is not in the catalogue, or an engine cannot have those
        that it is to come up with.
    """

    def __init__(self, world: World, catalogue: Catalogue | None) -> None:
        self._world = world
        self._shelves = None if catalogue is None else Shelves(catalogue, world.members)
        self._gone = [not up for up in world.up.tolist()]
        if catalogue is None or self._shelves is None:
            return
        for name in world.workload.adapters:
            if name not in catalogue.index:
                raise ConfigError(f"the traffic needs adapter {name!r}, which is in no catalogue")
        for engine, is_gone in enumerate(self._gone):
            if not is_gone:
                self._come_up(engine)

    @property
    def view(self) -> Adapters | None:
        """What policies may see."""
        return None if self._shelves is None else self._shelves.view

    def come_up(self, engine: int) -> None:
        """Let an engine that was gone have what it comes up with."""
        if self._gone[engine]:
            self._gone[engine] = False
            self._come_up(engine)

    def gone(self, engine: int) -> None:
        """Let an engine have nothing."""
        self._gone[engine] = True
        if self._shelves is not None:
            self._shelves.clear(engine)

    def has(self, engine: int, request: int) -> bool:
        """Return whether an engine holds what a request needs."""
        adapter = self._needed(request)
        return self._shelves is None or adapter is None or self._shelves.has(engine, adapter)

    def load(self, engine: int, adapter: str) -> float | None:
        """Begin to load; return when that ends, None if it does not begin.

        Raises
        ------
        ConfigError
            If adapters do not come and go in this fleet.
        UnknownNameError
            If there is no such adapter.
        """
        world = self._world
        loading = self._required().load(engine, adapter, world.now_s)
        if loading is None:
            return None
        if loading.evicted is not None:
            world.note("unload", engine, adapter=loading.evicted)
        world.note("load", engine, adapter=adapter)
        return loading.end_s

    def loaded(self, engine: int, adapter: str) -> bool:
        """End a load that ends now; return whether the engine still was at it."""
        is_there = self._required().loaded(engine, adapter, self._world.now_s)
        if is_there:
            self._world.note("loaded", engine, adapter=adapter)
        return is_there

    def unload(self, engine: int, adapter: str) -> None:
        """Give up an adapter that is not in use.

        Raises
        ------
        ConfigError
            If adapters do not come and go in this fleet.
        UnknownNameError
            If there is no such adapter.
        """
        if self._required().unload(engine, adapter):
            self._world.note("unload", engine, adapter=adapter)

    def use(self, request: int, engine: int) -> None:
        """Note that a request needs its adapter on an engine until it is released."""
        adapter = self._needed(request)
        if self._shelves is not None and adapter is not None:
            self._shelves.use(request, engine, adapter, self._world.now_s)

    def release(self, request: int, engine: int, at_s: float) -> None:
        """Note that a request needs its adapter there no more."""
        adapter = self._needed(request)
        if self._shelves is not None and adapter is not None:
            self._shelves.release(request, engine, adapter, at_s)

    def _come_up(self, engine: int) -> None:
        if self._shelves is not None:
            for adapter in self._shelves.come_up(engine):
                self._world.note("loaded", engine, adapter=adapter)

    def _needed(self, request: int) -> str | None:
        workload = self._world.workload
        number = int(workload.adapter[request])
        return workload.adapters[number] if number >= 0 else None

    def _required(self) -> Shelves:
        if self._shelves is None:
            raise ConfigError("adapters do not come and go in this fleet: it has no catalogue")
        return self._shelves
