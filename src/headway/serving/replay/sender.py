"""Sends a workload to an endpoint: each request at its time, whatever became of those before."""

from __future__ import annotations

import asyncio
import ssl
import time
from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Literal
from urllib.parse import urlsplit

import msgspec

from headway.errors import ConfigError
from headway.serving.replay.prompts import Prompts
from headway.serving.replay.run import Heard, ReplayRun
from headway.serving.replay.stream import Events
from headway.serving.wire import Header, Pool, UpstreamError
from headway.serving.workload import NO_LIMIT, Workload

_PATHS = {"completions": b"/v1/completions", "chat": b"/v1/chat/completions"}


@dataclass(frozen=True, kw_only=True)
class Endpoint:
    """Where traffic is sent, and how.

    Parameters
    ----------
    url
        Of the server, such as ``"http://127.0.0.1:8000"``.
    model
        That requests ask for, unless they need an adapter.
    api
        ``"completions"`` or ``"chat"``.
    api_key
        Sent as a bearer token.
    headers
        To send with every request.
    exactly
        Whether answers are to have as many tokens as in the trace, by ``ignore_eos``, which vLLM
        and SGLang know; else that is the most they may have.
    prompts
        ``"text"`` or ``"ids"``; see `Prompts`.
    token_bytes
        See `Prompts`.
    """

    url: str
    model: str
    api: Literal["completions", "chat"] = "completions"
    api_key: str | None = field(default=None, repr=False)
    headers: tuple[tuple[str, str], ...] = ()
    exactly: bool = True
    prompts: Literal["text", "ids"] = "text"
    token_bytes: int = 4

    def __post_init__(self) -> None:
        if self.api not in _PATHS:
            raise ConfigError(f"api: expected completions or chat, got {self.api!r}")
        if self.api == "chat" and self.prompts == "ids":
            raise ConfigError("prompts: token ids can only be sent to completions")
        self.pool(1).close()

    def pool(self, connections: int) -> Pool:
        """Return connections to it.

        Raises
        ------
        ConfigError
            If the address is none.
        """
        parts = urlsplit(self.url)
        try:
            port = parts.port or {"http": 80, "https": 443}[parts.scheme]
        except (ValueError, KeyError):
            raise ConfigError(f"url: expected http://HOST:PORT, got {self.url!r}") from None
        if not parts.hostname or parts.path not in ("", "/", "/v1", "/v1/"):
            raise ConfigError(f"url: expected http://HOST:PORT, got {self.url!r}")
        tls = ssl.create_default_context() if parts.scheme == "https" else None
        return Pool(parts.hostname, port, tls=tls, idle=connections)


@dataclass
class _Sender:
    workload: Workload
    endpoint: Endpoint
    prompts: Prompts
    pool: Pool
    room: asyncio.Semaphore
    timeout_s: float
    begin_s: float = 0.0

    def now_s(self) -> float:
        return time.perf_counter() - self.begin_s

    async def send(self, request: int, one: Heard) -> None:
        async with self.room:
            one.late_s = max(self.now_s() - float(self.workload.arrival_s[request]), 0.0)
            try:
                async with asyncio.timeout(self.timeout_s):
                    await self._exchange(request, one)
            except TimeoutError:
                one.error = f"no whole answer within {self.timeout_s:g} s"
            except UpstreamError as error:
                one.error = str(error)

    async def _exchange(self, request: int, one: Heard) -> None:
        path = _PATHS[self.endpoint.api]
        answer = await self.pool.send(b"POST", path, self._headers(request), self._body(request))
        one.engine = (answer.header(b"x-headway-engine") or b"").decode("latin-1")
        if answer.status != 200:
            one.error = f"{answer.status} {_message(await answer.read())}"
            return
        events = Events()
        async for piece in answer.pieces():
            now_s = self.now_s()
            one.pieces_s.extend([now_s] * events.feed(piece))
        one.prompt_tokens, one.output_tokens = events.prompt_tokens, events.output_tokens
        one.cached_tokens = events.cached_tokens
        if events.error:
            one.error = events.error
        elif not events.done:
            one.error = "the answer ends without [DONE]"

    def _headers(self, request: int) -> list[Header]:
        traffic, found = self.workload, [(b"content-type", b"application/json")]
        if self.endpoint.api_key is not None:
            found.append((b"authorization", b"Bearer " + self.endpoint.api_key.encode()))
        if traffic.session[request] >= 0:
            found.append((b"x-session-id", b"%d" % traffic.session[request]))
        if len(traffic.classes) > 1:
            name = traffic.classes[int(traffic.service_class[request])].name
            found.append((b"x-headway-class", name.encode()))
        found += [(name.lower().encode(), text.encode()) for name, text in self.endpoint.headers]
        return found

    def _body(self, request: int) -> bytes:
        traffic, prompt = self.workload, self.prompts.of(request)
        tokens = int(traffic.output_tokens[request])
        limit = int(traffic.limit_tokens[request])
        adapter = int(traffic.adapter[request])
        body: dict[str, object] = {
            "model": traffic.adapters[adapter] if adapter >= 0 else self.endpoint.model,
            "stream": True,
            "stream_options": {"include_usage": True},
            "max_tokens": tokens if limit == NO_LIMIT else min(tokens, limit),
        }
        if self.endpoint.exactly:
            body["ignore_eos"] = True
        if traffic.priority[request]:
            body["priority"] = int(traffic.priority[request])
        if self.endpoint.api == "chat":
            body["messages"] = [{"role": "user", "content": prompt}]
        else:
            body["prompt"] = prompt
        return msgspec.json.encode(body)


