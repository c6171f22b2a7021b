"""A batch that has begun: what it costs, how far it is, and where it can be left."""

from __future__ import annotations

from dataclasses import dataclass, field
from math import inf, nan

from headway.serving.prefill.work import Level, Load, Operators, PrefillWork

_END = 1 - 1e-12
"""A boundary beyond this share of a pass is its end."""


@dataclass(slots=True, eq=False)
class Job:
    """Requests that run together; with chunks, one request.

    Attributes
    ----------
    members
        Requests, the head first.
    load
        All that there is to compute, as one pass.
    total_s
        True seconds of all its passes.
    believed_s
        Predicted seconds of the same.
    arrival_s, deadline_s
        What the order ranks it by.
    batch
        Number of the pass in the record.
    done_s
        Seconds of work done up to the last stop.
    tokens_done
        Of a prompt in chunks.
    begun_s
        From when on it runs, or ran last.
    stops
        How often it has been stopped for somebody else.
    stopped_s
        When it was last stopped; nan while it runs.
    forced
        Whether it was resumed by force, so that nobody stops it any more.
    """

    members: list[int]
    load: Load
    total_s: float
    believed_s: float
    arrival_s: float
    deadline_s: float
    batch: int = -1
    done_s: float = 0.0
    tokens_done: int = 0
    begun_s: float = nan
    stops: int = 0
    stopped_s: float = nan
    forced: bool = False
    _operators: Operators | None = field(default=None, repr=False)

    @property
    def head(self) -> int:
        """The request that it is ranked by."""
        return self.members[0]

    def left(self, now_s: float, *, runs: bool) -> float:
        """Return the share of its work that is still to be done."""
        done = self.done_s + (max(now_s - self.begun_s, 0.0) if runs else 0.0)
        return max(1.0 - done / self.total_s, _LEAST) if self.total_s else _LEAST

    def row(self, now_s: float, *, runs: bool) -> tuple[float, ...]:
        """Return what a `View` tells of it after the present, column by column."""
        left, pairs = self.left(now_s, runs=runs), float(self.load.pairs)
        # Chunks have computed the pairs of their tokens; a pass, those of the layers behind it.
        chunked = Load.of(self.tokens_done, float(self.load.context)).pairs
        pairs_left = pairs - float(chunked) if self.tokens_done else pairs * left
        return self.arrival_s, self.deadline_s, self.believed_s, left, pairs, pairs_left

    def next_boundary(self, now_s: float, level: Level, work: PrefillWork) -> float:
        """Return when the running pass next comes to a boundary; infinite if that is its end."""
        if self._operators is None:
            self._operators = work.operators(self.load)
        elapsed = self.done_s + max(now_s - self.begun_s, 0.0)
        at = self._operators.boundary(elapsed, level)
        if at >= self._operators.total_s * _END:
            return inf
        return max(self.begun_s + (at - self.done_s), now_s)


_LEAST = 1e-9
"""What is left of a job that ends at this instant; not 0, which has no logarithm."""
