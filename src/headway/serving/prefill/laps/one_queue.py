"""The baselines: one queue, first come, first served, with a budget of tokens per pass."""

from __future__ import annotations

from collections import deque
from dataclasses import dataclass, field

from headway.errors import ConfigError
from headway.serving.prefill.laps.batch import Batch, Segment, Turn, with_graph
from headway.serving.prefill.laps.graphs import GraphBuckets
from headway.serving.prefill.work import Load


@dataclass(slots=True)
class OneQueue:
    """Fill each pass from the front of one queue; a prompt that does not fit is cut.

    Parameters
    ----------
    budget
        Most new tokens of a pass, as in vLLM and SGLang.
    most_turns
        Most turns of a pass.
    alike
        Whether only turns of the length of the first join it, within a factor of two: bucketing by
        length without separate queues.
    graphs
        Captured shapes to replay where a batch fits.
    name
        For tables.

    Raises
    ------
    ConfigError
        If the budget or `most_turns` is below 1.
    """

    budget: int = 8192
    most_turns: int = 256
    alike: bool = False
    graphs: GraphBuckets | None = None
    name: str = "one queue"
    _queue: deque[tuple[Turn, int]] = field(init=False, default_factory=deque)

    def __post_init__(self) -> None:
        if self.budget < 1 or self.most_turns < 1:
            raise ConfigError("one queue: expected a budget and most_turns of 1 or more")

    def arrive(self, turn: Turn) -> None:
        """Append a turn."""
        self._queue.append((turn, 0))

    def next(self, now: float) -> Batch | float:  # noqa: ARG002 - as for those who wait
        """Return the pass that the front of the queue makes."""
        if not self._queue:
            return float("inf")
        left, rest = self.budget, deque[tuple[Turn, int]]()
        segments: list[Segment] = []
        size = self._size(*self._queue[0])
        while self._queue and left and len(segments) < self.most_turns:
            turn, done = self._queue.popleft()
            if self.alike and self._size(turn, done) != size:
                rest.append((turn, done))
                continue
            tokens = min(turn.tokens - done, left)
            segments.append(Segment(turn.id, tokens, turn.history + done))
            left -= tokens
            if done + tokens < turn.tokens:
                rest.append((turn, done + tokens))
        self._queue.extendleft(reversed(rest))
        return with_graph(tuple(segments), self.graphs)

    @staticmethod
    def _size(turn: Turn, done: int) -> int:
        return (turn.tokens - done).bit_length()

    def ended(self, load: Load, seconds: float) -> None:
        """Nothing is learned."""
