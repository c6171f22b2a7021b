"""From the file to who looks for engines."""

from __future__ import annotations

import random
from collections.abc import Callable, Coroutine, Sequence
from typing import Any

from headway.serving.gateway.engines.address import Address
from headway.serving.gateway.engines.discovery.api import ApiServer
from headway.serving.gateway.engines.discovery.kubernetes import Service
from headway.serving.gateway.engines.discovery.names import Name
from headway.serving.gateway.engines.discovery.places import Places, keep_looking
from headway.serving.gateway.engines.document import Kubernetes
from headway.serving.gateway.engines.live import LiveEngine

EVERY_S = 5.0
"""Between two looks."""

_MISSES = 3
"""Answers in a row that leave a machine out before it is believed gone: name servers may answer
with some of many."""


def by_name(
    engines: Sequence[LiveEngine],
    address: Address,
    changed: Callable[[int], None],
    *,
    connect_s: float = 5.0,
) -> Coroutine[Any, Any, None]:
    """Return a job that looks for the machines behind a name.

    Parameters
    ----------
    engines
        Places for them.
    address
        The name.
    changed
        Hears of changes, see `Places`.
    connect_s
        Time to connect to an engine.
    """
    places = Places(engines, changed, misses=_MISSES, connect_s=connect_s)
    what = f"machines of {address.host}"
    return keep_looking(Name(address), places, every_s=EVERY_S, what=what, chance=_chance())


def by_service(
    engines: Sequence[LiveEngine],
    section: Kubernetes,
    changed: Callable[[int], None],
    *,
    server: ApiServer | None = None,
    connect_s: float = 5.0,
) -> Coroutine[Any, Any, None]:
    """Return a job that looks for the pods of a service.

    Parameters
    ----------
    engines, changed, connect_s
        As of `by_name`.
    section
        Names the service.
    server
        That is asked; that of the pod by default.

    Raises
    ------
    ConfigError
        If this is no pod, or it has no service account.
    """
    service = Service(
        server or ApiServer.of_pod(),
        section.service,
        namespace=section.namespace,
        port=section.port,
        path=section.path.rstrip("/").encode(),
    )
    places = Places(engines, changed, connect_s=connect_s)
    what = f"pods of {service.name}"
    return keep_looking(service, places, every_s=EVERY_S, what=what, chance=_chance())


def _chance() -> random.Random:
    return random.Random()  # noqa: S311 - only pauses
