"""``fleet.yaml``: engines, who asks, who decides, and traffic to try it with, as written by people.

One file for simulations and for live use. What only simulations read stands apart: the keys of
`FleetFile` from ``workload`` on. What a key means stands beside it. Keys that do not exist
are refused, with their path. A section on an engine means what it means in ``engine.yaml``.
"""

from __future__ import annotations

from typing import Any, Literal

import msgspec

from headway.serving.document import Contender, Machine, Promise, Traffic
from headway.serving.fleet.member import Role


class Group(Machine, frozen=True, forbid_unknown_fields=True, kw_only=True):
    """Engines of one kind; each is called after it, with a number, as in ``"a100-0"``."""

    name: str
    count: int = 1
    """How many there are."""
    started: int | None = None
    """How many of them from the beginning, if a scaler may start the others; all by default."""
    most: int | None = None
    """How many there may be, for ``headway plan-capacity``."""
    role: Role = "both"
    """``prefill`` and ``decode`` serve requests up to the first token, and from there on."""
    engine: str | dict[str, Any] = "vllm"
    """A preset, or fields of `EngineConfig`, ``preset`` and ``utilisation`` (of the memory)."""
    policy: str | Contender | None = None
    """Who decides within an engine, as under ``policies`` of an engine's file."""
    price_per_h: float = 0.0
    """Of one engine, all its GPUs together."""
    start_s: float = 0.0
    """From the order to the first request."""
    labels: dict[str, str] = msgspec.field(default_factory=dict)
    adapters: tuple[str, ...] = ()
    """Names of the adapters that an engine comes up with."""
    max_adapters: int | None = None
    """Most that it holds at a time, where they come and go; there is no limit by default."""


class Wire(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """The link between engines, see `Link`."""

    bytes_per_s: float = 10e9
    latency_s: float = 0.001


class Pool(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """Cache beside the engines that all of them share, see `CachePool`."""

    bytes: float
    policy: str = "s3-fifo"
    """Or ``lru``."""
    bytes_per_s: float = 10e9
    latency_s: float = 0.001
    selective: bool = True
    """Whether a prefix is fetched only if that is quicker than to compute it."""


class LowRank(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """Adapters that are loaded when they are needed, see `Adapter`; one of `rank` and `bytes`."""

    name: str
    """With a count, one is called after it, as in ``"adapter-1"``."""
    count: int | None = None
    """How many there are; one by default, with this very name."""
    rank: int | None = None
    """Of all linear projections of the model, two bytes a number."""
    bytes: float | None = None
    """Of one."""
    model: str | None = None
    """Whose; that of all engines by default."""


class Trouble(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """What goes wrong, see `headway.serving.fleet.faults`."""

    what: Literal[
        "crash", "hang", "straggle", "slow-link", "false-alarm", "stale-metrics", "wrong-metrics"
    ]
    engine: str
    """By name, as in ``"a100-0"``."""
    at_s: float
    until_s: float
    pace: float | None = None
    """How many times as long steps of a straggler take, or transfers over a slow link."""
    factor: float | None = None
    """How many times wrong metrics are what they should be."""


class Demand(Traffic, frozen=True, forbid_unknown_fields=True):
    """What the fleet is asked to do, and by whom."""

    tenants: str | dict[str, float] | None = None
    """``session``, ``class`` or ``adapter``: the column that says whose a request is, as
    ``"session-7"`` or by the name of its class or adapter. Or shares of requests by tenant, drawn
    at random, all of a session together. By default, what the trace says.
    """


class Client(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """A tenant, see `Tenant`; live, requests say by their key or user whose they are."""

    name: str
    weight: float = 1.0
    """In a fair queue, relative to the others."""
    requests_per_min: float | None = None
    tokens_per_min: float | None = None
    """Of prompts when they come, and of answers when they have ended."""
    budget_per_day: float | None = None
    """In the currency of ``prices``."""
    models: tuple[str, ...] = ()
    """Models and adapters that it may ask for; all by default."""
    priority: int | None = None
    """Of its requests, smaller is more urgent; by default that of the request."""


class Door(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """Who is let in, and who waits at the gateway."""

    order: str = "fcfs"
    """Of the queue: ``fcfs``, ``edf``, ``vtc`` (fair between tenants), ``vtc-session`` or ``afs``.

    One before the name of a router, as in ``edf/least-request``, takes precedence.
    """
    in_flight: int | None = None
    """Most requests in all engines together."""
    in_flight_per_engine: int | None = None
    """As many as its largest batch by default."""
    queue: int = 10_000
    """Most requests that wait; others are rejected."""
    timeout_s: float | None = None
    """Longest wait; then a request is rejected."""
    reject_late: bool = False
    """Whether those are rejected whose first token could not come in time."""
    spare_s: float = 0.0
    """By how much it must be early."""


class Tariff(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """What tenants pay for a million tokens."""

    prompt: float = 0.0
    output: float = 0.0


class Steerer(msgspec.Struct, frozen=True, forbid_unknown_fields=True, rename={"with_": "with"}):
    """A controller: a registered one, or ``FILE.py:CLASS``, with arguments."""

    policy: str
    with_: dict[str, Any] = {}


class Team(msgspec.Struct, frozen=True, forbid_unknown_fields=True, rename={"with_": "with"}):
    """A router, and controllers of its own beside it."""

    name: str
    router: str
    """A name, weighted scorers such as ``prefix-cache:3,least-request``, or ``FILE.py:CLASS``."""
    with_: dict[str, Any] = {}
    """Arguments of ``FILE.py:CLASS``, or of ``profile-queue``."""
    controllers: tuple[Steerer, ...] | None = None
    """Scalers, rebalancers and the like; those of the file by default."""


class FleetFile(msgspec.Struct, frozen=True, forbid_unknown_fields=True, kw_only=True):
    """A whole file."""

    kind: Literal["fleet"]
    name: str = "fleet"
    engines: tuple[Group, ...]
    classes: tuple[Promise, ...] = ()
    policies: tuple[str | Team, ...] = ("least-request",)
    """Routers to compare; the first is that of ``headway simulate``, and that of live use."""
    controllers: tuple[Steerer, ...] = ()
    """Scalers, rebalancers and the like."""
    tenants: tuple[Client, ...] = ()
    """Who may ask how much; others may ask whatever they like."""
    prices: Tariff = Tariff()
    admission: Door | None = None
    """Without it nobody waits at the gateway."""
    adapters: tuple[LowRank, ...] = ()
    """Adapters that come and go; by default engines keep those that they come up with."""
    adapter_store: Wire | None = None
    """From where adapters are loaded, see `STORE`."""
    cache_pool: Pool | None = None
    link: Wire = Wire()
    serve: dict[str, Any] = {}
    """Only for live use, see `headway.serving.gateway.document.Serve`."""

    workload: Demand | None = None
    """The traffic; from here on, keys are for simulations only."""
    scrape_s: float = 0.0
    """Time between two readings of what an engine tells of itself; 0 if it is always known."""
    detect_s: float = 1.0
    """Time after which the router knows that an engine is dead or hangs, or is back."""
    faults: tuple[Trouble, ...] = ()
    random_faults: dict[str, float] = {}
    """What else goes wrong, by chance: rates per hour and engine and lengths, see `FaultRates`."""
    loads: tuple[float, ...] = (1.0,)
    """Times the rate of arrivals; what ``headway compare`` runs."""
