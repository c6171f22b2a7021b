"""What a server answers, to be handed on or read."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncGenerator, Iterable

from headway.serving.wire.exchange import Exchange
from headway.serving.wire.headers import Header, end_to_end
from headway.serving.wire.line import Line, Tap, UpstreamError


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

    def __init__(self, line: Line, status: int, headers: list[Header]) -> None:
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
