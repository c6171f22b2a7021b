"""What gateways and operators see: metrics, cache events, sleep, and what goes wrong on demand."""

from __future__ import annotations

import asyncio
import json
from typing import Any

import msgspec
import pytest
import zmq
import zmq.asyncio
from prometheus_client.parser import text_string_to_metric_families

from headway.errors import ConfigError
from headway.serving.engine_server.faults import Faults, faults_from
from headway.serving.wire import UpstreamError
from tests.serving.engine_server.running import CONFIG, Client, served

BODY = {"prompt": "x" * 64, "max_tokens": 12}


def test_metrics_add_up_and_are_read_by_prometheus() -> None:
    async def job(client: Client) -> None:
        for _ in range(3):
            await client.post("/v1/completions", BODY)
        families = list(text_string_to_metric_families((await client.get("/metrics")).decode()))
        samples = {(s.name, s.labels.get("le")): s.value for f in families for s in f.samples}
        assert samples["vllm:prompt_tokens_total", None] == 48
        assert samples["vllm:generation_tokens_total", None] == 36
        assert samples["vllm:prefix_cache_hits_total", None] == 24
        assert samples["vllm:time_to_first_token_seconds_bucket", "+Inf"] == 3
        assert samples["vllm:inter_token_latency_seconds_count", None] == 33
        (config,) = (f for f in families if f.name == "vllm:cache_config_info")
        labels = config.samples[0].labels
        assert labels["num_gpu_blocks"] == str(CONFIG.blocks)
        assert labels["block_size"] == str(CONFIG.block_tokens)
        assert samples["headway:step_lag_seconds_count", None] > 0
        assert 0 <= samples["headway:step_lag_seconds_sum", None] < 5
        ttft = samples["vllm:time_to_first_token_seconds_sum", None] * client.server.engine.speed
        assert ttft == pytest.approx(3 * 0.01 + (16 + 4 + 4) * 1e-4, abs=0.001)

    served(job)


def test_what_the_cache_does_is_published_and_can_be_replayed() -> None:
    async def job(client: Client) -> None:
        context = zmq.asyncio.Context()
        listener = context.socket(zmq.SUB)
        listener.connect(client.server.kv_endpoints[0])
        listener.subscribe(b"kv")
        await asyncio.sleep(0.2)
        _, told = await client.post("/tokenize", {"prompt": BODY["prompt"]})
        await client.post("/v1/completions", BODY, x_session_id="s1")
        events: list[dict[str, Any]] = []
        numbers = []
        tokens: list[int] = []
        while len(tokens) < 24:
            topic, number, payload = await listener.recv_multipart()
            at_s, found, rank = msgspec.msgpack.decode(payload)
            numbers.append(int.from_bytes(number, "big"))
            assert topic == b"kv"
            assert rank == 0
            assert at_s > 0
            events += found
            tokens = [token for event in events for token in event["token_ids"]]
        assert numbers == list(range(len(numbers)))
        assert tokens[:16] == told["tokens"]
        assert {event["type"] for event in events} == {"BlockStored"}
        assert {event["session_id"] for event in events} == {"s1"}
        hashes = [one for event in events for one in event["block_hashes"]]
        parents = [event["parent_block_hash"] for event in events]
        assert parents[0] is None
        assert set(parents[1:]) <= set(hashes)
        assert await client.raw("POST", "/reset_prefix_cache")
        *_, payload = await listener.recv_multipart()
        assert msgspec.msgpack.decode(payload)[1] == [{"type": "AllBlocksCleared"}]

        asker = context.socket(zmq.DEALER)
        asker.connect(client.server.kv_endpoints[1])
        await asker.send_multipart([b"", (1).to_bytes(8, "big")])
        again = []
        while (frames := await asker.recv_multipart())[1] != b"\xff" * 8:
            again.append(int.from_bytes(frames[1], "big"))
        assert again == list(range(1, len(numbers) + 1))
        context.destroy(linger=0)

    served(
        job, kv_events="tcp://127.0.0.1:*", kv_replay="tcp://127.0.0.1:*", kv_topic="kv", speed=5.0
    )


def test_it_sleeps_and_wakes() -> None:
    async def job(client: Client) -> None:
        long = {"prompt": "a", "max_tokens": 900}
        dies = asyncio.create_task(client.post("/v1/completions", long))
        await asyncio.sleep(0.05)
        assert (await client.raw("POST", "/sleep?level=1"))[0] == 200
        with pytest.raises(UpstreamError):
            await dies
        assert await client.get("/is_sleeping") == {"is_sleeping": True}
        assert (await client.post("/v1/completions", BODY))[0] == 503
        assert await client.metric("engine_sleep_state", 'sleep_state="awake"') == 0
        assert (await client.raw("POST", "/sleep?level=7"))[0] == 400
        assert (await client.raw("POST", "/wake_up"))[0] == 200
        assert (await client.post("/v1/completions", BODY))[0] == 200

    served(job, speed=1.0)


