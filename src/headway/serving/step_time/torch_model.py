"""A transformer of given dimensions in torch, with random weights: something to measure."""

from __future__ import annotations

import time
from typing import Any

from headway.errors import ConfigError, MissingExtraError, UnsupportedError
from headway.serving.models import GroupedAttention, LanguageModel
from headway.serving.step_time.measure import Batch


class TorchModel:
    """A forward pass of a batch of prefill and decode segments on a GPU or CPU.

    It reads and writes as a serving engine does: one product of all tokens with each matrix,
    attention per prefill segment and per group of decodes of one context, experts one by one over
    the tokens routed to them, logits of the last token of each segment. Weights and caches are
    random: only their sizes matter for time.

    Parameters
    ----------
    model
        Dimensions; latent attention is not supported.
    device
        As torch names it: ``cpu``, ``cuda``, ``cuda:1``; by default a GPU if there is one.
    dtype
        Number format of weights, activations and cache.
    seed
        Of weights and caches.

    Raises
    ------
    MissingExtraError
        If torch is not installed.
    UnsupportedError
        If the model has latent attention.
    ConfigError
        If torch has no such device or number format.
    """

    def __init__(
        self,
        model: LanguageModel,
        *,
        device: str | None = None,
        dtype: str = "bfloat16",
        seed: int = 0,
    ) -> None:
        try:
            import torch
        except ImportError as error:
            raise MissingExtraError("measuring needs torch: pip install torch") from error
        if not isinstance(model.attention, GroupedAttention):
            raise UnsupportedError(f"{model.name}: latent attention cannot be measured")
        self.torch: Any = torch
        self.model, self.attention = model, model.attention
        self.device = device or ("cuda" if torch.cuda.is_available() else "cpu")
        kind = getattr(torch, dtype, None)
        if not isinstance(kind, torch.dtype):
            raise ConfigError(f"dtype: torch has no {dtype!r}")
        try:
            self._random = torch.Generator(self.device).manual_seed(seed)
            self._kind = kind
            self._layers = [self._layer(i) for i in range(model.layers)]
            self._embedding = self._weights(model.vocabulary, model.hidden)
            self._head = self._weights(model.hidden, model.vocabulary)
        except (RuntimeError, AssertionError) as error:
            line = str(error).splitlines()[0]
            raise ConfigError(f"device {self.device!r}: {line}") from None
        self._cached: tuple[Batch, Any] | None = None

    def run(self, batch: Batch) -> float:
        """Run one step and return its seconds, the device having finished.

        Caches of the batch are made before the clock starts, and kept until another batch runs.
        """
        torch = self.torch
        with torch.inference_mode():
            if self._cached is None or self._cached[0] != batch:
                self._cached = None
                self._cached = (batch, [self._caches(batch) for _ in self._layers])
            lengths = [q for q, _ in batch.prefills] + [1] * len(batch.decodes)
            tokens = torch.zeros(sum(lengths), dtype=torch.long, device=self.device)
            ends = torch.tensor(lengths, device=self.device).cumsum(0) - 1
            self._wait()
            begin = time.perf_counter()
            self._forward(tokens, ends, batch, self._cached[1])
            self._wait()
            return time.perf_counter() - begin

    def _forward(self, tokens: Any, ends: Any, batch: Batch, caches: list[Any]) -> Any:
        hidden = self._embedding[tokens]
        for layer, cache in zip(self._layers, caches, strict=True):
            hidden = hidden + self._attend(self._norm(hidden), layer, batch, cache)
            inner = self._norm(hidden)
            mixed = "router" in layer
            hidden = hidden + (self._experts(inner, layer) if mixed else self._mlp(inner, layer))
        return (self._norm(hidden)[ends] @ self._head).argmax(-1)

    def _attend(self, x: Any, layer: dict[str, Any], batch: Batch, cache: Any) -> Any:
        own, torch = self.attention, self.torch
        scaled = torch.nn.functional.scaled_dot_product_attention
        kv = own.kv_heads * own.head_dim
        query, key, value = (x @ layer["qkv"]).split((own.heads * own.head_dim, kv, kv), dim=1)
        done, begin = [], 0
        for (q, c), (keys, values) in zip(batch.prefills, cache["prefills"], strict=True):
            rows = slice(begin, begin + q)
            begin += q
            keys[0, :, c:] = key[rows].view(q, own.kv_heads, own.head_dim).transpose(0, 1)
            values[0, :, c:] = value[rows].view(q, own.kv_heads, own.head_dim).transpose(0, 1)
            asked = query[rows].view(1, q, own.heads, own.head_dim).transpose(1, 2)
            mask = None
            if c:
                seen = torch.ones(q, c + q, dtype=torch.bool, device=self.device)
                mask = seen.tril(diagonal=c)
            out = scaled(asked, keys, values, attn_mask=mask, is_causal=c == 0, enable_gqa=True)
            done.append(out.transpose(1, 2).reshape(q, -1))
        for (_, n), (keys, values) in zip(_groups(batch), cache["decodes"], strict=True):
            rows = slice(begin, begin + n)
            begin += n
            keys[:, :, -1] = key[rows].view(n, own.kv_heads, own.head_dim)
            values[:, :, -1] = value[rows].view(n, own.kv_heads, own.head_dim)
            # The query heads of one key-value head look at the same keys, like tokens of a query.
            asked = query[rows].view(n, own.kv_heads, -1, own.head_dim)
            done.append(scaled(asked, keys, values).reshape(n, -1))
        return torch.cat(done) @ layer["out"]

    def _mlp(self, x: Any, layer: dict[str, Any]) -> Any:
        return self._activated(x @ layer["in"], self.model.feed_forward.inputs) @ layer["down"]

    def _experts(self, x: Any, layer: dict[str, Any]) -> Any:
        torch, own = self.torch, self.model.experts
        assert own is not None
        shares, chosen = (x @ layer["router"]).softmax(-1).topk(own.chosen)
        out = torch.zeros_like(x)
        for expert in chosen.unique().tolist():
            rows, slot = (chosen == expert).nonzero(as_tuple=True)
            inner = self._activated(x[rows] @ layer["experts_in"][expert], 2)
            out.index_add_(
                0, rows, inner @ layer["experts_down"][expert] * shares[rows, slot, None]
            )
        if own.shared_width:
            out = out + self._activated(x @ layer["in"], 2) @ layer["down"]
        return out

    def _activated(self, x: Any, inputs: int) -> Any:
        silu = self.torch.nn.functional.silu
        if inputs == 1:
            return silu(x)
        gate, up = x.chunk(2, dim=-1)
        return silu(gate) * up

    def _norm(self, x: Any) -> Any:
        return self.torch.nn.functional.rms_norm(x, x.shape[-1:])

    def _layer(self, index: int) -> dict[str, Any]:
        model, own = self.model, self.attention
        inner = own.heads * own.head_dim
        layer = {
            "qkv": self._weights(model.hidden, inner + 2 * own.kv_heads * own.head_dim),
            "out": self._weights(inner, model.hidden),
        }
        experts, inputs = model.experts, model.feed_forward.inputs
        width = model.feed_forward.width
        if experts is not None and index >= model.layers - model.expert_layers:
            layer["router"] = self._weights(model.hidden, experts.count)
            layer["experts_in"] = self._weights(experts.count, model.hidden, 2 * experts.width)
            layer["experts_down"] = self._weights(experts.count, experts.width, model.hidden)
            inputs, width = 2, experts.shared_width
        if width:
            layer["in"] = self._weights(model.hidden, inputs * width)
            layer["down"] = self._weights(width, model.hidden)
        return layer

    def _caches(self, batch: Batch) -> dict[str, Any]:
        return {
            "prefills": [self._cache(1, c + q) for q, c in batch.prefills],
            "decodes": [self._cache(n, c + 1) for c, n in _groups(batch)],
        }

    def _cache(self, sequences: int, length: int) -> tuple[Any, Any]:
        own = self.attention
        size = (sequences, own.kv_heads, length, own.head_dim)
        return self._weights(*size), self._weights(*size)

    def _weights(self, *size: int) -> Any:
        made = self.torch.randn(size, generator=self._random, device=self.device, dtype=self._kind)
        return made * size[-1] ** -0.5

    def _wait(self) -> None:
        if self.device.startswith("cuda"):
            self.torch.cuda.synchronize()


def _groups(batch: Batch) -> list[tuple[int, int]]:
    """Return each context of decodes with how many have it, in order of appearance."""
    counts: dict[int, int] = {}
    for context in batch.decodes:
        counts[context] = counts.get(context, 0) + 1
    return list(counts.items())
