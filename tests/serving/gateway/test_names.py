"""Names that clients make up take no memory to speak of."""

from __future__ import annotations

import asyncio
from types import SimpleNamespace

import uvloop

from headway.serving.fleet.decisions import Dispatch, Routing
from headway.serving.fleet.view import ClusterView, RequestView
from headway.serving.gateway.front import Seat
from headway.serving.gateway.models import LONGEST_KNOWN, Catalogue
from headway.serving.wire import Pool
from tests.serving.gateway.fakes import behind, fleet, post, site, well


def test_models_that_nobody_can_have_meant_are_not_remembered() -> None:
    catalogue = Catalogue([SimpleNamespace(models=None, adapters=frozenset())])  # type: ignore[list-item]
    for length in (3, LONGEST_KNOWN + 1):
        assert catalogue.find("m" * length) == (None, None)
    assert list(catalogue._found) == ["mmm"]


class _Curious:
    """A router that remembers whose requests there were."""

    name = "curious"

    def __init__(self) -> None:
        self.tenants: list[str] = []

    def route(self, cluster: ClusterView, request: RequestView) -> Routing:
        self.tenants.append(request.tenant)
        return Dispatch(0)

    def ended(self, request: int, engine: int, output_tokens: int, at_s: float) -> None:
        pass


def test_routers_get_no_long_names_of_users() -> None:
    async def job() -> None:
        curious = _Curious()
        async with fleet(well) as engines, behind(site([engines[0].url])) as (gateway, host, port):
            gateway._reception._default = Seat.of("curious", curious)
            pool = Pool(host, port)
            asked = {"model": "m", "prompt": "x", "user": "u" * 100_000}
            assert (await post(pool, "/v1/completions", asked))[0] == 200
            pool.close()
        assert [len(one) for one in curious.tenants] == [200]

    uvloop.run(asyncio.wait_for(job(), 20))


def test_nobody_can_guess_by_which_names_others_are_known_to_engines() -> None:
    async def job() -> None:
        async with fleet(well) as engines, behind(site([engines[0].url])) as (_, host, port):
            pool = Pool(host, port)
            asked = {"model": "m", "prompt": "x"}
            ids = [
                (await post(pool, "/v1/completions", asked))[2]["x-request-id"] for _ in range(20)
            ]
            told = [exchange.header(b"x-request-id") for exchange in engines[0].seen]
            pool.close()
        assert [one.encode() for one in ids] == told
        assert len({one[:8] for one in ids}) == len({one[-8:] for one in ids}) == 20

    uvloop.run(asyncio.wait_for(job(), 20))
