"""What the admin app asks of accounts: in its own process, or over the ledger's socket."""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from contextlib import suppress
from pathlib import Path
from typing import Protocol

import msgspec

from headway.errors import EndpointError, UnsupportedError
from headway.serving.gateway.accounts import LocalAccounts
from headway.serving.gateway.accounts.figures import Figures
from headway.serving.gateway.accounts.messages import Link, Look, Told, to_worker
from headway.serving.gateway.accounts.standing import Standing

_TIMEOUT_S = 2.0


class Bureau(Protocol):
    """Tells of tenants, and has keys read again."""

    async def standings(self) -> tuple[Standing, ...]:
        """Return where tenants and keys stand.

        Raises
        ------
        EndpointError
            If nobody can say.
        """
        ...

    async def reload(self) -> None:
        """Look at once for keys that are new or revoked.

        Raises
        ------
        EndpointError
            If nobody can.
        UnsupportedError
            If there are no keys.
        """
        ...

    def figures(self) -> Figures | None:
        """Return how accounts are doing, as far as it is known."""
        ...

    def close(self) -> None:
        """Ask no more."""
        ...


class NoBureau:
    """Of a gateway without accounts."""

    async def standings(self) -> tuple[Standing, ...]:
        """Return nobody."""
        return ()

    async def reload(self) -> None:
        """Refuse."""
        raise UnsupportedError("this gateway has no keys: its file has no section serve.accounts")

    def figures(self) -> Figures | None:
        """Return None."""
        return None

    def close(self) -> None:
        """Do nothing."""


class LocalBureau:
    """Of accounts in this process.

    Parameters
    ----------
    accounts
        They.
    clock
        Of the gateway.
    """

    def __init__(self, accounts: LocalAccounts, clock: Callable[[], float]) -> None:
        self._accounts = accounts
        self._clock = clock

    async def standings(self) -> tuple[Standing, ...]:
        """Return where tenants and keys stand."""
        return self._accounts.standings(self._clock())

    async def reload(self) -> None:
        """Look at once for keys that are new or revoked."""
        self._accounts.look()

    def figures(self) -> Figures | None:
        """Return how accounts are doing."""
        return self._accounts.figures()

    def close(self) -> None:
        """Do nothing: others close the accounts."""


class RemoteBureau:
    """Of accounts in the ledger's process; connects when it is asked.

    Parameters
    ----------
    path
        Of the ledger's socket.
    timeout_s
        For an answer.
    """

    def __init__(self, path: Path, timeout_s: float = _TIMEOUT_S) -> None:
        self._path = path
        self._timeout_s = timeout_s
        self._link: Link | None = None
        self._asked: list[asyncio.Future[Told]] = []
        self._figures = Figures()
        self._is_away = False

    async def standings(self) -> tuple[Standing, ...]:
        """Return where tenants and keys stand."""
        return (await self._ask(Look())).standings

    async def reload(self) -> None:
        """Look at once for keys that are new or revoked."""
        await self._ask(Look(reload=True))

    def figures(self) -> Figures | None:
        """Return how accounts are doing, as last heard."""
        if self._is_away:
            return msgspec.structs.replace(self._figures, healthy=False)
        return self._figures

    def close(self) -> None:
        """Close the connection."""
        if self._link is not None:
            self._link.close()

    async def _ask(self, look: Look) -> Told:
        """Ask, and wait; answers come in the order of questions."""
        try:
            async with asyncio.timeout(self._timeout_s):
                link = await self._connected()
                answer: asyncio.Future[Told] = asyncio.get_running_loop().create_future()
                self._asked.append(answer)
                link.say(look)
                told = await answer
        except (OSError, TimeoutError):
            self._is_away = True
            raise EndpointError("the ledger of accounts does not answer") from None
        self._is_away = False
        return told

    async def _connected(self) -> Link:
        if self._link is None:
            loop = asyncio.get_running_loop()
            _, self._link = await loop.create_unix_connection(
                lambda: Link(self._heard, self._lost), str(self._path)
            )
        return self._link

    def _heard(self, _: Link, data: bytes) -> None:
        message = to_worker(data)
        if isinstance(message, Told):
            self._figures = message.figures
            answer = self._asked.pop(0)
            if not answer.done():
                answer.set_result(message)

    def _lost(self, link: Link) -> None:
        if self._link is link:
            self._link = None
        asked, self._asked = self._asked, []
        for answer in asked:
            if not answer.done():
                with suppress(asyncio.InvalidStateError):
                    answer.set_exception(ConnectionError("the ledger has gone"))
