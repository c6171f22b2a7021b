"""One request on a server's connection, and the way to answer it."""

from __future__ import annotations

import asyncio
import re
from collections.abc import Iterable
from http import HTTPStatus
from typing import Protocol

from headway.serving.wire.headers import Header

_REASONS = {int(status): status.phrase.encode() for status in HTTPStatus}


class Channel(Protocol):
    """What an exchange needs of its connection."""

    def send(self, data: bytes) -> None:
        """Send bytes to the client; without effect if it is gone."""
        ...

    def finished(self, exchange: Exchange) -> None:
        """Hear that an answer is complete."""
        ...

    def writable(self) -> asyncio.Future[None] | None:
        """Return what comes true once the client has read enough; None if it has."""
        ...

    def abort(self) -> None:
        """Cut the connection."""
        ...


class Exchange:
    """A request that is complete, and its answer.

    Attributes
    ----------
    method, target
        Such as ``b"POST"`` and ``b"/v1/models?limit=3"``.
    path
        The target without what follows the question mark.
    headers
        Names in small letters, in the order they came.
    body
        The whole of it, without any framing.
    peer
        Address of the client.
    begun, ended
        Whether anything, and all of the answer, was given to the connection.
    status
        That was answered, 0 before.
    between_chunks
        Whether an answer with its own framing has broken off where another chunk may follow.
    """

    __slots__ = (
        "_channel",
        "_chunked",
        "_unsent",
        "begun",
        "between_chunks",
        "body",
        "ended",
        "headers",
        "http10",
        "keep_alive",
        "method",
        "path",
        "peer",
        "status",
        "target",
    )

    def __init__(
        self,
        channel: Channel,
        method: bytes,
        target: bytes,
        headers: list[Header],
        body: bytes,
        peer: str = "",
        *,
        http10: bool = False,
        keep_alive: bool = True,
    ) -> None:
        self._channel = channel
        self.method = method
        self.target = target if target.startswith(b"/") else _origin_form(target)
        self.path = self.target.partition(b"?")[0]
        self.headers = headers
        self.body = body
        self.peer = peer
        self.http10 = http10
        self.keep_alive = keep_alive
        self.begun = False
        self.ended = False
        self.status = 0
        self.between_chunks = False
        self._chunked = False
        self._unsent = b""

    def header(self, name: bytes) -> bytes | None:
        """Return the first header of a name in small letters."""
        for key, value in self.headers:
            if key == name:
                return value
        return None

    def reply(
        self,
        status: int,
        body: bytes,
        content_type: bytes = b"application/json",
        headers: Iterable[Header] = (),
    ) -> None:
        """Answer at once, with a body that is all there; HEAD gets only its length."""
        lines = [(b"content-type", content_type), *headers]
        framing = b"content-length: %d\r\n" % len(body)
        self._head(status, lines, framing, b"" if self.method == b"HEAD" else body)
        self.end()

    def start(self, status: int, headers: Iterable[Header]) -> None:
        """Begin an answer whose length is not known; pieces follow by `write`."""
        self._chunked = not self.http10
        if self._chunked:
            self._head(status, headers, b"transfer-encoding: chunked\r\n")
        else:
            self.keep_alive = False
            self._head(status, headers, b"")

    def start_framed(self, status: int, headers: Iterable[Header]) -> None:
        """Begin an answer that brings its own framing; bytes follow by `write_raw`.

        The head is sent with the first bytes of the body: one packet in place of two. Until then
        the answer has not begun, and can be taken back by another one.

        Parameters
        ----------
        status
            Of the answer.
        headers
            With those that tell how the body is framed.
        """
        self._unsent = self._lines(status, headers, b"")
        self.begun = False

    def write(self, data: bytes) -> None:
        """Send a piece of a body that was begun by `start`."""
        if data:
            framed = b"%x\r\n%b\r\n" % (len(data), data) if self._chunked else data
            self._channel.send(framed)

    def write_raw(self, data: bytes) -> None:
        """Send bytes of a body that was begun by `start_framed`."""
        if self._unsent:
            data, self._unsent = self._unsent + data, b""
            self.begun = True
        self._channel.send(data)

    def end(self) -> None:
        """Complete the answer."""
        if self.ended:
            return
        if self._unsent:
            self.write_raw(b"")
        if self._chunked:
            self._channel.send(b"0\r\n\r\n")
        self.ended = True
        self._channel.finished(self)

    def break_off(self, last: bytes) -> None:
        """End an answer that cannot be completed, with a last word if there is room for one.

        Parameters
        ----------
        last
            Sent if the answer comes in chunks; else the connection is cut, which tells the client
            as well that something is missing.
        """
        if self.between_chunks or self._chunked:
            self._chunked = True
            self.keep_alive = False
            self.write(last)
            self.end()
        else:
            self.abort()

    def abort(self) -> None:
        """Cut the connection, so that the client knows that the answer is not whole."""
        self.ended = True
        self._channel.abort()

    def writable(self) -> asyncio.Future[None] | None:
        """Return what comes true once the client has read enough; None if it has."""
        return self._channel.writable()

    def _head(
        self, status: int, headers: Iterable[Header], framing: bytes, body: bytes = b""
    ) -> None:
        self._channel.send(self._lines(status, headers, framing) + body)

    def _lines(self, status: int, headers: Iterable[Header], framing: bytes) -> bytes:
        self.begun = True
        self.status = status
        self._unsent = b""
        reason = _REASONS.get(status, b"")
        lines = b"".join([b"%b: %b\r\n" % pair for pair in headers])
        last = b"\r\n" if self.keep_alive and not self.http10 else self._connection()
        return b"HTTP/1.1 %d %b\r\n%b%b%b" % (status, reason, lines, framing, last)

    def _connection(self) -> bytes:
        return (
            b"connection: keep-alive\r\n\r\n" if self.keep_alive else b"connection: close\r\n\r\n"
        )


def _origin_form(target: bytes) -> bytes:
    """Return path and query of a target that is a whole address (RFC 9112, section 3.2.2)."""
    _, scheme, rest = target.partition(b"://")
    if not scheme:
        return target
    host = len(re.match(rb"[^/?]*", rest)[0])  # type: ignore[index]
    return rest[host:] if rest[host : host + 1] == b"/" else b"/" + rest[host:]
