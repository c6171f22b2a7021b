"""What a connection may take of memory and time."""

from __future__ import annotations

from dataclasses import dataclass, fields

from headway.errors import ConfigError


@dataclass(frozen=True, slots=True, kw_only=True)
class Limits:
    """Bounds that protect a server and a pool from their peers.

    Parameters
    ----------
    head_bytes
        Of the first line and the headers together.
    headers
        How many there may be.
    body_bytes
        Of a request.
    connections
        Open at once; more are closed as they come.
    pipelined
        Requests that one connection may send before the first is answered.
    head_s, body_s
        Until all headers, then until the whole body are there.
    idle_s
        Between two requests on a connection.
    stalled_s
        That a client may leave an answer unread.
    write_buffer_bytes
        That a slow reader may leave unread before who writes to it has to wait.
    """

    head_bytes: int = 65_536
    headers: int = 128
    body_bytes: int = 32 * 1024 * 1024
    connections: int = 16_384
    pipelined: int = 16
    head_s: float = 10.0
    body_s: float = 60.0
    idle_s: float = 75.0
    stalled_s: float = 60.0
    write_buffer_bytes: int = 262_144

    def __post_init__(self) -> None:
        for one in fields(self):
            if not getattr(self, one.name) > 0:
                value = getattr(self, one.name)
                raise ConfigError(f"limits.{one.name}: must be positive, got {value}")
