"""Names that stand for several machines."""

from __future__ import annotations

import asyncio
import socket
from typing import Any

import pytest

from headway.errors import EndpointError
from headway.serving.gateway.engines.address import Address
from headway.serving.gateway.engines.discovery import Name

_SERVICE = Address.parse("http://vllm.default.svc:8000/openai")


def _answer(*ips: str) -> Any:
    async def ask(host: str, port: int, **_: Any) -> list[tuple[Any, ...]]:
        assert (host, port) == ("vllm.default.svc", 8000)
        kinds = [socket.AF_INET6 if ":" in ip else socket.AF_INET for ip in ips]
        return [
            (kind, socket.SOCK_STREAM, 6, "", (ip, port))
            for kind, ip in zip(kinds, ips, strict=True)
        ]

    return ask


def test_each_machine_behind_a_name_is_an_engine() -> None:
    name = Name(_SERVICE, getaddrinfo=_answer("10.0.0.9", "fd00::1", "10.0.0.7", "10.0.0.9"))
    found = asyncio.run(name())
    assert [str(one) for one in found] == [
        "http://10.0.0.7:8000/openai",
        "http://10.0.0.9:8000/openai",
        "http://[fd00::1]:8000/openai",
    ]
    assert {one.server for one in found} == {"vllm.default.svc"}


def test_the_system_is_asked() -> None:
    found = asyncio.run(Name(Address.parse("http://127.0.0.1:8000"))())
    assert [one.host for one in found] == ["127.0.0.1"]


@pytest.mark.parametrize("error", [socket.gaierror(-2, "unknown"), UnicodeError("label too long")])
def test_a_name_that_nobody_knows_is_an_error(error: Exception) -> None:
    async def ask(*_: Any, **__: Any) -> list[tuple[Any, ...]]:
        raise error

    with pytest.raises(EndpointError, match=r"vllm\.default\.svc: "):
        asyncio.run(Name(_SERVICE, getaddrinfo=ask)())


def test_a_name_server_that_hangs_is_an_error() -> None:
    async def ask(*_: Any, **__: Any) -> list[tuple[Any, ...]]:
        await asyncio.sleep(60)
        return []

    with pytest.raises(EndpointError, match=r"no answer within 0\.01 s"):
        asyncio.run(Name(_SERVICE, getaddrinfo=ask, timeout_s=0.01)())
