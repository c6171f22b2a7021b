"""Short and long turns in queues of their own, served in turn by one instance."""

from __future__ import annotations

from bisect import bisect_left
from collections import deque
from dataclasses import dataclass, field
from itertools import accumulate, takewhile
from math import inf

from headway.errors import ConfigError
from headway.serving.prefill.laps.batch import Batch, Segment, Turn, plain_load, with_graph
from headway.serving.prefill.laps.graphs import GraphBuckets
from headway.serving.prefill.laps.learning import LearnedLatency
from headway.serving.prefill.laps.wait import Gathering, Wait
from headway.serving.prefill.work import Load

_EMPTY = Load(0.0, 0.0, 0.0, 0.0)


@dataclass(slots=True)
class DualQueue:
    """Serve short turns whenever they are due, and else the oldest long one by one chunk.

    A turn is short if it has at most `L_m` new tokens: up to there memory takes longer than
    arithmetic (`TurnLatency.boundary`, with the turn's own history). Short turns run together, long
    ones alone. If the long queue was not served for `patience_s`, one chunk of it goes first.

    Parameters
    ----------
    latency
        What is believed, and learned, about the time of a batch.
    wait
        When short turns are due.
    graphs
        Captured shapes; None for none.
    chunk_tokens
        C_l, tokens of a long turn that run in one pass.
    most_tokens
        Most new tokens of a batch of short turns, padding included: what memory allows.
    patience_s
        T_max: how long the long queue waits at most, a pass that has begun not counted.
    always_pad
        Whether a batch that a graph holds is always replayed, as in the paper; or only if that is
        predicted to be faster than normal kernels without padding.
    name
        For tables.

    Raises
    ------
    ConfigError
        If a setting is out of range.

    Notes
    -----
    The paper leaves open how one instance alternates; the rule above is ours. Of the short turns
    that wait, the oldest runs, in the batch after which all of them would be done the soonest if
    those left ran in one more: of all captured lengths that hold the oldest, the batch of all turns
    that fit is tried, and all without a graph. When the wait is over, it is over for all who are
    there, whatever batches they make.

    References
    ----------
    "LAPS: A Length-Aware-Prefill LLM Serving System" (2026).
    """

    latency: LearnedLatency
    wait: Wait
    graphs: GraphBuckets | None = None
    chunk_tokens: int = 2048
    most_tokens: int = 8192
    patience_s: float = 0.5
    always_pad: bool = False
    name: str = "dual queue"
    _short: list[Turn] = field(init=False, default_factory=list)
    _long: deque[Turn] = field(init=False, default_factory=deque)
    _done: int = field(init=False, default=0)
    _released: int = field(init=False, default=0)
    _load: Load = field(init=False, default=_EMPTY)
    _deadline_s: float = field(init=False, default=inf)
    _served_s: float = field(init=False, default=-inf)

    def __post_init__(self) -> None:
        if self.chunk_tokens < 1 or self.most_tokens < 1 or not self.patience_s >= 0:
            raise ConfigError("dual queue: expected chunk_tokens and most_tokens of 1 or more")

    def arrive(self, turn: Turn) -> None:
        """Put a turn where it belongs."""
        if turn.tokens > self.latency.model.boundary(turn.history):
            self._long.append(turn)
            return
        self._short.append(turn)
        self._count(turn)
        self.wait.arrived(self._gathering(turn.arrival_s), turn.arrival_s)

    def next(self, now: float) -> Batch | float:
        """Return a batch of short turns or a chunk of a long one, or when short turns are due."""
        if self._long and now - max(self._served_s, self._long[0].arrival_s) > self.patience_s:
            return self._chunk(now)
        due = inf
        if self._short:
            due = now if self._released else self.wait.due(self._gathering(now), now)
            if due <= now or (due == inf and not self._long):
                return self._gather(now)
        return self._chunk(now) if self._long else due

    def ended(self, load: Load, seconds: float) -> None:
        """Learn how long a batch took."""
        self.latency.observe(load, seconds)

    def _count(self, turn: Turn) -> None:
        self._load = self._load.joined(Load.of(turn.tokens, turn.history))
        self._deadline_s = min(self._deadline_s, turn.deadline_s)

    def _gathering(self, now: float) -> Gathering:
        ends = now + float(self.latency.model.seconds(self._load))
        return Gathering(len(self._short), self._short[0].arrival_s, self._deadline_s - ends)

    def _gather(self, now: float) -> Batch:
        if not self._released:
            self._released = len(self._short)
            self.wait.dispatched(len(self._short), now)
        batch = min(self._candidates(), key=self._until_all_ran)
        served = {segment.turn for segment in batch.segments}
        self._released -= sum(turn.id in served for turn in self._short[: self._released])
        self._short = [turn for turn in self._short if turn.id not in served]
        self._load, self._deadline_s = _EMPTY, inf
        for turn in self._short:
            self._count(turn)
        return batch

    def _candidates(self) -> list[Batch]:
        """Return the batches that the oldest short turn could run in."""
        padded = [self._padded(length) for length in self._lengths()]
        if padded and self.always_pad:
            return padded
        return [*padded, self._plain()]

    def _lengths(self) -> list[int]:
        """Return the captured lengths from the oldest turn's up to that of the longest."""
        if self.graphs is None:
            return []
        oldest = bisect_left(self.graphs.lengths, self._short[0].tokens)
        longest = bisect_left(self.graphs.lengths, max(turn.tokens for turn in self._short))
        return list(self.graphs.lengths[oldest : longest + 1])

    def _padded(self, length: int) -> Batch:
        assert self.graphs is not None
        fitting = [turns for turns in self.graphs.turns if turns * length <= self.most_tokens]
        most = max(fitting, default=1)
        chosen = [turn for turn in self._short if turn.tokens <= length][:most]
        return with_graph(tuple(_whole(turn) for turn in chosen), self.graphs)

    def _plain(self) -> Batch:
        totals = accumulate(turn.tokens for turn in self._short)
        number = sum(1 for _ in takewhile(lambda total: total <= self.most_tokens, totals))
        return Batch(tuple(_whole(turn) for turn in self._short[: max(number, 1)]))

    def _until_all_ran(self, batch: Batch) -> float:
        """Return how long all short turns take if this batch runs, and then one of the others."""
        seconds = float(self.latency.model.seconds(batch.load))
        if batch.bucket is not None and self.graphs is not None:
            seconds -= self.graphs.saved_s
        served = {segment.turn for segment in batch.segments}
        others = [_whole(turn) for turn in self._short if turn.id not in served]
        if others:
            seconds += float(self.latency.model.seconds(plain_load(others)))
        return seconds

    def _chunk(self, now: float) -> Batch:
        turn = self._long[0]
        tokens = min(turn.tokens - self._done, self.chunk_tokens)
        segment = Segment(turn.id, tokens, turn.history + self._done)
        self._done += tokens
        if self._done == turn.tokens:
            self._long.popleft()
            self._done = 0
        self._served_s = now
        return Batch((segment,))


def _whole(turn: Turn) -> Segment:
    return Segment(turn.id, turn.tokens, turn.history)
