"""HTTPS on either side."""

from __future__ import annotations

import ssl

import pytest
import trustme
import uvloop

from headway.serving.wire import Pool, Server, UpstreamError
from tests.serving.wire.loopback import Seen


def test_requests_pass_over_tls_and_strangers_are_refused() -> None:
    authority = trustme.CA()
    ours = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    authority.issue_cert("localhost").configure_cert(ours)
    trusting = ssl.create_default_context()
    authority.configure_trust(trusting)

    async def job() -> None:
        seen = Seen()
        server = Server(seen)
        _, port = await server.start("localhost", tls=ours)
        pool = Pool("localhost", port, tls=trusting)
        for _ in range(2):
            answer = await pool.send(b"POST", b"/", [], b"x" * 200_000)
            assert await answer.read() == b"ok"
        with pytest.raises(UpstreamError, match="certificate"):
            await Pool("localhost", port, tls=ssl.create_default_context()).send(b"GET", b"/")
        with pytest.raises(UpstreamError):
            await Pool("localhost", port).send(b"GET", b"/")
        pool.close()
        await server.stop()
        assert len(seen.requests) == 2

    uvloop.run(job())
