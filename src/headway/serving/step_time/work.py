"""What each operator of a forward pass computes and moves, from the dimensions of the model."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

import numpy as np

from headway.serving.hardware import Deployment
from headway.serving.models import (
    Experts,
    FeedForward,
    GroupedAttention,
    LatentAttention,
    dtype_bytes,
)
from headway.serving.step_time.features import EXPERTS, ONE, SEQUENCES, TOKENS, features
from headway.serving.step_time.shape import Floats

Kind = Literal["matrix", "attention", "elementwise", "link", "gap"]

_PREFILL_PAIRS = features(prefill_pairs=1, extra_pairs=1)
# A decode looks at its context and at its own token.
_DECODE_PAIRS = features(decode_context=1, decodes=1)
_CONTEXT = features(prefill_context=1, decode_context=1)
_LOGIT_BYTES = 4
_NOTHING = np.zeros(len(ONE))


@dataclass(frozen=True)
class Work:
    """One operator on one GPU.

    Parameters
    ----------
    name
        As in ``qkv_proj``.
    kind
        What sort of kernel runs it.
    repeats
        How often it runs in a step; see `Operator`.
    flops, moved_bytes, link_bytes
        Operations, bytes to and from memory, and bytes to other GPUs per execution, each one
        weight per feature of the step.
    per_sequence
        Whether it runs if a sequence emits a token; others run if there is any token.
    matrix
        Rows and columns of the weights that a matrix operator multiplies with.
    """

    name: str
    kind: Kind
    repeats: int
    flops: Floats
    moved_bytes: Floats
    link_bytes: Floats
    per_sequence: bool = False
    matrix: tuple[float, float] | None = None


def forward_work(deployment: Deployment) -> tuple[Work, ...]:
    """Return the operators of a forward pass in order of execution, on the busiest GPU.

    Layers without experts come first. With several stages of a pipeline, all of them and the
    transfers between them are listed: a batch passes through one after the other.
    """
    return _Writer(deployment).write()


class _Writer:
    """Writes operators down one by one."""

    def __init__(self, deployment: Deployment) -> None:
        self.model, self.tp, self.pp = deployment.model, deployment.tp, deployment.pp
        self.hidden = float(self.model.hidden)
        self.weight = dtype_bytes(deployment.weight_dtype)
        self.number = dtype_bytes(deployment.activation_dtype)
        self.cached = dtype_bytes(deployment.kv_dtype)
        self.repeats = 1
        self.done: list[Work] = []

    def write(self) -> tuple[Work, ...]:
        model = self.model
        self._moving("embedding", 2 * self.hidden * self.number * TOKENS)
        self._all_reduce()
        plain = model.layers - model.expert_layers
        for count, inner in ((plain, model.feed_forward), (model.expert_layers, model.experts)):
            if count and inner is not None:
                self.repeats = count
                self._layer(inner)
        self.repeats = self.pp - 1
        if self.repeats:
            self._linking("send", self.hidden * self.number * TOKENS)
        self.repeats = 1
        self._norm("final_layernorm")
        vocabulary = model.vocabulary / self.tp
        self._matrix("lm_head", self.hidden, vocabulary, per_sequence=True)
        logits = 2 * _LOGIT_BYTES * model.vocabulary * SEQUENCES
        self._moving("sampler", logits, per_sequence=True)
        return tuple(self.done)

    def _layer(self, inner: FeedForward | Experts) -> None:
        self._norm("layernorm")
        if isinstance(self.model.attention, GroupedAttention):
            self._grouped(self.model.attention)
        else:
            self._latent(self.model.attention)
        self._all_reduce()
        self._norm("layernorm")
        if isinstance(inner, Experts):
            self._experts(inner)
        else:
            self._feed_forward(inner.inputs, inner.width)
        self._all_reduce()
        self._add("gaps", "gap", _NOTHING, _NOTHING)

    def _grouped(self, own: GroupedAttention) -> None:
        heads, kv_heads = own.heads / self.tp, -(-own.kv_heads // self.tp)
        query, key = heads * own.head_dim, float(kv_heads * own.head_dim)
        self._matrix("qkv_proj", self.hidden, query + 2 * key)
        turned = 2 * (query + key) * self.number * TOKENS
        if own.qk_norm:
            self._moving("qk_norm", turned)
        self._moving("rotary_emb", turned)
        kept = 2 * key * self.cached
        self._add(
            "attention",
            "attention",
            4 * query * (_PREFILL_PAIRS + _DECODE_PAIRS),
            kept * (_CONTEXT + 2 * TOKENS) + 2 * query * self.number * TOKENS,
        )
        self._matrix("o_proj", query, self.hidden)

    def _latent(self, own: LatentAttention) -> None:
        heads = own.heads / self.tp
        query, value = heads * own.head_dim, heads * own.value_dim
        if own.query_rank:
            self._matrix("q_a_proj", self.hidden, float(own.query_rank))
            self._matrix("q_b_proj", float(own.query_rank), query)
        else:
            self._matrix("q_proj", self.hidden, query)
        kept = float(own.kv_rank + own.rope_dim)
        self._matrix("kv_a_proj", self.hidden, kept)
        # Decodes work on compressed vectors and turn queries and outputs with the same weights;
        # prefills expand those of their context.
        expanded = heads * (own.nope_dim + own.value_dim)
        self._matrix(
            "kv_b_proj", float(own.kv_rank), expanded, TOKENS + features(prefill_context=1)
        )
        self._moving("rotary_emb", 2 * (heads + 1) * own.rope_dim * self.number * TOKENS)
        self._add(
            "attention",
            "attention",
            2 * (query + value) * _PREFILL_PAIRS + 2 * heads * (kept + own.kv_rank) * _DECODE_PAIRS,
            kept * self.cached * (_CONTEXT + 2 * TOKENS) + (query + value) * self.number * TOKENS,
        )
        self._matrix("o_proj", value, self.hidden)

    def _feed_forward(self, inputs: int, width: int) -> None:
        inner = width / self.tp
        self._matrix("gate_up_proj", self.hidden, inputs * inner)
        self._moving("act_fn", (inputs + 1) * inner * self.number * TOKENS)
        self._matrix("down_proj", inner, self.hidden)

    def _experts(self, own: Experts) -> None:
        self._matrix("router", self.hidden, float(own.count))
        weights = 3 * self.hidden * own.width / self.tp
        moved = 2 * self.hidden + 3 * own.width / self.tp
        self._add(
            "experts",
            "matrix",
            2 * weights * own.chosen * TOKENS,
            weights * self.weight * EXPERTS + own.chosen * moved * self.number * TOKENS,
        )
        if own.shared_width:
            self._matrix("shared_gate_up_proj", self.hidden, 2 * own.shared_width / self.tp)
            self._matrix("shared_down_proj", own.shared_width / self.tp, self.hidden)

    def _norm(self, name: str) -> None:
        # The sum with the residual is read, normalised and both are written.
        self._moving(name, 4 * self.hidden * self.number * TOKENS)

    def _matrix(
        self,
        name: str,
        rows: float,
        columns: float,
        by: Floats = TOKENS,
        *,
        per_sequence: bool = False,
    ) -> None:
        # Quantized models keep their head in the wider format.
        width = max(self.weight, self.number) if per_sequence else self.weight
        by = SEQUENCES if per_sequence else by
        moved = rows * columns * width * ONE + (rows + columns) * self.number * by
        self._add(name, "matrix", 2 * rows * columns * by, moved, per_sequence, (rows, columns))

    def _moving(self, name: str, moved: Floats, *, per_sequence: bool = False) -> None:
        self._add(name, "elementwise", _NOTHING, moved, per_sequence)

    def _all_reduce(self) -> None:
        if self.tp > 1:
            share = 2 * (self.tp - 1) / self.tp
            self._linking("all_reduce", share * self.hidden * self.number * TOKENS)

    def _linking(self, name: str, linked: Floats) -> None:
        self.done.append(Work(name, "link", self.repeats, _NOTHING, _NOTHING, linked))

    def _add(
        self,
        name: str,
        kind: Kind,
        flops: Floats,
        moved: Floats,
        per_sequence: bool = False,  # noqa: FBT001, FBT002 - passed on, never typed by a caller
        matrix: tuple[float, float] | None = None,
    ) -> None:
        work = Work(name, kind, self.repeats, flops, moved, _NOTHING, per_sequence, matrix)
        self.done.append(work)
