"""Requests through a gateway to fake engines and back."""

from __future__ import annotations

import asyncio
from typing import Any

import openai
import pytest
import uvloop

from headway.serving.wire import Pool
from tests.serving.gateway.fakes import always, behind, counts, first, fleet, post, site, well

CHAT = {"model": "m", "messages": [{"role": "user", "content": "hi"}]}


def test_the_official_client_runs_unchanged() -> None:
    async def job() -> None:
        async with (
            fleet(well, well) as engines,
            behind(site([e.url for e in engines])) as (
                gateway,
                host,
                port,
            ),
        ):
            client = openai.AsyncOpenAI(base_url=f"http://{host}:{port}/v1", api_key="k")
            whole = await client.chat.completions.create(**CHAT)
            assert whole.choices[0].message.content == "w0 w1 w2 "
            stream = await client.chat.completions.create(**CHAT, stream=True)
            words = [piece.choices[0].delta.content async for piece in stream]
            assert words == ["w0 ", "w1 ", "w2 "]
            text = await client.completions.create(model="m", prompt="hi")
            assert text.choices[0].text == "w0 w1 w2 "
            vector = await client.embeddings.create(model="m", input="hi", encoding_format="float")
            assert vector.data[0].embedding == [0.5, 0.25]
            with pytest.raises(openai.BadRequestError) as refused:
                await client.completions.create(model="m", prompt="hi", max_tokens=-1)
            assert refused.value.param == "max_tokens"
            await client.close()
            assert not any(counts(gateway))

    uvloop.run(job())


def test_an_engine_that_fails_is_left_for_another_before_the_first_byte() -> None:
    for mood in ("reset", "garbage", "503", "headers"):

        async def job(mood: str = mood) -> None:
            async with (
                fleet(always(mood), well) as engines,
                behind(site([e.url for e in engines])) as (gateway, host, port),
            ):
                pool = Pool(host, port)
                for _ in range(4):
                    status, told, headers = await post(
                        pool, "/v1/chat/completions", {**CHAT, "stream": True}
                    )
                    assert status == 200
                    assert told.count(b"data: ") == 4
                    assert headers["x-headway-engine"] == "a-1"
                pool.close()
                assert not any(counts(gateway))

        uvloop.run(job())


def test_the_last_answer_of_engines_that_all_fail_is_passed_on() -> None:
    async def job() -> None:
        async with (
            fleet(always("503"), always("500")) as engines,
            behind(site([e.url for e in engines])) as (gateway, host, port),
        ):
            pool = Pool(host, port)
            status, told, headers = await post(
                pool, "/v1/completions", {"model": "m", "prompt": "x"}
            )
            assert status in (500, 503)
            assert told["error"]["code"] == status
            assert headers["x-headway-tries"] == "3"
            pool.close()
            assert not any(counts(gateway))

    uvloop.run(job())


def test_nobody_there_is_told_in_the_words_of_the_api() -> None:
    async def job() -> None:
        nowhere = ["http://127.0.0.1:1"]
        async with behind(site(nowhere)) as (gateway, host, port):
            pool = Pool(host, port)
            status, told, _ = await post(pool, "/v1/completions", {"model": "m", "prompt": "x"})
            assert status == 502
            assert told["error"]["type"] == "server_error"
            pool.close()
            assert not any(counts(gateway))

    uvloop.run(job())


def test_a_stream_that_breaks_ends_with_an_error_event() -> None:
    async def job() -> None:
        async with (
            fleet(always("cut")) as engines,
            behind(site([e.url for e in engines])) as (
                gateway,
                host,
                port,
            ),
        ):
            pool = Pool(host, port)
            status, told, _ = await post(pool, "/v1/chat/completions", {**CHAT, "stream": True})
            assert status == 200
            assert told.count(b"data: ") == 3
            assert b'"engine_failed"' in told.rpartition(b"data: ")[2]
            pool.close()
            assert not any(counts(gateway))

    uvloop.run(job())


@pytest.mark.parametrize("mood", ["hang", "slow"])
def test_a_client_that_leaves_stops_the_engine_at_once(mood: str) -> None:
    async def job() -> None:
        async with (
            fleet(always(mood)) as engines,
            behind(site([e.url for e in engines])) as (
                gateway,
                host,
                port,
            ),
        ):
            pool = Pool(host, port)
            body: dict[str, Any] = {**CHAT, "stream": True}
            task = asyncio.create_task(post(pool, "/v1/chat/completions", body))
            while not engines[0].open:
                await asyncio.sleep(0.001)
            assert gateway.board.gauges[0, 0].tolist() == [1]
            task.cancel()
            while engines[0].open or any(counts(gateway)):
                await asyncio.sleep(0.001)
            assert engines[0].cancelled == 1
            pool.close()

    uvloop.run(asyncio.wait_for(job(), 10))


def test_engines_that_take_too_long_are_interrupted() -> None:
    async def job() -> None:
        times = {"first_byte_s": 0.05, "between_bytes_s": 0.05}
        async with (
            fleet(first("hang"), well) as engines,
            behind(site([e.url for e in engines], serve={"timeouts": times})) as (
                gateway,
                host,
                port,
            ),
        ):
            pool = Pool(host, port)
            status, _, headers = await post(pool, "/v1/chat/completions", CHAT)
            while headers["x-headway-tries"] == "1":
                status, _, headers = await post(pool, "/v1/chat/completions", CHAT)
            assert (status, headers["x-headway-engine"]) == (200, "a-1")
            for engine in engines:
                engine.mood = always("slow")
            status, told, _ = await post(pool, "/v1/chat/completions", {**CHAT, "stream": True})
            assert status == 200
            assert b'"timeout"' in told
            pool.close()
            assert not any(counts(gateway))

    uvloop.run(asyncio.wait_for(job(), 10))
