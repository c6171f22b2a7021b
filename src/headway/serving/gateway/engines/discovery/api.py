"""The API server of a Kubernetes cluster, asked with the token of a pod's service account.

References
----------
Kubernetes, "Accessing the Kubernetes API from a Pod".
"""

from __future__ import annotations

import asyncio
import os
import ssl
from dataclasses import dataclass
from pathlib import Path

from headway.errors import ConfigError, EndpointError
from headway.serving.gateway.engines.address import Address
from headway.serving.wire import Pool, UpstreamError

ACCOUNT = Path("/var/run/secrets/kubernetes.io/serviceaccount")
"""Where a pod finds its token, its namespace and the authority of the API server."""

MOST_BYTES = 16 * 1024 * 1024


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


class Api:
    """Asks an API server.

    Parameters
    ----------
    server
        That is asked.
    timeout_s
        For an answer.

    Raises
    ------
    ConfigError
        If the certificate of the authority cannot be read.
    """

    def __init__(self, server: ApiServer, *, timeout_s: float = 5.0) -> None:
        self._server = server
        self._timeout_s = timeout_s
        self._pool = _pool(server, timeout_s)

    async def ask(
        self, method: bytes, target: str, body: bytes = b"", kind: bytes = b"application/json"
    ) -> tuple[int, bytes]:
        """Return the status and the body of an answer.

        Parameters
        ----------
        method, target
            As sent.
        body, kind
            What is sent along, and its media type.

        Raises
        ------
        EndpointError
            If the API server does not answer, or this pod has no token.
        """
        try:
            token = self._server.token.read_bytes().strip()
        except OSError as error:
            raise EndpointError(f"no token of a service account: {error}") from None
        headers = [(b"authorization", b"Bearer " + token), (b"accept", b"application/json")]
        if body:
            headers.append((b"content-type", kind))
        try:
            async with asyncio.timeout(self._timeout_s):
                answer = await self._pool.send(method, target.encode(), headers, body)
                return answer.status, await answer.read(MOST_BYTES)
        except TimeoutError:
            raise EndpointError(f"no answer within {self._timeout_s:g} s") from None
        except UpstreamError as error:
            raise EndpointError(str(error)) from None


def _pool(server: ApiServer, timeout_s: float) -> Pool:
    context = None
    if server.address.tls and server.authority is not None:
        try:
            context = ssl.create_default_context(cafile=server.authority)
        except (OSError, ssl.SSLError) as error:
            raise ConfigError(f"kubernetes: {server.authority}: {error}") from None
    return server.address.pool(context, connect_s=timeout_s)