async def replay(
    workload: Workload,
    endpoint: Endpoint,
    *,
    speed: float = 1.0,
    most_in_flight: int = 4096,
    timeout_s: float = 600.0,
    news: Callable[[int, int, float], None] | None = None,
) -> ReplayRun:
    """Send every request at its time, and return what was measured.

    The loop is open: a slow endpoint gets no fewer requests, until so many are under way that the
    bound is met; those that wait for it count as late, and their latency from when they were due.

    Parameters
    ----------
    workload
        The requests.
    endpoint
        Where they go.
    speed
        Times the rate of arrivals.
    most_in_flight
        Bound of the requests under way.
    timeout_s
        Time for a whole answer.
    news
        Told, about once in a second, how many were sent, how many of them are answered, and the
        time.

    Raises
    ------
    ConfigError
        If a number is not positive.
    """
    for name, value in (("most_in_flight", most_in_flight), ("timeout_s", timeout_s)):
        if not value > 0:
            raise ConfigError(f"{name}: must be positive, got {value}")
    traffic = workload if speed == 1 else workload.scaled(speed)
    pool = endpoint.pool(most_in_flight)
    prompts = Prompts(traffic, endpoint.prompts, endpoint.token_bytes)
    room = asyncio.Semaphore(most_in_flight)
    sender = _Sender(traffic, endpoint, prompts, pool, room, timeout_s)
    heard = [Heard(error="interrupted") for _ in range(len(traffic))]
    sent: set[asyncio.Task[None]] = set()
    sender.begin_s = time.perf_counter()
    told_s = 0.0
    try:
        for request, due_s in enumerate(traffic.arrival_s.tolist()):
            while (now_s := sender.now_s()) < due_s:
                await asyncio.sleep(min(due_s - now_s, 1.0))
                if news is not None and sender.now_s() >= told_s + 1:
                    told_s = sender.now_s()
                    news(request, request - len(sent), told_s)
            heard[request].error = ""
            task = asyncio.create_task(sender.send(request, heard[request]))
            sent.add(task)
            task.add_done_callback(sent.discard)
        while sent:
            await asyncio.wait(sent, timeout=1.0)
            if news is not None:
                news(len(traffic), len(traffic) - len(sent), sender.now_s())
    finally:
        for task in sent:
            task.cancel()
        await asyncio.gather(*sent, return_exceptions=True)
        pool.close()
    return ReplayRun.of(traffic, heard, endpoint.url)


def _message(body: bytes) -> str:
    """Return what an error says for itself, cut to a line."""
    try:
        found = msgspec.json.decode(body)
        text = str(found["error"]["message"])
    except (msgspec.DecodeError, UnicodeDecodeError, RecursionError, KeyError, TypeError):
        text = body.decode("utf-8", "replace")
    return " ".join(text.split())[:200]
