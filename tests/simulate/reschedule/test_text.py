"""Events in words: read by rules or by a model, believed only after a dry run."""

from __future__ import annotations

import json
import threading
import time
from collections.abc import Iterator
from datetime import datetime
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

import headway as hw
from headway.chat import Chat
from headway.errors import ConfigError, EventError, FormatError, HeadwayError, UnknownNameError
from headway.simulate.events import (
    DueDateChange,
    DurationChange,
    Event,
    JobArrival,
    JobCancel,
    MachineChange,
    MachineDown,
    MachineUp,
    Work,
    WorkMode,
)
from headway.simulate.reschedule import parse_events, read_events
from tests.simulate.reschedule.shops import bakery, plan

SAID: list[tuple[str, Event]] = [
    ("left is down from 30 to 45", MachineDown(time=6, machine="left", start=30, end=45)),
    (
        "The machine 'left' is down for 15, restart.",
        MachineDown(time=6, machine="left", start=6, end=21, running="restart"),
    ),
    (
        "machine left fails at 8 for 2, moves",
        MachineDown(time=6, machine="left", start=8, end=10, running="move"),
    ),
    ("left works again", MachineUp(time=6, machine="left")),
    ("rye/bake takes 12", DurationChange(time=6, task="rye/bake", duration=12)),
    (
        "task cake/bake takes 12 on right",
        DurationChange(time=6, task="cake/bake", duration=12, machine="right"),
    ),
    (
        "cake/bake is done on right in 9",
        MachineChange(time=6, task="cake/bake", modes=(WorkMode(9, {"right": 1}),)),
    ),
    (
        "cake/bake moves to right",
        MachineChange(time=6, task="cake/bake", modes=(WorkMode(10, {"right": 1}),)),
    ),
    ("job rye is cancelled", JobCancel(time=6, job="rye")),
    ('cancel job "rye"', JobCancel(time=6, job="rye")),
    ("at 5: job cake is due at 90", DueDateChange(time=5, job="cake", due=90)),
    ("job cake has no due date", DueDateChange(time=6, job="cake", due=None)),
    (
        "new job pie: 5 on mixer, then 7 on left; due 90; release 20; weight 3",
        JobArrival(
            time=6,
            job="pie",
            tasks=(Work((WorkMode(5, {"mixer": 1}),)), Work((WorkMode(7, {"left": 1}),))),
            due=90,
            release=20,
            weight=3,
        ),
    ),
]


@pytest.mark.parametrize(("text", "event"), SAID)
def test_sentences_become_events(text: str, event: Event) -> None:
    assert parse_events(text, bakery(), 6) == (event,)


def test_several_sentences_become_several_events() -> None:
    text = "left is down for 5. job rye is cancelled.\n\nright works again"
    assert [type(event) for event in parse_events(text, bakery(), 6)] == [
        MachineDown,
        JobCancel,
        MachineUp,
    ]


def test_dates_are_ticks_of_the_problem() -> None:
    m = hw.Model("dated", tick_s=60, origin=datetime(2026, 3, 2, 8))
    m.task(name="cut").mode({m.machine("saw"): 1}, duration=5)
    text = "saw is down from 2026-03-02 09:00 to 2026-03-02 10:30"
    (event,) = parse_events(text, m.problem(), 0)
    assert event == MachineDown(time=0, machine="saw", start=60, end=150)
    with pytest.raises(EventError, match="no date"):
        parse_events("saw is down from 2026-13-02 to 7", m.problem(), 0)
    with pytest.raises(EventError, match="does not say when it begins"):
        parse_events("left is down from 2026-03-02 to 7", bakery(), 0)


@pytest.mark.parametrize("text", ["the cat sat", "left is down", "new job x: mixer", "x" * 30_000])
def test_other_sentences_are_refused_with_what_would_do(text: str) -> None:
    with pytest.raises(FormatError):
        parse_events(text, bakery(), 6)


WORDS = (
    "left right mixer rye/bake cake/bake job rye is down from to for takes on at 5 17 new : , ; ."
    " due cancel works again moves ' \" the machine 2026-03-02 99999999999999"
)
words = st.sampled_from([*WORDS.split(), "\n"])
BAKERY = bakery()


@given(st.one_of(st.text(max_size=80), st.lists(words, max_size=14).map(" ".join)))
@settings(max_examples=150, deadline=None)
def test_any_text_gives_events_or_a_refusal(text: str) -> None:
    try:
        events = parse_events(text, BAKERY, 6)
    except HeadwayError:
        return
    assert all(event.time >= 0 for event in events)


