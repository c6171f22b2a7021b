"""The gateway as it is now, as data for the page and for programs."""

from __future__ import annotations

import math
from collections.abc import Sequence

import numpy as np

from headway.serving.fleet.view import Engines
from headway.serving.gateway.admin.operations import Operations
from headway.serving.gateway.board import (
    BREAKERS,
    CACHED_TOKENS,
    COUNTERS,
    IN_FLIGHT,
    PROMPT_TOKENS,
    QUEUED,
    REFUSALS,
    Board,
)
from headway.serving.gateway.engines import LiveEngine

_STALE_S = 5.0

Row = dict[str, object]


class Snapshot:
    """What a board says, engine by engine.

    Parameters
    ----------
    board
        Of all workers.
    engines
        Of the gateway.
    fleet
        The engines as policies see them.
    adapters
        Names of those that the fleet's file says where to find, one set an engine.
    operations
        That are possible.
    """

    def __init__(
        self,
        board: Board,
        engines: Sequence[LiveEngine],
        fleet: Engines,
        adapters: Sequence[Sequence[str]],
        operations: Operations,
    ) -> None:
        self._board = board
        self._engines = tuple(engines)
        self._kinds = fleet.kinds
        self._slots = fleet.max_sequences.tolist()
        self._adapters = tuple(adapters)
        self._operations = operations

    def engines(self, now_s: float) -> list[Row]:
        """Return a row an engine.

        Parameters
        ----------
        now_s
            Of the gateway's clock.
        """
        board = self._board
        in_flight, queued = board.total(IN_FLIGHT).tolist(), board.total(QUEUED).tolist()
        counters = board.counters.sum(axis=0)
        breakers = board.breakers.max(axis=0).tolist()
        return [
            self._row(
                engine,
                now_s,
                BREAKERS[breakers[engine.number]],
                counters[:, engine.number],
                in_flight=in_flight[engine.number],
                queued=queued[engine.number],
            )
            for engine in self._engines
        ]

    def totals(self) -> Row:
        """Return counts of the gateway as a whole, since it began."""
        sums = self._board.counters.sum(axis=(0, 2)).tolist()
        return dict(zip(COUNTERS, sums, strict=True))

    def refusals(self) -> Row:
        """Return how many requests went nowhere, by causes."""
        return dict(zip(REFUSALS, self._board.refusals.sum(axis=0).tolist(), strict=True))

    def _row(
        self,
        engine: LiveEngine,
        now_s: float,
        breaker: str,
        counters: np.ndarray,
        *,
        in_flight: int,
        queued: int,
    ) -> Row:
        number = engine.number
        told = {name: float(self._board.engine(name)[number]) for name in _TOLD}
        is_fresh = now_s - told["scraped_s"] <= _STALE_S
        queries, cached = told["prefix_queries"], counters[CACHED_TOKENS]
        found = (told["prefix_hits"], queries) if queries else (cached, counters[PROMPT_TOKENS])
        return {
            "number": number,
            "name": engine.name,
            "kind": self._kinds[number],
            "make": engine.kind.name,
            "url": engine.pool.url + engine.prefix.decode(),
            "state": _state(told, breaker, is_present=engine.present),
            "healthy": told["healthy"] > 0,
            "breaker": breaker,
            "draining": told["draining"] > 0,
            "asleep": told["asleep"] > 0,
            "slots": self._slots[number],
            "in_flight": in_flight,
            "queued": queued,
            "running": _whole(told["running"]) if is_fresh else None,
            "waiting": _whole(told["waiting"]) if is_fresh else None,
            "kv_usage": _known(told["kv_usage"]) if is_fresh else None,
            "hit_rate": _share(*found),
            "preemptions": _whole(told["preemptions"]),
            "restarts": _whole(told["restarts"]),
            "counts": dict(zip(COUNTERS, counters.tolist(), strict=True)),
            "models": sorted(engine.models or ()),
            "adapters": sorted(engine.adapters),
            "loadable": sorted(set(self._adapters[number]) - engine.adapters),
            "operations": self._operations.allowed(engine),
            "busy": self._operations.busy(number),
        }


_TOLD = (
    *("healthy", "draining", "asleep", "scraped_s", "running", "waiting", "kv_usage"),
    *("prefix_queries", "prefix_hits", "preemptions", "restarts"),
)


def _state(told: dict[str, float], breaker: str, *, is_present: bool) -> str:
    """Return in a word whether an engine gets requests, and why not."""
    if not is_present:
        return "absent"
    if told["asleep"] > 0:
        return "asleep"
    if not told["healthy"] > 0:
        return "down"
    if breaker != "closed":
        return "failing"
    return "draining" if told["draining"] > 0 else "serving"


def _known(value: float) -> float | None:
    return round(value, 4) if math.isfinite(value) else None


def _whole(value: float) -> int | None:
    return int(value) if math.isfinite(value) else None


def _share(part: float, whole: float) -> float | None:
    return round(min(float(part / whole), 1.0), 4) if whole > 0 else None
