"""One engine that a gateway can send requests to."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Protocol

from headway.serving.wire import Header, Pool


class Breaker(Protocol):
    """Keeps requests from an engine that fails, and lets a few through to see if it is back."""

    def allows(self, now_s: float) -> bool:
        """Return whether a request may be sent now."""
        ...

    def succeeded(self, now_s: float) -> None:
        """Hear that the engine has answered."""
        ...

    def failed(self, now_s: float) -> None:
        """Hear that it has not, or with a failure of its own."""
        ...


@dataclass(frozen=True, slots=True, kw_only=True)
class EngineKind:
    """What engines of one make have in common.

    Attributes
    ----------
    name
        As in ``"vllm"``.
    health_path
        Answers 200 while the engine is well.
    metrics
        Name of a gauge in ``/metrics``, by the name of the board's column.
    features
        What it can do beyond the OpenAI API, as in ``"priority"``.
    """

    name: str
    health_path: str = "/health"
    metrics: Mapping[str, str] = field(default_factory=dict)
    features: frozenset[str] = frozenset()


@dataclass(slots=True, kw_only=True, eq=False)
class LiveEngine:
    """An engine, its address, and what is known of it by this process.

    Attributes
    ----------
    number
        Its place in the view of the fleet and in the columns of the board.
    name
        As in the fleet, ``"a100-0"``.
    kind
        Its make.
    pool
        Connections to it.
    prefix
        Of its paths, as in ``b"/openai"``; empty for most.
    headers
        Added to each request, such as its key.
    models
        Names of the models it serves, adapters aside; None while nobody knows: all are tried.
    adapters
        Names of the adapters it has loaded.
    breaker
        Shut out by it while it fails; None for never.
    """

    number: int
    name: str
    kind: EngineKind
    pool: Pool
    prefix: bytes = b""
    headers: tuple[Header, ...] = ()
    models: frozenset[str] | None = None
    adapters: frozenset[str] = frozenset()
    breaker: Breaker | None = None
