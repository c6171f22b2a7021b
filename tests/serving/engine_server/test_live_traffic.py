"""Requests that come one at a time meet the same engine as those known beforehand."""

from __future__ import annotations

import math
import random
from typing import Any

import numpy as np
import pytest

from headway import _core
from headway.serving.engine import Engine, EngineConfig
from headway.serving.step_time import as_native
from headway.serving.workload import Blocks, Workload
from tests.serving.engine.cases import STEP_TIME, a_config

FIELDS = ("arrival_s", "scheduled_s", "first_token_s", "last_token_s", "generated")
COUNTS = ("cached_tokens", "preemptions")
ASKED = dict.fromkeys(("ask_admit", "ask_budget", "ask_victim", "ask_fill"), False)
MANY = 1 << 40


def some_tokens(rng: random.Random, block_tokens: int) -> list[tuple[list[int], int]]:
    """Return the tokens of requests that begin alike, and how many of each are the prompt."""
    stems = [[rng.randint(0, 1) for _ in range(60)] for _ in range(2)]
    found = []
    for number in range(rng.randint(3, 25)):
        prompt, output = rng.randint(1, 30), rng.randint(block_tokens, 20)
        common = rng.randint(0, prompt + output)
        own = [2 + number] * (prompt + output - common)
        found.append((rng.choice(stems)[:common] + own, prompt))
    return found


def blocks_of(requests: list[tuple[list[int], int]], block_tokens: int) -> Blocks:
    known: dict[tuple[int, ...], int] = {}
    rows = [
        [
            known.setdefault(tuple(tokens[:end]), len(known))
            for end in range(block_tokens, len(tokens) + block_tokens, block_tokens)
        ]
        for tokens, _ in requests
    ]
    return Blocks.of(rows, block_tokens)


def mix(value: int, token: int) -> int:
    """Fold a token into a hash: the plain twin of the native one."""
    whole = 2**64 - 1
    value = (value + 0x632BE59BD9B4E019 & whole) ^ token
    value = value * 0x9E3779B97F4A7C15 & whole
    value = (value ^ value >> 32) * 0xD6E8FEB86659FD93 & whole
    return value ^ value >> 32


def engine_of(traffic: _core.LiveTraffic, config: Any) -> _core.Engine:
    settings = config.native() | ASKED | {"admit_every": 1}
    return traffic.engine(settings, as_native(STEP_TIME))


def add(traffic: _core.LiveTraffic, tokens: list[int], prompt: int, key: float) -> int:
    output = len(tokens) - prompt
    return traffic.add(np.array(tokens, np.int64), prompt, output, output, 0, key, 0)


@pytest.mark.parametrize("seed", range(120))
def test_the_same_happens_as_if_all_had_been_known(seed: int) -> None:
    rng = random.Random(seed)
    config = a_config(rng.randint, clients=0)
    requests = some_tokens(rng, config.block_tokens)
    arrivals = sorted(rng.sample(range(1, 800), len(requests)))
    workload = Workload.of(
        arrival_s=[at / 8 for at in arrivals],
        prompt_tokens=[prompt for _, prompt in requests],
        output_tokens=[len(tokens) - prompt for tokens, prompt in requests],
        limit_tokens=[len(tokens) - prompt for tokens, prompt in requests],
        blocks=blocks_of(requests, config.block_tokens),
    )
    known = Engine(workload, config, STEP_TIME)
    known.submit(np.arange(len(workload)), workload.arrival_s)
    known.advance()
    expected = known._outcome.columns()

    traffic = _core.LiveTraffic(config.block_tokens)
    engine = engine_of(traffic, config)
    numbers: dict[int, int] = {}
    said: dict[int, int] = {}
    ended: dict[int, tuple[int, tuple[float, ...]]] = {}

    def listen() -> None:
        spoken, over, left = traffic.listen(engine)
        assert not left
        for row, tokens in spoken:
            assert tokens > said.get(numbers[row], 0)
            said[numbers[row]] = tokens
        for row, status in over:
            ended[numbers[row]] = status, traffic.times(row)
            del numbers[row]
            traffic.remove(row)

    for number, ((tokens, prompt), at_s) in enumerate(
        zip(requests, workload.arrival_s.tolist(), strict=True)
    ):
        while engine.next_s < at_s and rng.random() < 0.8:
            engine.advance(min(engine.next_s + rng.random(), at_s), MANY)
            listen()
            if rng.random() < 0.3:
                engine.forget_history()
        row = add(traffic, tokens, prompt, at_s)
        numbers[row] = number
        engine.submit(np.array([row]), np.array([at_s]))
    while engine.next_s < math.inf:
        engine.advance(engine.next_s + rng.random(), MANY)
        listen()
    assert traffic.present == 0
    assert len(ended) == len(requests)
    for number, (status, times) in ended.items():
        assert status == expected["status"][number]
        values = [expected[name][number] for name in FIELDS + COUNTS]
        np.testing.assert_allclose(times, values, rtol=1e-12)
        assert said.get(number, 0) == expected["generated"][number]


