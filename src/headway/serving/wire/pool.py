"""Connections to one server, kept alive and used again."""

from __future__ import annotations

import asyncio
import ssl
from collections import deque
from collections.abc import Iterable

from headway.serving.wire.answer import Answer
from headway.serving.wire.headers import Header
from headway.serving.wire.limits import Limits
from headway.serving.wire.line import Line, UpstreamError


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
        self._idle: deque[tuple[float, Line]] = deque()
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
                return Answer(line, *await line.send(data, method))
            except UpstreamError as error:
                if error.reached:
                    raise
        line = await self._connected()
        return Answer(line, *await line.send(data, method))

    def close(self) -> None:
        """Close the connections that are kept."""
        self._closed = True
        while self._idle:
            self._idle.pop()[1].cut()

    def give_back(self, line: Line) -> None:
        """Keep a connection for the next request."""
        if self._closed or len(self._idle) >= self._most_idle:
            line.cut()
        else:
            self._idle.append((asyncio.get_running_loop().time(), line))

    def _kept(self) -> Line | None:
        """Return the connection that was used last; drop those that have grown old."""
        oldest_s = asyncio.get_running_loop().time() - self._idle_s
        while self._idle and (self._idle[0][0] < oldest_s or self._idle[0][1].lost):
            self._idle.popleft()[1].cut()
        while self._idle:
            line = self._idle.pop()[1]
            if not line.lost:
                return line
        return None

    async def _connected(self) -> Line:
        loop = asyncio.get_running_loop()
        try:
            async with asyncio.timeout(self._connect_s):
                _, line = await loop.create_connection(
                    lambda: Line(self, loop),
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
