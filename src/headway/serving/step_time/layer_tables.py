"""Step times from measured layers: one table per kind of layer of one model on one GPU."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, replace
from functools import cached_property
from os import PathLike
from pathlib import Path
from typing import Self

import numpy as np

from headway import _core
from headway.errors import ConfigError, FormatError, UnsupportedError
from headway.serving.hardware import Deployment
from headway.serving.models import Experts, LanguageModel
from headway.serving.step_time.features import TOKENS
from headway.serving.step_time.host import fitted_host
from headway.serving.step_time.interpolation import Curve, Grid
from headway.serving.step_time.layer_files import (
    read_attention,
    read_curves,
    read_experts,
    read_skew,
)
from headway.serving.step_time.protocol import Operator, StepTime
from headway.serving.step_time.roofline import Efficiency, peak_seconds
from headway.serving.step_time.samples import Samples
from headway.serving.step_time.shape import Floats, Shape, Value, weights
from headway.serving.step_time.work import forward_work

_PROLOGUE = ("embedding",)
_LAYER = (
    "layernorm",
    "qkv_proj",
    "qk_norm",
    "rotary_emb",
    "attention",
    "o_proj",
    "all_reduce",
    "layernorm",
    "gate_up_proj",
    "act_fn",
    "down_proj",
    "moe",
    "all_reduce",
)
_HEAD = ("final_layernorm", "lm_head", "sampler")
_OPTIONAL = ("qk_norm", "rotary_emb", "sampler", "moe", "all_reduce")
_PLAIN = ("gate_up_proj", "act_fn", "down_proj")
_PER_SEQUENCE = ("lm_head", "sampler")
_DENSE = tuple(
    name
    for name in dict.fromkeys((*_PROLOGUE, *_LAYER, *_HEAD))
    if name not in (*_PER_SEQUENCE, "attention")
)

STEP_OVERHEAD_S = 126e-6
"""Time of the host that no kernel hides, per step: the constant term that BLIS fitted to vLLM."""

SEQUENCE_OVERHEAD_S = 4.42e-6
"""The same per sequence of the batch."""

_TOKENS = weights(prefill_tokens=1, decodes=1, extra_tokens=1)
# vLLM computes logits for every segment, and discards those of prompts that are not yet complete.
_SEGMENTS = weights(prefills=1, decodes=1)


@dataclass(frozen=True)
class LayerTables(StepTime):
    """A forward pass as the sum of its measured layers.

    Dense layers depend on the tokens of the batch, the head of the model on its sequences, and
    attention on four figures: tokens of the chunk, its context, decodes and their mean context.
    Several prefills count as one of the same tokens and query-key pairs; if they are so short that
    there is none, as one of the same pairs without context. Linear between measured points; beyond
    the last, prolonged with the slope of the upper half of the range.

    Parameters
    ----------
    layers
        Number of decoder layers. One of them runs the norm twice and all else once; embedding,
        final norm, head and sampler run once per step. A layer ``moe`` stands for the feed-forward
        network where there are experts.
    dense
        Seconds by tokens for each layer that works on every token.
    per_sequence
        Seconds by sequences for ``lm_head`` and ``sampler``.
    attention
        Seconds on a grid of chunk, context, decodes and context of a decode.
    skew
        A batch of unequal contexts takes t(mean) + skew (t(longest) - t(mean)).
    step_overhead_s, sequence_overhead_s
        Time of the host per step and per sequence that kernels do not hide. By default the values
        that BLIS fitted to vLLM on H100, which have nothing to do with the tables.

    Raises
    ------
    ConfigError
        If a layer is missing or a number cannot be.

    References
    ----------
    J. Cho et al., "LLMServingSim 2.0", 2025; BLIS (inference-sim), "Latency models".
    """

    layers: int
    dense: Mapping[str, Curve]
    per_sequence: Mapping[str, Curve]
    attention: Grid
    skew: float = 0.0
    step_overhead_s: float = STEP_OVERHEAD_S
    sequence_overhead_s: float = SEQUENCE_OVERHEAD_S

    def __post_init__(self) -> None:
        if self.layers < 1:
            raise ConfigError(f"layers: expected at least 1, got {self.layers}")
        if not 0 <= self.skew <= 1:
            raise ConfigError(f"skew: expected a number in [0, 1], got {self.skew}")
        for name in ("step_overhead_s", "sequence_overhead_s"):
            if not 0 <= getattr(self, name) < np.inf:
                raise ConfigError(f"{name}: expected seconds, got {getattr(self, name)}")
        if len(self.attention.axes) != 4:
            raise ConfigError("attention: expected a grid of four axes")
        optional = (*_OPTIONAL, *_PLAIN) if "moe" in self.dense else _OPTIONAL
        for table, names in (("dense", _DENSE), ("per_sequence", _PER_SEQUENCE)):
            for name in names:
                if name not in getattr(self, table) and name not in optional:
                    raise ConfigError(f"{table}: layer {name!r} is missing")

    @classmethod
    def read(
        cls,
        folder: str | PathLike[str],
        layers: int | LanguageModel | Deployment,
        *,
        skew: float | None = None,
        step_overhead_s: float = STEP_OVERHEAD_S,
        sequence_overhead_s: float = SEQUENCE_OVERHEAD_S,
    ) -> LayerTables:
        """Return the tables in a folder.

        Parameters
        ----------
        folder
            Holds ``dense.csv`` (layer, tokens, time_us), ``per_sequence.csv`` (layer, sequences,
            time_us), ``attention.csv`` (prefill_chunk, kv_prefill, n_decode, kv_decode, time_us),
            as LLMServingSim's profiler writes them; ``moe.csv`` (tokens, activated_experts,
            time_us) if the model has experts; and maybe ``meta.yaml``.
        layers
            The model, or the number of its decoder layers if it has no experts; or the model on its
            GPUs: where several share a layer, the tables are of one of them, and sums over all by
            a roofline of the links are added.
        skew
            By default the one that was measured, else 0.
        step_overhead_s, sequence_overhead_s
            See the class.

        Raises
        ------
        FormatError
            If a file is missing or not such a table; names file and line.
        UnsupportedError
            If only some layers of the model have experts.
        """
        home = Path(folder)
        dense = read_curves(home / "dense.csv", "tokens", _DENSE)
        if isinstance(layers, Deployment):
            if layers.tp > 1:
                dense["all_reduce"] = _all_reduce(layers)
            layers = layers.model
        if isinstance(layers, LanguageModel):
            if layers.experts is not None:
                dense["moe"] = read_experts(home / "moe.csv", _of_all_layers(layers))
            layers = layers.layers
        heads = read_curves(home / "per_sequence.csv", "sequences", _PER_SEQUENCE)
        attention = read_attention(home / "attention.csv")
        chosen = read_skew(home) if skew is None else skew
        try:
            return cls(
                layers, dense, heads, attention, chosen, step_overhead_s, sequence_overhead_s
            )
        except ConfigError as error:
            raise FormatError(str(error), path=home) from None

    def fit(self, samples: Samples) -> Self:
        """Return the same tables with the host's time, per step and sequence, fitted to steps.

        What the layers do not explain is taken for the host's; the tables stay as measured.
        """
        bare = replace(self, step_overhead_s=0.0, sequence_overhead_s=0.0)
        step_s, sequence_s = fitted_host(bare, samples)
        return replace(self, step_overhead_s=step_s, sequence_overhead_s=sequence_s)

    def on(self, deployment: Deployment | None) -> Self:  # noqa: ARG002 - one fits all
        """Return the step time itself: tables are of one deployment."""
        return self

    def seconds(self, shape: Shape) -> Value:
        """Return the duration of a step in seconds."""
        segments = shape.prefills + shape.decodes
        total = (
            _of(self._all_dense, shape.tokens)
            + self.layers * self._attention_s(shape)
            + _of(self._all_per_sequence, segments)
            + (self.step_overhead_s + self.sequence_overhead_s * segments)
        )
        return total if np.ndim(total) else float(total)

    def operators(self, shape: Shape) -> tuple[Operator, ...]:
        """Return the layers in order of execution, the host's time first."""
        segments = shape.prefills + shape.decodes
        spent: dict[str, Value] = {
            name: _of(curve, shape.tokens) for name, curve in self.dense.items()
        }
        spent |= {name: _of(curve, segments) for name, curve in self.per_sequence.items()}
        spent["attention"] = self._attention_s(shape)
        host = self.step_overhead_s + self.sequence_overhead_s * segments
        return (
            Operator("host", host),
            *(Operator(name, spent[name]) for name in _PROLOGUE),
            *(Operator(name, spent[name], self.layers) for name in _LAYER if name in spent),
            *(Operator(name, spent[name]) for name in _HEAD if name in spent),
        )

    def native(self) -> _core.StepTime:
        """Return the same function as an object of the native core."""
        dense, heads = self._all_dense, self._all_per_sequence
        chunk, context, decodes, decode_context = self.attention.axes
        attention = np.ravel(self.attention.values) * self.layers
        return _core.sum_time(
            [
                _core.curve_time(_TOKENS, dense.points, dense.values),
                _core.attention_time(chunk, context, decodes, decode_context, attention, self.skew),
                _core.curve_time(_SEGMENTS, heads.points, heads.values),
                _core.affine_time(self.step_overhead_s, _SEGMENTS * self.sequence_overhead_s),
            ]
        )

    @cached_property
    def _all_dense(self) -> Curve:
        times = [(1, name) for name in (*_PROLOGUE, "final_layernorm")]
        times += [(self.layers, name) for name in _LAYER]
        return Curve.sum((n, self.dense[name]) for n, name in times if name in self.dense)

    @cached_property
    def _all_per_sequence(self) -> Curve:
        return Curve.sum((1, curve) for curve in self.per_sequence.values())

    def _attention_s(self, shape: Shape) -> Floats:
        return attention_seconds(self.attention, self.skew, shape)


