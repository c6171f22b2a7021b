"""How often a prefix cache would have had what requests begin with."""

from __future__ import annotations

from collections import OrderedDict
from dataclasses import dataclass, field

import numpy as np

from headway.errors import ConfigError
from headway.serving.workload.blocks import Blocks
from headway.serving.workload.columns import Int64s
from headway.serving.workload.requests import Workload


@dataclass(frozen=True, eq=False)
class PrefixHits:
    """What a prefix cache finds, requests coming one after the other.

    Attributes
    ----------
    hits
        Blocks at the beginning of each request that are in the cache when it comes, shape (n,).
    blocks
        Blocks of all requests.
    distinct
        How many of them are different.
    capacity_blocks
        Size of the cache; None if it never forgets.
    """

    hits: Int64s = field(repr=False)
    blocks: int
    distinct: int
    capacity_blocks: int | None

    @property
    def share(self) -> float:
        """Share of all blocks that are found in the cache; 0 without blocks."""
        return int(self.hits.sum()) / self.blocks if self.blocks else 0.0


def prefix_hits(workload: Workload, capacity_blocks: int | None = None) -> PrefixHits:
    """Return what a cache of prefixes finds if requests come one after the other.

    The cache forgets the block that was used least recently. A request counts its longest unbroken
    prefix in the cache; then its blocks are used, the last one first, so that the end of a prompt
    is forgotten before its beginning; then the cache forgets until it fits.

    Parameters
    ----------
    workload
        With blocks.
    capacity_blocks
        Blocks that the cache holds, at least 1; by default it never forgets.

    Raises
    ------
    ConfigError
        If the workload has no blocks, or the capacity is less than 1.

    Notes
    -----
    Linear in the number of blocks.
    """
    blocks = workload.cache_blocks
    if blocks is None:
        raise ConfigError(
            f"{workload.name}: there are no blocks, so that nothing is known to be shared"
        )
    if capacity_blocks is not None and capacity_blocks < 1:
        raise ConfigError(f"capacity_blocks: expected at least 1, got {capacity_blocks}")
    hits = _unlimited(blocks) if capacity_blocks is None else _recent(blocks, capacity_blocks)
    return PrefixHits(hits, len(blocks.ids), blocks.distinct, capacity_blocks)


def _unlimited(blocks: Blocks) -> Int64s:
    """Return the hits of a cache that never forgets."""
    counts, ids = blocks.counts, blocks.dense_ids
    request = np.repeat(np.arange(len(blocks)), counts)
    # Written backwards, the first request of each block is what stays.
    first = np.zeros(int(ids.max(initial=-1)) + 1, np.int64)
    first[ids[::-1]] = request[::-1]
    unknown = np.flatnonzero(first[ids] == request)
    # The unbroken prefix ends at the first unknown block of a request, or with its last block.
    whose = request[unknown]
    ends = unknown[np.diff(whose, prepend=-1) != 0]
    hits = counts.copy()
    hits[request[ends]] = ends - blocks.offsets[request[ends]]
    return hits


def _recent(blocks: Blocks, capacity: int) -> Int64s:
    """Return the hits of a cache that forgets what was used least recently."""
    cache: OrderedDict[int, None] = OrderedDict()
    ids, offsets = blocks.ids.tolist(), blocks.offsets.tolist()
    hits = np.zeros(len(blocks), np.int64)
    for k in range(len(blocks)):
        mine = ids[offsets[k] : offsets[k + 1]]
        hits[k] = next((i for i, block in enumerate(mine) if block not in cache), len(mine))
        for block in reversed(mine):
            cache[block] = None
            cache.move_to_end(block)
        while len(cache) > capacity:
            cache.popitem(last=False)
    return hits
