"""Settings of an engine: how it forms batches and keeps its cache."""

from __future__ import annotations

import math
from dataclasses import dataclass, fields
from typing import Any, Literal, get_args, get_type_hints

from headway.errors import ConfigError

Mix = Literal["together", "prefill first"]
Reserve = Literal["step", "prompt", "whole"]
Refill = Literal["continuous", "when empty"]
Victim = Literal["last", "priority", "least progress"]
Preemption = Literal["recompute", "swap", "cheaper"]

UNLIMITED = 2**31 - 1
"""As many tokens as one likes."""

_LEAST = {
    "blocks": 1,
    "block_tokens": 1,
    "token_budget": 1,
    "max_sequences": 1,
    "max_model_tokens": 2,
    "long_prefill_tokens": 0,
    "host_blocks": 0,
    "pipeline": 1,
    "clients": 0,
    "bytes_per_block": 0,
}

_MOST = {"blocks": 2**24, "block_tokens": 2**24, "bytes_per_block": 2**62}
"""What is bounded more, or less, tightly than by `UNLIMITED`."""


@dataclass(frozen=True, slots=True, kw_only=True)
class EngineConfig:
    """How an engine forms its batches and keeps its key-value cache.

    The defaults are those of vLLM V1: every step gives each running sequence the tokens it misses,
    in the order of admission and within a budget, then admits waiting requests in chunks.

    Parameters
    ----------
    blocks
        Blocks of the key-value cache. Nothing matters more once the cache is full: take the number
        that the real engine reports where you can.
    block_tokens
        Tokens in a block.
    token_budget
        Most tokens in a step (vLLM: ``max_num_batched_tokens``).
    max_sequences
        Most requests in a batch (``max_num_seqs``).
    max_model_tokens
        Longest sequence, prompt and output together (``max_model_len``).
    long_prefill_tokens
        Most tokens of one prefill in a step; 0 for no such limit.
    prefix_caching
        Whether blocks computed for one request serve others that begin alike.
    watermark
        Share of the blocks that an admission leaves free, unless nothing runs.
    prompt_must_fit
        Whether a request is admitted only if its whole prompt would fit, though only the blocks of
        its first chunk are taken.
    mix
        Prefills and decodes in one step, or prefills in steps of their own that go first.
    chunked
        Whether a prompt may be cut.
    padded_budget
        Whether the budget counts every prompt of a step as long as the longest (vLLM V0).
    decode_first
        Whether decodes get their tokens before prefills that have begun (Sarathi-Serve).
    reserve
        Blocks taken at admission: as the step needs, for the whole prompt, or for all the tokens
        that were asked for (Orca).
    refill
        Whether requests join a batch while it runs, or when it has ended (static batches, padded to
        the longest).
    victim
        Who gives its blocks back when they run short: the last one admitted, the least urgent
        (largest priority, then latest), or the one that has said least (then the longest prompt).
    preemption
        Whether a victim is computed again later, or moved to the host's memory and back, or what
        of the two is cheaper.
    swap_bytes_per_s
        Bandwidth of the link to the host.
    bytes_per_block
        Size of a block.
    host_blocks
        Blocks of a second tier in the host's memory, which keeps what the device forgets.
    pipeline
        Stages of pipeline parallelism: so many batches are under way at once.
    clients
        If positive, the loop is closed: so many clients send a request each, and the next one when
        the answer is complete. 0: requests arrive at their times.
    prefill_only
        Whether a request has ended with its first token: the prefill side of a disaggregated pair.

    Raises
    ------
    ConfigError
        If a setting is out of range.

    References
    ----------
    Kwon et al. (2023), Efficient memory management for large language model serving with
    PagedAttention. Agrawal et al. (2024), Taming throughput-latency tradeoff in LLM inference with
    Sarathi-Serve. Yu et al. (2022), Orca.
    """

    blocks: int
    block_tokens: int = 16
    token_budget: int = 2048
    max_sequences: int = 256
    max_model_tokens: int = UNLIMITED
    long_prefill_tokens: int = 0
    prefix_caching: bool = True
    watermark: float = 0.0
    prompt_must_fit: bool = True
    mix: Mix = "together"
    chunked: bool = True
    padded_budget: bool = False
    decode_first: bool = False
    reserve: Reserve = "step"
    refill: Refill = "continuous"
    victim: Victim = "last"
    preemption: Preemption = "recompute"
    swap_bytes_per_s: float = math.inf
    bytes_per_block: int = 0
    host_blocks: int = 0
    pipeline: int = 1
    clients: int = 0
    prefill_only: bool = False

    def __post_init__(self) -> None:
        hints = get_type_hints(EngineConfig)
        for field in fields(self):
            _check(field.name, getattr(self, field.name), hints[field.name])
        if not 0 <= self.watermark < 1:
            raise ConfigError(f"watermark: expected a share in [0, 1), got {self.watermark}")
        if not self.swap_bytes_per_s > 0:
            raise ConfigError(f"swap_bytes_per_s: must be positive, got {self.swap_bytes_per_s}")
        if self.refill == "when empty" and self.chunked:
            raise ConfigError("refill: static batches run whole prompts; set chunked to false")
        if self.decode_first and self.mix == "prefill first":
            raise ConfigError("decode_first: of no use when prefills have steps of their own")

    @property
    def block_seconds(self) -> float:
        """Seconds that a block takes over the link to the host."""
        return self.bytes_per_block / self.swap_bytes_per_s

    def native(self) -> dict[str, Any]:
        """Return the settings as the native core reads them."""
        return {
            **{name: int(getattr(self, name)) for name in _LEAST if name != "bytes_per_block"},
            "watermark_blocks": math.floor(self.watermark * self.blocks),
            "mix": get_args(Mix).index(self.mix),
            "reserve": get_args(Reserve).index(self.reserve),
            "victim": get_args(Victim).index(self.victim),
            "eviction": get_args(Preemption).index(self.preemption),
            "prefix_caching": self.prefix_caching,
            "prompt_must_fit": self.prompt_must_fit,
            "padded_budget": self.padded_budget,
            "prefill_only": self.prefill_only,
            "chunked": self.chunked,
            "decode_first": self.decode_first,
            "refill_when_empty": self.refill == "when empty",
            "block_seconds": self.block_seconds,
        }


def _check(name: str, value: object, kind: object) -> None:
    if kind is bool:
        if not isinstance(value, bool):
            raise ConfigError(f"{name}: expected true or false, got {value!r}")
    elif kind is int:
        least, most = _LEAST[name], _MOST.get(name, UNLIMITED)
        if not isinstance(value, int) or isinstance(value, bool) or value < least:
            raise ConfigError(f"{name}: expected a whole number from {least} on, got {value!r}")
        if value > most:
            raise ConfigError(f"{name}: expected at most {most}, got {value}")
    elif kind is float:
        if not isinstance(value, int | float) or isinstance(value, bool):
            raise ConfigError(f"{name}: expected a number, got {value!r}")
    elif value not in get_args(kind):
        known = ", ".join(map(repr, get_args(kind)))
        raise ConfigError(f"{name}: expected one of {known}, got {value!r}")
