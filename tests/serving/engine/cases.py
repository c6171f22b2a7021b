"""Small traffic on small engines, made so that what is rare in life is common here.

Few blocks, few tokens in each; tiny budgets; prefixes that are shared; arrivals that coincide with
the ends of steps. All times are multiples of 1/64 s, so that sums of them are exact.
"""

from __future__ import annotations

import random
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

from hypothesis import strategies as st

from headway.serving.engine import EngineConfig
from headway.serving.step_time import Affine
from headway.serving.workload import Blocks, Workload

Pick = Callable[[int, int], int]
"""Picks a whole number between two, both included."""

FULL = 2**31 - 1

STEP_TIME = Affine(
    1.0,
    {
        "prefill_tokens": 1 / 4,
        "prefills": 1 / 8,
        "prefill_context": 1 / 32,
        "prefill_pairs": 1 / 32,
        "decodes": 1 / 8,
        "decode_context": 1 / 64,
        "decode_longest": 1 / 32,
        "sequences": 1 / 16,
        "extra_tokens": 1 / 16,
        "extra_pairs": 1 / 64,
    },
)
"""Sensitive to every field of a shape."""


@dataclass(frozen=True)
class Case:
    workload: Workload
    config: EngineConfig


def a_case(pick: Pick, **settings: Any) -> Case:
    """Return a case; settings that are given are kept."""
    config = a_config(pick, **settings)
    return Case(a_workload(pick, config.block_tokens), config)


def a_config(pick: Pick, **settings: Any) -> EngineConfig:
    def one_of(*choices: Any) -> Any:
        return choices[pick(0, len(choices) - 1)]

    block_tokens = one_of(1, 2, 4)
    chosen = {
        "blocks": max(2, pick(10, 60) // block_tokens),
        "block_tokens": block_tokens,
        "token_budget": one_of(pick(1, 8), pick(8, 40)),
        "max_sequences": pick(1, 8),
        "max_model_tokens": one_of(FULL, FULL, FULL, pick(8, 40)),
        "long_prefill_tokens": one_of(0, 0, 0, pick(1, 8)),
        "prompt_must_fit": one_of(True, False),
        "padded_budget": one_of(False, False, True),
        "prefix_caching": one_of(True, True, False),
        "watermark": one_of(0.0, 0.0, 0.125, 0.25),
        "mix": one_of("together", "together", "prefill first"),
        "chunked": one_of(True, True, False),
        "decode_first": one_of(False, False, True),
        "reserve": one_of("step", "step", "step", "prompt", "whole"),
        "refill": one_of("continuous", "continuous", "continuous", "when empty"),
        "victim": one_of("last", "last", "priority", "least progress"),
        "preemption": one_of("recompute", "recompute", "swap", "cheaper"),
        "swap_bytes_per_s": one_of(4.0, 16.0, 64.0),
        "bytes_per_block": 4,
        "host_blocks": one_of(0, 0, 0, pick(1, 20)),
        "pipeline": one_of(1, 1, 1, 2, 4),
        "clients": one_of(0, 0, 0, pick(1, 4)),
    }
    chosen |= settings
    # What contradicts itself is refused.
    chosen["chunked"] &= chosen["refill"] != "when empty"
    chosen["decode_first"] &= chosen["mix"] == "together"
    return EngineConfig(**chosen)


def a_workload(pick: Pick, block_tokens: int) -> Workload:
    n = pick(1, 10)
    latest = [0, 40, 200][pick(0, 2)]
    prompts = [pick(1, [6, 12, 12, 40][pick(0, 3)]) for _ in range(n)]
    outputs = [pick(1, [2, 12, 24][pick(0, 2)]) for _ in range(n)]
    return Workload.of(
        arrival_s=sorted(pick(0, latest) / 4 for _ in range(n)),
        prompt_tokens=prompts,
        output_tokens=outputs,
        limit_tokens=[tokens + [0, 3, 1000][pick(0, 2)] for tokens in outputs],
        priority=[pick(0, 2) for _ in range(n)],
        blocks=shared_blocks(pick, prompts, outputs, block_tokens) if pick(0, 2) else None,
    )


def shared_blocks(pick: Pick, prompts: list[int], outputs: list[int], block_tokens: int) -> Blocks:
    """Return chained ids of conversations that begin like one another."""
    coarse = block_tokens * [1, 1, 2, 4][pick(0, 3)]
    id_tokens = max(1, block_tokens // 2) if pick(0, 7) == 0 else coarse
    known: dict[object, int] = {}
    rows = []
    for prompt, output in zip(prompts, outputs, strict=True):
        told = prompt + output * pick(0, 1)
        common = pick(0, told)  # so many tokens are those of all others of its kind
        kind, branch = pick(0, 1), pick(0, 2)
        ends = [min(end, told) for end in range(id_tokens, told + id_tokens, id_tokens)]
        contents = [(kind, end) if end <= common else (kind, common, branch, end) for end in ends]
        rows.append([known.setdefault(content, len(known)) for content in contents])
    return Blocks.of(rows, id_tokens)


def seeded(seed: int, **settings: Any) -> Case:
    """Return the case of a seed."""
    return a_case(random.Random(seed).randint, **settings)


@st.composite
def cases(draw: st.DrawFn, **settings: Any) -> Case:
    """Return the same cases for hypothesis, which makes failing ones small."""
    return a_case(lambda low, high: draw(st.integers(low, high)), **settings)
