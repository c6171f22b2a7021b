"""Routing to where a prompt's prefix is: an index of who was sent which blocks."""

from __future__ import annotations

import math
from collections.abc import Sequence

import numpy as np

from headway import _core
from headway.errors import ConfigError
from headway.serving.fleet.lessons import Lessons
from headway.serving.fleet.routing.scorer import Filter, Scorer
from headway.serving.fleet.view import ClusterView, Floats, Ints, Mask, RequestView

CAPACITY = 200_000
"""Blocks that an index remembers."""


class PrefixIndex:
    """Which engines were sent a block lately.

    A block is named by the chain of all before it, so that whoever holds it has held the whole
    prefix. Blocks used longest ago are forgotten first, the last of a prompt before its first.

    Parameters
    ----------
    capacity
        Most blocks remembered.
    ttl_s
        Seconds after its last use when a block is forgotten.

    Raises
    ------
    ConfigError
        If a bound is not positive.

    Notes
    -----
    O(blocks) to find or to add a prompt, whatever the number of engines up to 64, and a word more a
    block for every further 64. 40 bytes a block and those words are held.
    """

    __slots__ = ("_native",)

    def __init__(self, capacity: int = CAPACITY, ttl_s: float = math.inf) -> None:
        try:
            self._native = _core.PrefixIndex(capacity, ttl_s)
        except ValueError as error:
            raise ConfigError(str(error)) from None

    def __len__(self) -> int:
        return len(self._native)

    def match(self, blocks: Ints | Sequence[int], n_engines: int, now_s: float = 0.0) -> Ints:
        """Return how many blocks from the first on each engine was sent; shape (n_engines,)."""
        return self._native.match(np.asarray(blocks, dtype=np.int64), n_engines, now_s)

    def add(self, blocks: Ints | Sequence[int], engine: int, now_s: float = 0.0) -> None:
        """Note that an engine is sent blocks."""
        self._native.add(np.asarray(blocks, dtype=np.int64), engine, now_s)

    def add_all(
        self, blocks: Ints, offsets: Ints, engines: Ints | Sequence[int], now_s: float = 0.0
    ) -> None:
        """Note that engines are sent prompts, one after another.

        Parameters
        ----------
        blocks, offsets
            Those of prompt i are from ``offsets[i]`` up to ``offsets[i + 1]``.
        engines
            One a prompt.
        now_s
            The instant.

        Raises
        ------
        ValueError
            If offsets are not those of so many prompts.
        IndexError
            If an engine has no number that one can have.
        """
        self._native.add_all(blocks, offsets, np.asarray(engines, dtype=np.int64), now_s)

    def forget(self, engine: int) -> None:
        """Drop an engine that has lost its cache; O(all blocks)."""
        self._native.forget(engine)


def chain(text: bytes | bytearray | memoryview, block_bytes: int = 512, seed: int = 0) -> Ints:
    """Name the blocks of a prompt by its bytes, for a gateway that knows no tokens.

    The name of a block is its XXH64, seeded with the name of the one before: equal names stand for
    equal text from the beginning on. What is left at the end, shorter than a block, has none.

    Parameters
    ----------
    text
        The prompt, as it came.
    block_bytes
        Size of a block. Smaller ones tell prefixes apart more finely and cost more.
    seed
        From 0 up to but without 2⁶⁴. Gateways that are to agree need the same one; one that nobody
        knows keeps clients from making prompts that look alike.

    Returns
    -------
    NDArray
        Shape (n_bytes // block_bytes,).

    Raises
    ------
    ConfigError
        If the size of a block is not positive.

    Examples
    --------
    >>> one, other = chain(b"You are kind. Hello!", 5), chain(b"You are kind. Good day", 5)
    >>> (one == other[:4]).tolist()
    [True, True, False, False]
    """
    if block_bytes < 1:
        raise ConfigError(f"block_bytes: expected at least 1, got {block_bytes}")
    return _core.chain(text, block_bytes, seed)


