"""One worker of a gateway: everything put together, listening."""

from __future__ import annotations

import asyncio
import logging
import secrets
import ssl
import time
from collections.abc import AsyncIterator, Callable, Coroutine, Sequence
from contextlib import asynccontextmanager
from socket import socket

from headway.errors import ConfigError
from headway.serving.fleet.decisions import Controller
from headway.serving.gateway.accounts import Accounts, Anonymous
from headway.serving.gateway.board import LOOK, POLICY, REFUSALS, WISHES, Board
from headway.serving.gateway.engines import LiveEngine
from headway.serving.gateway.engines.address import Address
from headway.serving.gateway.errors import Refusal, RefusedError, refuse, wire_refusal
from headway.serving.gateway.front import Front, Seat
from headway.serving.gateway.headers import REQUEST_ID
from headway.serving.gateway.lookout import Lookout
from headway.serving.gateway.metrics import BoardCollector, page
from headway.serving.gateway.models import Catalogue
from headway.serving.gateway.operating import Operating
from headway.serving.gateway.reception import PARSERS, Reception
from headway.serving.gateway.relay import Relay
from headway.serving.gateway.scaling import setup
from headway.serving.gateway.scaling.acting import Acting
from headway.serving.gateway.scaling.books import Books
from headway.serving.gateway.scouting import Scouts
from headway.serving.gateway.sharing import Channel, Sharing
from headway.serving.gateway.site import Site
from headway.serving.gateway.steering import Actuator, Recorder
from headway.serving.gateway.ticket import Ticket
from headway.serving.gateway.tracing import Tracing
from headway.serving.gateway.usage import Clock
from headway.serving.gateway.view import Sight
from headway.serving.wire import Exchange, Server

_log = logging.getLogger("headway.serving.gateway")

_SWEEP_S = 0.25
"""How often it is looked whether engines let requests wait for too long."""