@pytest.mark.parametrize("seed", range(40))
def test_what_is_told_of_the_cache_is_what_it_holds(seed: int) -> None:
    """Hashes learned less those forgotten are what a request finds; those of its own included."""
    rng = random.Random(seed)
    config = a_config(rng.randint, clients=0, host_blocks=0, prefix_caching=True)
    size = config.block_tokens
    traffic = _core.LiveTraffic(size)
    engine = engine_of(traffic, config)
    engine.watch_cache()
    held: set[int] = set()
    for tokens, prompt in some_tokens(rng, size) * 3:
        row = add(traffic, tokens, prompt, engine.now_s)
        chain = traffic.chain(row).tolist()
        value, twin = mix(0, 0), []
        for end, token in enumerate(tokens, 1):
            value = mix(value, token)
            if end % size == 0:
                twin.append(value >> 2)
        assert chain == twin
        found = 0
        while found < (prompt - 1) // size and chain[found] in held:
            found += 1
        assert engine.resident_tokens(row) == found * size
        engine.submit(np.array([row]), np.array([engine.now_s]))
        for _ in range(rng.randint(1, 30)):
            if engine.next_s == math.inf:
                break
            engine.advance(engine.next_s, MANY, begins_at_end=True)
            for content, request, _block in zip(*engine.take_cache_changes(), strict=True):
                if request < 0:
                    held.remove(content)
                else:
                    assert content not in held
                    held.add(content)
        for row, _ in traffic.listen(engine)[1]:
            traffic.remove(row)


def test_rows_are_used_again() -> None:
    config = a_config(random.Random(3).randint, clients=0, block_tokens=2, blocks=40)
    traffic = _core.LiveTraffic(2)
    engine = engine_of(traffic, config)
    rows = set()
    for _ in range(200):
        row = add(traffic, [1, 2, 3, 4], 3, engine.now_s)
        rows.add(row)
        engine.submit(np.array([row]), np.array([engine.now_s]))
        engine.advance(math.inf, MANY)
        traffic.listen(engine)
        traffic.remove(row)
        engine.forget_history()
        assert engine.n_steps == 0
    assert rows == {0}


def test_one_who_leaves_blocks_nobody_who_gets_its_row() -> None:
    config = EngineConfig(blocks=4, block_tokens=2, token_budget=64, prefix_caching=False)
    traffic = _core.LiveTraffic(2)
    engine = engine_of(traffic, config)

    def come(prompt: int, output: int) -> int:
        row = add(traffic, list(range(prompt + output)), prompt, engine.now_s)
        engine.submit(np.array([row]), np.array([engine.now_s]))
        engine.advance(engine.now_s, MANY, begins_at_end=True)
        return row

    def step() -> None:
        engine.advance(engine.next_s, MANY, begins_at_end=True)

    first = come(4, 4)
    large = come(5, 1)
    step()
    assert engine.waiting().tolist() == [large]
    engine.withdraw(large)
    assert traffic.listen(engine)[2] == [large]
    traffic.remove(large)
    assert come(1, 1) == large
    step()
    assert engine.running().tolist() == [first, large]


def test_one_who_leaves_gives_back_what_it_held() -> None:
    config = a_config(random.Random(0).randint, clients=0, block_tokens=2, blocks=40, pipeline=1)
    traffic = _core.LiveTraffic(2)
    engine = engine_of(traffic, config)
    row = add(traffic, list(range(20)), 10, 0.0)
    engine.submit(np.array([row]), np.array([0.0]))
    engine.advance(0.0, MANY, begins_at_end=True)
    engine.withdraw(row)
    assert traffic.listen(engine)[2] == []  # its step goes on
    engine.advance(math.inf, MANY)
    assert traffic.listen(engine)[2] == [row]
    assert engine.free_blocks == 40
    traffic.remove(row)
    with pytest.raises(IndexError):
        traffic.remove(row)


def test_what_cannot_be_is_refused() -> None:
    traffic = _core.LiveTraffic(4)
    with pytest.raises(ValueError, match="without tokens"):
        traffic.add(np.empty(0, np.int64), 0, 1, 1, 0, 0.0, 0)
    with pytest.raises(ValueError, match="more tokens"):
        traffic.add(np.arange(9), 4, 4, 4, 0, 0.0, 0)
    with pytest.raises(ValueError, match="key"):
        traffic.add(np.arange(4), 4, 4, 4, 0, math.nan, 0)
    with pytest.raises(IndexError):
        traffic.remove(0)
    with pytest.raises(ValueError, match="block"):
        _core.LiveTraffic(0)
    row = traffic.add(np.arange(4), 4, 4, 4, 0, 0.0, 0)
    other = engine_of(traffic, a_config(random.Random(0).randint, block_tokens=2, clients=0))
    other.submit(np.array([row]), np.array([0.0]))
    with pytest.raises(ValueError, match="another size"):
        other.advance(1.0, MANY)
