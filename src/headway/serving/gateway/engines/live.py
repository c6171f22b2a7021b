"""One engine that a gateway can send requests to."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal, Protocol

from headway.serving.gateway.engines.kinds import EngineKind
from headway.serving.wire import Header, Pool


class Breaker(Protocol):
    """Keeps requests from an engine that fails, and lets a few through to see if it is back.

    Each request is told by `sent`, and then by one of `succeeded`, `failed` and `dropped`.
    """

    def state(self, now_s: float) -> Literal["closed", "open", "half-open"]:
        """Return where it stands."""
        ...

    def allows(self, now_s: float) -> bool:
        """Return whether a request may be sent now."""
        ...

    def sent(self, now_s: float) -> None:
        """Hear that a request is sent."""
        ...

    def succeeded(self, now_s: float) -> None:
        """Hear that the engine has answered."""
        ...

    def failed(self, now_s: float) -> None:
        """Hear that it has not, or with a failure of its own."""
        ...

    def dropped(self, now_s: float) -> None:
        """Hear that a request has ended without saying anything of the engine."""
        ...

    def reset(self) -> None:
        """Forget all, as of an engine that was started anew."""
        ...


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
    priority
        Whether it is told the priority of each request in its body.
    present
        Whether there is an engine at this place; one that is found by name may come and go.
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
    priority: bool = False
    present: bool = True
