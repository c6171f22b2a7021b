"""Asks engines how they are and what they serve, and writes what they say onto the board."""

from __future__ import annotations

import asyncio
import logging
import random
from collections.abc import Awaitable, Callable, Sequence
from contextlib import suppress
from dataclasses import dataclass, field

import numpy as np

from headway.errors import ConfigError, EndpointError
from headway.serving.gateway.board import IN_FLIGHT, Board
from headway.serving.gateway.engines.ask import ask
from headway.serving.gateway.engines.live import LiveEngine
from headway.serving.gateway.engines.operate import refresh
from headway.serving.gateway.watch.drain import Drain
from headway.serving.gateway.watch.health import Health, HealthRules
from headway.serving.gateway.watch.keeping import kept
from headway.serving.gateway.watch.load import Load, load
from headway.serving.gateway.watch.restarts import Restarts

_log = logging.getLogger(__name__)

Gone = Callable[[int, float], None]
"""Hears that an engine has lost all it held, and when; see `headway.serving.fleet.decisions`."""

_UNKNOWN = ("running", "waiting", "kv_usage")
"""Columns that are nan while nobody knows."""


@dataclass(frozen=True, slots=True, kw_only=True)
class WatchRules:
    """How often engines are asked.

    Parameters
    ----------
    scrape_s
        Between two looks at the metrics of an engine.
    timeout_s
        For the metrics and for the list of models.
    stale_s
        Time after which metrics say nothing any more, and a gateway goes by its own counts.
    models_s
        Between two looks at what an engine serves, if nothing else makes one necessary.
    jitter
        Share of each pause that is left to chance, so that engines are not asked all at once.
    health
        How it is found out whether they are well.
    """

    scrape_s: float = 1.0
    timeout_s: float = 5.0
    stale_s: float = 5.0
    models_s: float = 30.0
    jitter: float = 0.1
    health: HealthRules = field(default_factory=HealthRules)

    def __post_init__(self) -> None:
        for name in ("scrape_s", "timeout_s", "stale_s", "models_s"):
            if not getattr(self, name) > 0:
                raise ConfigError(f"watch.{name}: must be positive, got {getattr(self, name)}")
        if not 0 <= self.jitter < 1:
            raise ConfigError(f"watch.jitter: must be from 0 and less than 1, got {self.jitter}")


