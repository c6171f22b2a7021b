"""Every batch that an engine could run, in classes: what it does at most, in what time at least."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from headway.serving.fleet.setup import Kind
from headway.serving.fleet.view import Floats, Ints
from headway.serving.step_time import Shape
from headway.serving.workload import Workload

_PROMPT, _BATCH, _CONTEXT = (1, 1.1), (1, 1.1), (16, 1.25)
"""Size of the smallest class, and how much larger a class's largest is than its smallest."""


@dataclass(frozen=True, eq=False)
class Batches:
    """Classes of batches of one kind of engine; n of them.

    Attributes
    ----------
    work
        Tokens of prompts, tokens of answers and the contexts of these that one does at most; shape
        (3, n).
    paid_s
        Time of an engine that one takes at least; shape (n,).
    spoken_s
        Time of the requests in it that have begun to answer, at least; shape (n,).
    most_tokens
        Longest prompt with its answer.
    """

    work: Floats
    paid_s: Floats
    spoken_s: Floats
    most_tokens: int


def batches(kind: Kind, workload: Workload, pace: float = 1.0) -> Batches:
    """Return the batches that a kind of engine could run.

    Parameters
    ----------
    kind
        Of engine.
    workload
        What it could be asked for at all.
    pace
        Times that its steps take as long as they should, at the least.
    """
    config, role = kind.config, kind.group.role
    prompt, answer = (
        int(tokens.max()) for tokens in (workload.prompt_tokens, workload.output_tokens)
    )
    room = config.blocks * config.block_tokens
    sizes = (
        _classes(0 if role == "decode" else max(config.token_budget, prompt), *_PROMPT),
        _classes(0 if role == "prefill" else config.max_sequences, *_BATCH),
        _classes(prompt + answer, *_CONTEXT)[1:],
    )
    few, least, short = np.meshgrid(*(size[:, 0] for size in sizes), indexing="ij")
    many, most, long = np.meshgrid(*(size[:, 1] for size in sizes), indexing="ij")
    shape = Shape(
        prefill_tokens=few.astype(np.float64),
        prefills=np.minimum(few, 1.0),
        prefill_pairs=few.astype(np.float64),
        decodes=least.astype(np.float64),
        decode_context=(least * short).astype(np.float64),
        decode_longest=np.where(least > 0, short, 0).astype(np.float64),
        sequences=least.astype(np.float64),
    )
    seconds = pace * np.broadcast_to(kind.step_time.seconds(shape), few.shape)
    for axis in range(3):  # should a larger batch be faster, its time is enough for a smaller one
        seconds = np.flip(np.minimum.accumulate(np.flip(seconds, axis), axis), axis)
    useful = (many + most > 0) & ((most > 0) | (short == sizes[2][0, 0]))
    if workload.blocks is None:  # else requests with one prefix may hold it together
        useful &= least * short <= room
    return Batches(
        np.stack([many, most, most * long])[:, useful].astype(np.float64),
        seconds[useful] / config.pipeline,
        (least * seconds)[useful],
        min(config.max_model_tokens, room),
    )


def _classes(most: int, first: int, ratio: float) -> Ints:
    """Return the smallest and the largest of each class: 0, up to `first`, then by the ratio."""
    found = [(0, 0)]
    while found[-1][1] < most:
        low = found[-1][1] + 1
        found.append((low, min(max(int(low * ratio), low, first if low == 1 else 0), most)))
    return np.array(found, dtype=np.int64)
