"""Streams that go on at another engine: every word once, in order, under one name."""

from __future__ import annotations

import itertools
import json

import openai
import pytest
import uvloop
from hypothesis import given
from hypothesis import strategies as st

from headway.serving.gateway.resume import Transcript
from headway.serving.wire import Exchange, Pool, Server
from tests.serving.gateway.fakes import behind, counts, post, site

WORDS = [f"w{number} " for number in range(8)]
CHAT = "/v1/chat/completions"


class Teller:
    """An engine that says eight words, from where its prompt has come to; it may die on the way."""

    def __init__(self, dies_after: int | None, name: str) -> None:
        self.dies_after = dies_after
        self.name = name
        self.bodies: list[dict] = []
        self.server = Server(self._answer)

    async def _answer(self, exchange: Exchange) -> None:
        asked = json.loads(exchange.body)
        self.bodies.append(asked)
        is_chat = exchange.path.decode() == CHAT
        last = asked["messages"][-1] if is_chat else asked["prompt"]
        said = (last["content"] if last["role"] == "assistant" else "") if is_chat else last
        begin = said.count("w")
        exchange.start(200, [(b"content-type", b"text/event-stream")])
        if is_chat:
            self._say(exchange, {"delta": {"role": "assistant", "content": ""}})
        for number in range(begin, len(WORDS)):
            if self.dies_after is not None and number - begin == self.dies_after:
                exchange.write(b'data: {"id": "half an ev')
                exchange.abort()
                return
            word = {"delta": {"content": WORDS[number]}} if is_chat else {"text": WORDS[number]}
            self._say(exchange, word)
        self._say(exchange, {"delta": {}, "text": "", "finish_reason": "stop"})
        usage = {"prompt_tokens": 10 + begin, "completion_tokens": len(WORDS) - begin}
        told = {"id": self.name, "choices": [], "usage": {**usage, "total_tokens": 18}}
        exchange.write(b"data: %b\n\n" % json.dumps(told).encode())
        exchange.write(b"data: [DONE]\n\n")
        exchange.end()

    def _say(self, exchange: Exchange, choice: dict) -> None:
        choice = {"index": 0, "finish_reason": None, **choice}
        told = {"id": self.name, "object": "x", "created": 1, "model": "m", "choices": [choice]}
        exchange.write(b"data: %b\n\n" % json.dumps(told).encode())


async def _with(tellers: list[Teller], job, **serve) -> None:
    places = [await teller.server.start() for teller in tellers]
    urls = [f"http://{host}:{port}" for host, port in places]
    place = site(urls, policies=("round-robin",), serve={"resume": True, **serve})
    async with behind(place) as (gateway, host, port):
        await job(gateway, host, port)
        assert not any(counts(gateway))
    for teller in tellers:
        await teller.server.stop()


@pytest.mark.parametrize("dies_after", [0, 1, 5])
def test_a_chat_goes_on_at_another_engine(dies_after: int) -> None:
    tellers = [Teller(dies_after, "a"), Teller(None, "b")]

    async def job(gateway, host: str, port: int) -> None:
        async with openai.AsyncOpenAI(base_url=f"http://{host}:{port}/v1", api_key="k") as client:
            stream = await client.chat.completions.create(
                model="m",
                messages=[{"role": "user", "content": "tell"}],
                max_tokens=20,
                stream=True,
                extra_headers={"x-headway-resumed": "yes"},
            )
            pieces = [piece async for piece in stream]
        words = [one.choices[0].delta.content for one in pieces if one.choices]
        assert [word for word in words if word] == WORDS
        assert {piece.id for piece in pieces} == {"a"}
        assert sum(bool(one.choices and one.choices[0].delta.role) for one in pieces) == 1
        assert (pieces[-1].usage.completion_tokens, pieces[-1].usage.prompt_tokens) == (8, 10)
        assert gateway.board.counters[0, 5].tolist() == [0, 1]

    uvloop.run(_with(tellers, job))
    (asked,) = tellers[1].bodies
    if dies_after:
        assert asked["messages"][-1] == {
            "role": "assistant",
            "content": "".join(WORDS[:dies_after]),
        }
        assert asked["continue_final_message"] is True
        assert asked["max_tokens"] == 20 - dies_after


def test_a_text_goes_on_and_says_so() -> None:
    tellers = [Teller(3, "a"), Teller(2, "b"), Teller(None, "c")]

    async def job(gateway, host: str, port: int) -> None:
        pool = Pool(host, port)
        asked = {"model": "m", "prompt": "tell ", "stream": True}
        status, told, heads = await post(pool, "/v1/completions", asked, x_headway_resumed="yes")
        assert (status, heads["x-headway-resumed"]) == (200, "0")
        events = [line[6:] for line in told.split(b"\n") if line.startswith(b"data: {")]
        texts = [one["text"] for event in events for one in json.loads(event)["choices"]]
        assert "".join(texts) == "".join(WORDS)
        assert told.count(b": x-headway-resumed: ") == 2
        assert told.endswith(b"data: [DONE]\n\n")
        pool.close()

    uvloop.run(_with(tellers, job))


def test_nobody_gets_it_who_did_not_ask_or_where_it_is_off() -> None:
    for serve, headers in (({}, {}), ({"resume": False}, {"x_headway_resumed": "yes"})):

        async def job(gateway, host: str, port: int, headers=headers) -> None:
            pool = Pool(host, port)
            asked = {"model": "m", "prompt": "tell ", "stream": True}
            status, told, heads = await post(pool, "/v1/completions", asked, **headers)
            assert status == 200
            assert "x-headway-resumed" not in heads
            assert b"engine_failed" in told
            pool.close()

        uvloop.run(_with([Teller(3, "a"), Teller(None, "b")], job, **serve))


@given(st.lists(st.integers(0, 400)), st.integers(0, 400))
def test_only_whole_events_are_told_wherever_they_are_cut(cuts: list[int], end: int) -> None:
    event = b'data: {"id":"a","choices":[{"text":"%d"}]}\n\n'
    text = b"".join(event % number for number in range(8))
    end %= len(text) + 1
    marks = [0, *sorted({cut % (end + 1) for cut in cuts}), end]
    one = Transcript(b"/v1/completions")
    told = b"".join(one.take(text[a:b]) for a, b in itertools.pairwise(marks))
    whole = text[:end].count(b"\n\n")
    assert told == b"".join(event % number for number in range(whole))
    assert one.tokens == whole
    body = json.loads(one.continued(b'{"prompt":"p","max_tokens":20}'))
    assert body["prompt"] == "p" + "".join(str(number) for number in range(whole))


def test_an_event_that_is_no_text_passes_and_ends_what_can_go_on() -> None:
    for raw in (b'{"choices":[{"text":"\xff"}]}', b'{"x":' + b"[" * 20_000):
        told = Transcript(b"/v1/completions")
        assert told.take(b"data: %b\n\n" % raw) == b"data: %b\n\n" % raw
        assert not told.goes_on()