class Watcher:
    """Looks after engines, each in tasks of its own: one that hangs delays no other.

    Parameters
    ----------
    engines
        That are looked after; their `LiveEngine.models` and `LiveEngine.adapters` are kept.
    board
        Where what they say is written.
    rules
        How often they are asked.
    clock
        Seconds that only grow, the same for all who read the board.
    gone
        Hears of engines that were started anew.
    seed
        Of the jitter.
    """

    def __init__(
        self,
        engines: Sequence[LiveEngine],
        board: Board,
        *,
        rules: WatchRules | None = None,
        clock: Callable[[], float],
        gone: Gone = lambda _engine, _at_s: None,
        seed: int = 0,
    ) -> None:
        self._board = board
        self._rules = rules or WatchRules()
        self._clock = clock
        self._gone = gone
        self._random = random.Random(seed)  # noqa: S311  (jitter is no secret)
        self._watched = {engine.number: _Watched(engine, self._rules) for engine in engines}

    async def run(self) -> None:
        """Look after all engines until cancelled."""
        async with asyncio.TaskGroup() as group:
            for one in self._watched.values():
                for column in _UNKNOWN:
                    self._write(one.engine, column, np.nan)
                looks = [self._healths, self._models]
                if one.engine.kind.metrics is not None:
                    looks.append(self._loads)
                for look in looks:
                    group.create_task(self._keep(one, look))

    def look_again(self) -> None:
        """Ask all engines soon what they serve."""
        for one in self._watched.values():
            one.served.set()

    def lost(self, number: int) -> None:
        """Hear that there is another engine, or none, where this one was."""
        one = self._watched[number]
        one.health = Health(self._rules.health)
        one.restarts = Restarts()
        one.engine.models, one.engine.adapters = None, frozenset()
        one.served.clear()
        self._write(one.engine, "healthy", 0)
        self._forget(one.engine)
        self._restarted(one)

    async def drain(self, number: int, grace_s: float) -> None:
        """Send an engine no more requests; return when none is in flight, or the time is up."""
        one = self._watched[number]
        one.drain.begin(self._clock(), grace_s)
        self._write(one.engine, "draining", 1)
        while one.drain.look(self._clock(), self._in_flight(number)) == "draining":
            await asyncio.sleep(0.05)

    def resume(self, number: int) -> None:
        """Send an engine requests again."""
        one = self._watched[number]
        one.drain.resume()
        self._write(one.engine, "draining", 0)

    def _in_flight(self, number: int) -> int:
        return int(self._board.total(IN_FLIGHT)[number])

    async def _keep(self, one: _Watched, look: Callable[[_Watched], Awaitable[None]]) -> None:
        """Look on, whatever happens: what an engine last told is not known any more then."""

        def failed() -> None:
            self._board.engine("watch_failures")[one.engine.number] += 1
            self._forget(one.engine)

        await kept(
            f"the watch of engine {one.engine.name}",
            lambda: look(one),
            failed,
            pause_s=self._rules.scrape_s,
        )

    async def _healths(self, one: _Watched) -> None:
        engine, rules = one.engine, self._rules.health
        while True:
            if engine.present:
                if one.health.heard(well=await self._is_well(engine)):
                    self._turned(one, well=one.health.well)
                # Also if nothing has changed: the board may be older than this watcher.
                self._write(engine, "healthy", one.health.well and engine.present)
            await asyncio.sleep(self._pause_s(rules.period_s))

    async def _is_well(self, engine: LiveEngine) -> bool:
        try:
            status, _ = await ask(
                engine, engine.kind.health, timeout_s=self._rules.health.timeout_s
            )
        except EndpointError:
            return False
        return 200 <= status < 300 or status == 429

    def _turned(self, one: _Watched, *, well: bool) -> None:
        engine = one.engine
        _log.log(
            logging.INFO if well else logging.WARNING,
            "engine %s is %s",
            engine.name,
            "well" if well else "not well",
        )
        if not well:
            one.restarts.lost()
            return
        if one.restarts.back():
            self._restarted(one)
        one.served.set()

    async def _models(self, one: _Watched) -> None:
        """Read what the engine serves: when it has become well, and then now and again."""
        while True:
            with suppress(TimeoutError):
                async with asyncio.timeout(self._pause_s(self._rules.models_s)):
                    await one.served.wait()
            one.served.clear()
            if one.engine.present and one.health.well:
                await self._attempt(one, "models", self._refresh(one.engine))

    async def _refresh(self, engine: LiveEngine) -> None:
        if await refresh(engine, timeout_s=self._rules.timeout_s):
            names = sorted((engine.models or frozenset()) | engine.adapters)
            _log.info("engine %s serves %s", engine.name, ", ".join(names))

    async def _loads(self, one: _Watched) -> None:
        while True:
            if one.engine.present:
                await self._attempt(one, "metrics", self._scrape(one))
            if self._clock() - one.scraped_s > self._rules.stale_s:
                self._forget(one.engine)
            await asyncio.sleep(self._pause_s(self._rules.scrape_s))

    async def _scrape(self, one: _Watched) -> None:
        engine = one.engine
        assert engine.kind.metrics is not None
        asked_s = self._clock()
        status, page = await ask(engine, engine.kind.metrics, timeout_s=self._rules.timeout_s)
        if status != 200:
            raise EndpointError(f"{engine.name}: its metrics are refused with {status}")
        self._take(one, load(engine.kind, page), asked_s)

    def _take(self, one: _Watched, told: Load, asked_s: float) -> None:
        """Write a load; a page that tells nothing at all leaves the last one to grow stale."""
        engine = one.engine
        if told.refused and told.refused != one.refused:
            _log.warning(
                "engine %s tells what cannot be true: %s", engine.name, ", ".join(told.refused)
            )
        one.refused = told.refused
        if one.restarts.seen(told):
            self._restarted(one)
        if told.running is None and told.waiting is None and told.usage is None:
            return
        one.scraped_s = asked_s
        for column, value in (
            ("running", told.running),
            ("waiting", told.waiting),
            ("kv_usage", told.usage),
        ):
            self._write(engine, column, np.nan if value is None else value)
        for column, value in (
            ("blocks", told.blocks),
            ("block_tokens", told.block_tokens),
            ("asleep", told.asleep),
            ("prefix_queries", told.counters.get("queried")),
            ("prefix_hits", told.counters.get("hit")),
            ("preemptions", told.counters.get("preemptions")),
        ):
            if value is not None:
                self._write(engine, column, value)
        self._write(engine, "scraped_s", asked_s)

    def _restarted(self, one: _Watched) -> None:
        engine = one.engine
        _log.info("engine %s was started anew: its cache is empty", engine.name)
        if engine.breaker is not None:
            engine.breaker.reset()
        one.served.set()
        self._gone(engine.number, self._clock())

    def _forget(self, engine: LiveEngine) -> None:
        for column in _UNKNOWN:
            self._write(engine, column, np.nan)

    def _write(self, engine: LiveEngine, column: str, value: float) -> None:
        self._board.engine(column)[engine.number] = value

    async def _attempt(self, one: _Watched, what: str, look: Awaitable[None]) -> None:
        """Look, and say once that it failed, and once that it no longer does."""
        try:
            await look
        except EndpointError as error:
            if what not in one.failing and one.health.well:
                _log.warning("%s: %s", what, error)
                one.failing.add(what)
        else:
            if what in one.failing:
                _log.info("engine %s tells its %s again", one.engine.name, what)
                one.failing.discard(what)

    def _pause_s(self, period_s: float) -> float:
        jitter = self._rules.jitter
        return period_s * self._random.uniform(1 - jitter, 1 + jitter)


class _Watched:
    """What a watcher remembers of one engine."""

    def __init__(self, engine: LiveEngine, rules: WatchRules) -> None:
        self.engine = engine
        self.health = Health(rules.health)
        self.restarts = Restarts()
        self.drain = Drain()
        self.served = asyncio.Event()
        self.scraped_s = -np.inf
        self.refused: tuple[str, ...] = ()
        self.failing: set[str] = set()
