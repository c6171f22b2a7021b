"""Engines that are nothing but sockets, so that they can do what no server would."""

from __future__ import annotations

import asyncio
import json
import re
import socket
import struct
from collections import Counter
from collections.abc import Callable
from typing import Any

import h11

Mood = Callable[[str], str]
"""Names what goes wrong with a request, by its id."""

_EVENTS = [("content-type", "text/event-stream"), ("transfer-encoding", "chunked")]


class RawEngine:
    """Says ``ID.0 ID.1 ...`` to the prompt ``ID``, unless its mood is another.

    What has been said may stand behind the prompt, as in ``IDID.0 ``: it goes on from there.

    Parameters
    ----------
    mood
        Of each request.
    words, pace_s
        That are said, and the pause between two of them.
    ballast
        Bytes of a comment after each word of a stream.
    models
        That are served.

    Attributes
    ----------
    asked, said
        How often each id has come, and has been answered to the end.
    bodies
        Of all requests.
    open
        Requests under way.
    ill
        Whether it says so when asked for its health.
    tells_usage
        Whether a stream ends with the usage.
    """

    def __init__(
        self,
        mood: Mood = lambda _: "",
        *,
        words: int = 4,
        pace_s: float = 0.001,
        ballast: int = 0,
        models: tuple[str, ...] = ("m",),
    ) -> None:
        self.mood = mood
        self.words = words
        self.pace_s = pace_s
        self.ballast = b": %b\n\n" % (b"x" * ballast) if ballast else b""
        self.models = models
        self.bodies: list[dict[str, Any]] = []
        self.asked: Counter[str] = Counter()
        self.said: Counter[str] = Counter()
        self.open = 0
        self.ill = False
        self.tells_usage = False
        self.host, self.port = "127.0.0.1", 0
        self._server: asyncio.Server | None = None
        self._tasks: set[asyncio.Task[None]] = set()

    @property
    def url(self) -> str:
        return f"http://{self.host}:{self.port}"

    async def start(self) -> None:
        self._server = await asyncio.start_server(self._meet, self.host, self.port)
        self.port = self._server.sockets[0].getsockname()[1]

    async def kill(self) -> None:
        """Be gone at once, as a process that is killed: connections are reset."""
        if self._server is not None:
            self._server.close()
            self._server = None
        for task in list(self._tasks):
            task.cancel()
        await asyncio.gather(*self._tasks, return_exceptions=True)

    async def _meet(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        task = asyncio.current_task()
        assert task is not None
        self._tasks.add(task)
        try:
            await self._talk(reader, writer)
        except (ConnectionError, asyncio.IncompleteReadError, h11.RemoteProtocolError):
            pass
        except asyncio.CancelledError:
            _reset(writer)
        finally:
            self._tasks.discard(task)
            writer.close()

    async def _talk(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        while True:
            found = await _request(reader)
            if found is None:
                return
            target, body = found
            if body:
                asked = json.loads(body)
                name, begin = _read_prompt(asked["prompt"])
                self.asked[name] += 1
                self.bodies.append(asked)
                self.open += 1
                try:
                    async with _listening(reader):
                        stream = bool(asked.get("stream"))
                        whole = await self._answer(writer, name, begin, stream=stream)
                finally:
                    self.open -= 1
                self.said[name] += whole
            else:
                writer.write(_plain(*self._tell(target)))
            await writer.drain()

    def _tell(self, target: bytes) -> tuple[int, bytes]:
        if target == b"/v1/models":
            return 200, json.dumps({"data": [{"id": name} for name in self.models]}).encode()
        if target == b"/metrics":
            return 200, b"vllm:num_requests_running 3\nvllm:num_requests_waiting 2\n"
        return (503 if self.ill else 200), b""

    async def _answer(
        self, writer: asyncio.StreamWriter, name: str, begin: int, *, stream: bool
    ) -> bool:
        mood = self.mood(name)
        if "m" not in self.models:
            writer.write(_plain(404, b'{"error":{"message":"The model `m` does not exist."}}'))
            return False
        if mood.isdigit():
            writer.write(_plain(int(mood), b'{"error":{"message":"no","code":%b}}' % mood.encode()))
            return False
        if mood in _BEFORE:
            await _BEFORE[mood](writer)
        if stream:
            await self._stream(writer, name, mood, begin)
        else:
            await self._whole(writer, name, mood)
        return True

    async def _whole(self, writer: asyncio.StreamWriter, name: str, mood: str) -> None:
        await asyncio.sleep(self.pace_s * self.words)
        body = said(name, self.words)
        answer = _plain(200, body)
        if mood == "long":  # more is promised than comes
            answer = _plain(200, body, len(body) + 10)
        elif mood == "short":  # more comes than was promised
            answer = _plain(200, body, len(body) - 5)
        elif mood == "drip":
            await _drip(writer, answer[:120])
            answer = answer[120:]
        half = answer[: len(answer) - len(body) // 2]
        if mood.endswith("-mid"):
            writer.write(half)
            await writer.drain()
            # Nobody could tell garbage from the body of such an answer.
            await _break(writer, mood.replace("garbage", "reset"))
        writer.write(answer)
        if mood in ("long", "short"):
            await writer.drain()
            raise ConnectionError

    async def _stream(self, writer: asyncio.StreamWriter, name: str, mood: str, begin: int) -> None:
        head = _head(200, _EVENTS)
        if mood == "drip":
            await _drip(writer, head)
        else:
            writer.write(head)
        for number in range(begin, self.words):
            if number == (begin + self.words) // 2 and mood.endswith("-mid"):
                await writer.drain()
                await _break(writer, mood)
            writer.write(_chunk(_event(name, number) + self.ballast))
            await writer.drain()
            await asyncio.sleep(self.pace_s)
        if self.tells_usage:
            used = {"prompt_tokens": 1 + begin, "completion_tokens": self.words - begin}
            told = json.dumps({"choices": [], "usage": used}).encode()
            writer.write(_chunk(b"data: %b\n\n" % told))
        if mood == "long":
            await writer.drain()
            raise ConnectionError
        if mood == "short":
            writer.write(_chunk(b"data: [DONE]\n\n") + b"0\r\n\r\nmore than that")
            await writer.drain()
            raise ConnectionError
        writer.write(_chunk(b"data: [DONE]\n\n") + b"0\r\n\r\n")


_SAID = re.compile(r"([a-z]+\d+?)((?:\1\.\d+ )*)")


def _read_prompt(prompt: str) -> tuple[str, int]:
    """Return the id in a prompt, and how many words have been said."""
    found = _SAID.fullmatch(prompt)
    assert found is not None, prompt
    words = found[2].split()
    assert words == [f"{found[1]}.{k}" for k in range(len(words))], prompt
    return found[1], len(words)


def said(name: str, words: int) -> bytes:
    """Return the body of a whole answer."""
    text = "".join(f"{name}.{number} " for number in range(words))
    usage = {"prompt_tokens": 1, "completion_tokens": words}
    return json.dumps({"choices": [{"index": 0, "text": text}], "usage": usage}).encode()


async def _hang(_: asyncio.StreamWriter) -> None:
    await asyncio.sleep(3600)


async def _hang_headers(writer: asyncio.StreamWriter) -> None:
    writer.write(_head(200, _EVENTS))
    await asyncio.sleep(3600)


async def _reset_at_once(writer: asyncio.StreamWriter) -> None:
    _reset(writer)
    raise ConnectionError


async def _close_at_once(_: asyncio.StreamWriter) -> None:
    raise ConnectionError


async def _reset_headers(writer: asyncio.StreamWriter) -> None:
    writer.write(_head(200, _EVENTS))
    await writer.drain()
    await asyncio.sleep(0.005)
    await _reset_at_once(writer)


async def _garbage(writer: asyncio.StreamWriter) -> None:
    writer.write(b"\x00\xff\x16\x03 this is no HTTP\r\n\r\n" * 3)
    await writer.drain()
    raise ConnectionError


async def _garbage_body(writer: asyncio.StreamWriter) -> None:
    writer.write(_head(200, _EVENTS) + b"zz\r\nno chunk\r\n")
    await writer.drain()
    await asyncio.sleep(0.05)
    raise ConnectionError


async def _garbage_headers(writer: asyncio.StreamWriter) -> None:
    writer.write(b"HTTP/1.1 200 OK\r\ncontent length: 5\r\n\x00: \x01\r\n\r\nhello")
    await writer.drain()
    raise ConnectionError


async def _endless_headers(writer: asyncio.StreamWriter) -> None:
    writer.write(b"HTTP/1.1 200 OK\r\n")
    while True:
        writer.write(b"x-%d: %b\r\n" % (id(writer), b"y" * 100))
        await writer.drain()
        await asyncio.sleep(0.002)


_BEFORE = {
    "hang": _hang,
    "hang-headers": _hang_headers,
    "reset": _reset_at_once,
    "close": _close_at_once,
    "reset-headers": _reset_headers,
    "garbage": _garbage,
    "garbage-body": _garbage_body,
    "garbage-headers": _garbage_headers,
    "endless-headers": _endless_headers,
}
BEFORE = tuple(_BEFORE)
"""Moods in which nothing of an answer comes, or nothing that is one."""

MIDDLE = ("reset-mid", "close-mid", "hang-mid", "garbage-mid")
"""Moods that break off in the middle of an answer."""


async def _break(writer: asyncio.StreamWriter, mood: str) -> None:
    if mood == "hang-mid":
        await asyncio.sleep(3600)
    if mood == "garbage-mid":
        writer.write(b"zz\r\n\x00\x01\xff")
        await writer.drain()
    await asyncio.sleep(0.005)
    if mood == "reset-mid":
        _reset(writer)
    raise ConnectionError


async def _drip(writer: asyncio.StreamWriter, data: bytes) -> None:
    for at in range(0, len(data), 4):
        writer.write(data[at : at + 4])
        await asyncio.sleep(0.001)


def _reset(writer: asyncio.StreamWriter) -> None:
    sock = writer.get_extra_info("socket")
    if sock is not None:
        sock.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
    writer.transport.abort()


async def _request(reader: asyncio.StreamReader) -> tuple[bytes, bytes] | None:
    """Return the target and the body of the next request."""
    talk = h11.Connection(h11.SERVER)
    body, target = b"", b""
    while True:
        event = talk.next_event()
        if event is h11.NEED_DATA:
            data = await reader.read(65536)
            if not data:
                return None
            talk.receive_data(data)
        elif isinstance(event, h11.Request):
            target = event.target
        elif isinstance(event, h11.Data):
            body += event.data
        elif isinstance(event, h11.EndOfMessage):
            assert talk.trailing_data[0] == b"", "the gateway does not pipeline"
            return target, body
        else:
            return None


class _listening:
    """Cancels what is under way when who asked goes away."""

    def __init__(self, reader: asyncio.StreamReader) -> None:
        self._reader = reader

    async def __aenter__(self) -> None:
        task = asyncio.current_task()
        assert task is not None
        self._left = False
        self._task = task
        self._watch = asyncio.create_task(self._look())

    async def _look(self) -> None:
        try:
            data = await self._reader.read(1)
            assert not data, "the gateway does not pipeline"
        except ConnectionError:
            pass
        self._left = True
        self._task.cancel()

    async def __aexit__(self, *exc: object) -> None:
        self._watch.cancel()
        await asyncio.gather(self._watch, return_exceptions=True)
        if self._left and self._task.uncancel() == 0:
            raise ConnectionError


def _head(status: int, headers: list[tuple[str, str]]) -> bytes:
    lines = "".join(f"{name}: {value}\r\n" for name, value in headers)
    return f"HTTP/1.1 {status} Some\r\n{lines}\r\n".encode()


def _plain(status: int, body: bytes, length: int | None = None) -> bytes:
    told = len(body) if length is None else length
    headers = [("content-type", "application/json"), ("content-length", str(told))]
    return _head(status, headers) + body


def _chunk(data: bytes) -> bytes:
    return b"%x\r\n%b\r\n" % (len(data), data)


def _event(name: str, number: int) -> bytes:
    told = {"choices": [{"index": 0, "text": f"{name}.{number} "}]}
    return b"data: %b\n\n" % json.dumps(told).encode()
