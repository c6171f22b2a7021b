"""The section ``shared`` of a gateway, as written by people."""

from __future__ import annotations

import msgspec


class RedisSection(msgspec.Struct, frozen=True, forbid_unknown_fields=True, kw_only=True):
    """A Redis server through which gateways on several machines hear of one another."""

    url: str = "redis://127.0.0.1:6379/0"
    """``redis://``, ``rediss://`` or ``unix://``, with user and password if there are any."""
    url_env: str | None = None
    """Variable of the environment that has the address instead, if it holds a password."""
    group: str = "headway"
    """Gateways hear of those that have the same group, and the same engines."""
    period_s: float = 0.2
    """Between two times that a gateway tells how many requests it has at engines."""
    forget_s: float = 2.0
    """A gateway that was silent for so long is dead, and its requests no longer count."""
    timeout_s: float = 1.0
    """How long to wait for Redis."""
    retry_s: float = 1.0
    """Between attempts at a server that fails."""


class SharedSection(msgspec.Struct, frozen=True, forbid_unknown_fields=True, kw_only=True):
    """What routers of several workers tell one another."""

    period_s: float = 0.05
    """How long what happens is gathered; each router learns it from the others so much later."""
    workers: bool = True
    """Whether workers of one machine tell one another."""
    redis: RedisSection | None = None
    """For gateways on several machines."""
