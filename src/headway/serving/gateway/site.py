"""From a fleet's file to what a gateway stands before: engines, their addresses, who decides."""

from __future__ import annotations

import math
import os
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, fields
from os import PathLike
from pathlib import Path
from typing import Any, TypeVar

import msgspec

from headway.errors import ConfigError, UnknownNameError
from headway.serving.fleet.document import Client, FleetFile, Group
from headway.serving.fleet.member import Member, engines
from headway.serving.fleet.setup import Kind
from headway.serving.fleet.teams import Chosen, team
from headway.serving.fleet.view import Engines
from headway.serving.gateway.document import Serve, Upstreams, serve_section
from headway.serving.gateway.engines import LiveEngine, engine_kind
from headway.serving.gateway.engines.address import Address
from headway.serving.gateway.retry import RetryRules
from headway.serving.gateway.scaling.document import Scaling, runs
from headway.serving.gateway.watch import Breaker, BreakerRules, HealthRules
from headway.serving.gateway.watch.watcher import WatchRules
from headway.serving.traffic import key
from headway.serving.wire import Header, Limits
from headway.simulate.document import document, record

_Rules = TypeVar("_Rules", Limits, RetryRules, BreakerRules, HealthRules, WatchRules)

_SIMULATED = Upstreams(kind="vllm", priority=True)


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
    limits, retries, breaker_rules, watch
        Of connections, of tries again, and of what is done about engines that fail.
    """

    file: FleetFile
    path: Path
    serve: Serve
    members: tuple[Member, ...] = field(repr=False)
    engines: Engines = field(repr=False)
    addresses: tuple[Address | None, ...]
    classes: Mapping[str, float]
    limits: Limits
    retries: RetryRules
    breaker_rules: BreakerRules
    watch: WatchRules

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
                there = _addresses(group, serve.engines.get(group.name), serve.scaling)
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
            limits=_rules(Limits, serve.limits, "limits"),
            retries=_rules(RetryRules, serve.retries, "retries"),
            breaker_rules=_rules(BreakerRules, serve.breaker, "breaker"),
            watch=_watch(serve),
        )
        for name in found.policies:
            found.policy(name).make(path.parent, serve.seed)
        return found

    @property
    def policies(self) -> tuple[str, ...]:
        """Names of the routers that requests can choose from; the first is that of all others."""
        named = [one if isinstance(one, str) else one.name for one in self.file.policies]
        return tuple(dict.fromkeys((*named, *self.serve.routers)))

    def policy(self, name: str) -> Chosen:
        """Return the router and the controllers that a name stands for.

        Where there are accounts, they hold tenants to their limits, and routers know no more of
        them than their weights.
        """
        if self.serve.accounts is None:
            return team(name, self.file)
        clients = tuple(Client(name=one.name, weight=one.weight) for one in self.file.tenants)
        return team(name, msgspec.structs.replace(self.file, tenants=clients))

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
        connect_s = self.serve.timeouts.connect_s
        found = []
        for number, (member, address) in enumerate(zip(self.members, addresses, strict=True)):
            upstreams = self.serve.engines.get(member.kind, _SIMULATED)
            found.append(
                LiveEngine(
                    number=number,
                    name=member.name,
                    kind=engine_kind(upstreams.kind),
                    pool=address.pool(connect_s=connect_s),
                    prefix=address.prefix,
                    headers=_authorization(upstreams, member.kind),
                    adapters=member.adapters,
                    priority=upstreams.priority,
                    breaker=Breaker(self.breaker_rules),
                )
            )
        return tuple(found)


def _addresses(group: Group, upstreams: Upstreams | None, scaling: Scaling) -> list[Address | None]:
    if runs(scaling, upstreams):
        return [Address(scaling.host, 9)] * group.count  # each gets another one when it starts
    if upstreams is None:
        return [None] * group.count
    if upstreams.dns is not None:
        with key(f"serve.engines.{group.name}.dns"):
            return [Address.parse(upstreams.dns)] * group.count
    if upstreams.kubernetes is not None:
        return [Address(upstreams.kubernetes.service, 80)] * group.count
    if not upstreams.urls:
        return [None] * group.count
    found: list[Address | None] = []
    for number, url in enumerate(upstreams.urls):
        with key(f"serve.engines.{group.name}.urls[{number}]"):
            found.append(Address.parse(url))
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


def _watch(serve: Serve) -> WatchRules:
    health = _rules(HealthRules, serve.health, "health")
    return _rules(WatchRules, {**serve.watch, "health": health}, "watch")


def _rules(kind: type[_Rules], given: Mapping[str, Any], section: str) -> _Rules:
    """Return the settings in a section."""
    known = [one.name for one in fields(kind)]
    for name in given:
        if name not in known:
            raise ConfigError(f"serve.{section}: {UnknownNameError('key', name, known)}")
    try:
        return msgspec.convert(dict(given), kind)
    except msgspec.ValidationError as error:
        what, _, where = str(error).partition(" - at `$")
        name = where.rstrip("`")
        what = what.removeprefix(f"{section}.")
        raise ConfigError(f"serve.{section}{name}: {what}") from None
