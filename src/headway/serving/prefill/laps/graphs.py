"""CUDA graphs for short batches: captured shapes, padding, what a replay saves and costs."""

from __future__ import annotations

from bisect import bisect_left
from collections.abc import Sequence
from dataclasses import dataclass

from headway.errors import ConfigError
from headway.serving.prefill.work import Load


@dataclass(frozen=True, slots=True)
class GraphBuckets:
    """The grid of shapes, new tokens × turns, that were captured.

    A batch whose turns all fit is padded: every turn to the bucket's length, and the batch with
    empty turns to the bucket's number. Replaying a graph is one launch instead of one per kernel.

    Parameters
    ----------
    lengths
        New tokens per turn, ascending.
    turns
        Turns per batch, ascending.
    kernels
        Kernels of a forward pass, each launched on its own without a graph.
    launch_s
        Seconds that a launch adds to a batch. The step time without graphs is taken to hold
        ``kernels`` of them, as that of a roofline does; this is a parameter, not a measurement.
    graph_bytes
        Memory of one captured graph; the paper reports 228 to 277 MB.

    Raises
    ------
    ConfigError
        If a list is empty or not ascending from 1, or a number out of range.

    References
    ----------
    "LAPS: A Length-Aware-Prefill LLM Serving System" (2026).

    Examples
    --------
    >>> GraphBuckets().bucket(longest=20, turns=3)
    (32, 4)
    """

    lengths: tuple[int, ...] = (8, 16, 32, 64, 128, 256)
    turns: tuple[int, ...] = (1, 2, 4, 8, 16, 32, 64)
    kernels: int = 400
    launch_s: float = 3e-6
    graph_bytes: int = 250_000_000

    def __post_init__(self) -> None:
        for name in ("lengths", "turns"):
            values = tuple(getattr(self, name))
            object.__setattr__(self, name, values)
            if not values or values[0] < 1 or values != tuple(sorted(set(values))):
                raise ConfigError(f"graphs: {name}: expected ascending numbers, got {values}")
        if self.kernels < 1 or self.launch_s < 0 or self.graph_bytes < 0:
            raise ConfigError("graphs: expected 1 kernel or more, and nothing below 0")

    @property
    def saved_s(self) -> float:
        """Seconds of launches that a replay saves."""
        return (self.kernels - 1) * self.launch_s

    @property
    def memory_bytes(self) -> int:
        """Memory of all captured graphs, which the key-value cache has to do without."""
        return len(self.lengths) * len(self.turns) * self.graph_bytes

    def bucket(self, longest: int, turns: int) -> tuple[int, int] | None:
        """Return the smallest captured shape that holds a batch, as (new tokens, turns).

        Parameters
        ----------
        longest
            Most new tokens of one of its turns.
        turns
            How many they are.
        """
        row, column = bisect_left(self.lengths, longest), bisect_left(self.turns, turns)
        if row == len(self.lengths) or column == len(self.turns):
            return None
        return self.lengths[row], self.turns[column]

    def deepest(self, most_tokens: int) -> int:
        """Return the most turns of a graph that stays, padded, within a number of tokens.

        By the shortest captured length; at least the fewest turns captured.
        """
        fitting = [turns for turns in self.turns if turns * self.lengths[0] <= most_tokens]
        return max(fitting, default=self.turns[0])


def padded(history: Sequence[int], bucket: tuple[int, int]) -> Load:
    """Return what a graph computes for turns with such histories, whatever of it is padding."""
    length, turns = bucket
    q, c, n = float(length), float(sum(history)), float(turns)
    return Load(q * n, n, c, q * (c + n * (q + 1.0) / 2.0))
