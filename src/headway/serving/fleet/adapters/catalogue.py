"""Which adapters there are, how large they are, and how long it takes to load one."""

from __future__ import annotations

import math
from dataclasses import dataclass, field
from functools import cached_property

from headway.errors import ConfigError
from headway.serving.fleet.member import Link
from headway.serving.models import LanguageModel, LatentAttention, dtype_bytes

STORE = Link(bytes_per_s=2e9, latency_s=0.012)
"""From where adapters come by default.

The latency is what vLLM needs for a tiny adapter, 8 to 16 ms; the bandwidth is that of a fast disk.
"""


@dataclass(frozen=True, slots=True, kw_only=True)
class Adapter:
    """A low-rank adapter of a model.

    Parameters
    ----------
    name
        What requests call it.
    size_bytes
        Of its weights.
    model
        Engines with this model can hold it; all can if it is empty.

    Raises
    ------
    ConfigError
        If it has no name or a size that cannot be.
    """

    name: str
    size_bytes: float
    model: str = ""

    def __post_init__(self) -> None:
        if not self.name:
            raise ConfigError("name: must not be empty")
        if not 0 <= self.size_bytes < math.inf:
            raise ConfigError(f"{self.name}: size_bytes: expected a size, got {self.size_bytes}")


@dataclass(frozen=True)
class Catalogue:
    """All adapters that engines may be asked for.

    Parameters
    ----------
    adapters
        No two of one name.
    store
        The link from where they lie to an engine; an engine loads one after the other.

    Raises
    ------
    ConfigError
        If two have one name.
    """

    adapters: tuple[Adapter, ...]
    store: Link = field(default=STORE)

    def __post_init__(self) -> None:
        if len(self.index) < len(self.adapters):
            names = [adapter.name for adapter in self.adapters]
            twice = next(name for name in names if names.count(name) > 1)
            raise ConfigError(f"adapters: {twice!r} is the name of two")

    def __len__(self) -> int:
        return len(self.adapters)

    @cached_property
    def index(self) -> dict[str, int]:
        """Positions by name."""
        return {adapter.name: number for number, adapter in enumerate(self.adapters)}

    def seconds(self, name: str) -> float:
        """Return how long it takes to load one on an engine that loads nothing else."""
        return self.store.seconds(self.adapters[self.index[name]].size_bytes)


def lora_bytes(model: LanguageModel, rank: int, dtype: str = "bfloat16") -> int:
    """Return the size of an adapter of all linear projections of a dense model.

    Each projection from n to m numbers gets a pair of matrices with ``rank * (n + m)`` numbers
    (Hu et al. 2021, LoRA).

    Parameters
    ----------
    model
        The base.
    rank
        Of the matrices.
    dtype
        Of their numbers.

    Raises
    ------
    ConfigError
        If the rank is none, or the model has experts or latent attention, for which engines do not
        agree on what is adapted: then give the bytes.
    UnknownNameError
        If there is no such number format.

    Examples
    --------
    >>> lora_bytes(LanguageModel.named("llama-3.1-8b"), rank=16)
    83886080
    """
    own, width = model.attention, model.feed_forward.width
    if rank < 1:
        raise ConfigError(f"rank: expected at least 1, got {rank}")
    if isinstance(own, LatentAttention) or model.experts is not None:
        raise ConfigError(f"rank: {model.name} is not dense, give the bytes of its adapters")
    heads, pairs = own.heads * own.head_dim, own.kv_heads * own.head_dim
    attention = 2 * (model.hidden + heads) + 2 * (model.hidden + pairs)
    feed_forward = (model.feed_forward.inputs + 1) * (model.hidden + width)
    return int(model.layers * rank * (attention + feed_forward) * dtype_bytes(dtype))