class Gateway:
    """Answers clients, through the policies and engines of a fleet.

    Parameters
    ----------
    site
        What it stands before.
    addresses
        Of all engines, those of simulated ones included.
    board
        Shared with other workers; its own by default.
    worker
        Which of them it is.
    accounts
        Who may have what; everybody everything by default.
    actuator
        Carries out what controllers decide; by default it is only remembered.
    watched
        Whether engines are asked how they are; otherwise all are taken to be well.
    clock
        Seconds that never go back, the same for all workers.
    channels
        To other workers and machines, whose routers learn from those here, and they from them.
    seed
        Of the names of blocks of prompts, the same for all that share; by default one of its own.

    Raises
    ------
    ConfigError
        If the file asks for what cannot be; with the key.
    """

    def __init__(
        self,
        site: Site,
        addresses: Sequence[Address],
        *,
        board: Board | None = None,
        worker: int = 0,
        accounts: Accounts | None = None,
        actuator: Actuator | None = None,
        watched: bool = True,
        clock: Clock = time.monotonic,
        channels: Sequence[Channel] = (),
        seed: int | None = None,
    ) -> None:
        seed = secrets.randbits(64) if seed is None else seed
        self.site = site
        self.board = board or Board(1, len(site.members))
        self.engines: tuple[LiveEngine, ...] = site.live(addresses)
        self.catalogue = Catalogue(self.engines)
        self.tickets: dict[int, Ticket] = {}
        self.sight = Sight(site.engines, self.board, self.tickets.values)
        self._row = self.board.row(worker)
        self._clock = clock
        serve = site.serve
        self.accounts = accounts or Anonymous()
        self.seats, controllers = _seats(site)
        routers = {name: seat.router for name, seat in self.seats.items()}
        self._channels = tuple(channels)
        self.sharing = (
            Sharing(routers, len(site.members), self._row, clock, serve.shared.period_s)
            if channels
            else None
        )
        self.front = Front(self.sight, self._row, self.tickets, serve.queue, clock, self.sharing)
        self.actuator = actuator or Recorder()
        self.lookout = Lookout(
            self.engines,
            self.board,
            self.sight,
            self.catalogue,
            routers.values(),
            clock,
            site.watch,
            self._lost,
        )
        books = setup.books(site, self.engines, self.tickets.values)
        if books is not None:
            self.sight.shelved = books.at
        self._operator = self._operating(self.actuator, books)
        hands = setup.hands(site, self.engines, self.board, self.lookout) if worker == 0 else ()
        self.scaling = Acting(
            site, controllers, self.sight, self.board, hands, self._operator, clock
        )
        self.scouts = Scouts(
            site,
            self.engines,
            lambda number: bool(self.sight.ready(clock())[number]),
            self.lookout.moved,
            clock,
            seed=seed,
        )
        self._worker = worker
        self._watched = watched
        self._reception = Reception(
            self.seats,
            self.accounts,
            self.catalogue,
            serve,
            site.classes,
            clock,
            self.scouts.knowledge,
            seed=seed,
        )
        self._relay = Relay(self.engines, self.front, self.accounts, self._row, site, clock)
        self._tracing = None if serve.spans is None else Tracing.to(serve.spans)
        serving = self._relay.serve
        self._serve = serving if self._tracing is None else self._tracing.around(serving)
        self._server = Server(self._answer, site.limits, wire_refusal)
        self._tasks: list[asyncio.Task[None]] = []
        names, kinds = site.engines.names, site.engines.kinds
        self._collector = BoardCollector(
            self.board, names, kinds, self.accounts.figures, self.scaling.families
        )
        self._pages: dict[bytes, Callable[[Exchange], None]] = {
            b"/v1/models": self._models,
            b"/health": self._health,
        }
        if serve.public_metrics:
            self._pages[b"/metrics"] = self._metrics
        self._heeded = [0] * len(WISHES)

    async def start(
        self, host: str, port: int, *, sock: socket | None = None, tls: ssl.SSLContext | None = None
    ) -> tuple[str, int]:
        """Listen, and return the address; see `headway.serving.wire.Server.start`."""
        address = await self._server.start(host, port, sock=sock, tls=tls)
        if self.sharing is not None:
            self.sharing.open(self._channels)
        self._begin(self._sweep())
        if self._watched:
            self._begin(self.lookout.run(asks=self._worker == 0))
        else:
            self.board.engine("healthy")[:] = 1
        for job in self.scouts.jobs():
            self._begin(job)
        if self._worker == 0:
            for job in self.scaling.jobs():
                self._begin(job)
        return address

    async def stop(self, grace_s: float = 0.0) -> None:
        """Take no more connections, let answers end for a while, then cut them."""
        await self._server.stop(grace_s)
        for task in self._tasks:
            task.cancel()
        await asyncio.gather(*self._tasks, return_exceptions=True)
        if self._tracing is not None:
            await self._tracing.close()
        await self._operator.close()
        await self.scaling.close()
        self.scouts.close()
        self.front.close()
        if self.sharing is not None:
            self.sharing.close()
        for engine in self.engines:
            engine.pool.close()

    def agree(self, seed: int) -> None:
        """Name blocks of prompts as other gateways do from now on."""
        self._reception.seed = seed

    def _operating(self, others: Actuator, books: Books | None) -> Operating:
        """Return who loads adapters and puts engines to sleep, as far as the file asks for it."""
        upstreams = self.site.serve.engines
        known = {
            number: upstreams[kind]
            for number, kind in enumerate(self.site.engines.kinds)
            if kind in upstreams
        }
        return Operating(
            self.engines,
            {number: one.adapters for number, one in known.items()},
            setup.sleepers(self.site),
            self.lookout,
            self.site.serve.grace_s,
            others,
            books,
            self._clock,
        )

    def _lost(self, number: int) -> None:
        if self.scouts.knowledge is not None:
            self.scouts.knowledge.gone(number)

    def _begin(self, job: Coroutine[None, None, None]) -> None:
        task = asyncio.create_task(job)
        task.add_done_callback(_tell_failure)
        self._tasks.append(task)

    async def _sweep(self) -> None:
        while True:
            await asyncio.sleep(_SWEEP_S)
            now_s = self._clock()
            for ticket in list(self.tickets.values()):
                self._relay.interrupt(ticket, now_s)
            for engine in self.engines:
                if engine.breaker is not None:
                    self._row.turned(engine.number, engine.breaker.state(now_s))
            self._heed()

    def _heed(self) -> None:
        """Do what those who look after the gateway wish."""
        wishes = self.board.wishes.tolist()
        if wishes == self._heeded:
            return
        self._reception.prefer(wishes[POLICY])
        if wishes[LOOK] != self._heeded[LOOK]:
            self.lookout.look_again()
        self._heeded = wishes

    async def _answer(self, exchange: Exchange) -> None:
        try:
            if exchange.path in PARSERS:
                _check_method(exchange, b"POST")
                await self._serve(await self._reception.admit(exchange))
                return
            show = self._pages.get(exchange.path)
            if show is None:
                raise RefusedError(_unknown(exchange))
            _check_method(exchange, b"GET")
            show(exchange)
        except RefusedError as error:
            self._row.refused(_why(error.refusal))
            if exchange.begun:
                exchange.break_off(error.refusal.event())
                return
            given = exchange.header(REQUEST_ID)
            refuse(exchange, error.refusal, [] if given is None else [(REQUEST_ID, given)])

    def _metrics(self, exchange: Exchange) -> None:
        exchange.reply(200, page(self._collector), b"text/plain; version=0.0.4; charset=utf-8")

    def _models(self, exchange: Exchange) -> None:
        tenant = self._reception.tenant(exchange.header(b"authorization"))
        exchange.reply(200, self.catalogue.listing(tenant.models))

    def _health(self, exchange: Exchange) -> None:
        ready = int(self.sight.ready(self._clock()).sum())
        body = b'{"status":"%b","engines":%d,"ready":%d}'
        told = b"ok" if ready else b"no engine is ready"
        exchange.reply(200 if ready else 503, body % (told, len(self.engines), ready))


