"""What the processes of a gateway know together: columns in shared memory.

Each cell has one writer: rows of a worker are written by it alone, columns of engines by whoever
watches them, or takes them out of service. Readers add rows up, and may see a sum that is one
request old.
"""

from __future__ import annotations

import math
from bisect import bisect_left
from dataclasses import dataclass
from mmap import mmap
from typing import Any, ClassVar

import numpy as np
from numpy.typing import NDArray

from headway.errors import ConfigError

GAUGES = ("in_flight", "queued", "queued_blocks", "held_blocks")
"""Of a worker at an engine: requests sent and not ended, those of them that have not begun to
answer, blocks that these will need, and blocks that the others hold."""

COUNTERS = (
    "requests",
    "completed",
    "failed",
    "retried",
    "cancelled",
    "resumed",
    "prompt_tokens",
    "cached_tokens",
    "output_tokens",
)
"""Of a worker at an engine: tries, and how they ended; tokens as engines tell them."""

REFUSALS = ("invalid", "unauthorized", "limited", "rejected", "overloaded", "unavailable")
"""Of a worker: requests that went nowhere, and why."""

SHARES = ("told", "heard", "missed", "lost")
"""Of a worker: what its routers have told others and learned from them, requests that were sent or
have ended; batches that another worker could not take, and those of others that did not come."""

HISTOGRAMS = ("ttft_s", "tpot_s", "e2e_s")

BOUNDS_S = (
    *(0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.075, 0.1, 0.15, 0.2, 0.3, 0.5, 0.75),
    *(1.0, 1.5, 2.0, 3.0, 5.0, 7.5, 10.0, 20.0, 30.0, 60.0, 120.0, 300.0, 600.0),
)
"""Upper bounds of the buckets of all histograms; one more is without bound."""

ENGINE_COLUMNS = (
    *("healthy", "draining", "asleep", "scraped_s", "running", "waiting", "kv_usage"),
    *("blocks", "block_tokens", "prefix_queries", "prefix_hits", "preemptions", "restarts"),
    *("watch_failures", "ordered", "desired"),
)
"""Of an engine, written by its watcher, and the last by who starts it; 0 or nan while unknown, see
`Board.engine`."""

BREAKERS = ("closed", "half-open", "open")
"""Of a worker at an engine; the board has their places."""

WISHES = ("policy", "look")
"""Of those who look after the gateway: which of its policies is that of requests that name none,
and a number that grows when it is to be looked again at what engines serve."""

REQUESTS, COMPLETED, FAILED, RETRIED, CANCELLED, RESUMED = range(6)
PROMPT_TOKENS, CACHED_TOKENS, OUTPUT_TOKENS = 6, 7, 8
IN_FLIGHT, QUEUED, QUEUED_BLOCKS, HELD_BLOCKS = range(4)
TTFT, TPOT, E2E = range(3)
TOLD, HEARD, MISSED, LOST = range(4)
POLICY, LOOK = range(2)
PARTED, JOINED = 1, 2

_BUCKETS = len(BOUNDS_S) + 1


@dataclass(frozen=True, slots=True)
class _Column:
    name: str
    shape: tuple[int, ...]
    dtype: type[np.int64 | np.float64]

    @property
    def size_bytes(self) -> int:
        return 8 * math.prod(self.shape)


def _columns(workers: int, engines: int) -> tuple[_Column, ...]:
    return (
        _Column("gauges", (workers, len(GAUGES), engines), np.int64),
        _Column("counters", (workers, len(COUNTERS), engines), np.int64),
        _Column("buckets", (workers, len(HISTOGRAMS), engines, _BUCKETS), np.int64),
        _Column("sums", (workers, len(HISTOGRAMS), engines), np.float64),
        _Column("refusals", (workers, len(REFUSALS)), np.int64),
        _Column("held", (workers,), np.int64),
        _Column("shares", (workers, len(SHARES)), np.int64),
        _Column("breakers", (workers, engines), np.int64),
        _Column("wishes", (len(WISHES),), np.int64),
        _Column("links", (workers,), np.int64),
        _Column("elsewhere", (len(GAUGES), engines), np.int64),
        _Column("engine", (len(ENGINE_COLUMNS), engines), np.float64),
    )


