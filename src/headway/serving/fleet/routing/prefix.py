"""Routing to where a prompt's prefix is: an index of who was sent which blocks."""

from __future__ import annotations

from collections import OrderedDict
from collections.abc import Iterable

import numpy as np

from headway.serving.fleet.routing.scorer import Filter, Scorer
from headway.serving.fleet.view import ClusterView, Floats, Ints, Mask, RequestView

CAPACITY = 200_000
"""Blocks that an index remembers."""


class PrefixIndex:
    """Which engines were sent a block lately; the blocks used longest ago are forgotten.

    A block is named by the chain of all before it, so that whoever holds it has held the whole
    prefix. Engines are bits of a number: a prompt of b blocks is looked up in O(b), however many
    engines there are.

    Parameters
    ----------
    capacity
        Most blocks remembered.
    """

    def __init__(self, capacity: int = CAPACITY) -> None:
        self._capacity = capacity
        self._holders: OrderedDict[int, int] = OrderedDict()

    def __len__(self) -> int:
        return len(self._holders)

    def match(self, blocks: Iterable[int], n_engines: int) -> np.ndarray:
        """Return how many blocks from the first on each engine was sent; shape (n_engines,)."""
        depth = np.zeros(n_engines, dtype=np.int64)
        holders, matched = (1 << n_engines) - 1, 0
        for block in blocks:
            still = holders & self._holders.get(block, 0)
            if still != holders:
                _set(depth, holders & ~still, matched)
                holders = still
                if not holders:
                    return depth
            matched += 1
        _set(depth, holders, matched)
        return depth

    def add(self, blocks: Iterable[int], engine: int) -> None:
        """Note that an engine is sent blocks."""
        holders, bit = self._holders, 1 << engine
        for block in blocks:
            holders[block] = holders.pop(block, 0) | bit
        while len(holders) > self._capacity:
            holders.popitem(last=False)

    def forget(self, engine: int) -> None:
        """Drop an engine that has lost its cache; O(blocks)."""
        bit = 1 << engine
        for block in [block for block, held in self._holders.items() if held & bit]:
            self._holders[block] &= ~bit


def _set(depth: np.ndarray, engines: int, blocks: int) -> None:
    while engines:
        last = engines & -engines
        depth[last.bit_length() - 1] = blocks
        engines ^= last


class SentPrompts:
    """What of a prompt engines were sent before.

    Parameters
    ----------
    capacity
        Blocks that the index remembers.
    """

    def __init__(self, capacity: int = CAPACITY) -> None:
        self._index = PrefixIndex(capacity)
        self._looked: tuple[int, list[int]] = (-1, [])
        self._found: tuple[int, Ints] | None = None

    def share(self, cluster: ClusterView, request: RequestView) -> Floats:
        """Return the share of the blocks of the prompt; shape (n_engines,)."""
        names = self._names(request)
        if not names:
            return np.zeros(len(cluster.engines))
        return self._index.match(names, len(cluster.engines)) / len(names)

    def tokens(self, cluster: ClusterView, request: RequestView) -> Ints:
        """Return how many tokens of the prompt, but for its last; shape (n_engines,)."""
        if self._found is None or self._found[0] != request.number:
            blocks = self._index.match(self._names(request), len(cluster.engines))
            most: Ints = np.minimum(blocks * request.block_tokens, request.prompt_tokens - 1)
            self._found = (request.number, most)
        return self._found[1]

    def add(self, request: RequestView, engine: int) -> None:
        """Note that an engine is sent a prompt."""
        self._index.add(self._names(request), engine)
        self._found = None

    def _names(self, request: RequestView) -> list[int]:
        if self._looked[0] != request.number:
            blocks = request.blocks
            names = blocks.tolist() if isinstance(blocks, np.ndarray) else list(blocks)
            self._looked = (request.number, names)
        return self._looked[1]


class PrefixCache(Scorer):
    """Share of the prompt's blocks that an engine was sent before.

    Engines that have more to do than the others say nothing: those with more requests than the mean
    and so many standard deviations.

    Parameters
    ----------
    deviations
        How many; infinite to let all speak.
    capacity
        Blocks that the index remembers.

    References
    ----------
    AIBrix (2025), strategy ``prefix-cache``; SGLang's cache-aware router works alike.
    """

    name = "prefix-cache"
    largest = True

    def __init__(self, deviations: float = 1.0, capacity: int = CAPACITY) -> None:
        self._deviations = deviations
        self._prompts = SentPrompts(capacity)

    def score(self, cluster: ClusterView, request: RequestView) -> Floats:
        """Return the share, nan for those that have too much to do."""
        share = self._prompts.share(cluster, request)
        load = cluster.in_flight[cluster.ready]
        if not len(request.blocks) or not len(load) or self._deviations == np.inf:
            return share
        most = load.mean() + self._deviations * load.std()
        return np.where(cluster.in_flight <= most, share, np.nan)

    def sent(self, cluster: ClusterView, request: RequestView, engine: int) -> None:
        """Note the blocks of the prompt."""
        self._prompts.add(request, engine)


class Gate(Filter):
    """Keeps the engines with the fewest requests when loads differ too much.

    Without it a prefix that everybody shares makes one engine hot.

    Parameters
    ----------
    difference
        Between most and fewest requests, above which it shuts.
    """

    name = "gate"

    def __init__(self, difference: int = 8) -> None:
        self._difference = difference

    def keep(self, cluster: ClusterView, request: RequestView, among: Mask) -> Mask:
        """Return those with the fewest requests, or all."""
        load = cluster.in_flight[among]
        if not len(load) or load.max() - load.min() <= self._difference:
            return among
        fewest: Mask = cluster.in_flight == load.min()
        return fewest
