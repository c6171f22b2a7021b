"""Connections to one server, kept alive and used again; answers streamed through untouched."""

from __future__ import annotations

import asyncio
import ssl
from collections import deque
from collections.abc import AsyncGenerator, Callable, Iterable
from typing import cast

from headway.errors import HeadwayError
from headway.serving.wire.exchange import Exchange
from headway.serving.wire.headers import Header, end_to_end
from headway.serving.wire.limits import Limits
from headway.serving.wire.parser import httptools

Tap = Callable[[bytes], None]
"""Looks at each piece of an answer as it passes, in the framing of the sender."""


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


class Pool:
    """Connections to one server.

    Parameters
    ----------
    host, port
        Where it is.
    tls
        For HTTPS; its certificate must be for `name`.
    limits
        `Limits.head_bytes` of answers and `Limits.write_buffer_bytes` of requests.
    idle
        Most connections kept for later.
    connect_s
        Time to connect.
    idle_s
        Time after which an unused connection is not used again.
    name
        By which the server is called, if `host` is one of several addresses behind it.
    """

    def __init__(
        self,
        host: str,
        port: int,
        *,
        tls: ssl.SSLContext | None = None,
        limits: Limits | None = None,
        idle: int = 256,
        connect_s: float = 5.0,
        idle_s: float = 30.0,
        name: str | None = None,
    ) -> None:
        self.host = host
        self.port = port
        self._name = name or host
        self.limits = limits or Limits()
        self._tls = tls
        self._idle: deque[tuple[float, _Line]] = deque()
        self._most_idle = idle
        self._connect_s = connect_s
        self._idle_s = idle_s
        self._closed = False
        named = f"[{self._name}]" if ":" in self._name else self._name
        self._authority = named.encode() + b":%d" % port

    @property
    def url(self) -> str:
        """The server's, without a path."""
        return f"http{'' if self._tls is None else 's'}://{self._authority.decode()}"

    async def send(
        self,
        method: bytes,
        target: bytes,
        headers: Iterable[Header] = (),
        body: bytes = b"",
    ) -> Answer:
        """Send a request and return its answer once the head has come.

        A connection that was kept and turns out to be closed before it has answered anything is
        replaced by a fresh one, once.

        Parameters
        ----------
        method, target
            As sent.
        headers
            Without those of framing, of the connection and ``host``.
        body
            The whole of it.

        Raises
        ------
        UpstreamError
            If there is no connection, or it breaks before the head is there.
        """
        lines = b"".join([b"%b: %b\r\n" % pair for pair in headers])
        length = b"content-length: %d\r\n" % len(body) if body or method == b"POST" else b""
        data = b"%b %b HTTP/1.1\r\nhost: %b\r\n%b%b\r\n%b" % (
            method,
            target,
            self._authority,
            lines,
            length,
            body,
        )
        line = self._kept()
        if line is not None:
            try:
                return await line.send(data, method)
            except UpstreamError as error:
                if error.reached:
                    raise
        return await (await self._connected()).send(data, method)

    def close(self) -> None:
        """Close the connections that are kept."""
        self._closed = True
        while self._idle:
            self._idle.pop()[1].cut()

    def give_back(self, line: _Line) -> None:
        """Keep a connection for the next request."""
        if self._closed or len(self._idle) >= self._most_idle:
            line.cut()
        else:
            self._idle.append((asyncio.get_running_loop().time(), line))

    def _kept(self) -> _Line | None:
        """Return the connection that was used last; drop those that have grown old."""
        oldest_s = asyncio.get_running_loop().time() - self._idle_s
        while self._idle and (self._idle[0][0] < oldest_s or self._idle[0][1].lost):
            self._idle.popleft()[1].cut()
        while self._idle:
            line = self._idle.pop()[1]
            if not line.lost:
                return line
        return None

    async def _connected(self) -> _Line:
        loop = asyncio.get_running_loop()
        try:
            async with asyncio.timeout(self._connect_s):
                _, line = await loop.create_connection(
                    lambda: _Line(self, loop),
                    self.host,
                    self.port,
                    ssl=self._tls,
                    server_hostname=None if self._tls is None else self._name,
                )
        except TimeoutError:
            raise UpstreamError(
                f"{self.host}:{self.port}: no connection within {self._connect_s:g} s"
            ) from None
        except (OSError, ssl.SSLError) as error:
            raise UpstreamError(f"{self.host}:{self.port}: {error}") from None
        return line


