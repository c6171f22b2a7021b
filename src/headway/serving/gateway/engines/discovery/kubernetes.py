"""Engines behind a service of Kubernetes, from its EndpointSlices.

The API server is asked with the token of the pod's service account, which needs the right to list
``endpointslices`` of the group ``discovery.k8s.io``.

References
----------
Kubernetes, "EndpointSlices", API ``discovery.k8s.io/v1``;
"Accessing the Kubernetes API from a Pod".
"""

from __future__ import annotations

import asyncio
import os
import ssl
from dataclasses import dataclass
from pathlib import Path
from urllib.parse import quote

import msgspec

from headway.errors import ConfigError, EndpointError
from headway.serving.gateway.engines.address import Address
from headway.serving.wire import Pool, UpstreamError

ACCOUNT = Path("/var/run/secrets/kubernetes.io/serviceaccount")
"""Where a pod finds its token, its namespace and the authority of the API server."""

MOST_BYTES = 16 * 1024 * 1024
MOST_PAGES = 100

_PER_PAGE = 250


class _Conditions(msgspec.Struct, frozen=True):
    ready: bool | None = None
    terminating: bool | None = None


class _Endpoint(msgspec.Struct, frozen=True):
    addresses: list[str] = []
    conditions: _Conditions = _Conditions()


class _Port(msgspec.Struct, frozen=True):
    name: str | None = None
    port: int | None = None


class _Slice(msgspec.Struct, frozen=True, rename={"kind": "addressType"}):
    kind: str = "IPv4"
    endpoints: list[_Endpoint] | None = None
    ports: list[_Port] | None = None


class _Metadata(msgspec.Struct, frozen=True, rename={"more": "continue"}):
    more: str | None = None


class _Slices(msgspec.Struct, frozen=True):
    items: list[_Slice] | None
    metadata: _Metadata = _Metadata()


_decode = msgspec.json.Decoder(_Slices).decode


@dataclass(frozen=True, slots=True)
class ApiServer:
    """The API server of a cluster, and who asks it.

    Attributes
    ----------
    address
        Where it is.
    token
        File with the token, which is read anew for each question as it is replaced now and then.
    authority
        File with the certificate of its authority; None for those that the system knows.
    namespace
        That is looked into if nothing else is said.
    """

    address: Address
    token: Path
    authority: Path | None
    namespace: str

    @classmethod
    def of_pod(cls, account: Path = ACCOUNT) -> ApiServer:
        """Return the API server that a pod is told of.

        Raises
        ------
        ConfigError
            If this is no pod, or it has no service account.
        """
        host = os.environ.get("KUBERNETES_SERVICE_HOST")
        port = os.environ.get("KUBERNETES_SERVICE_PORT", "443")
        if not host or not port.isdigit():
            raise ConfigError("kubernetes: KUBERNETES_SERVICE_HOST is not set: this is no pod")
        try:
            namespace = (account / "namespace").read_text().strip()
        except OSError as error:
            raise ConfigError(f"kubernetes: the pod has no service account: {error}") from None
        address = Address(host, int(port), tls=True)
        return cls(address, account / "token", account / "ca.crt", namespace)


class Service:
    """Asks where the pods of a service are.

    Parameters
    ----------
    server
        That is asked.
    name
        Of the service.
    namespace
        Of the service; that of the pod by default.
    port
        Name or number of its port; needed if it has several.
    path
        What all paths begin with, as in ``b"/openai"``.
    timeout_s
        For an answer.

    Raises
    ------
    ConfigError
        If the certificate of the authority cannot be read.
    """

    def __init__(
        self,
        server: ApiServer,
        name: str,
        *,
        namespace: str | None = None,
        port: str | int | None = None,
        path: bytes = b"",
        timeout_s: float = 5.0,
    ) -> None:
        self._server = server
        self._port = port
        self._path = path
        self._timeout_s = timeout_s
        self._pool = _pool(server, timeout_s)
        self.name = f"{namespace or server.namespace}/{name}"
        selector = quote(f"kubernetes.io/service-name={name}", safe="")
        self._target = (
            f"/apis/discovery.k8s.io/v1/namespaces/{quote(namespace or server.namespace, safe='')}"
            f"/endpointslices?labelSelector={selector}&limit={_PER_PAGE}"
        )

    async def __call__(self) -> list[Address]:
        """Return where pods are ready, sorted.

        Raises
        ------
        EndpointError
            If the API server does not say, or the service has no such port.
        """
        slices: list[_Slice] = []
        more = ""
        try:
            async with asyncio.timeout(self._timeout_s):
                for _ in range(MOST_PAGES):
                    page = await self._page(more)
                    slices += page.items or []
                    more = page.metadata.more or ""
                    if not more:
                        break
        except TimeoutError:
            raise EndpointError(f"no answer within {self._timeout_s:g} s") from None
        except UpstreamError as error:
            raise EndpointError(str(error)) from None
        return sorted(self._addresses(slices), key=lambda one: (one.host, one.port))

    async def _page(self, more: str) -> _Slices:
        try:
            token = self._server.token.read_bytes().strip()
        except OSError as error:
            raise EndpointError(f"no token of a service account: {error}") from None
        target = self._target + (f"&continue={quote(more, safe='')}" if more else "")
        headers = [(b"authorization", b"Bearer " + token), (b"accept", b"application/json")]
        answer = await self._pool.send(b"GET", target.encode(), headers)
        body = await answer.read(MOST_BYTES)
        if answer.status in (401, 403):
            raise EndpointError(
                f"{answer.status}: the service account may not list endpointslices"
                " (discovery.k8s.io) in the namespace"
            )
        if answer.status != 200:
            raise EndpointError(f"endpointslices are refused with {answer.status}")
        try:
            return _decode(body)
        except (msgspec.MsgspecError, UnicodeDecodeError, RecursionError) as error:
            raise EndpointError(f"no list of endpointslices: {error}") from None

    def _addresses(self, slices: list[_Slice]) -> set[Address]:
        found: set[Address] = set()
        for one in slices:
            endpoints = [each for each in one.endpoints or [] if _is_ready(each) and each.addresses]
            if not endpoints or one.kind not in ("IPv4", "IPv6"):
                continue
            port = self._number(one.ports or [])
            # All addresses of an endpoint are the same pod.
            found.update(Address(each.addresses[0], port, prefix=self._path) for each in endpoints)
        return found

    def _number(self, ports: list[_Port]) -> int:
        fitting = [
            one.port
            for one in ports
            if one.port is not None and self._port in (None, one.name, one.port)
        ]
        if len(fitting) == 1:
            return fitting[0]
        names = ", ".join(f"{one.name or '(no name)'} = {one.port}" for one in ports)
        raise EndpointError(f"expected one port {self._port or ''}, the service has: {names}")


def _is_ready(endpoint: _Endpoint) -> bool:
    """Return whether a pod takes requests; one that does not say does."""
    return endpoint.conditions.ready is not False and not endpoint.conditions.terminating


def _pool(server: ApiServer, timeout_s: float) -> Pool:
    context = None
    if server.address.tls and server.authority is not None:
        try:
            context = ssl.create_default_context(cafile=server.authority)
        except (OSError, ssl.SSLError) as error:
            raise ConfigError(f"kubernetes: {server.authority}: {error}") from None
    return server.address.pool(context, connect_s=timeout_s)
