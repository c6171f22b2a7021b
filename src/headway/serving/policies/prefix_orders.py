"""Orders of the queue that make the most of prefixes in the cache, as SGLang has them.

References
----------
Zheng et al. (2024), "SGLang: Efficient Execution of Structured Language Model Programs", and its
scheduler in version 0.5.
"""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections import defaultdict

import numpy as np
from numpy.typing import NDArray

from headway.errors import ConfigError
from headway.serving.engine import Group, Policy, View
from headway.serving.workload import Blocks

Floats = NDArray[np.float64]
Ints = NDArray[np.int64]
Bools = NDArray[np.bool_]


class PrefixOrder(Policy, ABC):
    """Order the queue anew in each step by what the cache holds of the prompts.

    Of waiting requests that begin alike, and of whose prompts the cache holds next to nothing, all
    but the first are put off: once that one has run, they will find their prefixes.

    Parameters
    ----------
    most
        First come, first served while more requests than that wait, for looking prefixes up takes
        time in a real engine. 0: never.
    known_tokens
        The cache holds next to nothing of a prompt if it holds no more tokens than that.
    shared_tokens
        Requests begin alike if they share at least so many tokens.

    Raises
    ------
    ConfigError
        If a setting is negative.
    """

    def __init__(self, *, most: int = 0, known_tokens: int = 32, shared_tokens: int = 32) -> None:
        for name, value in (
            ("most", most),
            ("known_tokens", known_tokens),
            ("shared_tokens", shared_tokens),
        ):
            if value < 0:
                raise ConfigError(f"{name}: expected 0 or more, got {value}")
        self._most, self._known, self._shared = most, known_tokens, shared_tokens

    def admit(self, view: View) -> Ints:
        """Return the waiting requests in this order."""
        waiting = view.waiting
        if self._most and len(waiting) > self._most:
            return waiting.ids
        cached = waiting.cached_tokens
        return waiting.ids[self.rank(view.now_s, waiting, cached)]

    @abstractmethod
    def rank(self, now_s: float, waiting: Group, cached: Ints) -> Ints:
        """Return the rows of the waiting requests in order.

        Parameters
        ----------
        now_s
            The instant.
        waiting
            The queue, first come, first served.
        cached
            Tokens of each prompt that the cache holds.
        """

    def put_off(self, waiting: Group, cached: Ints) -> Bools:
        """Return who had better wait until another one with the same prefix has run."""
        later = np.zeros(len(waiting), dtype=np.bool_)
        if not waiting.has_blocks:
            return later
        unknown = np.flatnonzero(cached <= self._known)
        # A name stands for all before it: who shares the last of these blocks shares them all.
        needed = -(-self._shared // waiting.block_tokens)
        if not needed:
            later[unknown] = True
            return later
        names = waiting.block(needed - 1)[unknown]
        unknown, names = unknown[names >= 0], names[names >= 0]
        _, first = np.unique(names, return_index=True)
        later[unknown] = True
        later[unknown[first]] = False
        return later


class LongestPrefix(PrefixOrder):
    """Most tokens in the cache first."""

    name = "LPM"

    def __init__(self, *, most: int = 128, known_tokens: int = 32, shared_tokens: int = 32) -> None:
        super().__init__(most=most, known_tokens=known_tokens, shared_tokens=shared_tokens)

    def rank(self, now_s: float, waiting: Group, cached: Ints) -> Ints:
        """Return the rows by falling number of tokens, those put off at the end."""
        del now_s
        return np.lexsort((-cached, self.put_off(waiting, cached)))


class ShortestPrefill(PrefixOrder):
    """Fewest tokens to compute first."""

    name = "SHORTEST-PREFILL"

    def rank(self, now_s: float, waiting: Group, cached: Ints) -> Ints:
        """Return the rows by tokens to compute, those put off at the end."""
        del now_s
        work = waiting.prompt_tokens + waiting.generated_tokens - cached
        return np.lexsort((np.maximum(work, 1), self.put_off(waiting, cached)))


class HighestResponseRatio(PrefixOrder):
    """Longest wait for each token to compute first.

    SGLang counts the wait in tokens that were computed meanwhile: at a constant rate that is the
    same order as that by time.
    """

    name = "HRRN"

    def __init__(self, *, most: int = 128, known_tokens: int = 32, shared_tokens: int = 32) -> None:
        super().__init__(most=most, known_tokens=known_tokens, shared_tokens=shared_tokens)

    def rank(self, now_s: float, waiting: Group, cached: Ints) -> Ints:
        """Return the rows by falling response ratio, those put off at the end."""
        work = np.maximum(waiting.prompt_tokens - cached, 0)
        with np.errstate(divide="ignore", invalid="ignore"):
            ratio = np.where(work > 0, (now_s - waiting.arrival_s) / work, np.inf)
        return np.lexsort((-ratio, self.put_off(waiting, cached)))


class DepthFirst(PrefixOrder):
    """Walk the tree of cached prefixes depth first, the branch with most requests first.

    Requests at the end of a branch come before those nearer to the root, and requests of one
    prefix stand together.
    """

    name = "DFS-WEIGHT"

    def rank(self, now_s: float, waiting: Group, cached: Ints) -> Ints:
        """Return the rows in the order of the walk."""
        del now_s
        blocks = waiting.blocks
        if blocks is None:
            return np.arange(len(waiting))
        return np.array(_walk(blocks, cached // blocks.block_tokens), dtype=np.int64)


_ROOT = -1


def _walk(blocks: Blocks, depth: Ints) -> list[int]:
    """Return rows depth first; `depth` tells how many blocks of each are in the tree."""
    rows: dict[int, list[int]] = defaultdict(list)
    weight: dict[int, int] = defaultdict(int)
    children: dict[int, dict[int, None]] = defaultdict(dict)
    for row, end in enumerate(depth.tolist()):
        node = _ROOT
        for block in blocks[row][:end].tolist():
            children[node][block] = None
            weight[block] += 1
            node = block
        rows[node].append(row)
    order: list[int] = []
    stack = [(_ROOT, False)]
    while stack:
        node, is_done = stack.pop()
        if is_done:
            order += rows[node]
            continue
        stack.append((node, True))
        heaviest_first = sorted(children[node], key=lambda child: -weight[child])
        stack += [(child, False) for child in reversed(heaviest_first)]
    return order