class SentPrompts:
    """What of a prompt engines were sent before or, if they tell, what they hold.

    Parameters
    ----------
    capacity
        Blocks that the index remembers.
    """

    def __init__(self, capacity: int = CAPACITY) -> None:
        self._index = PrefixIndex(capacity)
        self._asked: tuple[ClusterView, RequestView, Ints] | None = None
        self._tokens: Ints | None = None

    def blocks(self, cluster: ClusterView, request: RequestView) -> Ints:
        """Return how many blocks of the prompt; shape (n_engines,), not to be written to."""
        asked = self._asked
        if asked is None or asked[0] is not cluster or asked[1] is not request:
            found = self._index.match(request.blocks, len(cluster.engines), cluster.now_s)
            if (held := request.held) is not None:
                found = np.where(held.exact, held.blocks, np.maximum(found, held.blocks))
            self._asked = asked = (cluster, request, found)
            self._tokens = None
        return asked[2]

    def share(self, cluster: ClusterView, request: RequestView) -> Floats:
        """Return the share of the blocks of the prompt; shape (n_engines,)."""
        return self.blocks(cluster, request) / max(len(request.blocks), 1)

    def tokens(self, cluster: ClusterView, request: RequestView) -> Ints:
        """Return how many tokens of the prompt, but for its last.

        Shape (n_engines,), not to be written to.
        """
        blocks = self.blocks(cluster, request)
        if self._tokens is None:
            most = max(request.prompt_tokens - 1, 0)
            self._tokens = np.minimum(blocks * request.block_tokens, most)
        return self._tokens

    def add(self, cluster: ClusterView, request: RequestView, engine: int) -> None:
        """Note that an engine is sent a prompt."""
        if len(request.blocks):
            self._index.add(request.blocks, engine, cluster.now_s)
            self._asked = None

    def matched(self, lessons: Lessons) -> Ints:
        """Note what others have sent, and return how many tokens of it were there before.

        Slower than `learned`, as each prompt may follow those before it. Shape (n,).
        """
        sent = lessons.sent
        found = np.zeros(len(sent), dtype=np.int64)
        offsets = sent.offsets.tolist()
        for row, engine in enumerate(sent.engine.tolist()):
            blocks = sent.blocks[offsets[row] : offsets[row + 1]]
            if len(blocks):
                found[row] = self._index.match(blocks, engine + 1, lessons.at_s)[engine]
                self._index.add(blocks, engine, lessons.at_s)
        self._asked = None
        most = np.maximum(sent.prompt_tokens - 1, 0)
        tokens: Ints = np.minimum(found * sent.block_tokens, most)
        return tokens

    def learned(self, lessons: Lessons) -> None:
        """Note what others have sent."""
        sent = lessons.sent
        if len(sent.blocks):
            self._index.add_all(sent.blocks, sent.offsets, sent.engine, lessons.at_s)
            self._asked = None

    def forget(self, engine: int) -> None:
        """Drop an engine that has lost its cache."""
        self._index.forget(engine)
        self._asked = None


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
        n = len(load)
        if not len(request.blocks) or not n or self._deviations == math.inf:
            return share
        # In whole numbers: an engine that stands exactly at the bound is never beyond it.
        total = int(np.add.reduce(load))
        spread = n * int(load @ load) - total * total
        most = (total + self._deviations * math.sqrt(spread)) / n
        share[cluster.in_flight > most] = np.nan
        return share

    def sent(self, cluster: ClusterView, request: RequestView, engine: int) -> None:
        """Note the blocks of the prompt."""
        self._prompts.add(cluster, request, engine)

    def learned(self, lessons: Lessons) -> None:
        """Note the blocks of prompts that others have sent."""
        self._prompts.learned(lessons)

    def gone(self, engine: int, at_s: float) -> None:
        """Forget what it was sent."""
        self._prompts.forget(engine)


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
        if not len(load):
            return among
        least = np.minimum.reduce(load)
        if np.maximum.reduce(load) - least <= self._difference:
            return among
        fewest: Mask = cluster.in_flight == least
        return fewest
