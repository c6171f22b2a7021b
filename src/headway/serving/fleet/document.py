"""``fleet.yaml``: engines, their traffic and who decides, as written by people.

What a key means stands beside it. Keys that do not exist are refused, with their path. A section on
an engine means what it means in ``engine.yaml``.
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
    """Names of the adapters that are loaded."""


class Wire(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """The link between engines, see `Link`."""

    bytes_per_s: float = 10e9
    latency_s: float = 0.001


class Trouble(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """What goes wrong, see `headway.serving.fleet.faults`."""

    what: Literal["crash", "hang", "straggle"]
    engine: str
    """By name, as in ``"a100-0"``."""
    at_s: float
    until_s: float
    pace: float = 2.0
    """How many times as long steps take while an engine straggles."""


class Steerer(msgspec.Struct, frozen=True, forbid_unknown_fields=True, rename={"with_": "with"}):
    """A controller: a registered one, or ``FILE.py:CLASS``, with arguments."""

    policy: str
    with_: dict[str, Any] = {}


class Team(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """A router, and controllers of its own beside it."""

    name: str
    router: str
    """A name, weighted scorers such as ``prefix-cache:3,least-request``, or ``FILE.py:CLASS``."""
    controllers: tuple[Steerer, ...] | None = None
    """Scalers, rebalancers and the like; those of the file by default."""


class FleetFile(msgspec.Struct, frozen=True, forbid_unknown_fields=True, kw_only=True):
    """A whole file."""

    kind: Literal["fleet"]
    name: str = "fleet"
    engines: tuple[Group, ...]
    workload: Traffic
    classes: tuple[Promise, ...] = ()
    policies: tuple[str | Team, ...] = ("least-request",)
    """Routers to compare; the first is that of ``headway simulate``."""
    controllers: tuple[Steerer, ...] = ()
    """Scalers, rebalancers and the like."""
    link: Wire = Wire()
    detect_s: float = 1.0
    """Time after which the router knows that an engine is dead or hangs, or is back."""
    faults: tuple[Trouble, ...] = ()
    random_faults: dict[str, float] = {}
    """What else goes wrong, by chance: rates per hour and engine and lengths, see `FaultRates`."""
    loads: tuple[float, ...] = (1.0,)
    """Times the rate of arrivals; what ``headway compare`` runs."""
