"""Which engine has which adapter, live: shelves kept in step with what engines say."""

from __future__ import annotations

import math
from collections.abc import Callable, Iterable, Sequence

from headway.serving.fleet.adapters import Loading, Shelves
from headway.serving.fleet.view import Adapters
from headway.serving.gateway.engines import LiveEngine
from headway.serving.gateway.ticket import Ticket

_OLD_S = 0.05


class Books:
    """Keeps `Shelves` for a gateway: what engines serve is the truth, and requests use it.

    Parameters
    ----------
    shelves
        Fresh ones.
    engines
        Of the gateway.
    tickets
        Requests at engines.
    """

    def __init__(
        self,
        shelves: Shelves,
        engines: Sequence[LiveEngine],
        tickets: Callable[[], Iterable[Ticket]],
    ) -> None:
        self._shelves = shelves
        self._engines = tuple(engines)
        self._tickets = tickets
        self._updated_s = -math.inf
        self._users: dict[tuple[int, int], str] = {}

    def at(self, now_s: float) -> Adapters:
        """Return what policies may see; some hundredths of a second old."""
        if now_s >= self._updated_s + _OLD_S:
            self.update(now_s)
        return self._shelves.view

    def update(self, now_s: float) -> None:
        """Take over what engines have, and who uses it."""
        self._updated_s = now_s
        known = self._shelves.catalogue.index
        users = {
            (ticket.request.number, ticket.engine): adapter
            for ticket in self._tickets()
            if (adapter := ticket.request.adapter) is not None and adapter in known
        }
        for (request, number), adapter in list(self._users.items()):
            if users.get((request, number)) != adapter:
                self._shelves.release(request, number, adapter, now_s)
                del self._users[request, number]
        for engine in self._engines:
            held = engine.adapters if engine.present else frozenset()
            self._shelves.found(engine.number, held, now_s)
        for (request, number), adapter in users.items():
            if (request, number) not in self._users:
                self._shelves.use(request, number, adapter, now_s)
                self._users[request, number] = adapter

    def knows(self, adapter: str) -> bool:
        """Return whether there is such an adapter."""
        return adapter in self._shelves.catalogue.index

    def load(self, engine: int, adapter: str, now_s: float) -> Loading | None:
        """Begin to load; None if there is no room, or nothing to do. See `Shelves.load`."""
        self.update(now_s)
        return self._shelves.load(engine, adapter, now_s)

    def loaded(self, engine: int, adapter: str, loading: Loading, now_s: float) -> None:
        """Note that a load has ended, well or not."""
        self._shelves.loaded(engine, adapter, loading.end_s)
        self.update(now_s)

    def unload(self, engine: int, adapter: str, now_s: float) -> bool:
        """Give up one that is not in use; return whether it is to go."""
        self.update(now_s)
        return self._shelves.unload(engine, adapter)
