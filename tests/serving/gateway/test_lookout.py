"""What is found out about engines reaches routers, models and metrics, in every worker."""

from __future__ import annotations

import asyncio

import uvloop
from prometheus_client.parser import text_string_to_metric_families

from headway.serving.gateway.board import Board
from headway.serving.gateway.gateway import Gateway, running
from headway.serving.wire import Pool
from tests.serving.gateway.fakes import behind, fleet, post, site, well

ASK = {"model": "m", "prompt": "x"}
QUICK = {
    "health": {"period_s": 0.02, "failures": 2, "successes": 1},
    "watch": {"scrape_s": 0.02, "models_s": 0.05},
}


def test_engines_that_are_ill_get_no_requests_until_they_are_well() -> None:
    async def job() -> None:
        async with fleet(well, well) as engines:
            place = site([one.url for one in engines], serve=QUICK)
            async with running(place) as (gateway, host, port):
                while gateway.sight.ready(0.0).sum() < 2:
                    await asyncio.sleep(0.01)
                engines[0].ill = True
                while gateway.sight.ready(0.0).tolist() != [False, True]:
                    await asyncio.sleep(0.01)
                pool = Pool(host, port)
                for _ in range(4):
                    heads = (await post(pool, "/v1/completions", ASK))[2]
                    assert heads["x-headway-engine"] == "a-1"
                engines[0].ill = False
                while not gateway.sight.ready(0.0).all():
                    await asyncio.sleep(0.01)
                while gateway.board.engine("waiting").tolist() != [2, 2]:
                    await asyncio.sleep(0.01)
                while gateway.engines[1].adapters != {"tuned"}:
                    await asyncio.sleep(0.01)
                gateway.lookout.look()
                assert gateway.sight.engines.adapters[1] == {"tuned"}
                assert (await post(pool, "/v1/completions", {**ASK, "model": "no"}))[0] == 404
                pool.close()

    uvloop.run(asyncio.wait_for(job(), 30))


def test_routers_of_all_workers_hear_of_engines_that_have_lost_what_they_held() -> None:
    async def job() -> None:
        place = site(["http://127.0.0.1:1"] * 2, policies=("prefix-cache",))
        board = Board(2, 2)
        heard: list[tuple[int, int]] = []
        for worker in range(2):
            gateway = Gateway(place, place.addresses, board=board, worker=worker)
            router = gateway.seats["prefix-cache"].router
            router.gone = lambda engine, at_s, worker=worker: heard.append((worker, engine))
            gateway.lookout.look()
            board.engine("restarts")[1] += 1
            gateway.lookout.look()
            gateway.lookout.look()
        assert heard == [(0, 1), (1, 1)]

    uvloop.run(job())


def test_metrics_add_up_what_all_workers_have_counted() -> None:
    async def job() -> None:
        async with (
            fleet(well) as [engine],
            behind(site([engine.url], serve={"public_metrics": True})) as (_, host, port),
        ):
            pool = Pool(host, port)
            for stream in (False, True, True):
                await post(pool, "/v1/completions", {**ASK, "stream": stream})
            await post(pool, "/v1/completions", {"model": "m"})
            answer = await pool.send(b"GET", b"/metrics")
            page = (await answer.read()).decode()
            samples = {
                (sample.name, sample.labels.get("le")): sample.value
                for family in text_string_to_metric_families(page)
                for sample in family.samples
                if sample.labels.get("engine", "a-0") == "a-0"
                and sample.labels.get("why", "invalid") == "invalid"
            }
            assert samples["headway_requests_total", None] == 3
            assert samples["headway_completed_total", None] == 3
            assert samples["headway_output_tokens_total", None] == 9
            assert samples["headway_refused_total", None] == 1
            assert samples["headway_in_flight", None] == 0
            assert samples["headway_time_to_first_token_seconds_count", None] == 2
            assert samples["headway_time_to_first_token_seconds_bucket", "+Inf"] == 2
            assert samples["headway_e2e_latency_seconds_count", None] == 3
            pool.close()

    uvloop.run(job())


def test_metrics_are_no_business_of_clients() -> None:
    async def job() -> None:
        async with fleet(well) as [engine], behind(site([engine.url])) as (_, host, port):
            pool = Pool(host, port)
            answer = await pool.send(b"GET", b"/metrics")
            assert answer.status == 404
            await answer.read()
            pool.close()

    uvloop.run(job())
