"""What an engine says of its load, as far as it can be believed."""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field

from headway.serving.gateway.engines.kinds import EngineKind, Signals
from headway.serving.gateway.watch.exposition import Series, read

MOST_REQUESTS = 1_000_000
"""Requests that one engine may claim to have; more is taken for nonsense."""

MOST_TOKENS = 10**12
"""Tokens that one cache may claim to hold."""

_COUNTERS = ("prompt_tokens", "output_tokens", "cached_tokens", "preemptions", "queried", "hit")


@dataclass(frozen=True, slots=True)
class Load:
    """What a page of metrics tells; None where it tells nothing that can be true.

    Attributes
    ----------
    running, waiting
        Requests in the batch and in the queue, of all ranks together.
    usage
        Share of the cache that is held, from 0 to 1; the mean of all ranks.
    blocks, block_tokens
        Size of the cache, of all ranks together, and of a block.
    asleep
        Whether the engine has given up its memory.
    counters
        By the names of `Signals`.
    started_s
        Unix time at which the process began.
    refused
        Metrics whose values cannot be true.
    """

    running: int | None = None
    waiting: int | None = None
    usage: float | None = None
    blocks: int | None = None
    block_tokens: int | None = None
    asleep: bool | None = None
    counters: Mapping[str, float] = field(default_factory=dict)
    started_s: float | None = None
    refused: tuple[str, ...] = ()


def load(kind: EngineKind, page: bytes) -> Load:
    """Return what a page of an engine's metrics says; O(bytes of the page).

    Parameters
    ----------
    kind
        Knows the names.
    page
        As sent.
    """
    return _Reader(kind.signals, page).load()


class _Reader:
    """Reads one page, and remembers what it refused."""

    def __init__(self, signals: Signals, page: bytes) -> None:
        self._signals = signals
        self._page = page
        self._refused: list[str] = []

    def load(self) -> Load:
        signals = self._signals
        running = self._whole("running", signals.running, MOST_REQUESTS)
        waiting = self._whole("waiting", signals.waiting, MOST_REQUESTS)
        blocks, block_tokens = self._cache()
        usage = self._usage()
        counters = {name: value for name in _COUNTERS if (value := self._counter(name)) is not None}
        started = [one.value for one in self._first(signals.started)]
        return Load(
            running,
            waiting,
            usage,
            blocks,
            block_tokens,
            self._asleep(),
            counters,
            max(started) if started and all(map(_positive, started)) else None,
            tuple(self._refused),
        )

    def _first(self, names: Sequence[bytes]) -> list[Series]:
        """Return the series of the first name that the page has."""
        for name in names:
            found = read(self._page, (name,)).get(name)
            if found:
                return found
        return []

    def _ranks(self, series: list[Series]) -> list[float]:
        """Return the figure of each rank.

        Series of one rank that differ in other labels repeat each other, as those of the
        tensor-parallel ranks do; those of a priority are parts of one that has none.
        """
        by_rank: dict[str, float] = {}
        for labels, value in series:
            if labels.get("priority"):
                continue
            rank = labels.get(self._signals.rank, "")
            known = by_rank.get(rank)
            by_rank[rank] = value if known is None or not known >= value else known
        return list(by_rank.values())

    def _whole(self, what: str, names: Sequence[bytes], most: int) -> int | None:
        values = self._ranks(self._first(names))
        if not values:
            return None
        if all(0 <= value <= most for value in values):
            return round(sum(values))
        self._refused.append(what)
        return None

    def _usage(self) -> float | None:
        values = self._ranks(self._first(self._signals.usage))
        if not values:
            return None
        if all(0 <= value <= 1.01 for value in values):
            return min(sum(values) / len(values), 1.0)
        self._refused.append("usage")
        return None

    def _cache(self) -> tuple[int | None, int | None]:
        signals = self._signals
        tokens = self._whole("cache_tokens", signals.cache_tokens, MOST_TOKENS)
        if tokens:
            return tokens, 1
        ranks: dict[str, tuple[int, int]] = {}
        for labels, _ in self._first(signals.cache):
            blocks = _size(labels.get(signals.cache_blocks, ""))
            size = _size(labels.get(signals.cache_block_tokens, ""))
            if blocks and size:
                ranks[labels.get(signals.rank, "")] = (blocks, size)
        if not ranks:
            return None, None
        return sum(blocks for blocks, _ in ranks.values()), next(iter(ranks.values()))[1]

    def _asleep(self) -> bool | None:
        states = [
            series.value
            for series in self._first(self._signals.awake)
            if series.labels.get("sleep_state") == "awake"
        ]
        return None if not states else not all(value == 1 for value in states)

    def _counter(self, name: str) -> float | None:
        values = [one.value for one in self._first(getattr(self._signals, name))]
        if not values:
            return None
        if all(map(_positive, values)):
            return sum(values)
        self._refused.append(name)
        return None


def _positive(value: float) -> bool:
    return 0 <= value < math.inf


def _size(text: str) -> int:
    """Return a number that a label holds, 0 for ``None`` and the like."""
    return int(text) if text.isascii() and text.isdigit() and len(text) <= 12 else 0
