"""One client's connection to a server: what it may send, and until when."""

from __future__ import annotations

import asyncio
import logging
from collections import deque
from typing import TYPE_CHECKING, cast

from headway.serving.wire.exchange import Exchange
from headway.serving.wire.headers import Header
from headway.serving.wire.parser import httptools

if TYPE_CHECKING:
    from headway.serving.wire.server import Server

_log = logging.getLogger(__name__)

_LINGER_S = 2.0


class Connection(asyncio.Protocol):
    """One client's connection; see `headway.serving.wire.exchange.Channel`."""

    def __init__(self, server: Server, loop: asyncio.AbstractEventLoop) -> None:
        self._server = server
        self._limits = server.limits
        self._loop = loop
        self._transport: asyncio.Transport | None = None
        self._parser = httptools.HttpRequestParser(self)
        self._peer = ""
        self._waiting: deque[Exchange] = deque()
        self._current: Exchange | None = None
        self._task: asyncio.Task[None] | None = None
        self._can_write: asyncio.Future[None] | None = None
        self._paused = False
        self._refused = False
        self._closing = False
        self._in_head = True
        self._unclear = 0  # bytes that came and were neither a whole head nor a body yet
        self._head_bytes = 0
        self._target = b""
        self._headers: list[Header] = []
        self._body: bytes | bytearray = b""
        self.deadline_s = float("inf")

    # what the loop tells

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        """Begin, unless there are too many."""
        transport = cast("asyncio.Transport", transport)
        self._transport = transport
        server = self._server
        if server.stopping or len(server.connections) >= self._limits.connections:
            transport.abort()
            return
        transport.set_write_buffer_limits(high=self._limits.write_buffer_bytes)
        peer = transport.get_extra_info("peername")
        self._peer = str(peer[0]) if peer else ""
        server.connections.add(self)
        self.deadline_s = self._loop.time() + self._limits.head_s

    def connection_lost(self, exc: Exception | None) -> None:  # noqa: ARG002
        """Stop whoever is answering."""
        self._server.connections.discard(self)
        self._transport = None
        self._waiting.clear()
        if self._task is not None:
            self._task.cancel()
        if self._can_write is not None and not self._can_write.done():
            self._can_write.set_result(None)

    def data_received(self, data: bytes) -> None:
        """Parse, within the limits."""
        if self._refused:
            return
        if self._in_head and not self._unclear:
            self._await(self._limits.head_s)
        self._unclear += len(data)
        try:
            self._parser.feed_data(data)
        except httptools.HttpParserUpgrade:
            self._refuse(501, "this server does not switch protocols")
            return
        except httptools.HttpParserCallbackError as error:
            known = error.__context__
            if isinstance(known, _RefusedError):
                self._refuse(known.status, str(known))
            else:
                _log.error("a callback of the parser failed", exc_info=error)
                self._refuse(400, "malformed request")
            return
        except httptools.HttpParserError as error:
            self._refuse(400, f"malformed request: {error}")
            return
        if self._unclear > self._limits.head_bytes:
            self._refuse(431, "the headers are too long")

    def eof_received(self) -> bool:
        """Take a client that has closed its side as gone."""
        return False

    def pause_writing(self) -> None:
        """Have who writes wait: the client reads too slowly."""
        if self._can_write is None:
            self._can_write = self._loop.create_future()
            self.deadline_s = self._loop.time() + self._limits.stalled_s

    def resume_writing(self) -> None:
        """Let who writes go on."""
        if self._can_write is not None and not self._can_write.done():
            self._can_write.set_result(None)
        self._can_write = None
        if not self._closing:
            self._await_next()

    # what the parser tells

    def on_message_begin(self) -> None:
        """Begin a request."""
        self._target = b""
        self._head_bytes = 0
        self._headers = []
        self._body = b""

    def on_url(self, url: bytes) -> None:
        """Take a piece of the target."""
        self._target += url
        self._count_head(len(url))

    def on_header(self, name: bytes, value: bytes) -> None:
        """Take a header; those that follow a body are dropped."""
        if not self._in_head:
            return
        self._count_head(len(name) + len(value) + 4)
        if len(self._headers) >= self._limits.headers:
            raise _RefusedError(431, "there are too many headers")
        self._headers.append((name.lower(), value))

    def on_headers_complete(self) -> None:
        """Refuse what cannot be served, before its body comes."""
        self._in_head = False
        self._unclear = 0
        self._await(self._limits.body_s)
        self._check(self._parser.get_http_version())

    def on_body(self, body: bytes) -> None:
        """Take a piece of the body."""
        self._unclear = 0
        if len(self._body) + len(body) > self._limits.body_bytes:
            raise _RefusedError(413, "the body is too long")
        if not self._body:
            self._body = body
            return
        # One buffer, whatever the size of the pieces: each as an object would take far more.
        if isinstance(self._body, bytes):
            self._body = bytearray(self._body)
        self._body += body

    def on_message_complete(self) -> None:
        """Have the request answered when those before it are."""
        self._in_head = True
        self._unclear = 0
        exchange = Exchange(
            self,
            self._parser.get_method(),
            self._target,
            self._headers,
            bytes(self._body),
            self._peer,
            http10=self._parser.get_http_version() == "1.0",
            keep_alive=self._parser.should_keep_alive(),
        )
        self._body = b""
        self._await(float("inf"))
        if self._current is None:
            self._begin(exchange)
            return
        self._waiting.append(exchange)
        if self._is_full() and not self._paused:
            self._paused = True
            assert self._transport is not None
            self._transport.pause_reading()

    # what an exchange asks

    def send(self, data: bytes) -> None:
        """Send bytes to the client; without effect if it is gone."""
        if self._transport is not None:
            self._transport.write(data)

    def writable(self) -> asyncio.Future[None] | None:
        """Return what comes true once the client has read enough; None if it has."""
        return self._can_write

    def finished(self, exchange: Exchange) -> None:
        """Go on with the next request, or wait for it."""
        if exchange is not self._current:
            return
        self._current = None
        self._task = None
        if self._refused and not exchange.method:
            self._linger()
        elif not exchange.keep_alive or self._server.stopping:
            self._close()
        elif self._waiting:
            self._begin(self._waiting.popleft())
            if self._paused and self._transport is not None:
                self._paused = False
                self._transport.resume_reading()
        elif self._refused:
            self._close()
        else:
            self._await_next()

    def abort(self) -> None:
        """Cut the connection."""
        if self._transport is not None:
            self._transport.abort()

    # what the server asks

    def close_if_idle(self) -> None:
        """Close unless a request is on its way."""
        if self._current is None and self._in_head and not self._unclear:
            self._close()

    def overdue(self) -> None:
        """Close: what was awaited has not come."""
        if self._can_write is not None or self._closing:
            self.abort()
        elif self._current is not None:
            self.deadline_s = float("inf")
        elif self._in_head and not self._unclear:
            self._close()
        else:
            self._refuse(408, "the request did not come in time")

    def _await(self, seconds: float) -> None:
        """Set the time for what comes next, unless a client has to read first."""
        if self._can_write is None:
            self.deadline_s = self._loop.time() + seconds

    def _await_next(self) -> None:
        limits = self._limits
        if self._current is not None:
            self._await(float("inf"))
        elif not self._in_head:
            self._await(limits.body_s)
        else:
            self._await(limits.head_s if self._unclear else limits.idle_s)

    def _is_full(self) -> bool:
        """Return whether so much waits for its turn that no more is to be read."""
        length = sum(len(one.body) for one in self._waiting)
        return len(self._waiting) >= self._limits.pipelined or length > self._limits.body_bytes

    def _begin(self, exchange: Exchange) -> None:
        self._current = exchange
        self._task = self._loop.create_task(self._answer(exchange))

    async def _answer(self, exchange: Exchange) -> None:
        try:
            await self._server.handler(exchange)
        except asyncio.CancelledError:
            raise
        except Exception:
            _log.exception("a handler failed on %s", exchange.path)
            if exchange.begun:
                exchange.abort()
            else:
                exchange.keep_alive = False
                exchange.reply(500, self._server.refusal(500, "internal error"))
            return
        if not exchange.ended:
            exchange.end()

    def _count_head(self, length: int) -> None:
        self._head_bytes += length
        if self._head_bytes > self._limits.head_bytes:
            raise _RefusedError(431, "the headers are too long")

    def _check(self, version: str) -> None:
        if version not in ("1.0", "1.1"):
            raise _RefusedError(505, "expected HTTP/1.0 or HTTP/1.1")
        if self._parser.get_method() == b"CONNECT":
            raise _RefusedError(501, "this server is no tunnel")
        length, hosts, chunked, expected = 0, 0, False, b""
        for name, value in self._headers:
            if name == b"content-length":
                length = int(value)
            elif name == b"host":
                hosts += 1
            elif name == b"transfer-encoding":
                if version == "1.0" or value.strip().lower() != b"chunked":
                    raise _RefusedError(501, "the only transfer encoding known here is chunked")
                chunked = True
            elif name == b"expect":
                expected = value
        if hosts > 1 or (hosts == 0 and version == "1.1"):
            raise _RefusedError(400, "expected one host header")
        if length > self._limits.body_bytes:
            raise _RefusedError(413, "the body is too long")
        if (length or chunked) and self._parser.should_upgrade():
            # The parser takes a body here for the other protocol.
            raise _RefusedError(501, "this server does not switch protocols")
        if expected:
            self._expect(expected)

    def _expect(self, value: bytes) -> None:
        if value.strip().lower() != b"100-continue":
            raise _RefusedError(417, "expected nothing but 100-continue")
        if self._current is None:
            self.send(b"HTTP/1.1 100 Continue\r\n\r\n")

    def _refuse(self, status: int, message: str) -> None:
        """Answer what is no request, and close once those before it are answered."""
        self._refused = True
        if self._current is not None:
            return
        refusal = Exchange(self, b"", b"", [], b"", self._peer, keep_alive=False)
        self._current = refusal
        refusal.reply(status, self._server.refusal(status, message))

    def _linger(self) -> None:
        """Drop what still comes for a while: closing at once might take the refusal with it."""
        if self._transport is None:
            return
        if self._transport.can_write_eof():
            self._closing = True
            self._transport.write_eof()
            self.deadline_s = self._loop.time() + _LINGER_S
        else:
            self._close()

    def _close(self) -> None:
        """Close as soon as the client has read what is left, if it does so in time."""
        if self._transport is not None:
            self._closing = True
            self.deadline_s = self._loop.time() + self._limits.stalled_s
            self._transport.close()


class _RefusedError(Exception):
    def __init__(self, status: int, message: str) -> None:
        super().__init__(message)
        self.status = status
