"""Which engines were sent a block lately, as plainly as it can be said."""

from __future__ import annotations

import math
from collections import OrderedDict
from collections.abc import Sequence


class PrefixIndex:
    """Engines that hold each block, and when it was last used; the block used last at the end."""

    def __init__(self, capacity: int, ttl_s: float = math.inf) -> None:
        self.capacity, self.ttl_s = capacity, ttl_s
        self.blocks: OrderedDict[int, tuple[set[int], float]] = OrderedDict()

    def __len__(self) -> int:
        return len(self.blocks)

    def match(self, blocks: Sequence[int], n_engines: int, now_s: float) -> list[int]:
        return [self.depth(blocks, engine, now_s) for engine in range(n_engines)]

    def depth(self, blocks: Sequence[int], engine: int, now_s: float) -> int:
        for depth, block in enumerate(blocks):
            held, used_s = self.blocks.get(block, (set(), now_s))
            if engine not in held or used_s < now_s - self.ttl_s:
                return depth
        return len(blocks)

    def add(self, blocks: Sequence[int], engine: int, now_s: float) -> None:
        for block in reversed(blocks):
            held, used_s = self.blocks.pop(block, (set(), now_s))
            if used_s < now_s - self.ttl_s:
                held = set()
            self.blocks[block] = (held | {engine}, now_s)
        while len(self.blocks) > self.capacity:
            self.blocks.popitem(last=False)
        for _ in range(64 + len(blocks)):
            oldest = next(iter(self.blocks), None)
            if oldest is None or not self.blocks[oldest][1] < now_s - self.ttl_s:
                break
            del self.blocks[oldest]

    def forget(self, engine: int) -> None:
        for block, (held, _) in list(self.blocks.items()):
            held.discard(engine)
            if not held:
                del self.blocks[block]
