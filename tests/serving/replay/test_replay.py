"""Traffic sent to servers of a few lines, and what is measured of it."""

from __future__ import annotations

import asyncio
from typing import Any

import msgspec
import numpy as np
import pytest

from headway.errors import ConfigError
from headway.serving.replay import Endpoint, Prompts, ReplayRun, beside, replay
from headway.serving.replay.sender import _message
from headway.serving.replay.stream import Events
from headway.serving.wire import Exchange, Server
from headway.serving.workload import Blocks, Workload


def _traffic(n: int = 6, apart_s: float = 0.02) -> Workload:
    return Workload.of(
        arrival_s=np.arange(n) * apart_s,
        prompt_tokens=[10 + k for k in range(n)],
        output_tokens=[3] * n,
        session=np.arange(n) % 2,
    )


class _Engine:
    """Answers with as many tokens as were asked for, every so many seconds."""

    def __init__(self, pace_s: float = 0.005, broken: int = -1) -> None:
        self.bodies: list[dict[str, Any]] = []
        self.sessions: list[bytes | None] = []
        self._pace_s = pace_s
        self._broken = broken

    async def __call__(self, exchange: Exchange) -> None:
        number = len(self.bodies)
        body = msgspec.json.decode(exchange.body)
        self.bodies.append(body)
        self.sessions.append(exchange.header(b"x-session-id"))
        if number == self._broken:
            exchange.reply(429, b'{"error":{"message":"too many"}}')
            return
        exchange.start(200, [(b"x-headway-engine", b"e%d" % (number % 2))])
        for _ in range(body["max_tokens"]):
            await asyncio.sleep(self._pace_s)
            exchange.write(b'data: {"choices":[{"text":"w"}]}\n\n')
        usage = {"prompt_tokens": 99, "completion_tokens": body["max_tokens"]}
        event = {"choices": [], "usage": {**usage, "prompt_tokens_details": {"cached_tokens": 9}}}
        exchange.write(b"data: " + msgspec.json.encode(event) + b"\n\ndata: [DONE]\n\n")


def _replayed(engine: _Engine, traffic: Workload, **options: Any) -> ReplayRun:
    async def job() -> ReplayRun:
        server = Server(engine)
        host, port = await server.start()
        try:
            endpoint = Endpoint(url=f"http://{host}:{port}", model="m")
            return await replay(traffic, endpoint, **options)
        finally:
            await server.stop()

    return asyncio.run(job())


def test_requests_are_sent_as_the_trace_has_them_and_measured() -> None:
    engine = _Engine()
    run = _replayed(engine, _traffic())
    assert [body["max_tokens"] for body in engine.bodies] == [3] * 6
    assert [len(body["prompt"]) for body in engine.bodies] == [4 * (10 + k) for k in range(6)]
    assert engine.sessions == [b"0", b"1"] * 3
    assert run.requests.generated.tolist() == [3] * 6
    assert run.workload.prompt_tokens.tolist() == [99] * 6
    assert run.document["cache_hit_rate"] == pytest.approx(9 / 99)
    assert run.shares == {"e0": 0.5, "e1": 0.5}
    assert (run.ttft_s >= 0.005).all()
    assert (run.tpot_s >= 0.005).all()
    assert (run.max_gap_s >= run.tpot_s - 1e-9).all()
    assert run.document["completed"] == 6
    assert "measured" in run.text("traffic")


def test_failures_are_told_and_not_measured() -> None:
    run = _replayed(_Engine(broken=2), _traffic())
    assert run.document["failed"] == 1
    assert run.document["errors"] == {"429 too many": 1}
    assert run.document["completed"] == 5
    assert np.isnan(run.ttft_s).sum() == 1
    assert "429 too many" in run.text("traffic")


def test_nobody_there_fails_all() -> None:
    endpoint = Endpoint(url="http://127.0.0.1:9", model="m")
    run = asyncio.run(replay(_traffic(), endpoint))
    assert run.document["failed"] == 6


def test_latency_counts_from_when_a_request_was_due() -> None:
    run = _replayed(_Engine(pace_s=0.02), _traffic(4, 0.0), most_in_flight=1)
    assert run.document["late_s"] > 0.1
    assert run.ttft_s.max() > 0.15


def test_speed_moves_arrivals() -> None:
    run = _replayed(_Engine(), _traffic(6, 0.1), speed=10.0)
    assert run.requests.arrival_s[-1] == pytest.approx(0.05)


def test_prompts_share_what_the_trace_shares() -> None:
    blocks = Blocks.of([[1, 2, 3], [1, 2, 4], []], 8)
    traffic = Workload.of(
        arrival_s=[0, 1, 2], prompt_tokens=[24, 20, 5], output_tokens=[1, 1, 1], blocks=blocks
    )
    text = [Prompts(traffic).of(k) for k in range(3)]
    assert [len(one) for one in text] == [96, 80, 20]
    assert text[0][:64] == text[1][:64]
    assert text[0][64:80] != text[1][64:80]
    ids = [Prompts(traffic, "ids").of(k) for k in range(3)]
    assert [len(one) for one in ids] == [24, 20, 5]
    assert ids[0][:16] == ids[1][:16]
    assert ids[0][16:20] != ids[1][16:20]


def test_events_are_counted_however_they_are_cut() -> None:
    stream = (
        b'data: {"choices":[{"delta":{"role":"assistant","content":""}}]}\r\n\r\n'
        b'data: {"choices":[{"delta":{"content":"a"}}]}\n\n: ping\n\n'
        b'data: {"choices":[{"delta":{"content":"b"}}]}\n\n'
        b'data: {"choices":[],"usage":{"prompt_tokens":4,"completion_tokens":2}}\n\n'
        b"data: [DONE]\n\n"
    )
    for cut in range(len(stream)):
        events = Events()
        assert events.feed(stream[:cut]) + events.feed(stream[cut:]) == 2
        assert events.done
        assert (events.prompt_tokens, events.output_tokens) == (4, 2)
        assert not events.error


def test_errors_within_a_stream_are_heard() -> None:
    events = Events()
    events.feed(b'data: {"error":{"message":"engine died"}}\n\n')
    assert events.error == "engine died"
    events = Events()
    events.feed(b"data: {no json\n\n")
    assert events.error.startswith("no event")


@pytest.mark.parametrize("raw", [b'{"choices":[{"text":"\xff"}]}', b'{"x":' + b"[" * 20_000])
def test_what_no_server_should_send_is_an_error_and_not_the_end(raw: bytes) -> None:
    events = Events()
    events.feed(b"data: %b\n\n" % raw)
    assert events.error.startswith("no event")
    assert _message(raw)


@pytest.mark.parametrize(
    "url", ["127.0.0.1:8000", "ftp://a", "http://", "http://a:x", "http://a/b"]
)
def test_what_is_no_address_is_refused(url: str) -> None:
    with pytest.raises(ConfigError, match="url"):
        Endpoint(url=url, model="m")


def test_figures_stand_side_by_side() -> None:
    run = _replayed(_Engine(), _traffic())
    rows = {row["figure"]: row for row in beside(run.measures, run, {"e0": 0.25})}
    assert rows["ttft_s.mean"]["off"] == "+0.0%"
    assert rows["share of e0"]["off"] == "-25.0 points"
