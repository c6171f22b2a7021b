"""Parts of ``serve.engines``: how engines are found, and what they publish."""

from __future__ import annotations

import msgspec


class Kubernetes(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """Engines are the pods of a service that are ready; for a gateway in the same cluster."""

    service: str
    """Its name."""
    namespace: str | None = None
    """That of the gateway by default."""
    port: str | int | None = None
    """Name or number, if the service has several."""
    path: str = ""
    """What the paths of engines begin with, before ``/v1``."""


class KvEvents(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """Engines publish what their caches hold, by ZeroMQ."""

    publisher: str = "tcp://*:5557"
    """As the engine was told; ``*`` stands for its machine."""
    replay: str | None = None
    """The same for messages that are sent again; without, who misses one forgets all."""
    topic: str = ""
    ranks: int = 1
    """Data-parallel ranks, each at the port after that of the one before."""
    tokenize: bool = True
    """Whether engines are asked for the tokens of prompts; else only those that are sent count."""
    tokenize_s: float = 0.5
    """Longest wait for them."""
