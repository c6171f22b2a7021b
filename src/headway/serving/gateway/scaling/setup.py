"""From a fleet's file to who starts and stops its engines."""

from __future__ import annotations

import random
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass

from headway.errors import ConfigError
from headway.serving.fleet.adapters import Shelves
from headway.serving.fleet.adapters.described import catalogue
from headway.serving.fleet.setup import kinds, started
from headway.serving.gateway.board import Board
from headway.serving.gateway.engines import LiveEngine
from headway.serving.gateway.engines.discovery import Api, ApiServer
from headway.serving.gateway.scaling.books import Books
from headway.serving.gateway.scaling.document import Scaled, runs
from headway.serving.gateway.scaling.hands import Hands, Keeper
from headway.serving.gateway.scaling.kubernetes import Deployment, Deployments
from headway.serving.gateway.scaling.processes import Processes, own_engine
from headway.serving.gateway.scaling.ray_actors import RayEngines
from headway.serving.gateway.scaling.stations import Launcher, Stations, Times
from headway.serving.gateway.site import Site
from headway.serving.gateway.ticket import Ticket


@dataclass(frozen=True, slots=True)
class _Group:
    """Places of one kind."""

    kind: str
    own: Scaled
    numbers: tuple[int, ...]


def hands(
    site: Site, engines: Sequence[LiveEngine], board: Board, keeper: Keeper
) -> tuple[Hands, ...]:
    """Return who starts and stops engines, as the file wants it.

    Parameters
    ----------
    site
        What the gateway stands before.
    engines
        Its places.
    board
        Where it is written which of them are to have an engine.
    keeper
        Keeps requests from engines that are to stop.

    Raises
    ------
    ConfigError
        If the file asks for what cannot be; with the key.
    """
    scaling = site.serve.scaling
    if scaling.act == "none":
        return ()
    if scaling.act == "kubernetes":
        found = _deployments(site, engines, board, keeper)
    else:
        found = _stations(site, engines, board, keeper)
    if not found:
        raise ConfigError(f"serve.scaling.act: {scaling.act} has no kind of engines to start")
    return found


def _stations(
    site: Site, engines: Sequence[LiveEngine], board: Board, keeper: Keeper
) -> tuple[Hands, ...]:
    """Return who runs engines itself."""
    scaling = site.serve.scaling
    launchers: dict[int, Launcher] = {}
    for group in _groups(site):
        if runs(scaling, site.serve.engines.get(group.kind)):
            launchers |= dict.fromkeys(group.numbers, _launcher(site, group))
    if not launchers:
        return ()
    counts = [group.count for group in site.file.engines]
    first = [k for k in started(site.file.engines, counts) if k in launchers]
    times = Times(
        scaling.start_s,
        scaling.drain_s,
        scaling.stop_s,
        scaling.pause_s,
        site.serve.timeouts.connect_s,
    )
    return (Stations(engines, launchers, first, board, keeper, times),)


def _deployments(
    site: Site, engines: Sequence[LiveEngine], board: Board, keeper: Keeper
) -> tuple[Hands, ...]:
    """Return who has Deployments be larger and smaller."""
    scaling = site.serve.scaling
    groups = [group for group in _groups(site) if group.own.deployment is not None]
    if not groups:
        return ()
    server = ApiServer.of_pod()
    api, chance = Api(server), random.Random()  # noqa: S311 - only pauses
    return tuple(
        Deployments(
            Deployment(
                api, group.own.deployment or "", group.own.namespace or server.namespace, chance
            ),
            engines,
            group.numbers,
            board,
            keeper,
            drain_s=scaling.drain_s,
            gone_s=scaling.start_s,
            look_s=scaling.look_s,
        )
        for group in groups
    )


def sleepers(site: Site) -> frozenset[int]:
    """Return the places of engines that sleep instead of stopping."""
    upstreams = site.serve.engines
    return frozenset(
        number
        for number, kind in enumerate(site.engines.kinds)
        if kind in upstreams and upstreams[kind].sleeps
    )


def books(
    site: Site, engines: Sequence[LiveEngine], tickets: Callable[[], Iterable[Ticket]]
) -> Books | None:
    """Return the books of adapters that come and go, None if the fleet has none."""
    if not site.file.adapters:
        return None
    known = catalogue(site.file, kinds(site.file, site.path.parent))
    assert known is not None
    return Books(Shelves(known, site.members), engines, tickets)


def _groups(site: Site) -> list[_Group]:
    numbers: dict[str, list[int]] = {}
    for number, kind in enumerate(site.engines.kinds):
        numbers.setdefault(kind, []).append(number)
    own: Mapping[str, Scaled] = site.serve.scaling.engines
    return [_Group(kind, own.get(kind, Scaled()), tuple(one)) for kind, one in numbers.items()]


def _launcher(site: Site, group: _Group) -> Launcher:
    own, scaling = group.own, site.serve.scaling
    command = own.command or own_engine(site.path.resolve(), group.kind)
    names = {number: site.members[number].name for number in group.numbers}
    if scaling.act == "ray":
        return RayEngines(command, names, own=own, address=scaling.address, stop_s=scaling.stop_s)
    return Processes(command, names, env=own.env, host=scaling.host, stop_s=scaling.stop_s)
