"""Engines fail in every way, under load: each client gets one whole answer or one clear error."""

from __future__ import annotations

import asyncio
from collections import Counter

import pytest

from tests.serving.gateway.faults.clients import ask, many
from tests.serving.gateway.faults.sockets import BEFORE, MIDDLE, RawEngine
from tests.serving.gateway.faults.worlds import World, kinds, run, until, world


@pytest.mark.parametrize("mood", [*BEFORE, "500", "502", "503", "429", "408"])
def test_no_request_is_lost_before_its_first_byte(mood: str) -> None:
    async def job() -> None:
        bad, good = RawEngine(lambda _: mood), RawEngine()
        async with world(bad, good) as here:
            outcomes = await many(here.address, 40)
            assert kinds(outcomes) == {"whole": 40}
            assert bad.asked, "the engine that fails was asked"
            assert set(good.said.values()) == {1}, "nobody was answered twice"
            assert all(one.headers["x-headway-engine"] == "a-1" for one in outcomes)
            # Well again, it is used again: a breaker that has opened closes.
            bad.mood = lambda _: ""
            bad.said.clear()
            async with asyncio.timeout(5):
                while not bad.said:
                    assert kinds(await many(here.address, 4, over_s=0.01)) == {"whole": 4}

    run(job())


@pytest.mark.parametrize("mood", MIDDLE)
def test_a_stream_that_breaks_says_so_and_is_not_begun_again(mood: str) -> None:
    async def job() -> None:
        bad, good = RawEngine(lambda _: mood), RawEngine()
        async with world(bad, good) as here:
            outcomes = await many(here.address, 40)
            assert all(one.kind in ("whole", "broken", "cut") for one in outcomes)
            assert not any(one.lost for one in outcomes)
            for one in outcomes:
                engines = [engine for engine in (bad, good) if engine.asked[one.name]]
                if one.kind != "whole":
                    assert engines == [bad], "what has begun is not begun again elsewhere"
            assert "whole" in kinds(outcomes)
            assert len(kinds(outcomes)) > 1

    run(job())


@pytest.mark.parametrize("mood", ["long", "short"])
def test_a_wrong_length_never_passes_for_a_whole_answer(mood: str) -> None:
    async def job() -> None:
        bad, good = RawEngine(lambda _: mood), RawEngine()
        async with world(bad, good) as here:
            outcomes = await many(here.address, 40)
            assert not any(one.kind == "refused" for one in outcomes)
            assert not any(one.lost for one in outcomes)

    run(job())


def test_headers_that_drip_are_waited_for() -> None:
    async def job() -> None:
        async with world(RawEngine(lambda _: "drip"), RawEngine()) as here:
            assert kinds(await many(here.address, 40)) == {"whole": 40}

    run(job())


def test_a_storm_of_errors_from_all_engines_is_told_to_clients_and_passes() -> None:
    async def job() -> None:
        engines = [RawEngine(lambda _: "500"), RawEngine(lambda _: "503")]
        async with world(*engines) as here:
            outcomes = await many(here.address, 40)
            assert kinds(outcomes) == {"refused": 40}
            assert {one.status for one in outcomes} <= {500, 503}
            tries = sum(sum(one.asked.values()) for one in engines)
            assert tries <= 40 + 8 + 3, "tries again are bounded, or they would feed the storm"
            for one in engines:
                one.mood = lambda _: ""
            async with asyncio.timeout(5):
                while kinds(await many(here.address, 4, over_s=0.01)) != {"whole": 4}:
                    pass

    run(job())


def test_an_engine_that_is_killed_under_load_costs_only_what_had_begun() -> None:
    async def job() -> None:
        dying, good = RawEngine(words=8, pace_s=0.01), RawEngine(words=8, pace_s=0.01)
        async with world(dying, good, watched=True) as here:
            load = asyncio.create_task(many(here.address, 60, over_s=0.4, words=8))
            await asyncio.sleep(0.15)
            await dying.kill()
            outcomes = await load
            broken = [one for one in outcomes if one.kind != "whole"]
            assert not any(one.lost for one in outcomes), kinds(outcomes)
            assert all(dying.asked[one.name] for one in broken)
            answered = Counter(dying.said) + Counter(good.said)
            assert set(answered.values()) <= {1}, "nobody was answered twice"
            await until(lambda: not here.gateway.board.engine("healthy")[0])
            await dying.start()
            await until(lambda: bool(here.gateway.board.engine("healthy")[0]))
            dying.asked.clear()
            async with asyncio.timeout(5):
                while not dying.asked:
                    await many(here.address, 4, over_s=0.01, words=8)

    run(job())


