"""Engines that come and go under one name: each has a place of its own while it is there."""

from __future__ import annotations

import asyncio
import logging
import random
from collections.abc import Awaitable, Callable, Iterable, Sequence

from headway.errors import EndpointError
from headway.serving.gateway.engines.address import Address
from headway.serving.gateway.engines.live import LiveEngine

_log = logging.getLogger(__name__)

Look = Callable[[], Awaitable[Iterable[Address]]]
"""Returns where engines are now; raises EndpointError if nobody can say."""


class Places:
    """Gives places of a fleet, which has as many as there may be engines, to those that are found.

    An engine keeps its place as long as it is found; one that comes takes the first that is free.

    Parameters
    ----------
    engines
        The places.
    changed
        Hears the number of a place where there is another engine now, or none.
    misses
        Looks in a row that must not find an engine before its place is free. Answers of name
        servers may leave some out.
    connect_s
        Time to connect to an engine.
    """

    def __init__(
        self,
        engines: Sequence[LiveEngine],
        changed: Callable[[int], None],
        *,
        misses: int = 1,
        connect_s: float = 5.0,
    ) -> None:
        self._engines = tuple(engines)
        self._changed = changed
        self._most_misses = misses
        self._connect_s = connect_s
        self._taken: dict[Address, LiveEngine] = {}
        self._missed: dict[Address, int] = {}
        self._too_many = 0
        for engine in self._engines:
            engine.present = False

    def update(self, found: Iterable[Address]) -> None:
        """Give places to engines that have come, and free those of engines that are gone."""
        here = list(dict.fromkeys(found))
        self._free(set(here))
        new = [address for address in here if address not in self._taken]
        free = [engine for engine in self._engines if not engine.present]
        for address, engine in zip(new, free, strict=False):
            self._take(address, engine)
        too_many = max(len(new) - len(free), 0)
        if too_many > self._too_many:
            _log.warning(
                "%d engines are found but only %d have a place: raise the count of their kind",
                len(here),
                len(self._engines),
            )
        self._too_many = too_many

    def _free(self, here: set[Address]) -> None:
        for address in list(self._taken):
            if address in here:
                self._missed.pop(address, None)
                continue
            self._missed[address] = self._missed.get(address, 0) + 1
            if self._missed[address] < self._most_misses:
                continue
            engine = self._taken.pop(address)
            del self._missed[address]
            _log.info("engine %s at %s is gone", engine.name, address)
            engine.present = False
            engine.pool.close()  # those in use are closed when their answers have ended
            self._changed(engine.number)

    def _take(self, address: Address, engine: LiveEngine) -> None:
        _log.info("engine %s is at %s", engine.name, address)
        engine.pool.close()
        engine.pool = address.pool(connect_s=self._connect_s)
        engine.prefix = address.prefix
        engine.present = True
        self._taken[address] = engine
        self._changed(engine.number)


async def keep_looking(
    look: Look, places: Places, *, every_s: float, what: str, chance: random.Random
) -> None:
    """Look where engines are, again and again; while nobody can say, they are where they were.

    Parameters
    ----------
    look
        Tells where they are.
    places
        That they take.
    every_s
        Between two looks, give or take a tenth.
    what
        Is looked for, in logs.
    chance
        Of the tenth.
    """
    failing = False
    while True:
        try:
            places.update(await look())
        except EndpointError as error:
            if not failing:
                _log.warning("%s: %s", what, error)
            failing = True
        else:
            if failing:
                _log.info("%s: found again", what)
            failing = False
        await asyncio.sleep(every_s * chance.uniform(0.9, 1.1))
