"""A model on GPUs: what its memory holds."""

from __future__ import annotations

from dataclasses import dataclass

from headway.errors import ConfigError
from headway.serving.hardware.gpu import Gpu
from headway.serving.models import LanguageModel, LatentAttention, dtype_bytes

CONTEXT_BYTES = 551 * 2**20
"""What driver, libraries and graphs take on each GPU: AIConfigurator's estimate for H100."""

_COLLECTIVE_BYTES = {1: 0, 2: 342 * 2**20}
_MOST_COLLECTIVE_BYTES = 392 * 2**20


@dataclass(frozen=True)
class Deployment:
    """One replica of a model: the GPUs that share it and how.

    Parameters
    ----------
    model, gpu
        What runs, and on what.
    tp
        GPUs that share each layer; divides the number of query heads.
    pp
        Stages of a pipeline over layers.
    dtype
        Number format of weights; that of the published weights by default.
    activation_dtype
        Number format of activations.
    kv_dtype
        Number format of the cache.

    Raises
    ------
    ConfigError
        If the model cannot be shared so.
    UnknownNameError
        If there is no such number format.

    Examples
    --------
    >>> pair = Deployment(LanguageModel.named("llama-3.1-70b"), Gpu.named("h100"), tp=4)
    >>> pair.kv_bytes_per_token, pair.blocks(token_budget=2048) > 20_000
    (81920, True)
    """

    model: LanguageModel
    gpu: Gpu
    tp: int = 1
    pp: int = 1
    dtype: str | None = None
    activation_dtype: str = "bfloat16"
    kv_dtype: str = "bfloat16"

    def __post_init__(self) -> None:
        if self.tp < 1 or self.model.attention.heads % self.tp:
            raise ConfigError(
                f"tp: expected a divisor of the {self.model.attention.heads} heads of"
                f" {self.model.name}, got {self.tp}"
            )
        if not 1 <= self.pp <= self.model.layers:
            raise ConfigError(
                f"pp: expected 1 to {self.model.layers} stages, as {self.model.name} has layers,"
                f" got {self.pp}"
            )
        for name in (self.weight_dtype, self.activation_dtype, self.kv_dtype):
            dtype_bytes(name)

    @property
    def name(self) -> str:
        """Model, GPU and how many, for messages and tables."""
        gpus = self.tp * self.pp
        return f"{self.model.name} on {f'{gpus} × ' if gpus > 1 else ''}{self.gpu.name}"

    @property
    def weight_dtype(self) -> str:
        """Number format of the weights."""
        return self.dtype or self.model.dtype

    @property
    def weight_bytes(self) -> int:
        """Bytes of weights on the fullest GPU."""
        return self.model.weight_bytes(tp=self.tp, pp=self.pp, dtype=self.weight_dtype)

    @property
    def kv_bytes_per_token(self) -> int:
        """Bytes of cache per token on the fullest GPU."""
        return self.model.kv_bytes_per_token(tp=self.tp, pp=self.pp, dtype=self.kv_dtype)

    def activation_bytes(self, token_budget: int, max_sequences: int) -> int:
        """Return the peak of activations in a step.

        That is the widest moment of a layer - residual, its copy, and either the projections of
        attention or both sides of the feed-forward network - or, if more, the logits of all
        sequences in 4-byte numbers, twice.
        """
        model, width = self.model, dtype_bytes(self.activation_dtype)
        own = model.attention
        kv_heads = own.heads if isinstance(own, LatentAttention) else own.kv_heads
        attention = (2 * own.heads + 2 * kv_heads) * own.head_dim / self.tp
        inner = (model.feed_forward.inputs + 1) * model.feed_forward.width / self.tp
        if model.experts is not None:
            routed = model.experts.chosen * (3 * model.experts.width / self.tp + model.hidden)
            inner = max(inner, routed + 3 * model.experts.shared_width / self.tp)
        layer = token_budget * (2 * model.hidden + max(attention, inner)) * width
        logits = 2 * 4 * max_sequences * model.vocabulary / self.tp
        return int(max(layer, logits))

    def blocks(
        self,
        *,
        block_tokens: int = 16,
        utilisation: float = 0.9,
        token_budget: int = 2048,
        max_sequences: int = 256,
        reserve_bytes: int | None = None,
    ) -> int:
        """Return how many blocks of cache fit beside the weights.

        Where a real engine told its number, use that: nothing matters more once the cache is full.

        Parameters
        ----------
        block_tokens
            Tokens of a block.
        utilisation
            Share of each GPU's memory that the engine may use.
        token_budget, max_sequences
            Limits of a step, for the peak of activations.
        reserve_bytes
            What else is taken on each GPU; by default `CONTEXT_BYTES` and the buffers of
            collectives.

        Raises
        ------
        ConfigError
            If not one block fits; the message says what is missing.
        """
        if not 0 < utilisation <= 1:
            raise ConfigError(f"utilisation: expected a share in (0, 1], got {utilisation}")
        if block_tokens < 1:
            raise ConfigError(f"block_tokens: expected at least 1, got {block_tokens}")
        taken = {
            "weights": self.weight_bytes,
            "activations": self.activation_bytes(token_budget, max_sequences),
            "reserve": self._reserve() if reserve_bytes is None else reserve_bytes,
        }
        usable = int(self.gpu.memory_bytes * utilisation)
        block = block_tokens * self.kv_bytes_per_token
        free = usable - sum(taken.values())
        if free < block:
            parts = ", ".join(f"{key} {_gb(value)}" for key, value in taken.items())
            raise ConfigError(
                f"{self.name} does not fit: {parts} and one block {_gb(block)} need"
                f" {_gb(block - free)} more than the {_gb(usable)} usable on each GPU"
            )
        return free // block

    def _reserve(self) -> int:
        ranks = self.tp * self.pp
        return CONTEXT_BYTES + _COLLECTIVE_BYTES.get(ranks, _MOST_COLLECTIVE_BYTES)


def _gb(count: float) -> str:
    return f"{count / 1e9:.2f} GB"
