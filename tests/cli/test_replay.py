"""`headway replay` against a server in a thread."""

from __future__ import annotations

import asyncio
import json
import threading
from collections.abc import Iterator
from pathlib import Path

import pytest

from headway.serving.wire import Exchange, Server

TRAFFIC = "TIMESTAMP,ContextTokens,GeneratedTokens\n" + "".join(
    f"2023-11-16 18:15:00.{k:02d}0000,{50 + k},{1 + k % 3}\n" for k in range(8)
)

FLEET = """
kind: fleet
engines:
  - name: e
    count: 2
    step_time: {affine: {constant_s: 0.005}}
    engine: {blocks: 640}
workload: {trace: traffic.csv}
classes: [{name: chat, ttft_s: 5}]
policies: [round-robin]
"""


async def _engine(exchange: Exchange) -> None:
    if exchange.path == b"/v1/models":
        exchange.reply(200, b'{"object":"list","data":[{"id":"small","object":"model"}]}')
        return
    body = json.loads(exchange.body)
    if body["model"] != "small":
        exchange.reply(404, b'{"error":{"message":"no such model"}}')
        return
    exchange.start(200, [(b"x-headway-engine", b"e-0")])
    for _ in range(body["max_tokens"]):
        exchange.write(b'data: {"choices":[{"text":"w"}]}\n\n')
    exchange.write(b"data: [DONE]\n\n")


@pytest.fixture
def url() -> Iterator[str]:
    loop = asyncio.new_event_loop()
    thread = threading.Thread(target=loop.run_forever, daemon=True)
    thread.start()
    server = Server(_engine)
    host, port = asyncio.run_coroutine_threadsafe(server.start(), loop).result(10)
    yield f"http://{host}:{port}"
    asyncio.run_coroutine_threadsafe(server.stop(), loop).result(10)
    loop.call_soon_threadsafe(loop.stop)
    thread.join(10)
    loop.close()


@pytest.fixture(autouse=True)
def files(run) -> None:
    Path("traffic.csv").write_text(TRAFFIC)
    Path("fleet.yaml").write_text(FLEET)


def test_a_trace_is_sent_and_measured(run, url: str) -> None:
    done = run(
        "replay", "--trace", "traffic.csv", "--url", url, "-n", "6", "--json", "-o", "o.jsonl"
    )
    assert done.status == 0, done
    told = json.loads(done.out)
    assert (told["requests"], told["completed"], told["failed"]) == (6, 6, 0)
    assert told["engines"] == {"e-0": 1.0}
    again = run("replay", "--trace", "o.jsonl", "--url", url)
    assert again.status == 0, again
    assert "6 completed" in again.out


def test_simulated_figures_stand_beside(run, url: str) -> None:
    done = run("replay", "--beside", "fleet.yaml", "--url", url)
    assert done.status == 0, done
    assert "| ttft_s.mean |" in done.out
    assert "| share of e-1 | 0.5 | 0.0 | +50.0 points |" in done.out


def test_what_the_endpoint_refuses_is_told(run, url: str) -> None:
    done = run("replay", "--trace", "traffic.csv", "--url", url, "--model", "large")
    assert "8 404 no such model" in done.out


@pytest.mark.parametrize(
    ("arguments", "what"),
    [
        (["--url", "http://127.0.0.1:9"], "there must be traffic"),
        (["--url", "nonsense", "--trace", "traffic.csv"], "url"),
        (["--url", "http://127.0.0.1:9", "--trace", "traffic.csv"], "127.0.0.1:9"),
        (["--url", "http://127.0.0.1:9", "--trace", "none.csv"], "none.csv"),
        (["--url", "http://a:1", "--trace", "traffic.csv", "--model", "m", "-H", "x"], "--header"),
        (["--url", "http://a:1", "--trace", "traffic.csv", "--api-key-env", "NO_KEY"], "NO_KEY"),
    ],
)
def test_what_cannot_be_sent_is_refused(run, arguments: list[str], what: str) -> None:
    done = run("replay", *arguments)
    assert done.status == 2
    assert what in done.err
