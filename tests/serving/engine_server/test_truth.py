"""The server keeps time like the simulator, stays small, and survives what is sent to it."""

from __future__ import annotations

import asyncio
import json
import tracemalloc
from typing import Any

import numpy as np
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from headway.serving.engine import Engine, EngineConfig
from headway.serving.engine_server.errors import ApiError
from headway.serving.engine_server.real_time import Ending, RealTimeEngine, Request, Times
from headway.serving.engine_server.tokens import decode, encode, encode_chat, tokens_of, words
from headway.serving.workload import synthetic
from tests.serving.engine_server.running import CONFIG, STEP_TIME, Client, served


class Clock:
    """A clock that a test moves, and the timers of a loop that it moves through."""

    def __init__(self) -> None:
        self.now_s = 0.0

    def __call__(self) -> float:
        return self.now_s


class Ear:
    """Hears one answer."""

    def __init__(self) -> None:
        self.said: list[int] = []
        self.ending: Ending | None = None
        self.times: Times | None = None

    def spoke(self, tokens: int) -> None:
        self.said.append(tokens)

    def ended(self, ending: Ending, times: Times) -> None:
        self.ending, self.times = ending, times


def test_times_are_those_of_the_simulator() -> None:
    """Told the exact arrivals, the engine of the server says the simulator's times to the bit."""
    traffic = synthetic(
        {
            "requests": 60,
            "arrivals": "poisson(30)",
            "prompt_tokens": "lognormal(40, 1)",
            "output_tokens": "lognormal(20, 1)",
        },
        seed=3,
    )
    config = EngineConfig(blocks=200, block_tokens=4, max_sequences=8, token_budget=128)
    expected = Engine(traffic, config, STEP_TIME).run().requests

    async def job() -> list[Ear]:
        clock = Clock()
        engine = RealTimeEngine(config, STEP_TIME, clock=clock)
        ears = []
        for number, at_s in enumerate(traffic.arrival_s.tolist()):
            clock.now_s = at_s
            prompt = int(traffic.prompt_tokens[number])
            length = prompt + int(traffic.output_tokens[number])
            tokens = np.arange(length) + number * 100_000
            ears.append(Ear())
            limit = int(traffic.limit_tokens[number])
            engine.submit(Request(tokens, prompt, limit), ears[-1])
        while engine.running or engine.waiting:
            clock.now_s += 0.004
            engine.wake()
        engine.stop()
        return ears

    for number, ear in enumerate(asyncio.run(job())):
        assert ear.ending == Ending.FINISHED
        assert ear.times is not None
        assert ear.times.first_token_s == pytest.approx(expected.first_token_s[number], rel=1e-12)
        assert ear.times.last_token_s == pytest.approx(expected.last_token_s[number], rel=1e-12)
        assert ear.said == sorted(set(ear.said))


def test_clients_see_the_times_of_the_simulator() -> None:
    """Loosely: a loaded machine is late, and is never early by more than a clock's tick."""
    speed = 5.0
    traffic = synthetic(
        {
            "requests": 60,
            "arrivals": "poisson(12)",
            "prompt_tokens": "uniform(20, 200)",
            "output_tokens": "uniform(10, 60)",
        },
        seed=5,
    )
    expected = Engine(traffic, CONFIG, STEP_TIME).run().requests

    async def job(client: Client) -> None:
        loop = asyncio.get_running_loop()
        begin_s = loop.time()
        ttft_s, tpot_s = [], []

        async def ask(number: int) -> None:
            due_s = begin_s + traffic.arrival_s[number] / speed
            await asyncio.sleep(due_s - loop.time())
            output = int(traffic.output_tokens[number])
            prompt = f"{number:4}" * int(traffic.prompt_tokens[number])
            body = {"prompt": prompt, "max_tokens": output, "stream": True}
            data = json.dumps(body).encode()
            answer = await client.pool.send(b"POST", b"/v1/completions", (), data)
            times_s = [loop.time() async for _ in answer.pieces()]
            ttft_s.append((times_s[0] - due_s) * speed)
            tpot_s.append((times_s[-1] - times_s[0]) * speed / (output - 1))

        await asyncio.gather(*[ask(number) for number in range(len(traffic))])
        simulated_ttft_s = expected.first_token_s - traffic.arrival_s
        spoken_s = expected.last_token_s - expected.first_token_s
        simulated_tpot_s = spoken_s / (traffic.output_tokens - 1)
        assert 0.9 < np.mean(ttft_s) / simulated_ttft_s.mean() < 3
        assert 0.8 < np.mean(tpot_s) / simulated_tpot_s.mean() < 1.5

    served(job, speed=speed)


