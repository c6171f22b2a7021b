"""Carries out what controllers decide about adapters; the rest is left to others."""

from __future__ import annotations

import logging
from collections.abc import Mapping, Sequence

from headway.errors import HeadwayError
from headway.serving.fleet.decisions import LoadAdapter, UnloadAdapter
from headway.serving.gateway.engines import LiveEngine
from headway.serving.gateway.engines.operate import load_adapter, unload_adapter
from headway.serving.gateway.steering import Actuator, Advice

_log = logging.getLogger("headway.serving.gateway")


class Adapting:
    """Loads and unloads adapters of engines that can.

    Parameters
    ----------
    engines
        Of the gateway.
    paths
        Where engines find adapters, by the engine's number and the adapter's name.
    others
        Carries out all other decisions, and hears of these, too.
    """

    def __init__(
        self,
        engines: Sequence[LiveEngine],
        paths: Mapping[int, Mapping[str, str]],
        others: Actuator,
    ) -> None:
        self._engines = tuple(engines)
        self._paths = dict(paths)
        self.others = others

    async def carry_out(self, advice: Advice) -> None:
        """Do it; an engine that refuses is logged, and the next look of a controller sees it."""
        await self.others.carry_out(advice)
        operation = advice.operation
        if not isinstance(operation, LoadAdapter | UnloadAdapter):
            return
        engine, adapter = self._engines[operation.engine], operation.adapter
        path = self._paths.get(operation.engine, {}).get(adapter)
        try:
            if isinstance(operation, UnloadAdapter):
                await unload_adapter(engine, adapter)
            elif path is None:
                _log.warning("%s: nobody says where adapter %s is", engine.name, adapter)
            else:
                await load_adapter(engine, adapter, path)
        except HeadwayError as error:
            _log.warning("%s", error)
