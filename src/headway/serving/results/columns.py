"""What an engine writes down: columns per request, per step, and who spoke when."""

from __future__ import annotations

from dataclasses import dataclass, fields
from enum import IntEnum
from typing import Any

import numpy as np
from numpy.typing import NDArray

from headway.errors import ConfigError

Floats = NDArray[np.float64]
Ints = NDArray[np.integer[Any]]


class Status(IntEnum):
    """How a request ended."""

    UNFINISHED = 0
    """It was waiting or running when the run was stopped."""
    FINISHED = 1
    """All its tokens were generated, or as many as the engine's longest sequence allows."""
    DROPPED = 2
    """It can never fit into the cache."""
    LOST = 3
    """The engine died that had it, and it could not be tried elsewhere."""
    REJECTED = 4
    """The router refused it."""


@dataclass(frozen=True, slots=True, eq=False)
class Requests:
    """A row per request, in the order of the workload. Each column has shape (n_requests,).

    Attributes
    ----------
    status
        `Status` of each.
    arrival_s
        When it entered the queue: the workload's arrivals, unless clients wait for their answers.
    scheduled_s
        Start of the first step that gave it tokens; nan if there was none.
    first_token_s, last_token_s
        End of the step after which it had its first and its latest output token; nan if it had
        none.
    generated
        Output tokens.
    preemptions
        How often it was sent back to the queue.
    cached_tokens
        Tokens of its prompt found in the prefix cache when it was first admitted.
    recomputed_tokens
        Tokens that ran through the model once more because of preemptions.

    Raises
    ------
    ConfigError
        If columns differ in length.
    """

    status: Ints
    arrival_s: Floats
    scheduled_s: Floats
    first_token_s: Floats
    last_token_s: Floats
    generated: Ints
    preemptions: Ints
    cached_tokens: Ints
    recomputed_tokens: Ints

    def __post_init__(self) -> None:
        _check(self, "requests")

    def __len__(self) -> int:
        return len(self.status)


@dataclass(frozen=True, slots=True, eq=False)
class Steps:
    """A row per step, in order of their starts. Each column has shape (n_steps,).

    Attributes
    ----------
    start_s, end_s
        When the step ran.
    prefill_tokens
        Tokens of prefill segments: prompts, and what is computed again.
    decodes
        Requests that were given one token after one that they had spoken.
    sequences
        Requests that have one more token when the step ends.
    running, waiting
        Requests in the batch and in the queue while the step ran.
    used_blocks
        Blocks of the KV cache that running requests held while it ran.
    extra_tokens
        Tokens that belong to no request, such as those of fine-tuning on the side; a part of one
        where only some layers have run.

    Raises
    ------
    ConfigError
        If columns differ in length.
    """

    start_s: Floats
    end_s: Floats
    prefill_tokens: Ints
    decodes: Ints
    sequences: Ints
    running: Ints
    waiting: Ints
    used_blocks: Ints
    extra_tokens: Floats

    def __post_init__(self) -> None:
        _check(self, "steps")

    def __len__(self) -> int:
        return len(self.start_s)


@dataclass(frozen=True, slots=True, eq=False)
class Speech:
    """Who spoke when: in each segment a request has one more token at the end of every step.

    Segments may be given in any order; they are kept by request, then by step. A request that
    is never held up needs only one, however long it speaks, so that a run of hundreds of millions
    of tokens fits into memory. Each column has shape (n_segments,).

    Attributes
    ----------
    request
        Who speaks.
    first_step, last_step
        The steps of its first and last token in this segment, both included.

    Raises
    ------
    ConfigError
        If columns differ in length.
    """

    request: Ints
    first_step: Ints
    last_step: Ints

    def __post_init__(self) -> None:
        _check(self, "speech")
        request, first = self.request, self.first_step
        behind = request[1:] < request[:-1]
        behind |= (request[1:] == request[:-1]) & (first[1:] < first[:-1])
        if behind.any():
            order = np.lexsort((first, request))
            for field in fields(self):
                object.__setattr__(self, field.name, getattr(self, field.name)[order])

    def __len__(self) -> int:
        return len(self.request)

    @property
    def tokens(self) -> NDArray[np.int64]:
        """Tokens of each segment."""
        return self.last_step.astype(np.int64) - self.first_step + 1

    @property
    def continues(self) -> NDArray[np.bool_]:
        """Whether a segment is of the same request as the one before; shape (n_segments,)."""
        same = np.zeros(len(self), dtype=np.bool_)
        same[1:] = self.request[1:] == self.request[:-1]
        return same


def _check(table: Requests | Steps | Speech, what: str) -> None:
    columns = {field.name: np.shape(getattr(table, field.name)) for field in fields(table)}
    size = next(iter(columns.values()))
    for name, shape in columns.items():
        if len(shape) != 1 or shape != size:
            raise ConfigError(f"{what}.{name}: expected shape {size}, got {shape}")