class Board:
    """Gauges, counters and histograms of all workers, and what watchers know of engines.

    It lies in anonymous shared memory: processes that are forked after it was made see the same.

    Parameters
    ----------
    workers
        Processes.
    engines
        That are listed.
    joined
        Whether other gateways tell what they have at them.

    Raises
    ------
    ConfigError
        If there are none of either.

    Attributes
    ----------
    gauges
        Shape (workers, len(GAUGES), engines).
    counters
        Shape (workers, len(COUNTERS), engines).
    buckets
        Of the histograms; shape (workers, len(HISTOGRAMS), engines, len(BOUNDS_S) + 1).
    sums
        Of the observations; shape (workers, len(HISTOGRAMS), engines).
    refusals
        Shape (workers, len(REFUSALS)).
    held
        Requests that wait at the gateway; shape (workers,).
    shares
        Shape (workers, len(SHARES)).
    breakers
        Where those of each worker stand, see `BREAKERS`; shape (workers, engines).
    wishes
        Written where the gateway is looked after, read by all workers; shape (len(WISHES),).
    links
        Whether workers are `JOINED` to gateways on other machines, or `PARTED` from them; 0 if they
        are not to be; shape (workers,).
    elsewhere
        The `GAUGES` of other gateways, added up; shape (len(GAUGES), engines).
    """

    gauges: NDArray[np.int64]
    counters: NDArray[np.int64]
    buckets: NDArray[np.int64]
    sums: NDArray[np.float64]
    refusals: NDArray[np.int64]
    held: NDArray[np.int64]
    shares: NDArray[np.int64]
    breakers: NDArray[np.int64]
    wishes: NDArray[np.int64]
    links: NDArray[np.int64]
    elsewhere: NDArray[np.int64]

    NAMES: ClassVar = {name: number for number, name in enumerate(ENGINE_COLUMNS)}

    def __init__(self, workers: int, engines: int, *, joined: bool = False) -> None:
        if workers < 1 or engines < 1:
            raise ConfigError(f"expected workers and engines, got {workers} and {engines}")
        self.workers = workers
        self._is_joined = joined
        self.engines = engines
        columns = _columns(workers, engines)
        buffer = mmap(-1, sum(column.size_bytes for column in columns))
        offset = 0
        found: dict[str, NDArray[Any]] = {}
        for column in columns:
            found[column.name] = np.ndarray(
                column.shape, column.dtype, buffer=buffer, offset=offset
            )
            offset += column.size_bytes
        self._engine = found.pop("engine")
        self._engine[self.NAMES["desired"]] = np.nan
        self.__dict__.update(found)

    def engine(self, column: str) -> NDArray[np.float64]:
        """Return what watchers know of engines, to read or to write; shape (engines,).

        ``healthy``, ``draining`` and ``asleep`` are 0 or 1; ``scraped_s`` is when the metrics were
        read last, 0 if never; ``blocks`` and ``block_tokens`` are 0 until the engine has told them;
        ``restarts`` counts how often it has lost all that it held; ``ordered`` is 1 while one that
        is started and stopped by a gateway is to be there; ``desired`` is how many of its kind its
        scalers want, nan if nobody does.
        """
        found: NDArray[np.float64] = self._engine[self.NAMES[column]]
        return found

    def total(self, gauge: int) -> NDArray[np.int64]:
        """Return one of the `GAUGES` over all workers; shape (engines,)."""
        rows = self.gauges[:, gauge]
        found: NDArray[np.int64] = rows[0].copy() if self.workers == 1 else rows.sum(axis=0)
        return found

    def everywhere(self, gauge: int) -> NDArray[np.int64]:
        """Return one of the `GAUGES` over all workers of all gateways; shape (engines,)."""
        found = self.total(gauge)
        if self._is_joined:
            found += self.elsewhere[gauge]
        return found

    def row(self, worker: int) -> Row:
        """Return what a worker writes."""
        return Row(self, worker)

    def clear(self, worker: int) -> None:
        """Forget what a worker had under way, as it is dead; its counters stay."""
        self.gauges[worker] = 0
        self.breakers[worker] = 0
        self.held[worker] = 0


