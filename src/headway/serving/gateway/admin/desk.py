"""What stands behind the admin app: the board, its history, notes, accounts and operations."""

from __future__ import annotations

import asyncio
import logging
import time
from collections.abc import Callable, Sequence
from contextlib import suppress

import msgspec

from headway.errors import EndpointError
from headway.serving.gateway.accounts.standing import Standing
from headway.serving.gateway.admin.bureau import Bureau
from headway.serving.gateway.admin.history import History
from headway.serving.gateway.admin.notes import Notes
from headway.serving.gateway.admin.operations import Operations
from headway.serving.gateway.admin.state import Row, Snapshot
from headway.serving.gateway.board import Board
from headway.serving.gateway.engines import LiveEngine
from headway.serving.gateway.engines.operate import refresh
from headway.serving.gateway.metrics import BoardCollector, page
from headway.serving.gateway.scaling.acting import Acting
from headway.serving.gateway.scaling.record import standings
from headway.serving.gateway.site import Site

_log = logging.getLogger("headway.serving.gateway.admin")

_POINT_S = 1.0


class Desk:
    """Everything that operators see and do.

    Parameters
    ----------
    site
        What the gateway stands before.
    engines
        Of it; the workers' own if they are in this process.
    board
        Of all workers.
    bureau
        Asks accounts.
    scaling
        What controllers want and do, if that is in this process.
    asks
        Whether engines have to be asked what they serve, as no worker is in this process.
    clock
        Seconds that never go back, the same for all workers.
    wall
        Returns seconds since 1970.
    """

    def __init__(
        self,
        site: Site,
        engines: Sequence[LiveEngine],
        board: Board,
        bureau: Bureau,
        *,
        scaling: Acting | None = None,
        asks: bool = False,
        clock: Callable[[], float] = time.monotonic,
        wall: Callable[[], float] = time.time,
    ) -> None:
        names, kinds = site.engines.names, site.engines.kinds
        upstreams = site.serve.engines
        paths = [upstreams[kind].adapters if kind in upstreams else {} for kind in kinds]
        self.site = site
        self.board = board
        self.bureau = bureau
        self.history = History(board, names)
        self.notes = Notes(board, names, wall, bureau.figures)
        self.operations = Operations(engines, board, site.policies, dict(enumerate(paths)), clock)
        self._snapshot = Snapshot(
            board, engines, site.engines, [tuple(one) for one in paths], self.operations
        )
        self._engines = tuple(engines)
        self._asks = asks
        self._clock = clock
        self._wall = wall
        self._since = wall()
        self._scaling = scaling
        more = tuple if scaling is None else scaling.families
        self._collector = BoardCollector(board, names, kinds, bureau.figures, more)

    async def run(self) -> None:
        """Take points and look for faults until cancelled."""
        async with asyncio.TaskGroup() as group:
            group.create_task(self._watch())
            if self._asks:
                for engine in self._engines:
                    group.create_task(self._ask_models(engine))

    def point(self) -> None:
        """Take one point, and look for faults."""
        self.history.take(self._wall())
        self.notes.look()

    def metrics(self) -> bytes:
        """Return the page of metrics."""
        return page(self._collector)

    async def state(self) -> Row:
        """Return the gateway as it is now."""
        standings, figures = await self._standings(), self.bureau.figures()
        board, serve = self.board, self.site.serve
        return {
            "now": self._wall(),
            "since": self._since,
            "fleet": self.site.file.name,
            "workers": serve.workers,
            "engines": self._snapshot.engines(self._clock()),
            "queue": {
                "waiting": int(board.held.sum()),
                "most": serve.queue.most * serve.workers,
                "timeout_s": serve.queue.timeout_s,
            },
            "policies": self.site.policies,
            "policy": self.operations.policy,
            "totals": self._snapshot.totals(),
            "refusals": self._snapshot.refusals(),
            "accounts": None if figures is None else msgspec.structs.asdict(figures),
            "tenants": standings,
            "scaling": self._scaled(),
            "notes": self.notes.latest(200),
        }

    def did(self, who: str, what: str, engine: str = "") -> None:
        """Remember, and log, what an operator has done."""
        told = f"{engine}: {what}" if engine else what
        _log.warning("%s: %s", who, told)
        self.notes.add("info", what, engine=engine, who=who)

    def failed(self, who: str, what: str, error: Exception, engine: str = "") -> None:
        """Remember, and log, what an operator has tried in vain."""
        _log.warning("%s: %s %s: %s", who, engine, what, error)
        self.notes.add("bad", f"{what} failed: {error}", engine=engine, who=who)

    def _scaled(self) -> Row:
        if self._scaling is not None:
            return self._scaling.state()
        return {"kinds": standings(self.board, self.site.engines.kinds)}

    async def _standings(self) -> tuple[Standing, ...]:
        try:
            return await self.bureau.standings()
        except EndpointError:
            return ()  # the figures say that the ledger is away

    async def _watch(self) -> None:
        while True:
            self.point()
            with suppress(EndpointError):
                await self.bureau.standings()  # keeps the figures of a ledger elsewhere fresh
            await asyncio.sleep(_POINT_S)

    async def _ask_models(self, engine: LiveEngine) -> None:
        healthy, rules = self.board.engine("healthy"), self.site.watch
        while True:
            if healthy[engine.number]:
                with suppress(EndpointError):
                    await refresh(engine, timeout_s=rules.timeout_s)
            known = engine.models is not None
            await asyncio.sleep(rules.models_s if known else _POINT_S)
