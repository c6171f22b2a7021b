"""Blocks of a key-value cache, said plainly: a queue of free ones that remember their content."""

from __future__ import annotations

import math
from collections.abc import Hashable, Sequence


class Pool:
    """Every block is held by some requests or stands in the queue of free blocks.

    What a block holds can be hit until the block is taken for something else: while it is held,
    and afterwards while it waits in the queue. The least worthy is taken first, and the one that
    has waited for longest if they are worth the same, as they are if nobody says anything.
    """

    def __init__(self, blocks: int) -> None:
        self.blocks = blocks
        self.free = list(range(blocks))  # who has waited for longest stands in front
        self.owner: list[int | None] = [None] * blocks  # who let it go last
        self.worth: dict[int, float] = {}  # of what an owner has let go
        self.holders = [0] * blocks
        self.content: dict[int, Hashable] = {}
        self.places: dict[Hashable, list[int]] = {}  # the blocks of a content, oldest first

    def hits(self, contents: Sequence[Hashable]) -> list[int]:
        """Return the blocks of the longest unbroken prefix that is still there."""
        found = []
        for content in contents:
            if content not in self.places:
                break
            found.append(self.places[content][0])
        return found

    def wanted(self, hits: Sequence[int], new: int) -> int:
        """Return how many free blocks holding these hits and some new blocks would use up."""
        return new + sum(self.holders[block] == 0 for block in hits)

    def hold(self, hits: Sequence[int]) -> None:
        for block in hits:
            if self.holders[block] == 0:
                self.leave(block)
            self.holders[block] += 1

    def take(self, count: int) -> tuple[list[int], list[Hashable]]:
        """Take the blocks that go first; return them and the contents nobody has now."""
        assert count <= len(self.free)
        taken = []
        for _ in range(count):
            taken.append(min(self.free, key=self.worth_of))
            self.leave(taken[-1])
        forgotten = []
        for block in taken:
            self.holders[block] = 1
            if block in self.content:
                content = self.content.pop(block)
                self.places[content].remove(block)
                if not self.places[content]:
                    del self.places[content]
                    forgotten.append(content)
        return taken, forgotten

    def worth_of(self, block: int) -> float:
        """Return what a free block is worth; what was never used is worth nothing."""
        owner = self.owner[block]
        return -math.inf if owner is None else self.worth.get(owner, math.inf)

    def keep(self, owner: int, worth: float) -> None:
        """Hear what the blocks that somebody has let go are worth, if there are any."""
        if any(self.owner[block] == owner for block in self.free):
            self.worth[owner] = worth

    def leave(self, block: int) -> None:
        """Take a block out of the queue; what was said of its owner is forgotten with the last."""
        self.free.remove(block)
        owner = self.owner[block]
        if owner in self.worth and all(self.owner[other] != owner for other in self.free):
            del self.worth[owner]

    def fill(self, block: int, content: Hashable) -> None:
        """Let a full block be found."""
        if block not in self.content:
            self.content[block] = content
            self.places.setdefault(content, []).append(block)

    def release(self, blocks: Sequence[int], owner: int) -> None:
        """Give back a request's blocks, its last one first."""
        for block in reversed(blocks):
            self.holders[block] -= 1
            if self.holders[block] == 0:
                self.free.append(block)
                self.owner[block] = owner

    def check(self, held: Sequence[Sequence[int]]) -> None:
        """Assert that nothing is lost, given what every request believes to hold."""
        counts = [0] * self.blocks
        for blocks in held:
            assert len(set(blocks)) == len(blocks)
            for block in blocks:
                counts[block] += 1
        assert counts == self.holders
        assert sorted(self.free) == [b for b in range(self.blocks) if counts[b] == 0]
        assert {b: c for c, blocks in self.places.items() for b in blocks} == self.content
