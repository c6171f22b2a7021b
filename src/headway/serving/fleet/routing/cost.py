"""What a prompt costs an engine, for routers that weigh seconds against seconds."""

from __future__ import annotations

import numpy as np

from headway.serving.fleet.view import Floats, Ints
from headway.serving.step_time import Affine, Shape, StepTime

REFERENCE = Affine(
    0.010635,
    {
        "prefills": 0.0660 - 0.010635,
        "prefill_tokens": 57.02e-6,
        "prefill_pairs": 2 * 4.406e-9,
        "decodes": 0.000419,
        "decode_context": 1.42e-7,
    },
)
"""Steps of one deployment, where none of one's own is at hand.

Its prompts of k thousand tokens take 0.0660 + 0.05702 k + 0.004406 k² seconds, its decode steps
0.010635 + 0.000419 a sequence + 1.42e-7 a token of context: the defaults of the program scheduling
of vLLM's router.
"""


def prefill_s(step_time: StepTime, tokens: Ints, cached: Ints) -> Floats:
    """Return how long prompts take alone.

    Parameters
    ----------
    step_time
        Of the engines.
    tokens
        To compute, shape (n,).
    cached
        In the cache before, shape (n,).

    Returns
    -------
    NDArray
        Seconds, shape (n,); 0 where there is nothing to compute.
    """
    some = (tokens > 0).astype(np.float64)
    shape = Shape(
        prefill_tokens=tokens.astype(np.float64),
        prefills=some,
        prefill_context=cached * some,
        prefill_pairs=tokens * (cached + (tokens + 1) / 2),
        sequences=some,
    )
    return np.where(tokens > 0, step_time.seconds(shape), 0.0)


def decode_s(step_time: StepTime, sequences: int = 32, context: int = 1000) -> float:
    """Return what a token of an answer costs: a sequence's part of a step of so many."""
    batch = Shape(
        decodes=float(sequences),
        decode_context=float(sequences * context),
        decode_longest=float(context),
        sequences=float(sequences),
    )
    return float(step_time.seconds(batch)) / sequences
