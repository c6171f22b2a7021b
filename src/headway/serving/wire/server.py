"""An HTTP/1.1 server: complete requests in, answers streamed out, nothing else."""

from __future__ import annotations

import asyncio
import json
import socket
import ssl
from collections.abc import Awaitable, Callable
from contextlib import suppress

from headway.serving.wire.connection import Connection
from headway.serving.wire.exchange import Exchange
from headway.serving.wire.limits import Limits

Handler = Callable[[Exchange], Awaitable[None]]
"""Answers a request; cancelled when its client goes away."""

Refusal = Callable[[int, str], bytes]
"""Makes the JSON body of a refusal from a status and a message."""

_SWEEP_S = 0.5


def plain_refusal(status: int, message: str) -> bytes:
    """Return a refusal for those who know no better."""
    return json.dumps({"error": {"message": message, "code": status}}).encode()


class Server:
    """Listens, and keeps connections within limits.

    Parameters
    ----------
    handler
        Answers requests.
    limits
        Of connections.
    refusal
        Makes bodies of refusals of the server itself.
    """

    def __init__(
        self, handler: Handler, limits: Limits | None = None, refusal: Refusal = plain_refusal
    ) -> None:
        self.handler = handler
        self.limits = limits or Limits()
        self.refusal = refusal
        self.connections: set[Connection] = set()
        self.stopping = False
        self._listener: asyncio.Server | None = None
        self._sweeper: asyncio.Task[None] | None = None

    async def start(
        self,
        host: str = "127.0.0.1",
        port: int = 0,
        *,
        sock: socket.socket | None = None,
        tls: ssl.SSLContext | None = None,
        reuse_port: bool = False,
    ) -> tuple[str, int]:
        """Listen, and return the address.

        Parameters
        ----------
        host, port
            Where; port 0 takes a free one.
        sock
            A bound socket to use instead.
        tls
            Certificates, for HTTPS.
        reuse_port
            Whether other processes may listen there, too.

        Raises
        ------
        OSError
            If the address is taken or not ours.
        """
        loop = asyncio.get_running_loop()
        make = lambda: Connection(self, loop)  # noqa: E731
        shake_s = None if tls is None else self.limits.head_s
        if sock is not None:
            self._listener = await loop.create_server(
                make, sock=sock, ssl=tls, backlog=4096, ssl_handshake_timeout=shake_s
            )
        else:
            self._listener = await loop.create_server(
                make,
                host,
                port,
                ssl=tls,
                backlog=4096,
                reuse_port=reuse_port or None,
                ssl_handshake_timeout=shake_s,
            )
        self._sweeper = loop.create_task(self._sweep())
        name = self._listener.sockets[0].getsockname()
        return str(name[0]), int(name[1])

    async def stop(self, grace_s: float = 0.0) -> None:
        """Take no more connections, let answers end for a while, then cut them."""
        self.stopping = True
        if self._listener is not None:
            self._listener.close()
        for one in list(self.connections):
            one.close_if_idle()
        loop = asyncio.get_running_loop()
        until = loop.time() + grace_s
        while self.connections and loop.time() < until:
            await asyncio.sleep(0.02)
        for one in list(self.connections):
            one.abort()
        if self._sweeper is not None:
            self._sweeper.cancel()
            with suppress(asyncio.CancelledError):
                await self._sweeper
        await asyncio.sleep(0)

    async def _sweep(self) -> None:
        loop = asyncio.get_running_loop()
        while True:
            await asyncio.sleep(_SWEEP_S)
            now_s = loop.time()
            for one in [one for one in self.connections if one.deadline_s < now_s]:
                one.overdue()
