"""Engines behind a service of Kubernetes, from its EndpointSlices.

The API server is asked with the token of the pod's service account, which needs the right to list
``endpointslices`` of the group ``discovery.k8s.io``.

References
----------
Kubernetes, "EndpointSlices", API ``discovery.k8s.io/v1``;
"Accessing the Kubernetes API from a Pod".
"""

from __future__ import annotations

from urllib.parse import quote

import msgspec

from headway.errors import EndpointError
from headway.serving.gateway.engines.address import Address
from headway.serving.gateway.engines.discovery.api import Api, ApiServer

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
        self._api = Api(server, timeout_s=timeout_s)
        self._port = port
        self._path = path
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
        for _ in range(MOST_PAGES):
            page = await self._page(more)
            slices += page.items or []
            more = page.metadata.more or ""
            if not more:
                break
        return sorted(self._addresses(slices), key=lambda one: (one.host, one.port))

    async def _page(self, more: str) -> _Slices:
        target = self._target + (f"&continue={quote(more, safe='')}" if more else "")
        status, body = await self._api.ask(b"GET", target)
        if status in (401, 403):
            raise EndpointError(
                f"{status}: the service account may not list endpointslices"
                " (discovery.k8s.io) in the namespace"
            )
        if status != 200:
            raise EndpointError(f"endpointslices are refused with {status}")
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
