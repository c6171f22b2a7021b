"""The admin app, listening: uvicorn in a loop that runs already."""

from __future__ import annotations

import asyncio
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path
from socket import socket

import uvicorn

from headway.serving.gateway.admin.access import Access
from headway.serving.gateway.admin.app import AdminApp
from headway.serving.gateway.admin.desk import Desk
from headway.serving.gateway.document import Tls

_STOP_S = 2.0


class _Uvicorn(uvicorn.Server):
    @contextmanager
    def capture_signals(self) -> Iterator[None]:
        """Leave signals to the gateway."""
        yield


class AdminServer:
    """Serves a desk to operators.

    Parameters
    ----------
    desk
        It; looks on as long as this runs.
    access
        Who they are.
    tls
        For HTTPS; None for HTTP.
    home
        Folder that paths in `tls` are relative to.
    """

    def __init__(
        self, desk: Desk, access: Access, tls: Tls | None = None, home: Path | None = None
    ) -> None:
        self._desk = desk
        home = home or Path()
        app = AdminApp(desk, access, secure=tls is not None)
        config = uvicorn.Config(
            app.asgi,
            log_config=None,
            access_log=False,
            lifespan="off",
            server_header=False,
            limit_concurrency=256,
            ssl_certfile=None if tls is None else str(home / tls.certificate),
            ssl_keyfile=None if tls is None else str(home / tls.key),
        )
        self._uvicorn = _Uvicorn(config)
        self._tasks: list[asyncio.Task[None]] = []

    async def start(self, sock: socket) -> None:
        """Listen on a bound socket; return when operators may come."""
        self._tasks = [
            asyncio.create_task(self._desk.run()),
            asyncio.create_task(self._uvicorn.serve(sockets=[sock])),
        ]
        while not self._uvicorn.started:
            if self._tasks[1].done():
                self._tasks[1].result()
            await asyncio.sleep(0.005)

    async def stop(self) -> None:
        """Listen no more, and cut whoever is still there."""
        self._desk.bureau.close()
        self._tasks[0].cancel()
        self._uvicorn.should_exit = True
        with suppress(TimeoutError):
            async with asyncio.timeout(_STOP_S):
                await asyncio.shield(self._tasks[1])
        self._uvicorn.force_exit = True
        await asyncio.gather(*self._tasks, return_exceptions=True)
