"""What a batcher sees of a turn, and what it lets run."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import NamedTuple, Protocol

from headway.serving.prefill.laps.graphs import GraphBuckets, padded
from headway.serving.prefill.work import Load


class Turn(NamedTuple):
    """A request that has arrived, as a batcher sees it.

    Attributes
    ----------
    id
        Its position among the requests.
    arrival_s
        When it came.
    tokens
        New tokens, those found in the cache not counted: turns are told apart by these.
    history
        Tokens in the cache.
    deadline_s
        By when it wants its first token; inf without a limit.
    """

    id: int
    arrival_s: float
    tokens: int
    history: int
    deadline_s: float


class Segment(NamedTuple):
    """Some tokens of one turn.

    Attributes
    ----------
    turn
        Its id.
    tokens
        How many.
    context
        Tokens computed before these: history, and earlier chunks.
    """

    turn: int
    tokens: int
    context: int


@dataclass(frozen=True, slots=True)
class Batch:
    """What runs in one pass.

    Parameters
    ----------
    segments
        Of different turns, at least one.
    bucket
        The captured shape that is replayed for it, as (new tokens, turns); None without a graph.
    """

    segments: tuple[Segment, ...]
    bucket: tuple[int, int] | None = None

    @property
    def load(self) -> Load:
        """What is computed, padding included."""
        if self.bucket is not None:
            return padded([context for _, _, context in self.segments], self.bucket)
        return plain_load(self.segments)


def plain_load(segments: Sequence[Segment]) -> Load:
    """Return what segments cost in one pass without padding."""
    tokens = context = pairs = 0.0
    for _, q, c in segments:
        tokens += q
        context += c
        pairs += q * (c + (q + 1.0) / 2.0)
    return Load(tokens, float(len(segments)), context, pairs)


class Batcher(Protocol):
    """Who decides what runs next: asked when the instance is free; a pass is never stopped."""

    name: str

    def arrive(self, turn: Turn) -> None:
        """Take in a turn that comes now."""

    def next(self, now: float) -> Batch | float:
        """Return what to run now, or when to ask again if nobody comes before (inf: never)."""

    def ended(self, load: Load, seconds: float) -> None:
        """Learn how long a batch took, what a graph saved not counted."""


def with_graph(segments: tuple[Segment, ...], graphs: GraphBuckets | None) -> Batch:
    """Return the batch, replayed as a graph if there is one that holds it."""
    if graphs is None:
        return Batch(segments)
    longest = max(tokens for _, tokens, _ in segments)
    return Batch(segments, graphs.bucket(longest, len(segments)))
