"""From a fleet's file to what a gateway stands before: engines, their addresses, who decides."""

from __future__ import annotations

import math
import os
import ssl
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from os import PathLike
from pathlib import Path
from urllib.parse import urlsplit

from headway.errors import ConfigError
from headway.serving.fleet.document import FleetFile, Group
from headway.serving.fleet.member import Member, engines
from headway.serving.fleet.setup import Kind
from headway.serving.fleet.teams import Chosen, team
from headway.serving.fleet.view import Engines
from headway.serving.gateway.document import Serve, Upstreams, serve_section
from headway.serving.gateway.engines import EngineKind, LiveEngine
from headway.serving.traffic import key
from headway.serving.wire import Header, Limits, Pool
from headway.simulate.document import document, record

_PORTS = {"http": 80, "https": 443}

_SIMULATED = Upstreams(kind="vllm", priority=True)


@dataclass(frozen=True, slots=True)
class Address:
    """Where an engine is.

    Attributes
    ----------
    host, port
        To connect to.
    is_tls
        Whether it speaks HTTPS.
    prefix
        Of all paths, without a slash at its end.
    """

    host: str
    port: int
    is_tls: bool = False
    prefix: bytes = b""

    @classmethod
    def of(cls, url: str) -> Address:
        """Return the address in a URL such as ``http://10.0.0.7:8000``.

        A path is put before that of each request, but for ``/v1``, which requests bring along.

        Raises
        ------
        ConfigError
            If it is none.
        """
        try:
            found = urlsplit(url)
            port = found.port
        except ValueError as error:
            raise ConfigError(f"{url!r}: {error}") from None
        if found.scheme not in _PORTS or not found.hostname:
            raise ConfigError(f"{url!r}: expected an address such as http://10.0.0.7:8000")
        if found.username or found.query or found.fragment:
            raise ConfigError(f"{url!r}: expected nothing but host, port and path")
        prefix = found.path.rstrip("/").removesuffix("/v1")
        port = _PORTS[found.scheme] if port is None else port
        return cls(found.hostname, port, found.scheme == "https", prefix.encode())


@dataclass(frozen=True, eq=False)
class Site:
    """What a gateway stands before.

    Attributes
    ----------
    file
        What was written down.
    path
        Of the file.
    serve
        Its section on live use.
    members
        Engines, kind after kind, as in the fleet; each is called after its kind.
    engines
        What policies may see of them.
    addresses
        One an engine; None for those that are to be simulated.
    classes
        Seconds to the first token that service classes are promised, by name, in order.
    """

    file: FleetFile
    path: Path
    serve: Serve
    members: tuple[Member, ...] = field(repr=False)
    engines: Engines = field(repr=False)
    addresses: tuple[Address | None, ...]
    classes: Mapping[str, float]

    @classmethod
    def read(cls, path: str | PathLike[str]) -> Site:
        """Return what a fleet's file describes.

        Raises
        ------
        FormatError
            If a file cannot be read.
        ConfigError
            If a key is unknown or has a value it cannot have; with the path of the key.
        """
        try:
            return cls.of(record(document(path), FleetFile, "a fleet"), Path(path))
        except ConfigError as error:
            raise ConfigError(f"{path}: {error}") from None

    @classmethod
    def of(cls, file: FleetFile, path: Path) -> Site:
        """Return what a description stands for; raises as `read`."""
        serve = serve_section(file)
        members: list[Member] = []
        addresses: list[Address | None] = []
        seen: set[str] = set()
        for number, group in enumerate(file.engines):
            with key(f"engines[{number}]"):
                if group.name in seen:
                    raise ConfigError(f"name: {group.name!r} is the name of another kind, too")
                seen.add(group.name)
                there = _addresses(group, serve.engines.get(group.name))
                members += _members(group, path.parent, len(there), serve.seed)
                addresses += there
        if not members:
            raise ConfigError("engines: expected at least one engine")
        promised = {
            one.name: math.inf if one.ttft_s is None else one.ttft_s for one in file.classes
        }
        found = cls(
            file,
            path,
            serve,
            tuple(members),
            engines(members),
            tuple(addresses),
            promised or {"default": math.inf},
        )
        found.wire_limits()
        for name in found.policies:
            found.policy(name).make(path.parent, serve.seed)
        return found

    @property
    def policies(self) -> tuple[str, ...]:
        """Names of the routers that requests can choose from; the first is that of all others."""
        named = [one if isinstance(one, str) else one.name for one in self.file.policies]
        return tuple(dict.fromkeys((*named, *self.serve.routers)))

    def policy(self, name: str) -> Chosen:
        """Return the router and the controllers that a name stands for."""
        return team(name, self.file)

    def wire_limits(self) -> Limits:
        """Return the limits of connections.

        Raises
        ------
        ConfigError
            If there is no such limit, or it cannot have that value.
        """
        try:
            return Limits(**self.serve.limits)  # type: ignore[arg-type]  # numbers are whole or not
        except TypeError as error:
            raise ConfigError(f"serve.limits: {error}") from None

    def live(self, addresses: Sequence[Address]) -> tuple[LiveEngine, ...]:
        """Return the engines, to be talked to.

        Parameters
        ----------
        addresses
            Of all engines, those of simulated ones included.

        Raises
        ------
        ConfigError
            If the variable that is to hold a key is not set.
        """
        limits, connect_s = self.wire_limits(), self.serve.timeouts.connect_s
        found = []
        for number, (member, address) in enumerate(zip(self.members, addresses, strict=True)):
            upstreams = self.serve.engines.get(member.kind, _SIMULATED)
            tls = ssl.create_default_context() if address.is_tls else None
            found.append(
                LiveEngine(
                    number=number,
                    name=member.name,
                    kind=EngineKind(name=upstreams.kind),
                    pool=Pool(
                        address.host, address.port, tls=tls, limits=limits, connect_s=connect_s
                    ),
                    prefix=address.prefix,
                    headers=_authorization(upstreams, member.kind),
                    adapters=member.adapters,
                    priority=upstreams.priority,
                )
            )
        return tuple(found)


def _addresses(group: Group, upstreams: Upstreams | None) -> list[Address | None]:
    if upstreams is None or not upstreams.urls:
        return [None] * group.count
    found: list[Address | None] = []
    for number, url in enumerate(upstreams.urls):
        with key(f"serve.engines.{group.name}.urls[{number}]"):
            found.append(Address.of(url))
    return found


def _members(group: Group, home: Path, count: int, seed: int) -> list[Member]:
    if group.role != "both":
        raise ConfigError(f"role: engines that only {group.role} can be simulated, not yet served")
    return Kind.of(group, home).members(count, seed)


def _authorization(upstreams: Upstreams, kind: str) -> tuple[Header, ...]:
    name = upstreams.api_key_env
    if name is None:
        return ()
    secret = os.environ.get(name, "")
    if not secret or not secret.isprintable():
        raise ConfigError(f"serve.engines.{kind}.api_key_env: {name} is not set, or is no key")
    return ((b"authorization", f"Bearer {secret}".encode()),)
