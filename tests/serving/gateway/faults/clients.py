"""Clients that trust nobody: a parser of its own, and an id in every word."""

from __future__ import annotations

import asyncio
import itertools
import json
import random
import time
from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import Any

import h11

_numbers = itertools.count()


@dataclass
class Outcome:
    """What a client got.

    Attributes
    ----------
    name
        Of the request.
    kind
        ``"whole"``, ``"refused"`` with an error instead of an answer, ``"broken"`` in the middle
        and told so, ``"cut"``: the connection ended before the answer did.
    status
        Of the answer, 0 if there was none.
    text
        That came.
    headers
        Of the answer.
    comments
        Within a stream.
    seconds
        From the request to the end.
    """

    name: str
    kind: str = "cut"
    status: int = 0
    text: str = ""
    headers: dict[str, str] = field(default_factory=dict)
    body: bytes = b""
    comments: list[str] = field(default_factory=list)
    seconds: float = 0.0

    @property
    def lost(self) -> bool:
        """Whether nothing of an answer came."""
        return self.kind != "whole" and not self.text


async def ask(
    address: tuple[str, int],
    *,
    stream: bool,
    words: int = 4,
    key: str = "",
    headers: Sequence[tuple[str, str]] = (),
    limit: int | None = None,
) -> Outcome:
    """Ask for a completion, and see that what comes is its answer or the beginning of it."""
    outcome = Outcome(f"r{next(_numbers)}")
    begin_s = time.monotonic()
    reader, writer = await asyncio.open_connection(*address)
    told = {"model": "m", "prompt": outcome.name, "stream": stream}
    if limit is not None:
        told["max_tokens"] = limit
    body = json.dumps(told).encode()
    lines = [("host", "gateway"), ("content-length", str(len(body))), *headers]
    if key:
        lines.append(("authorization", f"Bearer {key}"))
    talk = h11.Connection(h11.CLIENT)
    request = h11.Request(method="POST", target="/v1/completions", headers=lines)
    try:
        writer.write(talk.send(request) or b"")
        writer.write(talk.send(h11.Data(data=body)) or b"")
        writer.write(talk.send(h11.EndOfMessage()) or b"")
        ended = await _read(talk, reader, outcome)
    finally:
        outcome.seconds = time.monotonic() - begin_s
        writer.close()
    _judge(outcome, ended=ended, stream=stream, words=words)
    return outcome


async def many(
    address: tuple[str, int],
    count: int,
    *,
    over_s: float = 0.1,
    seed: int = 1,
    words: int = 4,
    streams: bool = False,
    **more: Any,
) -> list[Outcome]:
    """Ask so often, streaming and not, or only that, at random times."""
    chance = random.Random(seed)

    async def later(number: int, wait_s: float) -> Outcome:
        await asyncio.sleep(wait_s)
        return await ask(address, stream=streams or number % 2 == 0, words=words, **more)

    waits = [chance.uniform(0, over_s) for _ in range(count)]
    return await asyncio.gather(*[later(*one) for one in enumerate(waits)])


async def _read(talk: h11.Connection, reader: asyncio.StreamReader, outcome: Outcome) -> bool:
    """Take an answer, and return whether it came to its end."""
    while True:
        event = talk.next_event()
        if event is h11.NEED_DATA:
            try:
                data = await reader.read(65536)
            except ConnectionError:
                return False
            if not data:
                return False
            talk.receive_data(data)
        elif isinstance(event, h11.Response):
            outcome.status = event.status_code
            outcome.headers = {name.decode(): value.decode() for name, value in event.headers}
        elif isinstance(event, h11.Data):
            outcome.body += event.data
        elif isinstance(event, h11.EndOfMessage):
            assert talk.trailing_data[0] == b"", "more than an answer"
            return True
        else:
            return False


def _judge(outcome: Outcome, *, ended: bool, stream: bool, words: int) -> None:
    expected = "".join(f"{outcome.name}.{number} " for number in range(words))
    if outcome.status != 200:
        if ended:
            outcome.kind = "refused"
            error = json.loads(outcome.body)["error"]
            assert error["message"], outcome
        assert ended or not outcome.body, outcome
        return
    if not stream:
        if ended:
            outcome.kind = "whole"
            outcome.text = json.loads(outcome.body)["choices"][0]["text"]
            assert outcome.text == expected, outcome
        else:
            # All that came is the beginning of its own answer.
            begin = json.dumps({"choices": [{"index": 0, "text": expected}]})[:-3].encode()
            length = min(len(begin), len(outcome.body))
            assert outcome.body[:length] == begin[:length], outcome
            outcome.text = outcome.body.decode(errors="replace")
        return
    events = outcome.body.decode().split("\n\n")
    last = ""
    for event in events[:-1]:
        last = event.removeprefix("data: ")
        if last.startswith(": "):
            outcome.comments.append(last)
        elif last != "[DONE]" and "error" not in (told := json.loads(last)):
            outcome.text += "".join(one["text"] for one in told["choices"])
    assert expected.startswith(outcome.text), outcome
    if ended and last == "[DONE]":
        outcome.kind = "whole"
        assert outcome.text == expected, outcome
    elif ended:
        outcome.kind = "broken"
        assert json.loads(last)["error"]["message"], outcome
