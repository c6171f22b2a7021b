"""What policies of a fleet decide, as values; simulations and gateways carry them out."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal, Protocol, runtime_checkable

from headway.serving.fleet.view import ClusterView, Floats, Ints, RequestView

NOWHERE = -1
"""In place of an engine: the request was sent to none."""


@dataclass(frozen=True, slots=True)
class Dispatch:
    """Send the request to an engine."""

    engine: int


@dataclass(frozen=True, slots=True)
class Hold:
    """Keep the request at the gateway and ask again, at this time at the latest.

    With an infinite time it is asked about again only if the router wakes it, see `Waker`.
    """

    until_s: float


@dataclass(frozen=True, slots=True)
class Reject:
    """Refuse the request.

    Attributes
    ----------
    reason
        For the client.
    cause
        In a word or two, the same for all that are refused for the same: what tables count.
    retry_s
        In how many seconds it is worth asking again, inf for never; None if nobody knows.
    """

    reason: str
    cause: str = "other"
    retry_s: float | None = None


@dataclass(frozen=True, slots=True)
class Start:
    """Start an engine that is not there."""

    engine: int


@dataclass(frozen=True, slots=True)
class Drain:
    """Send an engine no more requests, and stop it when the last one has ended."""

    engine: int


@dataclass(frozen=True, slots=True)
class Migrate:
    """Move a request that queues or speaks from one engine to another.

    Attributes
    ----------
    engine
        Where it is.
    request, destination
        Who goes where.
    how
        ``"live"`` copies its cache in stages while it goes on, ``"copy"`` all at once while it
        waits, ``"recompute"`` not at all: the destination computes it once more. One that queues
        has no cache and just changes queues.
    """

    engine: int
    request: int
    destination: int
    how: Literal["live", "copy", "recompute"] = "live"


@dataclass(frozen=True, slots=True, eq=False)
class Keep:
    """Tell an engine what is worth keeping in its cache, see `headway.serving.engine.Engine.keep`.

    Attributes
    ----------
    engine
        Whose cache.
    requests
        Who let go of blocks there; shape (k,).
    worths
        What they are worth; the least goes first; shape (k,).
    """

    engine: int
    requests: Ints
    worths: Floats


@dataclass(frozen=True, slots=True)
class LoadAdapter:
    """Load an adapter on an engine, which may then serve requests for it.

    In a full engine the idle one goes that was used longest ago; nothing happens if all are in use,
    or if the adapter is there already. Live: ``POST /v1/load_lora_adapter``.
    """

    engine: int
    adapter: str


@dataclass(frozen=True, slots=True)
class UnloadAdapter:
    """Give up an adapter of an engine; nothing happens while requests there need it.

    Live: ``POST /v1/unload_lora_adapter``.
    """

    engine: int
    adapter: str


@dataclass(frozen=True, slots=True)
class Warm:
    """Let an engine that has nothing to do compute a context before anybody asks for it.

    See `headway.serving.engine.Engine.warm`: the first request that comes there ends it.

    Attributes
    ----------
    engine
        Where.
    contexts
        Requests that have left a context there, and its tokens; the first one of which something
        is missing is computed.
    """

    engine: int
    contexts: tuple[tuple[int, int], ...]


Routing = Dispatch | Hold | Reject
Operation = Start | Drain | Migrate | Keep | Warm | LoadAdapter | UnloadAdapter


class Router(Protocol):
    """Decides which engine serves a request; see `headway.serving.fleet.routing`."""

    @property
    def name(self) -> str:
        """What tables call it."""
        ...

    def route(self, cluster: ClusterView, request: RequestView) -> Routing:
        """Return where a request goes; it reads, and changes nothing but its own memory."""
        ...

    def ended(self, request: int, engine: int, output_tokens: int, at_s: float) -> None:
        """Learn from a request that has left an engine, whatever the reason.

        Live, a client may go away while its request is held: the engine is then `NOWHERE`.
        """
        ...


@runtime_checkable
class Waker(Router, Protocol):
    """A router that keeps requests and knows when it is worth asking about one again."""

    def awake(self) -> int | None:
        """Return a request that is held and to be asked about now; None if there is none.

        Called after every decision and every end, until it returns None.
        """
        ...


@runtime_checkable
class Watcher(Router, Protocol):
    """A router that remembers what engines hold, and is told when one has lost it all."""

    def gone(self, engine: int, at_s: float) -> None:
        """Hear that an engine has died or was stopped: if it comes back, it is empty.

        Not called for one that is ill, hangs or drains: its cache is still there. Its requests have
        ended before.
        """
        ...


def tell_gone(router: Router, engine: int, at_s: float) -> None:
    """Tell a router that an engine has lost all it held, if it wants to know."""
    if isinstance(router, Watcher):
        router.gone(engine, at_s)


@dataclass(frozen=True, slots=True)
class Said:
    """What an answer said besides its text.

    Attributes
    ----------
    tools
        Names of the tools that it calls; the first is the one that the client has foretold, if so.
    finish
        Why it ended, in the words of the API, as in ``"stop"`` and ``"tool_calls"``; empty if
        nobody said.
    is_final
        Whether nothing comes after it in its session.
    """

    tools: tuple[str, ...] = ()
    finish: str = ""
    is_final: bool = False


@runtime_checkable
class Hearer(Protocol):
    """A router that wants to know what answers said; live only."""

    def said(self, request: int, said: Said) -> None:
        """Hear what the answer to a request has said, right before it has `ended`.

        Not called for requests that were not answered.
        """
        ...


@runtime_checkable
class Listener(Protocol):
    """A controller that must see what comes: it stands before the router."""

    def watching(self, router: Router) -> Router:
        """Return the router, with the controller listening."""
        ...


class Controller(Protocol):
    """Looks at the fleet from time to time: rebalancers, scalers, placers of adapters."""

    @property
    def name(self) -> str:
        """What tables call it."""
        ...

    @property
    def period_s(self) -> float:
        """Time between two looks."""
        ...

    def act(self, cluster: ClusterView) -> tuple[Operation, ...]:
        """Return what is to be done now."""
        ...