@asynccontextmanager
async def running(
    site: Site,
    addresses: Sequence[Address] | None = None,
    *,
    accounts: Accounts | None = None,
    actuator: Actuator | None = None,
    watched: bool = True,
    clock: Clock = time.monotonic,
) -> AsyncIterator[tuple[Gateway, str, int]]:
    """Give a gateway that listens on a free port of this machine, and its address.

    Parameters
    ----------
    site
        What it stands before.
    addresses
        Of its engines; by default those of the file.
    accounts, actuator, watched, clock
        See `Gateway`.

    Raises
    ------
    ConfigError
        If an engine has no address.
    """
    if addresses is None:
        addresses = [one for one in site.addresses if one is not None]
        if len(addresses) < len(site.addresses):
            raise ConfigError("serve.engines: some engines have no address")
    gateway = Gateway(
        site, addresses, accounts=accounts, actuator=actuator, watched=watched, clock=clock
    )
    host, port = await gateway.start("127.0.0.1", 0)
    try:
        yield gateway, host, port
    finally:
        await gateway.stop()


def _seats(site: Site) -> tuple[dict[str, Seat], tuple[Controller, ...]]:
    """Return the routers that clients can choose from, and the controllers beside the first."""
    home, seed = site.path.parent, site.serve.seed
    made = {name: site.policy(name).make(home, seed) for name in site.policies}
    controllers = next(iter(made.values()))[1]
    return {name: Seat.of(name, router) for name, (router, _) in made.items()}, controllers


def _tell_failure(task: asyncio.Task[None]) -> None:
    if not task.cancelled() and (error := task.exception()) is not None:
        _log.error("a part of the gateway has failed", exc_info=error)


def _check_method(exchange: Exchange, method: bytes) -> None:
    if exchange.method == method or (method == b"GET" and exchange.method == b"HEAD"):
        return
    told, path = exchange.method.decode("latin-1"), exchange.path.decode("latin-1")
    raise RefusedError(
        Refusal(
            status=405,
            message=f"{path} does not take {told}, only {method.decode()}.",
            code="method_not_allowed",
        )
    )


def _unknown(exchange: Exchange) -> Refusal:
    told = exchange.method.decode("latin-1"), exchange.path[:200].decode("latin-1")
    return Refusal(
        status=404, message=f"Unknown request URL: {told[0]} {told[1]}.", code="unknown_url"
    )


_WHY = {401: "unauthorized", 403: "unauthorized", 429: "limited", 502: "unavailable"}


def _why(refusal: Refusal) -> int:
    """Return under which of the `REFUSALS` one is counted."""
    if refusal.code == "queue_full":
        name = "overloaded"
    elif refusal.status in _WHY:
        name = _WHY[refusal.status]
    elif refusal.status >= 500:
        name = "rejected" if refusal.status == 503 else "unavailable"
    else:
        name = "invalid"
    return REFUSALS.index(name)
