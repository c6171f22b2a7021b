"""The simulated engine on the clock of the wall.

The engine is the very one of the simulator. Here requests are not known beforehand: they are
submitted as they come, and the engine is advanced when its next step ends.
"""

from __future__ import annotations

import asyncio
import logging
import math
from collections.abc import Callable
from dataclasses import dataclass
from enum import IntEnum
from typing import NamedTuple, Protocol
from zlib import crc32

import numpy as np

from headway import _core
from headway.serving.engine import EngineConfig
from headway.serving.engine_server.tokens import Tokens
from headway.serving.step_time import StepTime, as_native

_log = logging.getLogger(__name__)

_EARLY_S = 0.0006
"""Timers of event loops count milliseconds: one that fires so early is not set again."""

_MANY_STEPS = 1 << 40
_HISTORY = 8192
"""Steps that are remembered."""

_PRIORITY_S = float(1 << 26)
"""A level of priority counts for more than any time of waiting: two years."""


class Ending(IntEnum):
    """How a request ends."""

    FINISHED = 1
    DROPPED = 2
    LOST = 3


class Times(NamedTuple):
    """When what happened to a request, in simulated seconds; see `_core.LiveTraffic.times`."""

    arrival_s: float
    scheduled_s: float
    first_token_s: float
    last_token_s: float
    generated: int
    cached_tokens: int
    preemptions: int


class Listener(Protocol):
    """Who waits for an answer."""

    def spoke(self, tokens: int) -> None:
        """Hear that so many tokens have been said by now; the last of them `ended` tells."""
        ...

    def ended(self, ending: Ending, times: Times) -> None:
        """Hear that there will be no more."""
        ...


@dataclass(frozen=True, slots=True)
class Request:
    """What an engine is asked.

    Parameters
    ----------
    tokens
        Of the prompt and of the answer that it will give.
    prompt_tokens
        How many of them are the prompt.
    limit_tokens
        Most tokens of output that were asked for.
    priority
        Smaller is more urgent.
    adapter
        Name of the weights, empty for those of the model itself.
    session
        What the client calls the conversation.
    """

    tokens: Tokens
    prompt_tokens: int
    limit_tokens: int
    priority: int = 0
    adapter: str = ""
    session: str | None = None

    @property
    def output_tokens(self) -> int:
        """How many tokens it will say."""
        return len(self.tokens) - self.prompt_tokens


@dataclass(slots=True)
class _Present:
    request: Request
    listener: Listener | None


class CacheWatcher(Protocol):
    """Who is told what the cache learns and forgets."""

    def changed(self, changes: list[tuple[int, int, int, Request | None]]) -> None:
        """Hear of changes: the hash of a block, that of its parent (-1: none), its place, whose."""
        ...

    def cleared(self) -> None:
        """Hear that it is empty."""
        ...