class Model(BaseHTTPRequestHandler):
    """Answers with what the test has prepared, one after another."""

    def do_POST(self) -> None:
        server: Any = self.server
        body = self.rfile.read(int(self.headers["Content-Length"]))
        server.asked.append(json.loads(body)["messages"])
        status, data = server.replies.pop(0)
        self.send_response(status)
        self.end_headers()
        for part in data:
            if server.pause:
                time.sleep(server.pause)
            try:
                self.wfile.write(part)
                self.wfile.flush()
            except OSError:
                return

    def log_message(self, *args: object) -> None:
        pass


@pytest.fixture
def model() -> Iterator[Any]:
    server: Any = ThreadingHTTPServer(("127.0.0.1", 0), Model)
    server.asked, server.replies, server.pause = [], [], 0.0
    thread = threading.Thread(target=server.serve_forever, daemon=True)
    thread.start()
    yield server
    server.shutdown()
    server.server_close()
    thread.join()


def says(content: object) -> tuple[int, list[bytes]]:
    return 200, [json.dumps({"choices": [{"message": {"content": content}}]}).encode()]


def ask(model: Any, text: str = "the left oven is broken", **options: float) -> tuple[Event, ...]:
    address = f"http://127.0.0.1:{model.server_port}/v1"
    chat = Chat(address, "small", timeout_s=options.get("timeout_s", 10))
    return read_events(text, plan(bakery()), 6, chat=chat)


DOWN = '[{"kind": "machine-down", "time": 6, "machine": "left", "from": 6, "to": 9}]'


def test_a_model_reads_what_the_rules_do_not_understand(model: Any) -> None:
    model.replies = [says(f"Here:\n```json\n{DOWN}\n```")]
    assert ask(model) == (MachineDown(time=6, machine="left", start=6, end=9),)
    system, question = model.asked[0]
    assert "machine-down" in system["content"]
    assert "the left oven is broken" in question["content"]
    assert "rye/bake" in question["content"]


def test_what_the_rules_understand_is_not_asked(model: Any) -> None:
    assert ask(model, "job rye is cancelled") == (JobCancel(time=6, job="rye"),)
    assert model.asked == []


def test_a_model_is_told_what_was_wrong_and_asked_again(model: Any) -> None:
    model.replies = [says(DOWN.replace("left", "lefd")), says(DOWN)]
    assert len(ask(model)) == 1
    assert "did you mean left" in model.asked[1][-1]["content"]


HOSTILE = [
    "I have restarted all machines for you.",
    "__import__('os').system('true')",
    "[]",
    "{}",
    "[" * 50_000,
    '[{"kind": "shell", "time": 6, "command": "rm"}]',
    DOWN.replace('"left"', '"mixer"').replace('"from": 6', '"from": 1'),
    DOWN.replace('"time": 6', '"time": 7'),
    '[{"kind": "duration-change", "time": 6, "task": "rye/mix", "duration": 1}]',
    '[{"kind": "job-cancel", "time": 6, "job": "rye", "also": "cake"}]',
    json.dumps(json.loads(DOWN) * 101),
    None,
    7,
]


@pytest.mark.parametrize("content", HOSTILE)
def test_bad_answers_are_rejected_with_the_reason(model: Any, content: object) -> None:
    model.replies = [says(content), says(content)]
    with pytest.raises(FormatError, match=r"rejected|did not answer"):
        ask(model)


@pytest.mark.parametrize(
    "reply",
    [
        (500, [b"no"]),
        (200, [b"no json"]),
        (200, [b'{"choices": []}']),
        (200, [b"[" * 100_000]),
        (200, [b"x" * (1 << 16)] * 20),
    ],
)
def test_endpoints_that_fail_are_said_to(model: Any, reply: tuple[int, list[bytes]]) -> None:
    model.replies = [reply]
    with pytest.raises(FormatError, match="did not answer"):
        ask(model)


def test_a_slow_endpoint_is_not_waited_for(model: Any) -> None:
    model.pause, model.replies = 0.05, [(200, [b" "] * 200)]
    with pytest.raises(FormatError, match=r"did not answer.*TimeoutError"):
        ask(model, timeout_s=0.3)


def test_what_the_rules_understand_must_fit_the_plan() -> None:
    with pytest.raises(UnknownNameError, match="did you mean rye"):
        read_events("job ray is cancelled", plan(bakery()), 6)
    with pytest.raises(EventError, match="finished"):
        read_events("rye/mix takes 9", plan(bakery()), 6)


@pytest.mark.parametrize("options", [{"address": "ftp://x"}, {"timeout_s": 0}])
def test_a_chat_that_cannot_be_is_refused(options: dict[str, Any]) -> None:
    with pytest.raises(ConfigError):
        Chat(**{"address": "http://x", "model": "m", **options})
