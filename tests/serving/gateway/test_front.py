"""Policies before live requests: chosen by header, holding, rejecting, refusing when full."""

from __future__ import annotations

import asyncio
import json
from pathlib import Path

import numpy as np
import pytest
import uvloop

from headway.errors import ConfigError, UnknownNameError
from headway.serving.fleet.routing import routers
from headway.serving.wire import Pool
from tests.serving.gateway.fakes import always, behind, counts, fleet, post, site, well

ASK = {"model": "m", "prompt": "x"}


@pytest.mark.parametrize("policy", sorted(routers()))
def test_every_router_serves_live(policy: str) -> None:
    async def job() -> None:
        async with fleet(well, well) as engines:
            place = site([one.url for one in engines], policies=(policy,))
            async with behind(place) as (gateway, host, port):
                pool = Pool(host, port)
                asked = {**ASK, "prompt": "shared " * 500}
                for session in ("a", "b", "a"):
                    status, _, _ = await post(pool, "/v1/completions", asked, x_session_id=session)
                    assert status == 200
                pool.close()
                assert not any(counts(gateway))

    uvloop.run(asyncio.wait_for(job(), 20))


def test_clients_choose_among_the_policies_that_the_file_allows() -> None:
    async def job() -> None:
        async with fleet(well, well) as engines:
            place = site(
                [one.url for one in engines],
                policies=("session", {"name": "fair", "router": "vtc/least-request"}),
                serve={"routers": ["round-robin"]},
            )
            async with behind(place) as (_, host, port):
                pool = Pool(host, port)

                async def ask(policy: str) -> tuple[int, dict, dict]:
                    return await post(pool, "/v1/completions", ASK, x_headway_policy=policy)

                where = [(await ask("round-robin"))[2]["x-headway-engine"] for _ in range(4)]
                assert len(set(where)) == 2
                assert (await ask("fair"))[0] == 200
                status, told, _ = await ask("random")
                assert (status, told["error"]["code"]) == (400, "unknown_policy")
                assert "known: fair, round-robin, session" in told["error"]["message"]
                pool.close()

    uvloop.run(job())


def test_the_prefix_of_a_prompt_decides_where_it_goes() -> None:
    async def job() -> None:
        async with fleet(well, well, well) as engines:
            place = site([one.url for one in engines], policies=("prefix-cache",))
            async with behind(place) as (_, host, port):
                pool = Pool(host, port)
                homes: dict[str, set[str]] = {"a": set(), "b": set(), "c": set()}
                for turn in range(4):
                    for name, seen in homes.items():
                        prompt = name * 2048 + "turn" * turn
                        asked = {"model": "m", "prompt": prompt}
                        seen.add(
                            (await post(pool, "/v1/completions", asked))[2]["x-headway-engine"]
                        )
                assert [len(seen) for seen in homes.values()] == [1, 1, 1]
                pool.close()

    uvloop.run(job())


def test_requests_wait_in_the_order_of_the_queue_until_there_is_room() -> None:
    async def job() -> None:
        async with fleet(always("hang")) as engines:
            place = site(
                [engines[0].url],
                admission={"order": "edf", "in_flight_per_engine": 1},
                classes=[{"name": "slow", "ttft_s": 100}, {"name": "fast", "ttft_s": 1}],
            )
            async with behind(place) as (gateway, host, port):
                pool = Pool(host, port)
                asks = []
                for number, kind in enumerate(("slow", "slow", "fast")):
                    asked = {**ASK, "user": f"{number}"}
                    job = post(pool, "/v1/completions", asked, x_headway_class=kind)
                    asks.append(asyncio.create_task(job))
                    while sum(map(len, (gateway.tickets, list(gateway.front.held)))) <= number:
                        await asyncio.sleep(0.001)
                assert gateway.board.held.tolist() == [2]
                engines[0].mood = well
                asks[0].cancel()
                await asyncio.gather(*asks[1:])
                users = [json.loads(exchange.body)["user"] for exchange in engines[0].seen]
                assert users == ["0", "2", "1"]
                pool.close()
                assert not any(counts(gateway))

    uvloop.run(asyncio.wait_for(job(), 20))


