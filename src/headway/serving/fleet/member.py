"""What a fleet is made of: engines, what they cost, and the links between them."""

from __future__ import annotations

import math
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Literal

import numpy as np

from headway.errors import ConfigError
from headway.serving.engine import EngineConfig, Policy
from headway.serving.fleet.view import Engines
from headway.serving.step_time import StepTime

Role = Literal["both", "prefill", "decode"]


@dataclass(frozen=True, slots=True, kw_only=True)
class Link:
    """What it takes to move the cache of a request from one engine to another.

    Parameters
    ----------
    bytes_per_s
        Bandwidth.
    latency_s
        Time before the first byte arrives.
    """

    bytes_per_s: float = 10e9
    latency_s: float = 0.001

    def __post_init__(self) -> None:
        if not self.bytes_per_s > 0:
            raise ConfigError(f"link.bytes_per_s: must be positive, got {self.bytes_per_s}")
        if not self.latency_s >= 0:
            raise ConfigError(f"link.latency_s: must not be negative, got {self.latency_s}")

    def seconds(self, size_bytes: float) -> float:
        """Return how long so many bytes take."""
        return self.latency_s + size_bytes / self.bytes_per_s


@dataclass(frozen=True, slots=True, kw_only=True)
class Member:
    """One engine of a fleet, or one more of its kind that a scaler may start.

    Parameters
    ----------
    name
        What tables call it, one of its kind included, as in ``"a100-3"``.
    config
        How it forms batches.
    step_time
        How long its steps take.
    policy
        Makes who decides within it; by default the engine's own rules.
    kind
        Engines of one kind can stand for one another; a scaler counts them together.
    role
        Whether it serves requests from end to end, or only up to the first token, or from there on.
    price_per_h
        Of an hour, in whatever currency.
    start_s
        Time from the order to the first request: loading a model takes its time.
    bytes_per_token
        Size of the cache of one token, for what is moved between engines.
    labels
        What routers may select by.
    adapters
        Names of the adapters that it comes up with.
    max_adapters
        Most that it can hold at a time, where they come and go; by default there is no limit.
    model
        Name of its model, for adapters that are of one model only.
    """

    name: str
    config: EngineConfig
    step_time: StepTime
    policy: Callable[[], Policy] = Policy
    kind: str = "engine"
    role: Role = "both"
    price_per_h: float = 0.0
    start_s: float = 0.0
    bytes_per_token: float = 0.0
    labels: Mapping[str, str] = field(default_factory=dict)
    adapters: frozenset[str] = frozenset()
    max_adapters: int | None = None
    model: str = ""

    def __post_init__(self) -> None:
        for name in ("price_per_h", "start_s", "bytes_per_token"):
            if not 0 <= getattr(self, name) < math.inf:
                raise ConfigError(f"{name}: expected a number from 0 on, got {getattr(self, name)}")
        if self.role not in ("both", "prefill", "decode"):
            raise ConfigError(f"role: expected both, prefill or decode, got {self.role!r}")
        if self.max_adapters is not None and self.max_adapters < 0:
            raise ConfigError(f"max_adapters: must not be negative, got {self.max_adapters}")
        if self.config.clients:
            raise ConfigError("clients: a closed loop belongs to the traffic, not to an engine")


def engines(members: Sequence[Member]) -> Engines:
    """Return what policies may see of engines that does not change."""
    return Engines(
        names=tuple(member.name for member in members),
        kinds=tuple(member.kind for member in members),
        roles=tuple(member.role for member in members),
        blocks=np.array([member.config.blocks for member in members], dtype=np.int64),
        block_tokens=np.array([member.config.block_tokens for member in members], dtype=np.int64),
        max_sequences=np.array([member.config.max_sequences for member in members], dtype=np.int64),
        price_per_h=np.array([member.price_per_h for member in members]),
        labels=tuple(member.labels for member in members),
        adapters=tuple(member.adapters for member in members),
    )