def test_health_that_flaps_loses_nothing() -> None:
    async def job() -> None:
        engines = [RawEngine(), RawEngine()]
        async with world(*engines, watched=True) as here:

            async def flap() -> None:
                while True:
                    for one in engines:
                        one.ill = not one.ill
                        await asyncio.sleep(0.12)

            flapping = asyncio.create_task(flap())
            outcomes = await many(here.address, 120, over_s=1.0)
            flapping.cancel()
            assert kinds(outcomes) == {"whole": 120}

    run(job())


def test_nobody_there_is_told_and_forgotten() -> None:
    async def job() -> None:
        gone = RawEngine()
        async with world(gone) as here:
            await gone.kill()
            outcomes = await many(here.address, 20)
            assert kinds(outcomes) == {"refused": 20}
            assert {one.status for one in outcomes} <= {502, 503}
            await gone.start()
            async with asyncio.timeout(5):
                while (await ask(here.address, stream=False)).kind != "whole":
                    await asyncio.sleep(0.02)

    run(job())


def test_requests_that_wait_at_an_engine_found_ill_go_to_another() -> None:
    async def job() -> None:
        hanging, good = RawEngine(lambda _: "hang"), RawEngine()
        patient = {"first_byte_s": 60.0, "between_bytes_s": 60.0}
        async with world(hanging, good, watched=True, timeouts=patient) as here:
            load = asyncio.create_task(many(here.address, 30))
            await until(lambda: hanging.open > 0)
            hanging.ill = True
            assert kinds(await asyncio.wait_for(load, 5)) == {"whole": 30}
            assert set(good.said.values()) == {1}

    run(job())


def test_an_ill_engine_keeps_what_nobody_else_could_answer() -> None:
    async def job() -> None:
        only = RawEngine(pace_s=0.1)
        async with world(only, watched=True) as here:
            load = asyncio.create_task(many(here.address, 10, over_s=0.0))
            await until(lambda: only.open == 10)
            only.ill = True
            assert kinds(await load) == {"whole": 10}

    run(job())


def test_an_engine_that_comes_back_with_another_model_loses_nothing() -> None:
    async def job() -> None:
        changed, same = RawEngine(models=("m", "n")), RawEngine()
        seldom = {"scrape_s": 60.0, "models_s": 60.0}
        async with world(changed, same, watched=True, watch=seldom) as here:
            await until(lambda: changed_knows(here, "n"))
            await changed.kill()
            changed.models = ("n",)
            await changed.start()
            assert kinds(await many(here.address, 40)) == {"whole": 40}
            assert set(same.said.values()) == {1}
            assert not changed.said.total()
            await until(lambda: here.gateway.catalogue.find("m")[0] is not None)
            changed.asked.clear()
            assert kinds(await many(here.address, 20)) == {"whole": 20}
            assert not changed.asked, "it is not asked for what it has not"

    def changed_knows(here: World, model: str) -> bool:
        return model in (here.gateway.engines[0].models or ())

    run(job())


def test_an_engine_that_is_drained_and_stopped_under_load_costs_nothing() -> None:
    async def job() -> None:
        engines = [RawEngine(words=8, pace_s=0.01) for _ in range(3)]
        async with world(*engines, watched=True) as here:
            load = asyncio.create_task(many(here.address, 150, over_s=1.5, words=8))
            for number, one in enumerate(engines):
                await here.gateway.lookout.drain(number, 5.0)
                assert one.open == 0
                await one.kill()
                await one.start()
                here.gateway.lookout.resume(number)
                await until(lambda: bool(here.gateway.sight.ready(here.gateway._clock()).all()))
            assert kinds(await load) == {"whole": 150}

    run(job())


def test_a_name_that_nobody_knows_costs_nothing() -> None:
    async def job() -> None:
        lost, good = RawEngine(), RawEngine()
        async with world(lost, good) as here:
            await lost.kill()
            here.gateway.engines[0].pool.host = "engine.invalid"
            assert kinds(await many(here.address, 20)) == {"whole": 20}

    run(job())