def test_a_full_queue_is_429_and_a_long_wait_503() -> None:
    async def job() -> None:
        async with fleet(well) as engines:
            place = site([engines[0].url], serve={"queue": {"most": 1, "timeout_s": 0.1}})
            async with behind(place) as (gateway, host, port):
                gateway.board.engine("draining")[0] = 1
                pool = Pool(host, port)
                jobs = [post(pool, "/v1/completions", ASK) for _ in range(2)]
                (one, first, heads), (other, second, _) = await asyncio.gather(*jobs)
                assert sorted((one, other)) == [429, 503]
                codes = {first["error"]["code"], second["error"]["code"]}
                assert codes == {"queue_full", "queue_timeout"}
                assert heads["retry-after"] == "1"
                pool.close()
                assert not any(counts(gateway))

    uvloop.run(asyncio.wait_for(job(), 20))


def test_the_view_shows_what_engines_tell_and_else_what_the_gateway_counts() -> None:
    async def job() -> None:
        async with fleet(always("hang"), well) as engines:
            place = site([one.url for one in engines], policies=("round-robin",))
            async with behind(place) as (gateway, host, port):
                pool = Pool(host, port)
                asked = {**ASK, "prompt": "x" * 640}
                task = asyncio.create_task(post(pool, "/v1/completions", asked))
                while not engines[0].open:
                    await asyncio.sleep(0.001)
                for name, value in (("running", 7), ("waiting", 2), ("kv_usage", 0.25)):
                    gateway.board.engine(name)[1] = value
                gateway.board.engine("scraped_s")[1] = 1000.0
                view = gateway.sight.view(1001.0)
                assert view.in_flight.tolist() == [1, 0]
                assert view.running.tolist() == [0, 7]
                assert view.waiting.tolist() == [1, 2]
                assert view.wanted_blocks.tolist() == [10, 0]
                assert view.free_blocks.tolist() == [1000, 750]
                residents = view.residents()
                assert (residents.engine.tolist(), residents.blocks.tolist()) == ([0], [10])
                stale = gateway.sight.view(1010.0)
                assert stale.running.tolist() == [0, 0]
                gateway.board.engine("healthy")[1] = 0
                assert gateway.sight.view(1010.0).ready.tolist() == [True, False]
                task.cancel()
                pool.close()

    uvloop.run(asyncio.wait_for(job(), 20))


def test_engines_that_fail_are_left_alone_until_their_breaker_closes() -> None:
    async def job() -> None:
        async with fleet(always("500"), well) as engines:
            rules = {"breaker": {"failures": 2, "open_s": 0.2}}
            place = site([one.url for one in engines], policies=("round-robin",), serve=rules)
            async with behind(place) as (gateway, host, port):
                pool = Pool(host, port)
                for _ in range(12):
                    assert (await post(pool, "/v1/completions", ASK))[0] == 200
                assert len(engines[0].seen) == 2
                engines[0].mood = well
                await asyncio.sleep(0.25)
                for _ in range(8):
                    await post(pool, "/v1/completions", ASK)
                assert len(engines[0].seen) > 4
                pool.close()
                assert not any(counts(gateway))

    uvloop.run(asyncio.wait_for(job(), 20))


class Recommends:
    """A controller that wants the second engine started."""

    name = "recommends"
    period_s = 0.01

    def act(self, cluster):
        from headway.serving.fleet.decisions import Start

        assert isinstance(cluster.ready, np.ndarray)
        return (Start(1),)


def test_what_controllers_want_is_remembered(tmp_path: Path) -> None:
    async def job() -> None:
        async with fleet(well, well) as engines:
            steerer = {"policy": f"{__file__}:Recommends"}
            place = site([one.url for one in engines], controllers=[steerer])
            async with behind(place) as (gateway, _, _):
                while not gateway.actuator.advice:
                    await asyncio.sleep(0.005)
                advice = gateway.actuator.advice[0]
                assert (advice.controller, advice.operation.engine) == ("recommends", 1)

    uvloop.run(asyncio.wait_for(job(), 20))


def test_what_cannot_be_is_refused_with_its_key() -> None:
    urls = ["http://127.0.0.1:1"]
    for serve, told in (
        ({"retries": {"tries": 0}}, "serve.retries: tries"),
        ({"limits": {"head": 1}}, "serve.limits: unknown key 'head'"),
        ({"workers": 0}, "serve: workers"),
        ({"engines": {"b": {}}}, "serve: engines.b"),
    ):
        with pytest.raises(ConfigError, match=told):
            site(urls, serve=serve)
    with pytest.raises(UnknownNameError, match="router 'nope'"):
        site(urls, serve={"routers": ["nope"]})
