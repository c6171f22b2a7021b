"""Turns of conversations from traffic: what of each prompt is new, and what is history."""

from __future__ import annotations

import numpy as np

from headway.serving.prefill.requests import Ints, PrefillRequests
from headway.serving.workload import Workload, prefix_hits


def turns(
    workload: Workload, capacity_blocks: int | None = None, *, reconnect: bool = True
) -> PrefillRequests:
    """Return the prompts of a workload, told apart into history and new tokens.

    History is the prefix found in a cache that requests meet in order of arrival. Without blocks
    every prompt is new.

    Parameters
    ----------
    workload
        What arrives.
    capacity_blocks
        Blocks that the cache holds; by default it never forgets.
    reconnect
        Traces tell content in blocks, often of hundreds of tokens, so that the partly filled block
        at the end of a turn, and the answer to it, would count as new in the next turn. Where a
        prompt begins with all full blocks of an earlier one, and exceeds that one and its answer by
        at most a block, it is taken to go on with it: both are history. In the conversations of
        Mooncake a fifth of the prompts are such, nearly all with less than 100 tokens more.

    Returns
    -------
    PrefillRequests
        Without limits; at least the last token of a prompt is new.
    """
    prompts = workload.prompt_tokens.astype(np.int64)
    history = np.zeros(len(workload), np.int64)
    if workload.blocks is not None:
        hits = prefix_hits(workload, capacity_blocks).hits
        history = hits * workload.blocks.block_tokens
        if reconnect:
            history = np.maximum(history, _continued(workload, hits))
        history = np.minimum(history, prompts - 1)
    return PrefillRequests.of(workload.arrival_s, prompts - history, history)


def _continued(workload: Workload, hits: Ints) -> Ints:
    """Return the tokens of the turn, and its answer, that each prompt goes on with; or 0."""
    blocks = workload.cache_blocks
    assert blocks is not None
    size = blocks.block_tokens
    after: dict[int, int] = {}
    history = np.zeros(len(workload), np.int64)
    spoken = workload.prompt_tokens.astype(np.int64) + workload.output_tokens
    for k, prompt in enumerate(workload.prompt_tokens.tolist()):
        mine = blocks[k]
        known = after.get(int(mine[hits[k] - 1]), 0) if hits[k] else 0
        if 0 <= prompt - known <= size:
            history[k] = known
        full = min(prompt // size, len(mine))
        if full:
            after[int(mine[full - 1])] = int(spoken[k])
    return history
