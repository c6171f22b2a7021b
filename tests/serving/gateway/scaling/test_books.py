"""Adapters that come and go live: the books of a simulation, kept by what engines say."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable
from types import SimpleNamespace
from typing import Any

import numpy as np

from headway.serving.fleet.adapters import Adapter, Catalogue, Shelves
from headway.serving.fleet.decisions import LoadAdapter, UnloadAdapter
from headway.serving.gateway.board import Board
from headway.serving.gateway.operating import Operating
from headway.serving.gateway.scaling import setup
from headway.serving.gateway.scaling.books import Books
from headway.serving.gateway.steering import Advice, Recorder
from headway.serving.gateway.view import Sight
from tests.serving.gateway.fakes import site
from tests.serving.gateway.scaling.live import resized
from tests.serving.gateway.test_operating import Keeping
from tests.serving.gateway.watch.engine import Fake, running

NAMES = ("sql", "poems", "chess")


class Shop:
    """One fake engine with room for two adapters, and the books about it."""

    def __init__(self, fake: Fake, engine: Any) -> None:
        fleet = resized(site(["http://10.0.0.1"]), {"max_adapters": 2})
        catalogue = Catalogue(tuple(Adapter(name=name, size_bytes=1e6) for name in NAMES))
        self.fake = fake
        self.engine = engine
        self.tickets: list[Any] = []
        self.now_s = 0.0
        self.books = Books(Shelves(catalogue, fleet.members), [engine], lambda: self.tickets)
        self.operating = Operating(
            [engine],
            {0: {name: f"/adapters/{name}" for name in NAMES}},
            frozenset(),
            Keeping(),
            30.0,
            Recorder(),
            self.books,
            lambda: self.now_s,
        )

    async def do(self, operation: LoadAdapter | UnloadAdapter) -> None:
        self.now_s += 10.0
        await self.operating.carry_out(Advice(self.now_s, "placer", operation))

    def uses(self, number: int, adapter: str) -> None:
        request = SimpleNamespace(number=number, adapter=adapter)
        self.tickets.append(SimpleNamespace(request=request, engine=0))

    @property
    def held(self) -> list[str]:
        view = self.books.at(self.now_s + 1.0)
        assert not view.loading.any()
        return [NAMES[row] for row in np.flatnonzero(view.held[:, 0])]


def _run(job: Callable[[Shop], Awaitable[None]]) -> None:
    async def body() -> None:
        fake = Fake()
        async with running(fake) as engine:
            await job(Shop(fake, engine))

    asyncio.run(body())


def test_in_a_full_engine_the_idle_one_goes_that_was_used_longest_ago() -> None:
    async def job(shop: Shop) -> None:
        await shop.do(LoadAdapter(0, "sql"))
        await shop.do(LoadAdapter(0, "poems"))
        assert shop.fake.adapters == ["sql", "poems"]
        assert shop.held == ["sql", "poems"]
        await shop.do(LoadAdapter(0, "chess"))
        assert shop.fake.adapters == ["poems", "chess"]
        assert shop.held == ["poems", "chess"]

    _run(job)


def test_what_requests_need_stays() -> None:
    async def job(shop: Shop) -> None:
        await shop.do(LoadAdapter(0, "sql"))
        await shop.do(LoadAdapter(0, "poems"))
        shop.uses(7, "sql")
        await shop.do(UnloadAdapter(0, "sql"))
        await shop.do(LoadAdapter(0, "chess"))
        assert shop.fake.adapters == ["sql", "chess"], "the other one goes"
        shop.uses(8, "chess")
        await shop.do(LoadAdapter(0, "poems"))
        assert shop.fake.adapters == ["sql", "chess"], "there is no room"
        shop.tickets.clear()
        await shop.do(UnloadAdapter(0, "sql"))
        assert shop.fake.adapters == ["chess"]

    _run(job)


def test_an_engine_that_refuses_has_nothing_more_in_the_books() -> None:
    async def job(shop: Shop) -> None:
        shop.fake.dev = False
        await shop.do(LoadAdapter(0, "sql"))
        assert shop.held == []
        shop.fake.dev = True
        await shop.do(LoadAdapter(0, "sql"))
        assert shop.held == ["sql"]

    _run(job)


def test_the_engine_is_believed() -> None:
    async def job(shop: Shop) -> None:
        await shop.do(LoadAdapter(0, "sql"))
        shop.engine.adapters = frozenset(("chess", "of nobody's business"))
        assert shop.held == ["chess"]
        shop.now_s += 10.0
        shop.engine.present = False
        assert shop.held == []

    _run(job)


def test_controllers_see_adapters_live_as_in_a_simulation() -> None:
    file = {"adapters": [{"name": "sql", "bytes": 1e6}]}
    fleet = site(["http://10.0.0.1", "http://10.0.0.2"], **file)
    engines = fleet.live([one for one in fleet.addresses if one is not None])
    engines[1].adapters = frozenset(("sql",))
    sight = Sight(fleet.engines, Board(1, 2), lambda: ())
    assert sight.view(1.0).adapters is None
    assert sight.view(1.0).latencies is None
    books = setup.books(fleet, engines, lambda: ())
    assert books is not None
    sight.shelved = books.at
    view = sight.view(1.0)
    assert view.adapters is not None
    assert view.adapters.held.tolist() == [[False, True]]
    assert view.holding("sql").tolist() == [False, True]
    assert setup.books(site(["http://10.0.0.1"]), engines, lambda: ()) is None
