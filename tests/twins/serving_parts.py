"""What the plain engine is made of: requests, shapes of batches, views, results."""

from __future__ import annotations

import math
from collections.abc import Hashable, Iterable, Sequence
from dataclasses import dataclass, field, fields
from types import SimpleNamespace
from typing import Any

import numpy as np

from headway.serving.results import EngineRun, Requests, Speech, Steps
from headway.serving.step_time import Shape

NEVER = math.nan


def ceil(tokens: int, size: int) -> int:
    return -(-tokens // size)


@dataclass(eq=False)
class Request:
    """One request and all that has happened to it."""

    id: int
    arrival_s: float
    prompt: int
    output: int
    limit: int
    priority: int
    service_class: int
    ids: Sequence[int]  # chained ids of its content
    id_tokens: int  # tokens behind one id
    block_tokens: int
    key: float = 0.0

    computed: int = 0
    generated: int = 0
    most_computed: int = 0
    flying: bool = False  # in a batch that has begun and not ended, or being loaded
    blocks: list[int] = field(default_factory=list)
    filled: int = 0  # of its blocks, those whose content is known to the pool
    kept: int = 0  # tokens whose cache is elsewhere and comes back at admission

    status: int = 0
    came_s: float = NEVER
    scheduled_s: float = NEVER
    first_token_s: float = NEVER
    last_token_s: float = NEVER
    preemptions: int = 0
    cached_tokens: int = 0
    recomputed_tokens: int = 0

    @property
    def target(self) -> int:
        """All tokens that exist: the prompt's and those it has said."""
        return self.prompt + self.generated

    @property
    def decoding(self) -> bool:
        return self.generated > 0 and self.computed == self.target - 1

    def content(self, block: int) -> Hashable:
        """Return what a full block of this request holds; what no id tells is its own."""
        told = len(self.ids) * self.id_tokens
        if len(self.ids) <= ceil(self.prompt, self.id_tokens):
            # The last id may be that of a partial block, which says nothing about the output.
            told = min(told, self.prompt)
        end = (block + 1) * self.block_tokens
        if end <= told:
            if self.id_tokens >= self.block_tokens:
                place, piece = divmod(block, self.id_tokens // self.block_tokens)
                return self.ids[place], piece
            # An id stands for all that is before it, too.
            return self.ids[end // self.id_tokens - 1], 0
        return "own", self.id, block


def requests_of(workload: Any, block_tokens: int) -> list[Request]:
    n = len(workload.arrival_s)
    rows: list[Request] = []
    for i in range(n):
        ids: Sequence[int] = []
        if workload.blocks is not None:
            begin, end = workload.blocks.offsets[i : i + 2]
            ids = workload.blocks.ids[begin:end].tolist()
        row = Request(
            id=i,
            arrival_s=float(workload.arrival_s[i]),
            prompt=int(workload.prompt_tokens[i]),
            output=int(workload.output_tokens[i]),
            limit=int(workload.limit_tokens[i]),
            priority=int(workload.priority[i]),
            service_class=int(workload.service_class[i]),
            ids=ids,
            id_tokens=1 if workload.blocks is None else workload.blocks.block_tokens,
            block_tokens=block_tokens,
        )
        rows.append(row)
    return rows


def shape_of(segments: Iterable[tuple[int, int, bool]], speaking: int) -> dict[str, float]:
    """Sum up segments (q, c, is it a decode)."""
    shape = {field.name: 0.0 for field in fields(Shape)}
    shape["sequences"] = speaking
    for q, c, decode in segments:
        if decode:
            shape["decodes"] += 1
            shape["decode_context"] += c
            shape["decode_longest"] = max(shape["decode_longest"], c)
        else:
            shape["prefill_tokens"] += q
            shape["prefills"] += 1
            shape["prefill_context"] += c
            shape["prefill_pairs"] += q * (c + (q + 1) / 2)
    return shape


def padded(segments: list[tuple[int, int, bool]], rows: int) -> list[tuple[int, int, bool]]:
    """Return the segments of a static batch: all as long as the longest, the ended ones too."""
    prefills = [(q, c) for q, c, decode in segments if not decode]
    decodes = [(q, c, decode) for q, c, decode in segments if decode]
    if prefills:
        longest = max(q for q, _ in prefills), max(c for _, c in prefills), False
        return [longest] * len(prefills) + decodes
    return [max(decodes, key=lambda segment: segment[1])] * rows


VISIBLE = {
    "ids": "id",
    "arrival_s": "arrival_s",
    "prompt_tokens": "prompt",
    "generated_tokens": "generated",
    "computed_tokens": "computed",
    "limit_tokens": "limit",
    "priority": "priority",
    "service_class": "service_class",
}


def columns(rows: Sequence[Request]) -> SimpleNamespace:
    """Return what a policy may know of some requests."""
    table = {name: np.array([getattr(r, a) for r in rows]) for name, a in VISIBLE.items()}
    table = {name: c if len(c) else c.astype(np.int64) for name, c in table.items()}
    for column in table.values():
        column.setflags(write=False)
    return SimpleNamespace(**table)


def run_of(
    workload: Any,
    config: Any,
    requests: Sequence[Request],
    steps: Sequence[dict[str, float]],
    speech: Sequence[tuple[int, int]],
    *,
    may_idle: bool,
) -> EngineRun:
    """Return what the native engine returns; speech: (request, step) per token."""
    segments: list[list[int]] = []
    for request, step in sorted(speech):
        if segments and segments[-1][0] == request and segments[-1][2] == step - 1:
            segments[-1][2] = step
        else:
            segments.append([request, step, step])
    table = {f.name: np.array([getattr(r, f.name) for r in requests]) for f in fields(Requests)}
    table["arrival_s"] = np.array([r.came_s for r in requests])
    log = {f.name: np.array([step[f.name] for step in steps]) for f in fields(Steps)}
    said = np.array(segments, np.int64).reshape(-1, 3).T
    return EngineRun(
        workload, config, Requests(**table), Steps(**log), Speech(*said), may_idle=may_idle
    )