def test_memory_stays_flat() -> None:
    """Thousands of requests, finished and withdrawn, leave nothing behind."""

    async def job() -> list[int]:
        clock = Clock()
        engine = RealTimeEngine(CONFIG, STEP_TIME, clock=clock)
        sizes = []
        rows: dict[int, Ear] = {}
        for number in range(4500):
            clock.now_s += 0.02
            engine.wake()
            prompt = np.arange(12) + 12 * number
            tokens = np.concatenate((prompt, tokens_of(words(number, 4))))
            ear = Ear()
            row = engine.submit(Request(tokens, 12, 4), ear)
            rows[row] = ear
            if number % 7 == 0:
                engine.withdraw(row)
            if number % 50 == 0:
                await asyncio.sleep(0)  # the loop clears away timers that were taken back
            if number % 1500 == 1499:
                sizes.append(tracemalloc.get_traced_memory()[0])
        assert max(rows) < 64
        engine.stop()
        return sizes

    tracemalloc.start()
    try:
        sizes = asyncio.run(job())
    finally:
        tracemalloc.stop()
    assert sizes[2] - sizes[1] < 20_000


texts = st.text(max_size=60)
tokens_or_texts = st.one_of(
    texts,
    st.lists(st.one_of(texts, st.integers(), st.lists(st.integers(), max_size=5)), max_size=4),
)
fields = st.fixed_dictionaries(
    {},
    optional={
        "prompt": tokens_or_texts,
        "input": tokens_or_texts,
        "messages": st.lists(
            st.fixed_dictionaries(
                {"role": st.sampled_from(["user", "system", "cat"])},
                optional={"content": st.one_of(texts, st.none(), st.just([{"type": "text"}]))},
            ),
            max_size=3,
        ),
        "model": st.sampled_from(["tiny", "none", None, 3]),
        "max_tokens": st.one_of(st.integers(-2, 30), st.none(), st.floats()),
        "min_tokens": st.one_of(st.integers(-2, 30), st.none()),
        "ignore_eos": st.one_of(st.booleans(), st.none()),
        "stream": st.one_of(st.booleans(), st.none(), st.just("yes")),
        "stream_options": st.one_of(st.none(), st.just({"include_usage": True}), st.just([])),
        "n": st.one_of(st.integers(-1, 4), st.none()),
        "stop": st.one_of(texts, st.lists(texts, max_size=2), st.none()),
        "priority": st.one_of(st.integers(), st.none()),
        "seed": st.one_of(st.integers(), st.none()),
        "echo": st.booleans(),
        "lora_name": texts,
        "lora_path": texts,
        "tokens": st.lists(st.integers(), max_size=5),
        "dimensions": st.integers(-1, 20),
        "encoding_format": st.sampled_from(["float", "base64", "none"]),
    },
)
PATHS = (
    "/v1/completions",
    "/v1/chat/completions",
    "/v1/embeddings",
    "/v1/load_lora_adapter",
    "/v1/unload_lora_adapter",
    "/tokenize",
    "/detokenize",
)


def test_whatever_is_sent_is_answered_or_refused() -> None:
    bodies: list[tuple[str, bytes]] = []

    @settings(max_examples=200, deadline=None, database=None, derandomize=True)
    @given(st.sampled_from(PATHS), st.one_of(st.binary(max_size=40), fields))
    def collect(path: str, body: Any) -> None:
        bodies.append((path, body if isinstance(body, bytes) else json.dumps(body).encode()))

    collect()

    async def job(client: Client) -> None:
        seen = set()
        for path, body in bodies:
            status, text, _ = await client.raw("POST", path, body)
            seen.add(status)
            assert status in (200, 400, 404), (status, path, body, text)
            if status != 200:
                assert json.loads(text)["error"]["code"] == status
        assert seen == {200, 400, 404}
        assert await client.metric("num_requests_running") == 0
        assert client.server.engine.used == 0

    served(job, speed=1e5, wait_s=60.0)


@given(texts)
@settings(suppress_health_check=[HealthCheck.too_slow])
def test_tokens_tell_the_text(text: str) -> None:
    tokens = encode(text)
    assert decode(tokens) == text
    assert len(tokens) <= -(-len(text.encode()) // 2)
    assert not len(tokens) or (tokens.min() >= 0 and tokens.max() < 2**31)
    if text.isascii():
        assert len(tokens) == -(-len(text) // 4)


@given(st.lists(texts, min_size=2, max_size=2, unique=True))
def test_different_texts_are_different_tokens(pair: list[str]) -> None:
    one, other = (encode_chat([("user", text)]).tolist() for text in pair)
    assert one != other


def test_words_are_whole_tokens_and_do_not_depend_on_their_number() -> None:
    text = words(5, 300)
    assert words(5, 100) == text[:400]
    assert (tokens_of(text) == encode(text.decode())).all()
    assert all(len(word) == 3 for word in text.decode().split())
    assert len(set(text.decode().split())) > 40
    chat = encode_chat([("user", "abcd"), ("assistant", text.decode())], asks=False)
    assert (chat[4:-1] == tokens_of(text)).all()


def test_an_error_has_the_fields_of_the_api() -> None:
    error = json.loads(ApiError(404, 'no "such" model', "model").body())["error"]
    assert error == {
        "message": 'no "such" model',
        "type": "NotFoundError",
        "param": "model",
        "code": 404,
    }
