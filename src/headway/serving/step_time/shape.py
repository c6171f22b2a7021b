"""What the duration of a step depends on: a batch reduced to sums over its segments."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import astuple, dataclass, fields
from typing import TypeAlias

import numpy as np
from numpy.typing import NDArray

Floats: TypeAlias = NDArray[np.float64]
Value: TypeAlias = float | Floats


@dataclass(frozen=True, slots=True)
class Shape:
    """A batch, or many, in ten figures.

    A segment gives q tokens to a sequence that has c tokens in the cache. It is a decode if q = 1
    and the sequence has spoken before; all else, recomputation after a preemption included, is
    prefill. All fields are numbers, or arrays of one shape: one entry per step.

    Parameters
    ----------
    prefill_tokens
        Sum of q over prefill segments.
    prefills
        Number of prefill segments.
    prefill_context
        Sum of c over prefill segments, tokens.
    prefill_pairs
        Sum of q (c + (q + 1) / 2) over prefill segments: query-key pairs of causal attention.
    decodes
        Number of decode segments.
    decode_context
        Sum of c over decode segments, tokens.
    decode_longest
        Largest c of a decode segment, tokens.
    sequences
        Sequences that emit a token at the end of the step.
    extra_tokens
        Tokens in the linear layers that belong to no request, as in co-served finetuning.
    extra_pairs
        Their query-key pairs.

    Examples
    --------
    >>> shape = Shape.of(prefills=[(512, 0)], decodes=[100, 300])
    >>> shape.tokens, shape.prefill_pairs, shape.decode_context, shape.sequences
    (514.0, 131328.0, 400.0, 3.0)
    """

    prefill_tokens: Value = 0.0
    prefills: Value = 0.0
    prefill_context: Value = 0.0
    prefill_pairs: Value = 0.0
    decodes: Value = 0.0
    decode_context: Value = 0.0
    decode_longest: Value = 0.0
    sequences: Value = 0.0
    extra_tokens: Value = 0.0
    extra_pairs: Value = 0.0

    @classmethod
    def of(
        cls,
        prefills: Iterable[tuple[float, float]] = (),
        decodes: Iterable[float] = (),
        *,
        sequences: float | None = None,
    ) -> Shape:
        """Return the shape of one batch.

        Parameters
        ----------
        prefills
            Tokens given and tokens already in the cache, (q, c), per prefill segment.
        decodes
            Tokens in the cache per decode segment.
        sequences
            How many emit a token; all of them by default.
        """
        chunks, contexts = list(prefills), list(decodes)
        emitting = len(chunks) + len(contexts) if sequences is None else sequences
        return cls(
            float(sum(q for q, _ in chunks)),
            float(len(chunks)),
            float(sum(c for _, c in chunks)),
            float(sum(q * (c + (q + 1) / 2) for q, c in chunks)),
            float(len(contexts)),
            float(sum(contexts)),
            float(max(contexts, default=0)),
            float(emitting),
        )

    @classmethod
    def from_rows(cls, rows: Floats) -> Shape:
        """Return the shape of many steps from an array of shape (n, 10), columns in field order."""
        return cls(*(np.ascontiguousarray(column) for column in np.asarray(rows, float).T))

    def rows(self) -> Floats:
        """Return the fields as columns of an array of shape (n, 10); one row for one step."""
        columns = np.broadcast_arrays(*(np.asarray(value, np.float64) for value in astuple(self)))
        return np.stack([np.ravel(column) for column in columns], axis=1)

    @property
    def tokens(self) -> Value:
        """Tokens in the linear layers."""
        return self.prefill_tokens + self.decodes + self.extra_tokens


FIELDS = tuple(field.name for field in fields(Shape))
"""The names of a shape's fields, in the order that rows and the native core use."""


def weights(**weight: float) -> Floats:
    """Return one weight per field of a shape, 0 where none is given; shape (10,)."""
    return np.array([weight.get(name, 0.0) for name in FIELDS])
