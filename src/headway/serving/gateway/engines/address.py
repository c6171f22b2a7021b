"""Addresses of engines, as people write them."""

from __future__ import annotations

import ssl
from dataclasses import dataclass, replace
from urllib.parse import urlsplit

from headway.errors import ConfigError
from headway.serving.wire import Pool

_PORTS = {"http": 80, "https": 443}


@dataclass(frozen=True, slots=True)
class Address:
    """Where an engine, or a service in front of several, is.

    Attributes
    ----------
    host, port
        An IPv6 address stands without brackets.
    tls
        Whether by HTTPS.
    prefix
        Of its paths, as in ``b"/openai"``.
    server
        Name that its certificate is for, if that is not the host.
    """

    host: str
    port: int
    tls: bool = False
    prefix: bytes = b""
    server: str | None = None

    @classmethod
    def parse(cls, url: str) -> Address:
        """Return the address in a URL; a ``/v1`` at its end is part of every path, and dropped.

        Raises
        ------
        ConfigError
            If it is none of HTTP, or has more than a host, a port and a path.

        Examples
        --------
        >>> Address.parse("http://10.0.0.7:8000/v1")
        Address(host='10.0.0.7', port=8000, tls=False, prefix=b'', server=None)
        """
        try:
            parts = urlsplit(url.strip())
            port, host = parts.port, parts.hostname
            (host or "").encode("idna")
        except ValueError as error:
            raise ConfigError(f"{url!r}: {error}") from None
        if parts.scheme not in _PORTS or not host:
            raise ConfigError(f"{url!r}: expected an address such as http://10.0.0.7:8000")
        if parts.username or parts.password or parts.query or parts.fragment:
            raise ConfigError(f"{url!r}: expected a host, a port and a path, and nothing else")
        path = parts.path.rstrip("/").removesuffix("/v1").rstrip("/")
        if not path.isascii() or any(char <= " " for char in path):
            raise ConfigError(f"{url!r}: a path has only ASCII characters, and no spaces")
        tls = parts.scheme == "https"
        return cls(host, _PORTS[parts.scheme] if port is None else port, tls, path.encode())

    def at(self, ip: str) -> Address:
        """Return the same service on one of the machines behind its name."""
        return replace(self, host=ip, server=self.server or self.host)

    def __str__(self) -> str:
        host = f"[{self.host}]" if ":" in self.host else self.host
        scheme = "https" if self.tls else "http"
        return f"{scheme}://{host}:{self.port}{self.prefix.decode()}"

    def pool(self, context: ssl.SSLContext | None = None, *, connect_s: float = 5.0) -> Pool:
        """Return connections to it.

        Parameters
        ----------
        context
            For HTTPS; by default certificates must be of an authority that the system knows.
        connect_s
            Time to connect.
        """
        tls = (context or ssl.create_default_context()) if self.tls else None
        return Pool(self.host, self.port, tls=tls, connect_s=connect_s, name=self.server)
