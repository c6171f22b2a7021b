"""What answers say besides their text, heard in pieces of any size."""

from __future__ import annotations

import json
from itertools import pairwise
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from headway.serving.fleet.decisions import Said
from headway.serving.gateway.ear import Ear


def event(told: dict[str, Any], *, compact: bool = True) -> bytes:
    text = json.dumps(told, separators=(",", ":") if compact else None)
    return b"data: " + text.encode() + b"\n\n"


def delta(finish: str | None = None, **more: Any) -> dict[str, Any]:
    return {"id": "1", "choices": [{"index": 0, "delta": more, "finish_reason": finish}]}


CALL = {"index": 0, "id": "c", "type": "function", "function": {"name": "search", "arguments": ""}}
MORE = {"index": 0, "function": {"arguments": '{"q": "\\"function\\": {\\"name\\": \\"x\\"}"}'}}

CHAT = [
    delta(role="assistant", content=""),
    delta(content='it says "tool_calls" and {"finish_reason":"length"}'),
    delta(tool_calls=[CALL]),
    delta(tool_calls=[MORE]),
    delta("tool_calls"),
]


def heard(pieces: list[bytes], **known: Any) -> Said:
    ear = Ear(**{"is_stream": True, "is_program": True, **known})
    seen: list[bytes] = []
    see = ear.beside(seen.append)
    for piece in pieces:
        see(piece)
    assert seen == pieces
    return ear.said()


def cut(text: bytes, places: list[int]) -> list[bytes]:
    at = sorted({0, len(text), *(place % (len(text) + 1) for place in places)})
    return [text[begin:end] for begin, end in pairwise(at)]


@given(st.lists(st.integers(0, 5000), max_size=8), st.booleans())
def test_tools_are_heard_however_a_stream_is_cut(places: list[int], compact: bool) -> None:
    text = b"".join(event(one, compact=compact) for one in CHAT) + b"data: [DONE]\n\n"
    assert heard(cut(text, places)) == Said(("search",), "tool_calls", is_final=False)


@given(st.lists(st.integers(0, 5000), max_size=8))
def test_a_program_that_calls_nothing_has_ended(places: list[int]) -> None:
    text = event(delta(content="done")) + event(delta("stop")) + b"data: [DONE]\n\n"
    assert heard(cut(text, places)) == Said((), "stop", is_final=True)
    assert heard(cut(text, places), is_program=False) == Said((), "stop", is_final=False)
    assert not heard(cut(text, places), is_final=False).is_final
    assert heard(cut(text, places), tool="web") == Said(("web",), "stop", is_final=False)


def test_one_that_was_cut_short_may_go_on() -> None:
    assert heard([event(delta("length"))]) == Said((), "length", is_final=False)
    assert heard([event(delta(content="a"))]) == Said((), "", is_final=False)


@pytest.mark.parametrize(
    ("body", "expected"),
    [
        (
            {"choices": [{"message": {"tool_calls": [CALL, CALL]}, "finish_reason": "tool_calls"}]},
            Said(("search", "search"), "tool_calls"),
        ),
        (
            {"choices": [{"message": {"function_call": {"name": "old"}}, "finish_reason": "stop"}]},
            Said(("old",), "stop"),
        ),
        ({"choices": [{"text": "a", "finish_reason": "stop"}]}, Said((), "stop", is_final=True)),
        (
            {"status": "completed", "output": [{"type": "function_call", "name": "web"}]},
            Said(("web",), "stop"),
        ),
        ({"status": "completed", "output": []}, Said((), "stop", is_final=True)),
        ({"status": "incomplete", "output": []}, Said((), "length")),
        ({"error": {"message": "tool_calls"}}, Said()),
    ],
)
@pytest.mark.parametrize("compact", [True, False])
def test_whole_answers_are_heard(body: dict[str, Any], expected: Said, compact: bool) -> None:
    text = event(body, compact=compact)[6:]
    assert heard([text], is_stream=False) == expected
    assert heard(cut(text, [7, 20, 33]), is_stream=False) == expected


def test_responses_in_a_stream_are_heard() -> None:
    item = {"type": "function_call", "name": "web", "arguments": "{}"}
    events = [
        {"type": "response.output_item.done", "item": item},
        {"type": "response.completed", "response": {"status": "completed", "output": [item]}},
    ]
    text = b"".join(b"event: %b\n" % one["type"].encode() + event(one) for one in events)
    assert heard([text]) == Said(("web",), "stop", is_final=False)


@given(st.lists(st.binary(max_size=60), max_size=6), st.booleans())
def test_no_bytes_do_harm(pieces: list[bytes], is_stream: bool) -> None:
    signs = [b'data: {"tool_calls": ' + one + b"\n" for one in pieces]
    assert heard(pieces + signs, is_stream=is_stream).tools in ((), ("search",))


def test_what_never_ends_is_forgotten() -> None:
    ear = Ear(is_stream=True, is_program=True)
    for _ in range(40):
        ear.see(b'{"tool_calls"' + b"x" * 100_000)
    assert sum(map(len, ear._rest)) <= 1 << 20
    many = delta(tool_calls=[CALL] * 1000)
    assert len(heard([event(many)]).tools) == 64
    assert heard([b'data: {"tool_calls":' + b"[" * 100_000 + b"\n"]) == Said()


def test_bytes_that_are_no_text_are_the_engines_business() -> None:
    raw = b'data: {"choices":[{"finish_reason":"\xff","delta":{}}]}\n\n'
    assert heard([raw, *map(event, CHAT)]).tools == ("search",)
