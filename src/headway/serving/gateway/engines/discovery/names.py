"""Engines behind a name that stands for several machines, as of a headless service."""

from __future__ import annotations

import asyncio
import socket
from collections.abc import Awaitable, Callable
from typing import Any

from headway.errors import EndpointError
from headway.serving.gateway.engines.address import Address

GetAddresses = Callable[..., Awaitable[list[tuple[Any, ...]]]]
"""As `asyncio.loop.getaddrinfo`."""


class Name:
    """Asks the system which machines a name stands for.

    Parameters
    ----------
    address
        The name, with what all machines have in common.
    timeout_s
        For an answer.
    getaddrinfo
        Asks; the loop's own by default.
    """

    def __init__(
        self,
        address: Address,
        *,
        timeout_s: float = 5.0,
        getaddrinfo: GetAddresses | None = None,
    ) -> None:
        self._address = address
        self._timeout_s = timeout_s
        self._getaddrinfo = getaddrinfo

    async def __call__(self) -> list[Address]:
        """Return the machines, sorted.

        Raises
        ------
        EndpointError
            If the name is unknown, or no server answers.
        """
        ask = self._getaddrinfo or asyncio.get_running_loop().getaddrinfo
        host, port = self._address.host, self._address.port
        try:
            async with asyncio.timeout(self._timeout_s):
                found = await ask(host, port, type=socket.SOCK_STREAM)
        except TimeoutError:
            raise EndpointError(f"{host}: no answer within {self._timeout_s:g} s") from None
        except (OSError, UnicodeError) as error:
            raise EndpointError(f"{host}: {error}") from None
        return [self._address.at(ip) for ip in sorted({str(one[4][0]) for one in found})]
