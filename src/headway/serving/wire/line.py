"""One connection to a server: a request at a time, and its answer as it comes."""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from typing import Protocol, cast

from headway.errors import HeadwayError
from headway.serving.wire.exchange import Exchange
from headway.serving.wire.headers import Header
from headway.serving.wire.limits import Limits
from headway.serving.wire.parser import httptools

Tap = Callable[[bytes], None]
"""Looks at each piece of an answer as it passes, in the framing of the sender."""

Head = tuple[int, list[Header]]
"""Status and headers of an answer."""


class UpstreamError(HeadwayError):
    """A server could not be reached, broke off, or sent what is no HTTP.

    Parameters
    ----------
    message
        What happened.
    reached
        Whether any byte of an answer had come.
    """

    def __init__(self, message: str, *, reached: bool = False) -> None:
        super().__init__(message)
        self.reached = reached


class Keeper(Protocol):
    """Whoever has made a connection, and keeps it for the next request."""

    host: str
    port: int
    limits: Limits

    def give_back(self, line: Line) -> None:
        """Keep a connection whose answer is complete."""
        ...


class Line(asyncio.Protocol):
    """One connection to a server, made by the loop.

    Parameters
    ----------
    pool
        Who keeps it.
    loop
        That runs it.

    Attributes
    ----------
    decoded
        Whether what is handed on comes without its framing.
    until_close
        Whether the body ends with the connection.
    between_chunks
        Whether what was handed on ends with a whole chunk.
    complete
        Whether all of the answer has been read.
    lost
        Whether it is closed.
    """

    def __init__(self, pool: Keeper, loop: asyncio.AbstractEventLoop) -> None:
        self._pool = pool
        self._loop = loop
        self._transport: asyncio.Transport | None = None
        self._parser: httptools.HttpResponseParser | None = None
        self._method = b""
        self._head: asyncio.Future[Head] | None = None
        self._first: asyncio.Future[None] | None = None
        self._done: asyncio.Future[None] | None = None
        self._buffer = bytearray()
        self._early: list[bytes] = []
        self._early_bytes = 0
        self._headers: list[Header] = []
        self._in_head = False
        self.complete = False
        self._keep_alive = False
        self._sink: Tap | None = None
        self._tap: Tap | None = None
        self._exchange: Exchange | None = None
        self._slow: asyncio.Future[None] | None = None
        self._chunk_ended = False
        self._to_eof = False
        self.decoded = False
        self.until_close = False
        self.between_chunks = False
        self.lost = False

    @property
    def early(self) -> bytes:
        """What has come of the body before anybody has asked for it."""
        return b"".join(self._early)

    async def send(self, data: bytes, method: bytes) -> Head:
        """Send a request, and return the head of its answer; see `Pool.send`."""
        if self.lost or self._transport is None:
            raise UpstreamError("the connection is closed")
        self._parser = httptools.HttpResponseParser(self)
        self._method = method
        self._head = self._loop.create_future()
        self._done = None
        self._headers, self._early, self._early_bytes = [], [], 0
        self._in_head, self.complete, self._keep_alive = True, False, False
        self._sink = self._tap = self._exchange = None
        self.decoded = self.until_close = self.between_chunks = False
        self._transport.write(data)
        try:
            return await self._head
        except BaseException:
            self.cut()
            raise

    async def begun(self) -> None:
        """Wait for the first of the body; see `Answer.begun`."""
        if self._early or self.complete:
            return
        if self.lost and not self._to_eof:
            raise UpstreamError("the answer breaks off", reached=True)
        self._first = self._loop.create_future()
        try:
            await self._first
        except BaseException:
            self.cut()
            raise
        finally:
            self._first = None

    async def pump(self, sink: Tap, tap: Tap | None, exchange: Exchange | None) -> None:
        """Hand on what has come and what comes, until the body is complete."""
        self._sink, self._tap, self._exchange = sink, tap, exchange
        early, self._early = self._early, []
        try:
            for piece in early:
                self._consume(piece)
        except (httptools.HttpParserError, ValueError) as error:
            raise UpstreamError(f"no HTTP: {error}", reached=True) from None
        if self.lost and self._to_eof:
            self.complete = True
        if not self.complete:
            if self.lost:
                raise UpstreamError("the answer breaks off", reached=True)
            self._done = self._loop.create_future()
            if self._slow is None:
                self.go_on()
            await self._done
        self._sink = self._tap = self._exchange = self._slow = None
        if self.lost or self.until_close or not self._keep_alive:
            self.cut()
        else:
            self.go_on()  # whoever reads this answer slowly, the next one is another client's
            self._pool.give_back(self)

    @property
    def most_waiting(self) -> int:
        """Bytes that may have come and not been used yet."""
        return self._pool.limits.write_buffer_bytes

    def hold(self) -> None:
        """Read no more for now."""
        if self._transport is not None:
            self._transport.pause_reading()

    def go_on(self) -> None:
        """Read again."""
        if self._transport is not None:
            self._transport.resume_reading()

    def cut(self) -> None:
        """Close at once."""
        if self._transport is not None:
            self._transport.abort()

    # what the loop tells

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        """Begin."""
        self._transport = cast("asyncio.Transport", transport)

    def connection_lost(self, exc: Exception | None) -> None:
        """Tell whoever waits."""
        self.lost = True
        self._transport = None
        self._to_eof = self.until_close and exc is None and not self._in_head
        if self._to_eof and not self._early:
            self.complete = True
        error = UpstreamError(
            f"{self._pool.host}:{self._pool.port}: {exc or 'the connection was closed'}",
            reached=not self._in_head or bool(self._buffer),
        )
        if self._head is not None and not self._head.done():
            self._head.set_exception(error)
        for future in (self._first, self._done):
            if future is not None and not future.done():
                if self.complete:
                    future.set_result(None)
                else:
                    future.set_exception(error)

    def data_received(self, data: bytes) -> None:
        """Take a piece of an answer."""
        try:
            if self._in_head:
                self._take_head(data)
            elif self.complete or self._parser is None:
                self.cut()  # nothing was asked for
            else:
                self._take_body(data)
        except (httptools.HttpParserError, ValueError) as error:
            self._fail(f"no HTTP: {error}")

    # parsing

    def _take_head(self, data: bytes) -> None:
        buffer = self._buffer
        buffer += data
        while self._in_head:
            end = buffer.find(b"\r\n\r\n")
            if end < 0:
                if len(buffer) > self._pool.limits.head_bytes:
                    self._fail("the head of an answer is too long")
                return
            head, rest = bytes(buffer[: end + 4]), bytes(buffer[end + 4 :])
            buffer.clear()
            assert self._parser is not None
            self._headers = []
            self._parser.feed_data(head)
            if 100 <= self._parser.get_status_code() < 200:
                self._parser = httptools.HttpResponseParser(self)
                self.complete = False
                buffer += rest
                continue
            self._in_head = False
            self._answer(rest)

    def _answer(self, rest: bytes) -> None:
        assert self._parser is not None
        assert self._head is not None
        status = self._parser.get_status_code()
        if self._method == b"HEAD" or status in (204, 304):
            self.complete = True
        else:
            names = {name for name, _ in self._headers}
            self.until_close = not names & {b"content-length", b"transfer-encoding"}
            self.decoded = self.until_close
        if not self._head.done():
            self._head.set_result((status, self._headers))
        if rest:
            self._take_body(rest)

    def _take_body(self, data: bytes) -> None:
        if self.complete:
            self.cut()
        elif self._sink is None:
            self._keep(data)
        else:
            self._consume(data)
            self._settle()

    def _consume(self, data: bytes) -> None:
        """Parse, and hand on; in this order, so that nothing passes behind the end."""
        assert self._parser is not None
        self._parser.feed_data(data)
        if not self.decoded:
            self.between_chunks = self._chunk_ended and data.endswith(b"\r\n")
            self._pass(data)

    def _settle(self) -> None:
        if self.complete and self._done is not None and not self._done.done():
            self._done.set_result(None)

    def _keep(self, data: bytes) -> None:
        """Keep what comes before anybody has asked for it."""
        self._early.append(data)
        self._early_bytes += len(data)
        if self._first is not None and not self._first.done():
            self._first.set_result(None)
        if self._early_bytes > self.most_waiting:
            self.hold()

    def _pass(self, data: bytes) -> None:
        assert self._sink is not None
        if self._tap is not None:
            self._tap(data)
        self._sink(data)
        if self._exchange is None or self._slow is not None:
            return
        slow = self._exchange.writable()
        if slow is not None and self._transport is not None:
            self._slow = slow
            self.hold()
            slow.add_done_callback(self._caught_up)

    def _caught_up(self, slow: asyncio.Future[None]) -> None:
        if slow is self._slow:
            self._slow = None
            self.go_on()

    def _fail(self, why: str) -> None:
        error = UpstreamError(f"{self._pool.host}:{self._pool.port}: {why}", reached=True)
        for future in (self._head, self._first, self._done):
            if future is not None and not future.done():
                future.set_exception(error)
        self.cut()

    # what the parser tells

    def on_header(self, name: bytes, value: bytes) -> None:
        """Take a header."""
        self._headers.append((name.lower(), value))

    def on_body(self, body: bytes) -> None:
        """Hand on a piece of the body, if it is wanted without framing."""
        if self.decoded and self._sink is not None:
            self._pass(body)

    def on_chunk_header(self) -> None:
        """Note that a chunk is open."""
        self._chunk_ended = False

    def on_chunk_complete(self) -> None:
        """Note that it is not."""
        self._chunk_ended = True

    def on_message_begin(self) -> None:
        """Refuse a second answer."""
        self._chunk_ended = False
        if self.complete:
            raise ValueError("there is more than was asked for")

    def on_message_complete(self) -> None:
        """Note that all has come."""
        assert self._parser is not None
        self.complete = True
        self._keep_alive = self._parser.should_keep_alive()  # forgotten by the parser hereafter
