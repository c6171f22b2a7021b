"""The engines of a fleet: who is there, what they carry, and what is done to them."""

from __future__ import annotations

import math
from collections.abc import Callable, Sequence
from dataclasses import replace

import numpy as np

from headway import _core
from headway.errors import ConfigError
from headway.serving.engine import Engine, Visible
from headway.serving.fleet.adapters.catalogue import Catalogue
from headway.serving.fleet.adapters.shelving import Shelving
from headway.serving.fleet.answered import Answered
from headway.serving.fleet.decisions import Warm
from headway.serving.fleet.faults import Fault, SlowLink
from headway.serving.fleet.gauges import Gauges
from headway.serving.fleet.member import Link, Member, engines
from headway.serving.fleet.pool.shared import CachePool, SharedPool
from headway.serving.fleet.run import Note
from headway.serving.fleet.view import ClusterView, Latencies, Residents
from headway.serving.workload import Workload


class World:
    """State of a simulated fleet; the one place where it is changed.

    Parameters
    ----------
    workload, members, link
        See `headway.serving.fleet.FleetSimulation`.
    started
        Numbers of the engines that are there from the beginning.
    catalogue
        Adapters that come and go.
    pool
        Cache that all engines share.

    Raises
    ------
    ConfigError
        If there are no engines, `started` names one that does not exist, the traffic needs an
        adapter that is not in the catalogue, or engines cannot share the pool.
    """

    def __init__(
        self,
        workload: Workload,
        members: Sequence[Member],
        link: Link,
        started: Sequence[int],
        catalogue: Catalogue | None = None,
        pool: CachePool | None = None,
    ) -> None:
        if not members:
            raise ConfigError("a fleet needs at least one engine")
        self.workload = workload
        self.members = tuple(members)
        self.link = link
        self.outcome = _core.Outcome(len(workload))
        self._seen = Visible.of(workload, clairvoyant=False)
        self.core = _core.Fleet()
        self.engines = tuple(self._build(member) for member in members)
        self.notes: list[Note] = []
        n = len(members)
        self.check(started)
        self.up = np.zeros(n, dtype=np.bool_)
        self.up[list(started)] = True
        self.alive = np.ones(n, dtype=np.bool_)
        self.healthy = self.up.copy()
        self.draining = np.zeros(n, dtype=np.bool_)
        self.moving: dict[int, tuple[int, int]] = {}
        """Requests that are being moved, from where and where to."""
        self.on_stop: Callable[[int, float], None] | None = None
        """Who is told of an engine that stops, and when."""
        self._since = np.where(self.up, 0.0, math.nan)
        self._up_s = np.zeros(n)
        self._static = engines(self.members)
        self.gauges = Gauges(self._static.blocks)
        self._back_s = np.zeros(n)
        self._slow: dict[int, SlowLink] = {}
        self.adapters = Shelving(self, catalogue)
        self.answered = Answered(self.members, self.outcome)
        self.pool = None if pool is None else SharedPool(pool, workload, members, self.slowness)

    @property
    def now_s(self) -> float:
        """The instant."""
        return self.core.now_s

    def check(self, engines: Sequence[int]) -> None:
        """Refuse engines that do not exist.

        Raises
        ------
        ConfigError
            With the number and how many there are.
        """
        for number in engines:
            if not 0 <= number < len(self.members):
                raise ConfigError(f"there is no engine {number}: there are {len(self.members)}")

    def view(self) -> ClusterView:
        """Return what policies may see now."""
        running, waiting, present, free, wanted, wanted_first, urgent = self.gauges.read(
            self.core.loads()
        )
        return ClusterView(
            now_s=self.core.now_s,
            engines=self._static,
            ready=self.healthy & ~self.draining,
            in_flight=present,
            running=running,
            waiting=waiting,
            free_blocks=free,
            wanted_blocks=wanted,
            wanted_blocks_first=wanted_first,
            most_urgent=urgent,
            up=self.up.copy(),
            draining=self.draining & self.up,
            residents=self.residents,
            adapters=self.adapters.view,
            latencies=self.latencies,
        )

    def latencies(self) -> Latencies:
        """Return what requests took of late."""
        return self.answered.means(self.now_s)

    def residents(self) -> Residents:
        """Return who is where now."""
        tables = [self.engines[k].native.residents() for k in range(len(self.engines))]
        request, stage, tokens, blocks = (
            np.concatenate([table[name] for table in tables])
            for name in ("request", "stage", "computed", "blocks")
        )
        busy = np.zeros(len(self.engines), dtype=np.bool_)
        busy[[engine for pair in self.moving.values() for engine in pair]] = True
        return Residents(
            request=request,
            engine=np.repeat(np.arange(len(tables)), [len(table["request"]) for table in tables]),
            priority=self.workload.priority[request].astype(np.int64),
            stage=stage,
            tokens=tokens,
            blocks=blocks,
            moving=np.isin(request, list(self.moving)),
            busy=busy,
        )

    def transfer_s(self, source: int, destination: int, size_bytes: float) -> float:
        """Return how long so many bytes take that leave one engine for another now."""
        slow = max(self.slowness(source), self.slowness(destination))
        return self.link.seconds(size_bytes) * slow

    def slowness(self, engine: int) -> float:
        """Return how many times as long transfers from or to an engine take now."""
        return self._slow[engine].pace if engine in self._slow else 1.0

    def slow_down(self, fault: SlowLink) -> None:
        """Let an engine's link be slow; the last fault counts."""
        self._slow[fault.engine] = fault

    def mend(self, fault: Fault) -> None:
        """End a fault of a link or of metrics, unless another one of the kind has come since."""
        if self._slow.get(fault.engine) is fault:
            del self._slow[fault.engine]
        self.gauges.mend(fault)

    def works(self, engine: int) -> bool:
        """Return whether an engine is there and answers, as far as anybody knows."""
        return bool(self.up[engine] and self.alive[engine] and self.healthy[engine])

    def order(self, engine: int) -> None:
        """Pay for an engine from now on."""
        self.up[engine] = True
        self.draining[engine] = False
        self._since[engine] = self.now_s
        self._back_s[engine] = self.now_s + self.members[engine].start_s
        self.note("start", engine)

    def away(self, engine: int, until_s: float) -> float:
        """Return when an engine is back that will not be before a time, nor before it has started.

        Until then it cannot be opened.
        """
        self._back_s[engine] = max(until_s, self._back_s[engine])
        return float(self._back_s[engine])

    def open(self, engine: int) -> None:
        """Let an engine take requests, if it is there by now."""
        if not self.up[engine] or self.now_s < self._back_s[engine]:
            return
        self.alive[engine] = self.healthy[engine] = True
        self.note("ready", engine)
        self.adapters.come_up(engine)

    def drain(self, engine: int) -> None:
        """Let an engine take no more requests; it stops when it is empty."""
        self.draining[engine] = True
        self.note("drain", engine)
        self.stop_if_empty(engine, self.now_s)

    def stop_if_empty(self, engine: int, at_s: float) -> None:
        """Pay no longer for an engine that is draining, has nothing left and moves nothing."""
        if not (self.up[engine] and self.draining[engine]):
            return
        is_moving = any(engine in pair for pair in self.moving.values())
        if not is_moving and not self.core.loads()[2, engine]:
            self._up_s[engine] += at_s - self._since[engine]
            self.up[engine] = self.healthy[engine] = False
            self.notes.append(Note(at_s, "stop", engine))
            if self.on_stop is not None:
                self.on_stop(engine, at_s)
            self.adapters.gone(engine)

    def crash(self, engine: int) -> list[int]:
        """Kill an engine; return the requests that were in it."""
        self.alive[engine] = False
        self.note("crash", engine)
        self.adapters.gone(engine)
        present: list[int] = self.core.crash(engine).tolist()
        self.stop_if_empty(engine, self.now_s)
        return present

    def warm(self, order: Warm) -> None:
        """Let an engine that is there compute the first context of which something is missing."""
        engine = order.engine
        if not self.works(engine) or self.draining[engine]:
            return
        for request, tokens in order.contexts:
            if self.core.warm(engine, request, tokens):
                self.note("warm", engine, request)
                return

    def note(
        self, what: str, engine: int, request: int = -1, other: int = -1, adapter: str = ""
    ) -> None:
        """Write down what happened."""
        self.notes.append(Note(self.now_s, what, engine, request, other, adapter))

    def paid_s(self) -> np.ndarray[tuple[int], np.dtype[np.float64]]:
        """Return the seconds that each engine was paid for until now."""
        return self._up_s + np.where(self.up, self.now_s - self._since, 0.0)

    def _build(self, member: Member) -> Engine:
        engine = Engine(
            self.workload,
            replace(member.config, prefill_only=member.role == "prefill"),
            member.step_time,
            member.policy(),
            outcome=self.outcome,
            seen=self._seen,
        )
        self.core.add(engine.native)
        return engine
