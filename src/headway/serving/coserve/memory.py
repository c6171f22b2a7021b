"""What finetuning keeps in memory: activations saved for the backward pass, tensor by tensor."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from types import MappingProxyType
from typing import Literal

from headway.errors import ConfigError, UnsupportedError
from headway.serving.models import GroupedAttention, LanguageModel

Target = Literal["qkv", "o", "gate_up", "down"]
Keeping = Literal["everything", "fused", "pruned"]

TARGETS: tuple[Target, ...] = ("qkv", "o", "gate_up", "down")
VALUE_BYTES = 2


@dataclass(frozen=True, slots=True)
class Lora:
    """Low-rank adapters beside frozen projections.

    Parameters
    ----------
    rank
        Width of the adapters.
    targets
        The projections that have one.

    Raises
    ------
    ConfigError
        If the rank is below 1, or a target unknown or none.
    """

    rank: int = 16
    targets: tuple[Target, ...] = ("down",)

    def __post_init__(self) -> None:
        unknown = set(self.targets) - set(TARGETS)
        if self.rank < 1 or unknown or not self.targets:
            raise ConfigError(f"lora: expected a rank from 1 on and targets of {TARGETS}")


@dataclass(frozen=True, slots=True)
class Activations:
    """Activations of a token that the backward pass of a model with adapters needs.

    Parameters
    ----------
    model
        Dense, with grouped attention.
    lora
        What is trained; all else is frozen.

    Raises
    ------
    UnsupportedError
        If the model has experts or latent attention.

    Notes
    -----
    A frozen projection needs no input in the backward pass: its gradient is that of its output
    times the weights. What remains after pruning is what leads to a trainable weight or does not
    act linearly: inputs of norms; queries, keys, values, output and normaliser of attention; both
    sides of the gate; and the low-rank values. Inputs of adapters behind a norm or gate are
    computed again from these.

    References
    ----------
    "FlexLLM: A System for Co-Serving Large Language Model Inference and Parameter-Efficient
    Finetuning" (2024), graph pruning. The count is ours.

    Examples
    --------
    >>> saved = Activations(LanguageModel.named("llama-3.1-8b"))
    >>> saved.bytes_per_token("fused") // saved.bytes_per_token("pruned")
    2
    """

    model: LanguageModel
    lora: Lora = Lora()

    def __post_init__(self) -> None:
        if self.model.experts is not None or not isinstance(self.model.attention, GroupedAttention):
            raise UnsupportedError(
                f"finetuning of {self.model.name}: only dense models with grouped attention"
            )

    def saved(self, keeping: Keeping = "pruned", context: int = 0) -> Mapping[str, float]:
        """Return the bytes of each tensor, per token and layer.

        Parameters
        ----------
        keeping
            ``"everything"`` that operators put out, with the probabilities of attention; the same
            with ``"fused"`` attention, which keeps none; or what is left when ``"pruned"``.
        context
            Tokens of the sequence: the probabilities of attention are as many per head.
        """
        own = self.model.attention
        assert isinstance(own, GroupedAttention)
        hidden, width = self.model.hidden, self.model.feed_forward.width
        query, key = own.heads * own.head_dim, own.kv_heads * own.head_dim
        inputs = self.model.feed_forward.inputs
        values: dict[str, float] = {
            "input of the attention norm": hidden,
            "queries, keys, values": query + 2 * key,
            "output of attention": query,
            "normaliser of attention": 2 * own.heads,  # in numbers twice as wide
            "input of the feed-forward norm": hidden,
            "gate and up": inputs * width,
            "low-rank values": self.lora.rank * len(self.lora.targets),
        }
        if keeping != "pruned":
            values |= {
                "outputs of norms": 2 * hidden,
                "rotated queries and keys": query + key,
                "output of the o projection": hidden,
                "activated gate and product": inputs * width,
                "output of the down projection": hidden,
            }
        if keeping == "everything":
            # Scores before and after the softmax.
            values["probabilities of attention"] = 2 * own.heads * context
        return MappingProxyType({name: VALUE_BYTES * value for name, value in values.items()})

    def bytes_per_token(self, keeping: Keeping = "pruned", context: int = 0) -> int:
        """Return the bytes per token, all layers; see `saved`."""
        return int(self.model.layers * sum(self.saved(keeping, context).values()))

    @property
    def head_share(self) -> float:
        """Work of the head for a token's loss, as a share of that of the layers."""
        head = 2 * self.model.hidden * self.model.vocabulary
        return head / (self.model.linear_flops_per_token() - head)


@dataclass(frozen=True, slots=True)
class Room:
    """Where activations may live: memory of their own, and blocks of the cache that nobody needs.

    Parameters
    ----------
    reserve_bytes
        Of their own; the cache has to do without them.
    block_bytes
        Of a block of the cache; 0 if activations may not use any.
    headroom_blocks
        Free blocks that are left to the requests' growth.

    Raises
    ------
    ConfigError
        If a number is negative.
    """

    reserve_bytes: int
    block_bytes: int = 0
    headroom_blocks: int = 0

    def __post_init__(self) -> None:
        if min(self.reserve_bytes, self.block_bytes, self.headroom_blocks) < 0:
            raise ConfigError(f"room: expected no negative number, got {self}")

    def allowed_bytes(self, free_blocks: int) -> int:
        """Return how much activations may take while so many blocks are free."""
        spare = max(free_blocks - self.headroom_blocks, 0)
        return self.reserve_bytes + spare * self.block_bytes