class Row:
    """What one worker writes; every method is a few hundred nanoseconds.

    Parameters
    ----------
    board
        Of the gateway.
    worker
        Who writes.
    """

    __slots__ = (
        "_breakers",
        "_buckets",
        "_counters",
        "_gauges",
        "_held",
        "_link",
        "_refusals",
        "_shares",
        "_sums",
        "_wide",
    )

    def __init__(self, board: Board, worker: int) -> None:
        self._wide = board.engines
        self._gauges = _flat(board.gauges[worker])
        self._counters = _flat(board.counters[worker])
        self._buckets = _flat(board.buckets[worker])
        self._sums = _flat(board.sums[worker])
        self._refusals = _flat(board.refusals[worker])
        self._held = _flat(board.held[worker : worker + 1])
        self._shares = _flat(board.shares[worker])
        self._breakers = _flat(board.breakers[worker])
        self._link = _flat(board.links[worker : worker + 1])

    def placed(self, engine: int, blocks: int) -> None:
        """Count a request that is sent to an engine, and the blocks that it will need there."""
        gauges, wide = self._gauges, self._wide
        gauges[engine] += 1
        gauges[QUEUED * wide + engine] += 1
        gauges[QUEUED_BLOCKS * wide + engine] += blocks
        self._counters[engine] += 1

    def begun(self, engine: int, blocks: int) -> None:
        """Count one that was `placed`, and now answers."""
        gauges, wide = self._gauges, self._wide
        gauges[QUEUED * wide + engine] -= 1
        gauges[QUEUED_BLOCKS * wide + engine] -= blocks
        gauges[HELD_BLOCKS * wide + engine] += blocks

    def left(self, engine: int, blocks: int, *, begun: bool) -> None:
        """Count one that was `placed`, and perhaps has `begun`, no more."""
        gauges, wide = self._gauges, self._wide
        gauges[engine] -= 1
        if begun:
            gauges[HELD_BLOCKS * wide + engine] -= blocks
        else:
            gauges[QUEUED * wide + engine] -= 1
            gauges[QUEUED_BLOCKS * wide + engine] -= blocks

    def completed(self, engine: int, prompt: int, cached: int, output: int, took_s: float) -> None:
        """Count an answer that has come to its end, its tokens and its time."""
        counters, wide = self._counters, self._wide
        counters[COMPLETED * wide + engine] += 1
        counters[PROMPT_TOKENS * wide + engine] += prompt
        counters[CACHED_TOKENS * wide + engine] += cached
        counters[OUTPUT_TOKENS * wide + engine] += output
        self.observe(E2E, engine, took_s)

    def count(self, counter: int, engine: int, amount: int = 1) -> None:
        """Add to one of the `COUNTERS`."""
        self._counters[counter * self._wide + engine] += amount

    def turned(self, engine: int, state: str) -> None:
        """Write down where a breaker stands, one of the `BREAKERS`."""
        self._breakers[engine] = BREAKERS.index(state)

    def refused(self, why: int) -> None:
        """Count one of the `REFUSALS`."""
        self._refusals[why] += 1

    def share(self, what: int, amount: int = 1) -> None:
        """Add to one of the `SHARES`."""
        self._shares[what] += amount

    def linked(self, how: int) -> bool:
        """Note whether this worker is `JOINED` to other gateways; return whether that is new."""
        before, self._link[0] = self._link[0], how
        return bool(before != how)

    def hold(self, amount: int) -> None:
        """Change how many requests wait at the gateway."""
        self._held[0] += amount

    def observe(self, histogram: int, engine: int, seconds: float) -> None:
        """Add to one of the `HISTOGRAMS`."""
        at = histogram * self._wide + engine
        self._buckets[at * _BUCKETS + bisect_left(BOUNDS_S, seconds)] += 1
        self._sums[at] += seconds


def _flat(part: Any) -> Any:  # neither arrays as buffers nor views of floats are typed
    """Return a view whose items Python reads and writes several times as fast as numpy's."""
    return memoryview(part.reshape(-1))
