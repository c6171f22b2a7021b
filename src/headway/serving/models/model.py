"""A language model as far as its serving costs go: dimensions, weights, cache."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, replace
from os import PathLike
from typing import Any

from headway.errors import ConfigError
from headway.serving.models.dtypes import dtype_bytes, dtype_name
from headway.serving.models.layers import Attention, Experts, FeedForward, LatentAttention


@dataclass(frozen=True)
class LanguageModel:
    """A decoder-only transformer.

    Parameters
    ----------
    name
        For messages and tables.
    hidden
        Width of the residual stream.
    layers
        Number of decoder layers.
    vocabulary
        Number of tokens there are.
    attention
        Dimensions of attention, the same in every layer.
    feed_forward
        The network of layers without experts.
    experts
        Those of the other layers; None if there are no such layers.
    expert_layers
        How many layers have experts; 0 without any.
    tied
        Whether embedding and output head share their weights.
    position_parameters
        Weights of learned positions.
    norm_parameters
        Weights of one norm: `hidden` by default, twice that if it has a bias.
    norms_per_layer
        Usually 2.
    dtype
        Number format of the weights as published.

    Raises
    ------
    ConfigError
        If a dimension cannot be.

    Examples
    --------
    >>> model = LanguageModel.named("llama-3.1-8b")
    >>> model.parameters, model.kv_bytes_per_token()
    (8030261248, 131072)
    """

    name: str
    hidden: int
    layers: int
    vocabulary: int
    attention: Attention
    feed_forward: FeedForward
    experts: Experts | None = None
    expert_layers: int = 0
    tied: bool = False
    position_parameters: int = 0
    norm_parameters: int = 0
    norms_per_layer: int = 2
    dtype: str = "bfloat16"

    def __post_init__(self) -> None:
        for key in ("hidden", "layers", "vocabulary"):
            if getattr(self, key) < 1:
                raise ConfigError(f"{self.name}: {key}: expected at least 1")
        if not 0 <= self.expert_layers <= self.layers:
            raise ConfigError(f"{self.name}: expert_layers: expected 0 to {self.layers}")
        if (self.experts is None) != (self.expert_layers == 0):
            raise ConfigError(f"{self.name}: experts and expert_layers: expected both or none")
        object.__setattr__(self, "dtype", dtype_name(self.dtype))
        if self.norm_parameters == 0:
            object.__setattr__(self, "norm_parameters", self.hidden)

    @classmethod
    def from_config(cls, config: Mapping[str, Any], *, name: str = "") -> LanguageModel:
        """Return the model that a Hugging Face ``config.json`` describes.

        Raises
        ------
        ConfigError
            If the architecture is not known, or a key is missing or cannot be; names the key.
        """
        from headway.serving.models.config import from_config

        return from_config(config, name)

    @classmethod
    def read(cls, path: str | PathLike[str]) -> LanguageModel:
        """Return the model of a ``config.json``, or of the folder that holds one.

        Raises
        ------
        FormatError
            If the file cannot be read or is not a JSON object.
        ConfigError
            If it describes no model that we know; names file and key.
        """
        from headway.serving.models.config import read_config

        return read_config(path)

    @classmethod
    def named(cls, name: str) -> LanguageModel:
        """Return a well-known model; see `model_names`.

        Raises
        ------
        UnknownNameError
            If there is none of this name.
        """
        from headway.serving.models.catalogue import model

        return model(name)

    @property
    def embedding_parameters(self) -> int:
        """Weights of the embedding, learned positions included."""
        return self.vocabulary * self.hidden + self.position_parameters

    @property
    def head_parameters(self) -> int:
        """Weights of the output head, shared or not."""
        return self.vocabulary * self.hidden

    @property
    def parameters(self) -> int:
        """Number of weights."""
        head = 0 if self.tied else self.head_parameters
        return self._stack(None) + self.embedding_parameters + head + self.norm_parameters

    @property
    def active_parameters(self) -> int:
        """Weights that one token meets: of the routed experts only those it visits."""
        visited = 0 if self.experts is None else self.experts.chosen
        head = 0 if self.tied else self.head_parameters
        return self._stack(visited) + self.embedding_parameters + head + self.norm_parameters

    def linear_flops_per_token(self) -> int:
        """Return the operations per token outside of attention scores, head included."""
        visited = 0 if self.experts is None else self.experts.chosen
        return 2 * (self._stack(visited) + self.head_parameters)

    def weight_bytes(self, *, tp: int = 1, pp: int = 1, dtype: str | None = None) -> int:
        """Return the bytes of weights on the fullest GPU.

        Parameters
        ----------
        tp
            GPUs that share each layer; norms, routers and the compressing projections of latent
            attention are copied, all else is divided.
        pp
            Stages of a pipeline over layers; the first holds the embedding, the last the head.
        dtype
            Number format; that of the published weights by default.
        """
        per_number = dtype_bytes(dtype or self.dtype)
        deepest = -(-self.layers // pp)
        norms = self.norm_parameters * self.norms_per_layer
        experts = min(self.expert_layers, deepest)
        layers = deepest * (self._attention_on(tp) + norms)
        layers += (deepest - experts) * -(-self.feed_forward.parameters(self.hidden) // tp)
        if self.experts is not None:
            router = self.hidden * self.experts.count
            divided = self.experts.parameters(self.hidden) - router
            layers += experts * (-(-divided // tp) + router)
        embedding = -(-self.embedding_parameters // tp)
        head = -(-self.head_parameters // tp)
        whole = embedding if self.tied else embedding + head
        ends = whole if pp == 1 else max(embedding, head)
        return int((layers + ends + self.norm_parameters) * per_number)

    def kv_bytes_per_token(self, *, tp: int = 1, pp: int = 1, dtype: str | None = None) -> int:
        """Return the bytes of cache per token on the fullest GPU.

        Parameters
        ----------
        tp, pp
            See `weight_bytes`.
        dtype
            Number format of the cache; bfloat16 by default.
        """
        values = self.attention.cached_values(tp) * -(-self.layers // pp)
        return int(values * dtype_bytes(dtype or "bfloat16"))

    def _stack(self, visited: int | None) -> int:
        """Return the weights of all decoder layers, of the experts those that are visited."""
        norms = self.norms_per_layer * self.norm_parameters
        per_layer = self.attention.parameters(self.hidden) + norms
        plain = self.layers - self.expert_layers
        total = self.layers * per_layer + plain * self.feed_forward.parameters(self.hidden)
        if self.experts is not None:
            total += self.expert_layers * self.experts.parameters(self.hidden, visited)
        return total

    def _attention_on(self, tp: int) -> int:
        """Return the weights of attention on each of `tp` GPUs."""
        own = self.attention
        if isinstance(own, LatentAttention):
            copied = self.hidden * (own.kv_rank + own.rope_dim + own.query_rank)
            return copied + -(-(own.parameters(self.hidden) - copied) // tp)
        heads, kv_heads = -(-own.heads // tp), -(-own.kv_heads // tp)
        return replace(own, heads=heads, kv_heads=kv_heads).parameters(self.hidden)
