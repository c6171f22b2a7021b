"""What a decoder layer is made of: attention and feed-forward networks, in their dimensions."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TypeAlias


@dataclass(frozen=True, slots=True)
class GroupedAttention:
    """Attention whose query heads share key-value heads: multi-head, grouped-query, multi-query.

    Parameters
    ----------
    heads
        Query heads.
    kv_heads
        Key-value heads.
    head_dim
        Width of a head; not always hidden / heads.
    qkv_bias, output_bias
        Whether the projections have a bias.
    qk_norm
        Whether queries and keys are normalised per head.
    """

    heads: int
    kv_heads: int
    head_dim: int
    qkv_bias: bool = False
    output_bias: bool = False
    qk_norm: bool = False

    def parameters(self, hidden: int) -> int:
        """Return the number of weights for a model of this width."""
        inner = self.heads * self.head_dim
        qkv = inner + 2 * self.kv_heads * self.head_dim
        return (
            hidden * qkv
            + inner * hidden
            + self.qkv_bias * qkv
            + self.output_bias * hidden
            + self.qk_norm * 2 * self.head_dim
        )

    def cached_values(self, tp: int = 1) -> int:
        """Return the numbers kept per token and layer on each of `tp` GPUs.

        Where there are fewer key-value heads than GPUs, they are copied.
        """
        return 2 * -(-self.kv_heads // tp) * self.head_dim


@dataclass(frozen=True, slots=True)
class LatentAttention:
    """Multi-head latent attention: keys and values are kept as one compressed vector per token.

    Parameters
    ----------
    heads
        Query heads.
    query_rank
        Width of the compressed query; 0 if queries are not compressed.
    kv_rank
        Width of the compressed keys and values.
    nope_dim, rope_dim, value_dim
        Width of the parts of a head: key without position, key with position, value.

    References
    ----------
    DeepSeek-AI, "DeepSeek-V2: A Strong, Economical, and Efficient Mixture-of-Experts Language
    Model", 2024.
    """

    heads: int
    query_rank: int
    kv_rank: int
    nope_dim: int
    rope_dim: int
    value_dim: int

    @property
    def head_dim(self) -> int:
        """Width of a query head."""
        return self.nope_dim + self.rope_dim

    @property
    def expansion(self) -> int:
        """Weights that turn a compressed vector into keys and values of all heads."""
        return self.kv_rank * self.heads * (self.nope_dim + self.value_dim)

    def query_parameters(self, hidden: int) -> int:
        """Return the weights that make queries."""
        inner = self.heads * self.head_dim
        if self.query_rank == 0:
            return hidden * inner
        return hidden * self.query_rank + self.query_rank + self.query_rank * inner

    def parameters(self, hidden: int) -> int:
        """Return the number of weights for a model of this width."""
        compress = hidden * (self.kv_rank + self.rope_dim) + self.kv_rank
        output = self.heads * self.value_dim * hidden
        return self.query_parameters(hidden) + compress + self.expansion + output

    def cached_values(self, tp: int = 1) -> int:  # noqa: ARG002 - as for other attention
        """Return the numbers kept per token and layer; every GPU keeps them all."""
        return self.kv_rank + self.rope_dim


Attention: TypeAlias = GroupedAttention | LatentAttention


@dataclass(frozen=True, slots=True)
class FeedForward:
    """A feed-forward network.

    Parameters
    ----------
    width
        Inner width.
    gated
        Whether there are two input projections, one of them a gate.
    bias
        Whether the projections have a bias.
    """

    width: int
    gated: bool = True
    bias: bool = False

    @property
    def inputs(self) -> int:
        """Number of input projections."""
        return 2 if self.gated else 1

    def parameters(self, hidden: int) -> int:
        """Return the number of weights for a model of this width."""
        biases = self.bias * (self.inputs * self.width + hidden)
        return (self.inputs + 1) * hidden * self.width + biases


@dataclass(frozen=True, slots=True)
class Experts:
    """A mixture of experts.

    Parameters
    ----------
    count
        Number of routed experts.
    chosen
        How many of them each token visits.
    width
        Inner width of one.
    shared_width
        Inner width of the experts that every token visits, together; 0 if there are none.
    shared_gate
        Whether the output of the shared experts is gated.
    router_bias
        Whether the router has a bias per expert.
    """

    count: int
    chosen: int
    width: int
    shared_width: int = 0
    shared_gate: bool = False
    router_bias: bool = False

    def parameters(self, hidden: int, visited: int | None = None) -> int:
        """Return the weights for a model of this width; of `visited` routed experts, if given."""
        routed = self.count if visited is None else visited
        return (
            3 * hidden * (routed * self.width + self.shared_width)
            + hidden * self.count
            + self.router_bias * self.count
            + self.shared_gate * hidden
        )

    def touched(self, tokens: float) -> float:
        """Return how many routed experts at least one of the tokens visits, on average.

        Each token is taken to choose its experts alike and on its own.
        """
        return float(self.count * (1.0 - (1.0 - self.chosen / self.count) ** tokens))
