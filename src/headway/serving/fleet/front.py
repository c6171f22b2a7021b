"""What stands before a router: the limits of tenants, the queue, and who comes too late."""

from __future__ import annotations

import math

import msgspec

from headway.errors import ConfigError
from headway.serving.fleet.admission import Prices, Tenant, TenantLimits
from headway.serving.fleet.decisions import Router
from headway.serving.fleet.document import Door, FleetFile
from headway.serving.fleet.routing import (
    EarlyRejection,
    GatewayQueue,
    LeastTtft,
    QueueOrder,
    order,
)
from headway.serving.traffic import key


def tenants(file: FleetFile) -> tuple[Tenant, ...]:
    """Return who a file says may ask how much.

    Raises
    ------
    ConfigError
        If a limit cannot be, or two have one name; with the key.
    """
    found: list[Tenant] = []
    for number, client in enumerate(file.tenants):
        with key(f"tenants[{number}]"):
            if client.name in {tenant.name for tenant in found}:
                raise ConfigError(f"name: {client.name!r} is the name of another tenant, too")
            found.append(Tenant(**msgspec.structs.asdict(client)))
    return tuple(found)


def front(file: FleetFile, router: Router, order_name: str = "") -> Router:
    """Return a router with what a file puts before it.

    From the outside in: limits of tenants, the queue, the refusal of what would come too late.
    Simulations and live gateways call it alike.

    Parameters
    ----------
    file
        The fleet.
    router
        Where requests go that are let in.
    order_name
        Of the queue, if it is not that of the file.

    Raises
    ------
    ConfigError, UnknownNameError
        If a number or a name cannot be; with the key.
    """
    known = tenants(file)
    door = file.admission
    if door is not None or order_name:
        door = Door() if door is None else door
        weights = {tenant.name: tenant.weight for tenant in known}
        turn = order(order_name, weights) if order_name else None
        with key("admission"):
            router = _queue(door, router, order(door.order, weights) if turn is None else turn)
    with key("prices"):
        prices = Prices(file.prices.prompt, file.prices.output)
    if not known:
        return router
    own = {group.model for group in file.engines if group.model is not None}
    return TenantLimits(router, known, prices, own)


def _queue(door: Door, router: Router, turn: QueueOrder) -> Router:
    if door.reject_late:
        router = EarlyRejection(
            router, LeastTtft(), tells=True, spare_s=door.spare_s, name=router.name
        )
    return GatewayQueue(
        router,
        turn,
        limit=door.in_flight_per_engine,
        capacity=door.queue,
        in_flight=door.in_flight,
        timeout_s=math.inf if door.timeout_s is None else door.timeout_s,
    )
