"""What the policies of a fleet may see: one snapshot of all engines, and the request at hand."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Literal

import numpy as np
from numpy.typing import NDArray

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
    labels, adapters
        What they can be selected by.
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

    def __len__(self) -> int:
        return len(self.names)

    def of_role(self, *roles: str) -> Mask:
        """Return which engines have one of these roles."""
        return np.array([role in roles for role in self.roles])


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

    @property
    def kv_usage(self) -> Floats:
        """Share of the blocks that is held."""
        return 1 - self.free_blocks / self.engines.blocks


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
    blocks
        Chained names of the blocks of its prompt.
    block_tokens
        Tokens behind a name.
    stage
        ``"first"`` until its prompt is computed, then ``"decode"``, if these are apart.
    tries
        How often it was sent to an engine before.
    excluded
        Engines that have failed it.
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
