"""A gateway of fake engines, and the admin app beside it."""

from __future__ import annotations

import json
import socket
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from typing import Any

from headway.serving.gateway.admin.access import Access, Operator
from headway.serving.gateway.admin.bureau import Bureau, NoBureau
from headway.serving.gateway.admin.desk import Desk
from headway.serving.gateway.admin.server import AdminServer
from headway.serving.gateway.gateway import Gateway, running
from headway.serving.gateway.site import Site
from headway.serving.wire import Pool

TOKEN = "the-token-of-anna-01"


class Office:
    """What a test may do."""

    def __init__(self, gateway: Gateway, desk: Desk, host: str, port: int, admin: int) -> None:
        self.gateway = gateway
        self.desk = desk
        self.pool = Pool(host, port)
        self.admin = Pool("127.0.0.1", admin)
        self.url = f"http://127.0.0.1:{admin}"

    async def ask(
        self,
        method: str,
        path: str,
        body: object = None,
        *,
        token: str | None = TOKEN,
        **headers: str,
    ) -> tuple[int, Any, dict[str, str]]:
        """Return the status, the decoded body and the headers of what the admin app says."""
        lines = [(name.replace("_", "-").encode(), text.encode()) for name, text in headers.items()]
        if token is not None:
            lines.append((b"authorization", f"Bearer {token}".encode()))
        raw = (
            b"" if body is None else body if isinstance(body, bytes) else json.dumps(body).encode()
        )
        answer = await self.admin.send(method.encode(), path.encode(), lines, raw)
        told = await answer.read()
        found = {name.decode().lower(): value.decode() for name, value in answer.headers}
        is_json = found.get("content-type", "").startswith("application/json")
        return answer.status, json.loads(told) if is_json else told, found

    async def engine(self, number: int = 0) -> dict[str, Any]:
        """Return what is said of an engine."""
        _, told, _ = await self.ask("GET", "/admin/state")
        found: dict[str, Any] = told["engines"][number]
        return found


@asynccontextmanager
async def office(
    site: Site, bureau: Bureau | None = None, *, watched: bool = False, **more: Any
) -> AsyncIterator[Office]:
    async with running(site, watched=watched, **more) as (gateway, host, port):
        desk = Desk(site, gateway.engines, gateway.board, bureau or NoBureau())
        server = AdminServer(desk, Access([Operator("anna", TOKEN)]))
        sock = socket.create_server(("127.0.0.1", 0))
        await server.start(sock)
        here = Office(gateway, desk, host, port, sock.getsockname()[1])
        try:
            yield here
        finally:
            here.pool.close()
            here.admin.close()
            await server.stop()