def _all_reduce(deployment: Deployment) -> Curve:
    """Return the seconds of a sum over the GPUs of a layer, over tokens: a straight line."""
    share, latency_s = Efficiency().link, Efficiency().collective_s
    work = next(own for own in forward_work(deployment) if own.name == "all_reduce")
    _, _, link = peak_seconds(deployment, work)
    per_token = float(link @ TOKENS / (TOKENS @ TOKENS)) / share
    points = np.array([1.0, 2.0])
    return Curve(points, latency_s + points * per_token)


def _of_all_layers(model: LanguageModel) -> Experts:
    if model.experts is None or model.expert_layers != model.layers:
        raise UnsupportedError(
            f"{model.name}: layer tables are for models with experts in all layers, or in none"
        )
    return model.experts


def attention_seconds(grid: Grid, skew: float, shape: Shape) -> Floats:
    """Return what attention takes in one layer, the batch collapsed to four figures."""
    chunk, context = collapsed_prefill(shape)
    decodes = np.asarray(shape.decodes, np.float64)
    mean = np.asarray(shape.decode_context) / np.where(decodes > 0, decodes, 1.0)
    mean = np.where(decodes > 0, mean, 0.0)
    usual = grid(chunk, context, decodes, mean)
    if skew:
        longest = grid(chunk, context, decodes, shape.decode_longest)
        uneven = (decodes > 1) & (shape.decode_longest > mean)
        usual = usual + np.where(uneven, skew * np.maximum(longest - usual, 0.0), 0.0)
    return np.where((chunk > 0) | (decodes > 0), usual, 0.0)


def collapsed_prefill(shape: Shape) -> tuple[Floats, Floats]:
    """Return tokens and context of one prefill that stands for all of a batch.

    It has the same tokens q and the same query-key pairs q (c + (q + 1) / 2). Where short prompts
    have fewer pairs than one prompt of all their tokens, it has the same pairs and no context.
    """
    tokens = np.asarray(shape.prefill_tokens + shape.extra_tokens, np.float64)
    pairs = np.asarray(shape.prefill_pairs + shape.extra_pairs, np.float64)
    some = tokens > 0
    context = pairs / np.where(some, tokens, 1.0) - (tokens + 1) / 2
    short = some & (context < 0)
    tokens = np.where(short, (np.sqrt(1 + 8 * pairs) - 1) / 2, tokens)
    return tokens, np.where(some & ~short, context, 0.0)


def _of(curve: Curve, value: Value) -> Floats:
    """Return a curve's value, 0 where there is nothing to do."""
    return np.where(np.asarray(value) > 0, curve(value), 0.0)