class RealTimeEngine:
    """One engine, advanced as time goes by.

    Parameters
    ----------
    config
        How it forms batches.
    step_time
        How long its steps take.
    speed
        Simulated seconds in a second.
    weights
        Tells apart the caches of adapters.
    clock
        Seconds of a monotonic clock; that of the running loop by default.

    Attributes
    ----------
    late_s, wakes
        By how much steps were noticed after their ends, in seconds of the wall's clock all
        together, and how often somebody looked.

    Notes
    -----
    An event costs O(requests that are here). Rows of requests that are gone are used again, and
    steps of the past are forgotten, so that memory depends on the load only.
    """

    def __init__(
        self,
        config: EngineConfig,
        step_time: StepTime,
        *,
        speed: float = 1.0,
        weights: Callable[[str], int] = lambda name: crc32(name.encode()),
        clock: Callable[[], float] | None = None,
    ) -> None:
        self.config = config
        self.speed = speed
        self.watcher: CacheWatcher | None = None
        self._weights = weights
        self._traffic = _core.LiveTraffic(config.block_tokens)
        asked = dict.fromkeys(("ask_admit", "ask_budget", "ask_victim", "ask_fill"), False)
        self._native = self._traffic.engine(
            config.native() | asked | {"admit_every": 1}, as_native(step_time)
        )
        self._loop = asyncio.get_running_loop()
        self._clock = clock or self._loop.time
        self._zero_s = self._clock()
        self._present: dict[int, _Present] = {}
        self._timer: asyncio.TimerHandle | None = None
        self._due_s = math.inf
        self.late_s = 0.0
        self.wakes = 0

    @property
    def now_s(self) -> float:
        """Simulated seconds since the beginning."""
        return max((self._clock() - self._zero_s) * self.speed, self._native.now_s)

    @property
    def running(self) -> int:
        """Requests in the batch."""
        return self._native.n_running

    @property
    def waiting(self) -> int:
        """Requests in the queue."""
        return self._native.n_waiting

    @property
    def said_tokens(self) -> int:
        """Tokens said so far, those of requests under way and of lost ones included."""
        return self._traffic.said

    @property
    def used(self) -> float:
        """Share of the blocks that requests hold."""
        return 1 - self._native.free_blocks / self.config.blocks

    def adapters(self) -> tuple[set[str], set[str]]:
        """Return the adapters of those who are here: running ones and waiting ones."""
        waiting = set(self._native.waiting().tolist())
        found: tuple[set[str], set[str]] = (set(), set())
        for row, one in self._present.items():
            if one.request.adapter and one.listener is not None:
                found[row in waiting].add(one.request.adapter)
        return found

    def watch(self, watcher: CacheWatcher) -> None:
        """Tell somebody what the cache learns and forgets."""
        self.watcher = watcher
        self._native.watch_cache()

    def submit(self, request: Request, listener: Listener) -> int:
        """Let a request arrive now.

        Parameters
        ----------
        request
            That fits into the cache and the model.
        listener
            Who waits for the answer.

        Returns
        -------
        int
            By which it can be withdrawn until it has ended.
        """
        now_s = self.now_s
        row = self._traffic.add(
            request.tokens,
            request.prompt_tokens,
            request.output_tokens,
            request.limit_tokens,
            request.priority,
            request.priority * _PRIORITY_S + now_s,
            self._weights(request.adapter) & 0xFFFFFFFF,
        )
        self._present[row] = _Present(request, listener)
        self._native.submit(np.array([row]), np.array([now_s]))
        self._advance(now_s)
        return row

    def withdraw(self, row: int) -> None:
        """Let a request go whose client is gone."""
        self._present[row].listener = None
        self._native.withdraw(row)
        self._advance(self.now_s)

    def crash(self) -> None:
        """Lose all requests and the cache."""
        self._native.crash()
        self._native.take_cache_changes()
        for row in list(self._present):
            self._end(row, Ending.LOST)
        if self.watcher is not None:
            self.watcher.cleared()
        self._set_timer()

    def clear_cache(self) -> bool:
        """Empty the cache; false if some of it is in use."""
        done = self._native.clear_cache()
        if done and self.watcher is not None:
            self._native.take_cache_changes()
            self.watcher.cleared()
        return done

    def stall(self, seconds: float) -> None:
        """Let nothing happen for so many seconds of the wall's clock."""
        now_s = self.now_s
        self._advance(now_s)
        self._native.stall(now_s + seconds * self.speed)
        self._set_timer()

    def set_pace(self, pace: float) -> None:
        """Let steps to come take so many times as long."""
        self._native.set_pace(pace)

    def stop(self) -> None:
        """Let time stand still for good."""
        if self._timer is not None:
            self._timer.cancel()
            self._timer = None

    def wake(self) -> None:
        """Do what is due; the loop's timer calls it when the next step ends."""
        self.stop()
        now_s, next_s = self.now_s, self._native.next_s
        if next_s <= now_s:
            self.late_s += (now_s - next_s) / self.speed
        self.wakes += 1
        self._advance(next_s if 0 < next_s - now_s < _EARLY_S * self.speed else now_s)

    def _advance(self, until_s: float) -> None:
        try:
            self._native.advance(until_s, _MANY_STEPS, begins_at_end=True)
        except ValueError:
            _log.exception("the engine cannot go on; all its requests are lost")
            self.crash()
            return
        if self.watcher is not None:
            self._tell_watcher(self.watcher)
        spoken, ended, left = self._traffic.listen(self._native)
        for row, tokens in spoken:
            one = self._present[row]
            if one.listener is not None and tokens < one.request.output_tokens:
                one.listener.spoke(tokens)
        for row, status in ended:
            self._end(row, Ending(status))
        for row in left:
            self._end(row, Ending.LOST)
        if self._native.n_steps > _HISTORY:
            self._native.forget_history()
        self._set_timer()

    def _end(self, row: int, ending: Ending) -> None:
        one = self._present.pop(row)
        times = Times(*self._traffic.times(row))
        self._traffic.remove(row)
        if one.listener is not None:
            one.listener.ended(ending, times)

    def _set_timer(self) -> None:
        next_s = self._native.next_s
        if self._timer is not None:
            if next_s == self._due_s:
                return
            self._timer.cancel()
            self._timer = None
        self._due_s = next_s
        if next_s < math.inf:
            wait_s = (next_s - self.now_s) / self.speed
            self._timer = self._loop.call_later(max(0.0, wait_s), self.wake)

    def _tell_watcher(self, watcher: CacheWatcher) -> None:
        contents, rows, places = self._native.take_cache_changes()
        if not contents:
            return
        changes: list[tuple[int, int, int, Request | None]] = []
        chains: dict[int, list[int]] = {}
        for content, row, place in zip(contents, rows, places, strict=True):
            if row < 0:
                changes.append((content, -1, place, None))
                continue
            if row not in chains:
                chains[row] = self._traffic.chain(row).tolist()
            parent = chains[row][place - 1] if place else -1
            changes.append((content, parent, place, self._present[row].request))
        watcher.changed(changes)
