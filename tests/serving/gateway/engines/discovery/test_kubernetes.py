"""A fake API server, over HTTPS, and what it says of a service."""

from __future__ import annotations

import asyncio
import json
import ssl
from collections.abc import Awaitable, Callable
from pathlib import Path
from typing import Any
from urllib.parse import parse_qs, unquote

import pytest
import trustme

from headway.errors import ConfigError, EndpointError
from headway.serving.gateway.engines.address import Address
from headway.serving.gateway.engines.discovery import ApiServer, Service
from headway.serving.wire import Exchange, Server


def _slice(*ips: str, ports: list[dict[str, Any]] | None = None, **more: Any) -> dict[str, Any]:
    endpoints = [{"addresses": [ip], "conditions": {"ready": True}} for ip in ips]
    default = [{"name": "http", "port": 8000, "protocol": "TCP"}]
    return {
        "addressType": "IPv4",
        "endpoints": endpoints,
        "ports": default if ports is None else ports,
        **more,
    }


class FakeApi:
    """Answers with slices, a page each; wants the token that is on the disk."""

    def __init__(self, folder: Path) -> None:
        self.pages: list[list[dict[str, Any]]] = [[]]
        self.token = folder / "token"
        self.token.write_text("first\n")
        self.raw: bytes | None = None
        self.status = 200
        self.asked: list[str] = []

    async def __call__(self, exchange: Exchange) -> None:
        self.asked.append(exchange.target.decode())
        if exchange.header(b"authorization") != b"Bearer " + self.token.read_bytes().strip():
            exchange.reply(401, b"{}")
            return
        if self.status != 200 or self.raw is not None:
            exchange.reply(self.status, self.raw or b"{}")
            return
        page = int(parse_qs(exchange.target.partition(b"?")[2].decode()).get("continue", ["0"])[0])
        more = str(page + 1) if page + 1 < len(self.pages) else ""
        answer = {"items": self.pages[page], "metadata": {"continue": more}}
        exchange.reply(200, json.dumps(answer).encode())


def _run(
    folder: Path, job: Callable[[FakeApi, ApiServer], Awaitable[None]], name: str = "localhost"
) -> None:
    authority = trustme.CA()
    authority.cert_pem.write_to_path(folder / "ca.crt")
    ours = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    authority.issue_cert(name).configure_cert(ours)

    async def body() -> None:
        api = FakeApi(folder)
        server = Server(api)
        _, port = await server.start("127.0.0.1", 0, tls=ours)
        address = Address("127.0.0.1", port, tls=True, server="localhost")
        try:
            await job(api, ApiServer(address, api.token, folder / "ca.crt", "default"))
        finally:
            await server.stop()

    asyncio.run(body())


def test_pods_that_are_ready_are_engines(tmp_path: Path) -> None:
    async def job(api: FakeApi, server: ApiServer) -> None:
        api.pages = [
            [_slice("10.0.0.9", "10.0.0.7"), _slice(endpoints=None)],
            [_slice("fd00::1", addressType="IPv6")],
        ]
        starting, ending = _slice("10.0.0.1"), _slice("10.0.0.2")
        starting["endpoints"][0]["conditions"] = {"ready": False}
        ending["endpoints"][0]["conditions"] = {"ready": True, "terminating": True}
        unsaid = _slice("10.0.0.3")
        unsaid["endpoints"][0]["conditions"] = {}
        api.pages.append([starting, ending, unsaid])
        found = await Service(server, "vllm", namespace="prod", path=b"/p")()
        assert [str(one) for one in found] == [
            *("http://10.0.0.3:8000/p", "http://10.0.0.7:8000/p", "http://10.0.0.9:8000/p"),
            "http://[fd00::1]:8000/p",
        ]
        assert len(api.asked) == 3
        path = unquote(api.asked[0])
        assert path.startswith("/apis/discovery.k8s.io/v1/namespaces/prod/endpointslices?")
        assert "labelSelector=kubernetes.io/service-name=vllm&" in path

    _run(tmp_path, job)


def test_a_token_that_is_replaced_is_read_anew(tmp_path: Path) -> None:
    async def job(api: FakeApi, server: ApiServer) -> None:
        service = Service(server, "vllm")
        assert await service() == []
        api.token.write_text("second")
        assert await service() == []
        api.token.unlink()
        with pytest.raises(EndpointError, match="no token"):
            await service()

    _run(tmp_path, job)


def test_one_of_several_ports_is_named(tmp_path: Path) -> None:
    async def job(api: FakeApi, server: ApiServer) -> None:
        ports = [{"name": "http", "port": 8000}, {"name": "metrics", "port": 9000}]
        api.pages = [[_slice("10.0.0.7", ports=ports)]]
        assert (await Service(server, "vllm", port="http")())[0].port == 8000
        assert (await Service(server, "vllm", port=9000)())[0].port == 9000
        for port in (None, "grpc"):
            with pytest.raises(EndpointError, match="http = 8000, metrics = 9000"):
                await Service(server, "vllm", port=port)()

    _run(tmp_path, job)


@pytest.mark.parametrize(
    ("status", "raw", "message"),
    [
        (403, None, "may not list endpointslices"),
        (500, None, "refused with 500"),
        (200, b"no json", "no list of endpointslices"),
        (200, b'{"items": [{"endpoints": 3}]}', "no list of endpointslices"),
        (200, b'{"more": ' + b"[" * 100_000, "no list of endpointslices"),
        (200, b"\xff\x00", "no list of endpointslices"),
    ],
)
def test_what_is_no_answer_is_an_error(
    tmp_path: Path, status: int, raw: bytes | None, message: str
) -> None:
    async def job(api: FakeApi, server: ApiServer) -> None:
        api.status, api.raw = status, raw
        with pytest.raises(EndpointError, match=message):
            await Service(server, "vllm")()

    _run(tmp_path, job)


def test_somebody_else_in_the_place_of_the_api_server_is_not_told_the_token(
    tmp_path: Path,
) -> None:
    async def job(api: FakeApi, server: ApiServer) -> None:
        with pytest.raises(EndpointError, match="certificate"):
            await Service(server, "vllm")()
        assert api.asked == []

    _run(tmp_path, job, name="elsewhere")


def test_a_pod_is_told_of_its_server(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv("KUBERNETES_SERVICE_HOST", raising=False)
    with pytest.raises(ConfigError, match="this is no pod"):
        ApiServer.of_pod(tmp_path)
    monkeypatch.setenv("KUBERNETES_SERVICE_HOST", "10.0.0.1")
    monkeypatch.setenv("KUBERNETES_SERVICE_PORT", "6443")
    with pytest.raises(ConfigError, match="no service account"):
        ApiServer.of_pod(tmp_path)
    (tmp_path / "namespace").write_text("prod\n")
    found = ApiServer.of_pod(tmp_path)
    assert (str(found.address), found.namespace) == ("https://10.0.0.1:6443", "prod")
    with pytest.raises(ConfigError, match=r"ca\.crt"):
        Service(found, "vllm")
