"""Which engine holds which prefix, exactly, from the events of their caches.

Engines name blocks by hashes of their own, each by other ones. Here a block is named by a chain of
hashes over its tokens and all before them, so that a prompt can be looked up once for all engines.
"""

from __future__ import annotations

from dataclasses import dataclass, field

import numpy as np

from headway.serving.fleet.routing.prefix import chain
from headway.serving.fleet.view import Held, Ints, Mask
from headway.serving.gateway.watch.kv.events import Cleared, Event, Hash, Removed, Stored

CAPACITY = 200_000
"""Blocks of one cache that are remembered; about 300 bytes each."""

_WORD = 2**64 - 1


@dataclass(frozen=True, slots=True, eq=False)
class Prefix:
    """What engines hold of one prompt.

    Attributes
    ----------
    blocks
        Names of its blocks; shape (n_blocks,).
    block_tokens
        Tokens of a block.
    held
        How many from the first on each engine holds, and where that is all; shape (n_engines,).
    """

    blocks: Ints
    block_tokens: int
    held: Held


class Residency:
    """What the caches of all engines hold.

    An engine may have several caches, one for each data-parallel rank; what any of them holds, the
    engine holds.

    Parameters
    ----------
    seed
        Of the names of blocks. One that nobody knows keeps clients from making prompts that look
        alike.
    capacity
        Blocks of one cache that are remembered. A further one is not, nor what follows it.
    """

    def __init__(self, seed: int = 0, capacity: int = CAPACITY) -> None:
        self._seed = seed
        self._capacity = capacity
        self._caches: dict[tuple[int, int], _Cache] = {}
        self._engines: list[int] = []
        self._holders: dict[int, int] = {}
        self._sizes: dict[int, int] = {}

    def __len__(self) -> int:
        return len(self._holders)

    def follow(self, engine: int, rank: int) -> None:
        """Note that an engine has a cache, of which nothing is known yet."""
        if (engine, rank) not in self._caches:
            self._caches[engine, rank] = _Cache(1 << len(self._caches))
            self._engines.append(engine)

    def take(self, engine: int, rank: int, event: Event) -> None:
        """Note an event of a cache that is followed; O(blocks)."""
        cache = self._caches[engine, rank]
        if isinstance(event, Stored):
            self._store(cache, event, engine)
        elif isinstance(event, Removed):
            for one in event.hashes:
                self._remove(cache, (event.group, one))
        elif isinstance(event, Cleared):
            self.empty(engine, rank)

    def empty(self, engine: int, rank: int) -> None:
        """Note that a cache holds nothing; from here on all is known of it. O(blocks of it)."""
        cache = self._caches[engine, rank]
        self._clear(cache)
        cache.exact = True

    def drop(self, engine: int, rank: int | None = None) -> None:
        """Forget what an engine, or one of its caches, holds: events of it were missed.

        It may hold more than what it tells from now on. O(blocks of it).
        """
        for (number, one), cache in self._caches.items():
            if number == engine and (rank is None or one == rank):
                self._clear(cache)
                cache.exact = False

    @property
    def block_tokens(self) -> int:
        """Tokens of the smallest block that an engine has, 0 while none has told."""
        return min(self._sizes.values(), default=0)

    def find(self, tokens: Ints, n_engines: int, adapter: str | None = None) -> Prefix | None:
        """Return what engines hold of a prompt; None while none has told.

        Engines whose blocks have another size than the smallest count the whole blocks of the
        smallest that they hold. O(blocks held).
        """
        smallest = self.block_tokens
        if not smallest:
            return None
        held = np.zeros(n_engines, dtype=np.int64)
        names = np.empty(0, dtype=np.int64)
        for size in sorted(set(self._sizes.values())):
            of_size = self._names(tokens, size, adapter)
            names = of_size if size == smallest else names
            depths = self._depths(of_size)
            for engine, its_size in self._sizes.items():
                if its_size == size and engine < n_engines:
                    held[engine] = depths.get(engine, 0) * size // smallest
        return Prefix(names, smallest, Held(held, self._exact(n_engines)))

    def _exact(self, n_engines: int) -> Mask:
        """Return of which engines all is known."""
        exact = np.zeros(n_engines, dtype=np.bool_)
        for engine in set(self._engines):
            if engine < n_engines:
                exact[engine] = engine in self._sizes
        for (engine, _), cache in self._caches.items():
            if engine < n_engines and not cache.exact:
                exact[engine] = False
        return exact

    def _names(self, tokens: Ints, size: int, adapter: str | None) -> Ints:
        return chain(tokens.astype("<i8").tobytes(), 8 * size, self._root(adapter))

    def _root(self, adapter: str | None) -> int:
        """Return the seed of prompts for an adapter: the same tokens give other blocks."""
        if adapter is None:
            return self._seed
        text = adapter.encode()
        return int(chain(text, len(text), self._seed)[0]) & _WORD if text else self._seed

    def _depths(self, names: Ints) -> dict[int, int]:
        """Return how many blocks from the first on engines hold, those that hold any."""
        holders, depth = self._holders, 0
        left = -1
        depths: dict[int, int] = {}
        for name in names.tolist():
            still = left & holders.get(name, 0)
            if still != left and left != -1:
                self._note(depths, left & ~still, depth)
            left, depth = still, depth + 1
            if not left:
                return depths
        self._note(depths, 0 if left == -1 else left, depth)
        return depths

    def _note(self, depths: dict[int, int], bits: int, depth: int) -> None:
        while bits:
            last = bits & -bits
            engine = self._engines[last.bit_length() - 1]
            depths[engine] = max(depths.get(engine, 0), depth)
            bits ^= last

    def _store(self, cache: _Cache, event: Stored, engine: int) -> None:
        if event.parent is None:
            seed = self._root(event.adapter)
        else:
            known = cache.names.get((event.group, event.parent))
            if known is None:
                return  # nobody can say what it follows
            seed = known & _WORD
        self._sizes[engine] = event.block_tokens
        names = chain(event.tokens.astype("<i8").tobytes(), 8 * event.block_tokens, seed)
        for one, name, whole in zip(event.hashes, names.tolist(), event.whole, strict=True):
            if not whole or len(cache.names) >= self._capacity:
                return
            self._remove(cache, (event.group, one))
            cache.names[event.group, one] = name
            self._holders[name] = self._holders.get(name, 0) | cache.bit

    def _remove(self, cache: _Cache, key: tuple[int, Hash]) -> None:
        name = cache.names.pop(key, None)
        if name is None:
            return
        left = self._holders.get(name, 0) & ~cache.bit
        if left:
            self._holders[name] = left
        else:
            self._holders.pop(name, None)

    def _clear(self, cache: _Cache) -> None:
        for key in list(cache.names):
            self._remove(cache, key)


@dataclass(slots=True)
class _Cache:
    """One cache.

    Attributes
    ----------
    bit
        Its own among the holders of a block.
    names
        Of the blocks that it holds, by what it calls them.
    exact
        Whether no event of it was missed since it was last empty.
    """

    bit: int
    names: dict[tuple[int, Hash], int] = field(default_factory=dict)
    exact: bool = False
