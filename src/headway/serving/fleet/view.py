"""What the policies of a fleet may see: one snapshot of all engines, and the request at hand."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field, fields
from operator import attrgetter
from typing import ClassVar, Literal

import numpy as np
from numpy.typing import NDArray

from headway.errors import UnknownNameError

Floats = NDArray[np.float64]
Ints = NDArray[np.int64]
Mask = NDArray[np.bool_]


@dataclass(frozen=True, slots=True, eq=False)
class Engines:
    """What does not change while a fleet runs; one entry an engine, shape (n_engines,).

    A scaler may add engines: they are listed from the start and not ready before they are.

    Attributes
    ----------
    names, kinds, roles
        As in `headway.serving.fleet.Member`.
    blocks, block_tokens
        Size of their caches.
    max_sequences
        Largest batches.
    price_per_h
        Of an hour.
    labels
        What they can be selected by.
    adapters
        That they come up with.
    """

    names: tuple[str, ...]
    kinds: tuple[str, ...]
    roles: tuple[str, ...]
    blocks: Ints
    block_tokens: Ints
    max_sequences: Ints
    price_per_h: Floats
    labels: tuple[Mapping[str, str], ...]
    adapters: tuple[frozenset[str], ...]
    _masks: dict[tuple[str, ...], Mask] = field(default_factory=dict, init=False, repr=False)

    def __len__(self) -> int:
        return len(self.names)

    def of_role(self, *roles: str) -> Mask:
        """Return which engines have one of these roles; not to be written to."""
        mask = self._masks.get(roles)
        if mask is None:
            mask = np.array([role in roles for role in self.roles], dtype=np.bool_)
            mask.setflags(write=False)
            self._masks[roles] = mask
        return mask


@dataclass(frozen=True, slots=True, eq=False)
class Residents:
    """Who is where: a row per request in an engine; those that run first, then the queue.

    A gateway knows by itself whom it sent where, who has begun to answer, how many tokens each has
    said and, from their prompts, how much memory they hold.

    Attributes
    ----------
    request, engine
        Which request, and where it is; shape (n,).
    priority
        Smaller is more urgent.
    stage
        `QUEUED`, `PREFILL` or `DECODE`.
    tokens
        In the cache.
    blocks
        That it holds or, if it is queued, that it will need.
    moving
        Who is being moved already.
    busy
        Engines that take part in a move already; shape (n_engines,).
    """

    request: Ints
    engine: Ints
    priority: Ints
    stage: Ints
    tokens: Ints
    blocks: Ints
    moving: Mask
    busy: Mask

    QUEUED: ClassVar[int] = 0
    PREFILL: ClassVar[int] = 1
    DECODE: ClassVar[int] = 2


@dataclass(frozen=True, slots=True, eq=False)
class Adapters:
    """Which engine has which adapter: a row an adapter, a column an engine.

    To be asked only while the view is at hand, not later: the tables are those of their owner.

    Attributes
    ----------
    index
        Rows by name.
    fits
        Who could hold which: those of the adapter's model.
    most
        How many each engine may hold; shape (n_engines,).
    held, loading
        Who has which, and who is loading which.
    in_use
        Requests on an engine that need it.
    used_s
        When it was last used there.
    """

    index: Mapping[str, int]
    fits: Mask
    most: Ints
    held: Mask
    loading: Mask
    in_use: Ints
    used_s: Floats

    def row(self, adapter: str) -> int:
        """Return the row of an adapter.

        Raises
        ------
        UnknownNameError
            If there is none of this name.
        """
        if adapter not in self.index:
            raise UnknownNameError("adapter", adapter, self.index)
        return self.index[adapter]

    @property
    def resident(self) -> Ints:
        """How many each engine has or is loading."""
        resident: Ints = self.held.sum(axis=0) + self.loading.sum(axis=0)
        return resident

    @property
    def room(self) -> Ints:
        """How many more each engine could take as it is."""
        room: Ints = self.most - self.resident
        return room

    @property
    def idle(self) -> Mask:
        """Who has which without using it."""
        idle: Mask = self.held & (self.in_use == 0)
        return idle

    def victim(self, engine: int) -> int:
        """Return the idle adapter that was used longest ago on an engine, -1 if none is idle."""
        idle = np.flatnonzero(self.idle[:, engine])
        return int(idle[self.used_s[idle, engine].argmin()]) if len(idle) else -1


@dataclass(frozen=True, slots=True, eq=False)
class Latencies:
    """What the requests that engines answered of late took, on average, as their metrics tell.

    One entry an engine, nan for those that answered nothing; shape (n_engines,).

    Attributes
    ----------
    queue_s, prefill_s, decode_s
        From when it came to the engine until it was scheduled, to its first token, to its last.
    prompt_tokens, output_tokens
        How long they were.
    """

    queue_s: Floats
    prefill_s: Floats
    decode_s: Floats
    prompt_tokens: Floats
    output_tokens: Floats


@dataclass(frozen=True, slots=True, eq=False)
class ClusterView:
    """All engines at one instant, the same in a simulation and live.

    A simulated gateway fills it from what it knows by itself (`in_flight`) and from engines'
    metrics, which may be old or wrong if the scenario says so.

    Attributes
    ----------
    now_s
        The instant.
    engines
        What does not change.
    ready
        Who takes new requests: started, healthy and not draining.
    in_flight
        Requests sent there and not ended, counted by the gateway itself.
    running, waiting
        Requests in batches and in queues.
    free_blocks
        Blocks that nobody holds.
    wanted_blocks
        Blocks that all waiting requests will need.
    wanted_blocks_first
        Blocks that the first in the queue will need.
    most_urgent
        Smallest priority of the requests there, `NOBODY` without any; None if it is not known.
    up
        Who is there or has been ordered, and is paid for; None if that is who is ready.
    draining
        Who takes no new requests because it is to stop; None if nobody is.
    residents
        Tells who is where, at the cost of a walk over all requests; None if nobody can tell. To be
        asked only while the view is at hand, not later.
    adapters
        Which adapters are where, if they come and go; None if engines have what they came up with.
    latencies
        Tells what requests took of late; None if engines do not say.
    """

    now_s: float
    engines: Engines
    ready: Mask
    in_flight: Ints
    running: Ints
    waiting: Ints
    free_blocks: Ints
    wanted_blocks: Ints
    wanted_blocks_first: Ints
    most_urgent: Ints | None = None
    up: Mask | None = None
    draining: Mask | None = None
    residents: Callable[[], Residents] | None = None
    adapters: Adapters | None = None
    latencies: Callable[[], Latencies] | None = None

    NOBODY: ClassVar[int] = 2**31 - 1

    @property
    def kv_usage(self) -> Floats:
        """Share of the blocks that is held."""
        return 1 - self.free_blocks / self.engines.blocks

    def only(self, ready: Mask) -> ClusterView:
        """Return the same fleet with other engines that take requests."""
        now_s, engines, _, *columns = _columns(self)
        return ClusterView(now_s, engines, ready, *columns)

    def holding(self, adapter: str) -> Mask:
        """Return which engines have an adapter now."""
        if self.adapters is None:
            return np.array([adapter in held for held in self.engines.adapters])
        row = self.adapters.index.get(adapter, -1)
        if row < 0:
            return np.zeros(len(self.engines), dtype=np.bool_)
        held: Mask = self.adapters.held[row].copy()
        return held


# dataclasses.replace takes several times as long, and queues ask for every request.
_columns = attrgetter(*(column.name for column in fields(ClusterView)))


@dataclass(frozen=True, slots=True, eq=False)
class Held:
    """What engines themselves tell that they hold of a prompt; shapes (n_engines,).

    Attributes
    ----------
    blocks
        How many of its blocks from the first on, at least.
    exact
        Whether that is all.
    """

    blocks: Ints
    exact: Mask


@dataclass(frozen=True, slots=True)
class RequestView:
    """What is known of a request when it is to be routed.

    Attributes
    ----------
    number
        Of the request.
    arrival_s
        When it came.
    prompt_tokens
        Length of its prompt.
    limit_tokens
        Most tokens that it asked for.
    priority
        Smaller is more urgent.
    service_class
        Index of its class.
    deadline_s
        By when its first token is due.
    session
        Whose turn it is, -1 if nobody's.
    adapter
        Name of the adapter that it needs.
    tenant
        Name of who asks, empty if nobody said.
    blocks
        Chained names of the blocks of its prompt; other ones under another adapter.
    block_tokens
        Tokens behind a name.
    stage
        ``"first"`` until its prompt is computed, then ``"decode"``, if these are apart.
    tries
        How often it was sent to an engine before.
    excluded
        Engines that have failed it.
    held
        What engines themselves tell that they hold of it; None if none does.
    """

    number: int
    arrival_s: float
    prompt_tokens: int
    limit_tokens: int
    priority: int
    service_class: int
    deadline_s: float
    session: int = -1
    adapter: str | None = None
    blocks: Ints | Sequence[int] = ()
    block_tokens: int = 0
    stage: Literal["first", "decode"] = "first"
    tries: int = 0
    excluded: frozenset[int] = frozenset()
    tenant: str = ""
    held: Held | None = None