class Answer:
    """What a server answers: its head, and its body as it comes.

    It must be read to its end by `relay`, `read` or `pieces`, or closed.

    Attributes
    ----------
    status
        Of the answer.
    headers
        Names in small letters.
    """

    __slots__ = ("_line", "headers", "status")

    def __init__(self, line: _Line, status: int, headers: list[Header]) -> None:
        self._line = line
        self.status = status
        self.headers = headers

    def header(self, name: bytes) -> bytes | None:
        """Return the first header of a name in small letters."""
        for key, value in self.headers:
            if key == name:
                return value
        return None

    @property
    def early(self) -> bytes:
        """What has come of the body before it is read, in the framing of the server."""
        return self._line.early

    async def begun(self) -> None:
        """Wait until some of the body has come, or there is none.

        Some servers send a head long before they know whether they can do what it promises.

        Raises
        ------
        UpstreamError
            If it breaks off before.
        """
        await self._line.begun()

    async def relay(
        self, exchange: Exchange, more: Iterable[Header] = (), tap: Tap | None = None
    ) -> None:
        """Answer a client with this answer, bytes as they come.

        Parameters
        ----------
        exchange
            Of the client, not begun.
        more
            Headers to add.
        tap
            Sees each piece before it is sent.

        Raises
        ------
        UpstreamError
            If it breaks off. An exchange that has begun is to be ended, see
            `Exchange.break_off`; one that has not can still be answered in another way.
        """
        headers = end_to_end(self.headers)
        headers.extend(more)
        line = self._line
        if exchange.http10 or line.until_close:
            headers = [pair for pair in headers if pair[0] != b"transfer-encoding"]
            exchange.start(self.status, headers)
            line.decoded = True
            sink = exchange.write
        else:
            exchange.start_framed(self.status, headers)
            sink = exchange.write_raw
        try:
            await line.pump(sink, tap, exchange)
        except BaseException:
            line.cut()
            exchange.between_chunks = line.between_chunks and not line.complete
            raise
        exchange.end()

    async def read(self, most_bytes: int = 64 * 1024 * 1024) -> bytes:
        """Return the whole body.

        Raises
        ------
        UpstreamError
            If it breaks off or is longer than `most_bytes`.
        """
        found: list[bytes] = []
        length = 0
        async for piece in self.pieces():
            length += len(piece)
            if length > most_bytes:
                self.close()
                raise UpstreamError(f"an answer is longer than {most_bytes:,} bytes", reached=True)
            found.append(piece)
        return b"".join(found)

    async def pieces(self) -> AsyncGenerator[bytes, None]:
        """Give the body piece by piece, without its framing.

        Raises
        ------
        UpstreamError
            If it breaks off.
        """
        line = self._line
        line.decoded = True
        queue: asyncio.Queue[bytes | None] = asyncio.Queue()
        waiting, most = 0, line.most_waiting

        def take(piece: bytes) -> None:
            nonlocal waiting
            waiting += len(piece)
            queue.put_nowait(piece)
            if waiting > most:
                line.hold()

        pump = asyncio.ensure_future(line.pump(take, None, None))
        pump.add_done_callback(lambda _: queue.put_nowait(None))
        try:
            while (piece := await queue.get()) is not None:
                waiting -= len(piece)
                if waiting <= most and not pump.done():
                    line.go_on()
                yield piece
            await pump
        finally:
            if not pump.done():
                pump.cancel()
                line.cut()
            elif not pump.cancelled():
                pump.exception()  # of no interest to who has left before

    def close(self) -> None:
        """Cut the connection: the server stops what it does for us."""
        self._line.cut()


class _Line(asyncio.Protocol):
    """One connection to a server."""

    def __init__(self, pool: Pool, loop: asyncio.AbstractEventLoop) -> None:
        self._pool = pool
        self._loop = loop
        self._transport: asyncio.Transport | None = None
        self._parser: httptools.HttpResponseParser | None = None
        self._method = b""
        self._head: asyncio.Future[Answer] | None = None
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
        return b"".join(self._early)

    async def send(self, data: bytes, method: bytes) -> Answer:
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
        self._transport = cast("asyncio.Transport", transport)

    def connection_lost(self, exc: Exception | None) -> None:
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
            self._head.set_result(Answer(self, status, self._headers))
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
        self._headers.append((name.lower(), value))

    def on_body(self, body: bytes) -> None:
        if self.decoded and self._sink is not None:
            self._pass(body)

    def on_chunk_header(self) -> None:
        self._chunk_ended = False

    def on_chunk_complete(self) -> None:
        self._chunk_ended = True

    def on_message_begin(self) -> None:
        self._chunk_ended = False
        if self.complete:
            raise ValueError("there is more than was asked for")

    def on_message_complete(self) -> None:
        assert self._parser is not None
        self.complete = True
        self._keep_alive = self._parser.should_keep_alive()  # forgotten by the parser hereafter
