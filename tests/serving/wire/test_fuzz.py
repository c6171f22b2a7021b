"""Whatever bytes come, and however they are cut, a server stays up and reads them alike."""

from __future__ import annotations

import asyncio

import uvloop
from hypothesis import given, settings
from hypothesis import strategies as st

from headway.serving.wire import Limits, Pool, Server, UpstreamError
from headway.serving.wire.connection import Connection
from tests.serving.wire.loopback import Seen

_CHUNKS = b"2\r\nhi\r\n3;x=y\r\nyou\r\n0\r\n\r\n"
_REQUESTS = [
    b"GET /a HTTP/1.1\r\nHost: a\r\n\r\n",
    b"POST /b HTTP/1.1\r\nHost: a\r\nContent-Length: 5\r\n\r\nhello",
    b"POST /c HTTP/1.1\r\nHost: a\r\nTransfer-Encoding: chunked\r\n\r\n" + _CHUNKS,
    b"GET /d HTTP/1.0\r\nConnection: keep-alive\r\n\r\n",
    b"POST /e HTTP/1.1\r\nHost: a\r\nExpect: 100-continue\r\nContent-Length: 0\r\n\r\n",
]


class _Wire(asyncio.Transport):
    """A transport that keeps what is written."""

    def __init__(self) -> None:
        super().__init__()
        self.heard = b""
        self.closed = False

    def write(self, data: bytes | bytearray | memoryview) -> None:
        assert not self.closed
        self.heard += bytes(data)

    def close(self) -> None:
        self.closed = True

    abort = close

    def can_write_eof(self) -> bool:
        return False

    def set_write_buffer_limits(self, high: int | None = None, low: int | None = None) -> None:
        pass

    def pause_reading(self) -> None:
        pass

    resume_reading = pause_reading


async def _fed(pieces: list[bytes]) -> tuple[list[tuple[bytes, bytes, bytes]], bytes]:
    """Return the requests that a server saw, and what it answered."""
    seen = Seen()
    server = Server(seen, Limits(head_bytes=4096, body_bytes=4096))
    line, wire = Connection(server, asyncio.get_running_loop()), _Wire()
    line.connection_made(wire)
    for piece in pieces:
        line.data_received(piece)
    for _ in range(40):
        await asyncio.sleep(0)
    line.connection_lost(None)
    assert not server.connections
    return seen.requests, wire.heard


@given(st.lists(st.sampled_from(_REQUESTS), max_size=6), st.data())
@settings(max_examples=150, deadline=None)
def test_requests_are_the_same_however_they_are_cut(
    requests: list[bytes], data: st.DataObject
) -> None:
    stream = b"".join(requests)
    cuts = sorted(data.draw(st.lists(st.integers(0, len(stream)), max_size=20)))
    pieces = [stream[a:b] for a, b in zip([0, *cuts], [*cuts, len(stream)], strict=True)]
    whole, _ = asyncio.run(_fed([stream]))
    cut, _ = asyncio.run(_fed([piece for piece in pieces if piece]))
    assert cut == whole
    assert len(whole) == len(requests)


@given(st.sampled_from(_REQUESTS), st.data())
@settings(max_examples=400, deadline=None)
def test_damaged_requests_are_answered_by_the_book(request: bytes, data: st.DataObject) -> None:
    damaged = bytearray(request + request)
    for _ in range(data.draw(st.integers(1, 4))):
        at = data.draw(st.integers(0, len(damaged) - 1))
        what = data.draw(st.sampled_from(["change", "drop", "add"]))
        if what == "change":
            damaged[at] = data.draw(st.integers(0, 255))
        elif what == "drop":
            del damaged[at]
        else:
            damaged[at:at] = data.draw(st.binary(min_size=1, max_size=8))
    requests, heard = asyncio.run(_fed([bytes(damaged)]))
    assert heard.count(b"200 OK") == len(requests)
    refusals = heard.count(b"connection: close")
    assert refusals <= 1


@given(st.binary(max_size=10_000))
@settings(max_examples=200, deadline=None)
def test_noise_is_refused(noise: bytes) -> None:
    requests, heard = asyncio.run(_fed([noise]))
    assert not requests
    assert heard == b"" or heard.startswith(b"HTTP/1.1 ")


@given(st.binary(max_size=200), st.integers(0, 60))
@settings(max_examples=60, deadline=None)
def test_answers_of_noise_are_errors_or_whole(noise: bytes, keep: int) -> None:
    good = b"HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nok"

    async def job() -> None:
        async def script(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
            await reader.readuntil(b"\r\n\r\n")
            writer.write(good[:keep] + noise)
            writer.close()

        server = await asyncio.start_server(script, "127.0.0.1", 0)
        pool = Pool(*server.sockets[0].getsockname()[:2])
        try:
            answer = await pool.send(b"GET", b"/")
            body = await answer.read()
            assert 100 <= answer.status < 1000
            assert len(body) <= len(good) + len(noise)
        except UpstreamError:
            pass
        finally:
            pool.close()
            server.close()

    uvloop.run(job())