async def put(client: Client, **faults: object) -> None:
    status, body, _ = await client.raw("PUT", "/faults", json.dumps(faults).encode())
    assert status == 200, body


def test_requests_are_hit_by_faults_on_demand() -> None:
    async def job(client: Client) -> None:
        await put(client, status=502)
        assert (await client.post("/v1/completions", BODY))[0] == 502
        assert (await client.raw("GET", "/health"))[0] == 200
        await put(client, status=502, share=0.0)
        assert (await client.post("/v1/completions", BODY))[0] == 200
        await put(client, garbage=True)
        with pytest.raises(UpstreamError):
            await client.post("/v1/completions", BODY)
        await put(client, headers_s=0.1)
        begin = asyncio.get_running_loop().time()
        await client.post("/v1/completions", BODY)
        assert asyncio.get_running_loop().time() - begin >= 0.1
        await put(client, unhealthy=True)
        assert (await client.raw("GET", "/health"))[0] == 503
        await put(client, flapping_s=0.05)
        states = set()
        while len(states) < 2:
            states.add((await client.raw("GET", "/health"))[0])
        assert states == {200, 503}
        assert (await client.raw("DELETE", "/faults"))[0] == 200
        assert (await client.get("/faults"))["flapping_s"] is None
        assert (await client.raw("PUT", "/faults", b'{"silent": true}'))[0] == 400

    served(job)


def test_a_stream_breaks_off_after_so_many_tokens() -> None:
    async def job(client: Client) -> None:
        await put(client, reset_after_tokens=5)
        data = json.dumps({**BODY, "stream": True}).encode()
        answer = await client.pool.send(b"POST", b"/v1/completions", [], data)
        found = []

        async def listen() -> None:
            async for piece in answer.pieces():
                found.append(piece)

        with pytest.raises(UpstreamError):
            await listen()
        assert 0 < b"".join(found).count(b"data:") <= 5
        while await client.metric("num_requests_running"):
            await asyncio.sleep(0.01)

    served(job, speed=2.0)


def test_a_silent_engine_goes_on_later() -> None:
    async def job(client: Client) -> None:
        loop = asyncio.get_running_loop()
        asked = asyncio.create_task(client.post("/v1/completions", {**BODY, "max_tokens": 100}))
        await asyncio.sleep(0.02)
        begin = loop.time()
        await put(client, silent=True, for_s=0.3)
        with pytest.raises(TimeoutError):
            async with asyncio.timeout(0.1):
                await client.raw("GET", "/health")
        assert (await asked)[0] == 200
        assert loop.time() - begin > 0.3
        assert (await client.raw("GET", "/health"))[0] == 200

    served(job, speed=2.0)


def test_a_crash_loses_everything_for_a_while() -> None:
    async def job(client: Client) -> None:
        await client.post("/v1/completions", BODY)
        dies = asyncio.create_task(client.post("/v1/completions", {**BODY, "max_tokens": 900}))
        await asyncio.sleep(0.02)
        await put(client, crash=True, for_s=0.2)
        with pytest.raises(UpstreamError):
            await dies
        with pytest.raises(UpstreamError):
            await client.get("/load")
        await asyncio.sleep(0.3)
        assert (await client.get("/load"))["server_load"] == 0
        _, found = await client.post("/v1/completions", BODY)
        assert found["usage"]["prompt_tokens_details"]["cached_tokens"] == 0

    served(job, speed=2.0)


def test_who_refuses_connections_ends_what_is_under_way() -> None:
    async def job(client: Client) -> None:
        goes_on = asyncio.create_task(client.post("/v1/completions", {**BODY, "max_tokens": 50}))
        await asyncio.sleep(0.02)
        await put(client, refuse=True, for_s=0.7)
        await asyncio.sleep(0.02)
        with pytest.raises(ConnectionRefusedError):
            await asyncio.open_connection(*client.address)
        assert (await goes_on)[0] == 200
        await asyncio.sleep(0.8)
        assert (await client.raw("GET", "/health"))[0] == 200

    served(job, speed=5.0)


def test_slow_steps_take_longer() -> None:
    async def job(client: Client) -> None:
        await client.post("/v1/completions", BODY)
        begin = await client.metric("request_decode_time_seconds_sum")
        await put(client, pace=3.0)
        await client.post("/v1/completions", BODY)
        slow = await client.metric("request_decode_time_seconds_sum") - begin
        assert slow == pytest.approx(3 * begin, rel=1e-6)

    served(job)


@pytest.mark.parametrize(
    "text",
    ["", "[]", '{"status": 200}', '{"pace": 0}', '{"share": 2}', '{"what": 1}', "[" * 99_999],
)
def test_faults_that_cannot_be_are_refused(text: str) -> None:
    with pytest.raises(ConfigError, match="faults"):
        faults_from(text)


def test_faults_from_the_beginning() -> None:
    async def job(client: Client) -> None:
        assert (await client.post("/v1/completions", BODY))[0] == 418

    served(job, faults=Faults(status=418))
