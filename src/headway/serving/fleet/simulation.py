"""A fleet on one clock: requests are routed, engines work and break, controllers look at it all."""

from __future__ import annotations

import math
import time
from collections.abc import Iterable, Sequence
from dataclasses import dataclass

import numpy as np

from headway import _core
from headway.errors import ConfigError
from headway.serving.engine import Engine
from headway.serving.fleet.adapters.catalogue import Catalogue
from headway.serving.fleet.adapters.cold import ColdStarts
from headway.serving.fleet.adapters.placement import Placer
from headway.serving.fleet.decisions import (
    Controller,
    Drain,
    Keep,
    LoadAdapter,
    Migrate,
    Operation,
    Router,
    UnloadAdapter,
    Warm,
)
from headway.serving.fleet.faults import (
    Crash,
    FalseAlarm,
    Fault,
    Hang,
    SlowLink,
    StaleMetrics,
    Straggle,
    WrongMetrics,
)
from headway.serving.fleet.follow import Follow
from headway.serving.fleet.gateway import Gateway
from headway.serving.fleet.member import Link, Member
from headway.serving.fleet.migration import Migrations, Moving
from headway.serving.fleet.pool.shared import CachePool
from headway.serving.fleet.run import FleetRun
from headway.serving.fleet.view import ClusterView
from headway.serving.fleet.world import World
from headway.serving.results import Requests, Speech, Status, Steps
from headway.serving.workload import Workload
from headway.simulate.clock import Clock, EventClass

PATIENCE_S = 3600.0
"""How long a fleet is watched in which nothing happens but looks of controllers."""


@dataclass(frozen=True, slots=True)
class _Planned:
    """Something that the world itself, not an engine, has planned."""

    what: str
    number: int
    fault: Fault | None = None
    moving: Moving | None = None
    adapter: str = ""


class FleetSimulation:
    """Many engines behind one router.

    Parameters
    ----------
    workload
        The traffic.
    members
        The engines, those included that a controller may start.
    router
        Decides who serves a request.
    controllers
        Rebalancers, scalers and the like.
    faults
        What goes wrong.
    started
        Engines that are there from the beginning; all of them by default.
    link
        Between engines.
    detect_s
        Time after which the router knows that an engine is dead or hangs, or is back.
    follow
        Which requests wait for the answers to others.
    catalogue
        Adapters that are loaded and unloaded while the fleet runs; None if each engine just has
        those that it comes up with.
    pool
        Cache beside the engines that all of them share.
    scrape_s
        Time between two readings of what an engine tells of itself, one engine after another; 0 if
        that is known at every instant.
    seed
        Noted in the results.

    Raises
    ------
    ConfigError
        If there are no engines, a fault or a start names one that does not exist, the traffic
        needs an adapter that is not in the catalogue, or engines cannot share the pool.

    Notes
    -----
    O(log m) for a step of one of m engines, O(m) in numpy for a request that is routed.
    """

    def __init__(
        self,
        workload: Workload,
        members: Sequence[Member],
        router: Router,
        *,
        controllers: Sequence[Controller] = (),
        faults: Iterable[Fault] = (),
        started: Sequence[int] | None = None,
        link: Link | None = None,
        detect_s: float = 1.0,
        follow: Follow | None = None,
        catalogue: Catalogue | None = None,
        pool: CachePool | None = None,
        scrape_s: float = 0.0,
        seed: int = 0,
    ) -> None:
        if not 0 <= scrape_s < math.inf:
            raise ConfigError(f"scrape_s: expected a number from 0 on, got {scrape_s}")
        begin = range(len(members)) if started is None else started
        self._world = World(workload, members, link or Link(), begin, catalogue, pool)
        self._router = router
        self._controllers = tuple(controllers)
        self._detect_s = detect_s
        self._follow = follow
        self._seed = seed
        self._clock: Clock[_Planned] = Clock()
        placers = [one for one in self._controllers if isinstance(one, Placer)]
        self._cold = ColdStarts(len(workload), placers, self._operate)
        self._gateway = Gateway(self._world, router, self._route_later, self._cold)
        self._migrations = Migrations(self._world, self._gateway, self._move_later)
        self._last_event_s = 0.0
        for fault in faults:
            self._world.check([fault.engine])
            self._plan(fault.at_s, _Planned("fault", fault.engine, fault))
        for number in range(len(self._controllers)):
            self._plan(0.0, _Planned("look", number))
        self._scrape_s = scrape_s
        for number in range(len(members) if scrape_s else 0):
            self._plan(scrape_s * number / len(members), _Planned("scrape", number))

    def engine(self, number: int) -> Engine:
        """Return an engine, to look at what runs in it."""
        return self._world.engines[number]

    def view(self) -> ClusterView:
        """Return what policies may see now."""
        return self._world.view()

    def run(self) -> FleetRun:
        """Let all requests come, and return what came of them.

        Requests are left unfinished if for an hour nothing happens any more but looks of
        controllers.

        Raises
        ------
        ConfigError
            If a step time or an answer of an engine's policy is one that cannot be.
        """
        begin = time.process_time()
        core, workload = self._world.core, self._world.workload
        own = np.arange(len(workload)) if self._follow is None else self._follow.first
        arrivals = list(zip(workload.arrival_s[own].tolist(), own.tolist(), strict=True))
        arrivals.append((math.inf, -1))
        stops = self._follow is not None or self._gateway.waker is not None
        stops = stops or any(member.role == "prefill" for member in self._world.members)
        comes = 0
        while self._gateway.open:
            arrives_s, request = arrivals[comes]
            planned_s = self._clock.next_time
            until_s = arrives_s if planned_s is None else min(arrives_s, planned_s)
            stop = self._advance(until_s, stops=stops or self._migrations.is_anyone_leaving)
            if core.has_news:
                self._hear()
            if stop == _core.FleetStop.QUESTION:
                self._world.engines[core.asker].answer(core.ask)
            elif stop == _core.FleetStop.TIME:
                if until_s == math.inf or self._is_stuck(until_s, arrives_s):
                    break
                if planned_s is not None and planned_s <= arrives_s:
                    self._happen(self._clock.take())
                else:
                    self._gateway.arrive(request)
                    comes += 1
        return self._result(time.process_time() - begin)

    def _advance(self, until_s: float, *, stops: bool) -> _core.FleetStop:
        try:
            return self._world.core.advance(until_s, stops)
        except ValueError as error:
            raise ConfigError(str(error)) from error

    def _is_stuck(self, now_s: float, arrives_s: float) -> bool:
        """Whether nothing but controllers has moved for very long."""
        if math.isfinite(self._world.core.next_s) or math.isfinite(arrives_s):
            self._last_event_s = now_s
        return now_s - self._last_event_s > PATIENCE_S

    def _plan(self, at_s: float, planned: _Planned) -> None:
        kind = EventClass.DECISION if planned.what == "look" else EventClass.AVAILABILITY
        self._clock.add(at_s, kind, planned)

    def _route_later(self, at_s: float, request: int) -> None:
        self._plan(at_s, _Planned("route", request))

    def _move_later(self, at_s: float, moving: Moving) -> None:
        self._plan(at_s, _Planned("move", moving.order.request, moving=moving))

    def _hear(self) -> None:
        """Take note of requests that engines are done with."""
        self._migrations.hear()
        ended = self._world.core.take_ended()
        columns = (ended[name].tolist() for name in ("request", "engine", "generated", "at_s"))
        last_s: dict[int, float] = {}
        for (request, engine, tokens, at_s), status in zip(
            zip(*columns, strict=True), ended["status"].tolist(), strict=True
        ):
            if status == Status.FINISHED:
                self._world.engines[engine].tell(request, tokens)
            self._migrations.ended(request)
            last_s[engine] = at_s
            if not self._gateway.ended(request, engine, tokens, at_s) or self._follow is None:
                continue
            if status == Status.FINISHED:
                for child, delay_s in self._follow.after(request):
                    self._plan(at_s + delay_s, _Planned("arrive", child))
            else:
                self._gateway.open -= sum(1 for _ in self._follow.descendants(request))
        for engine, at_s in last_s.items():
            self._world.stop_if_empty(engine, at_s)

    def _happen(self, planned: _Planned) -> None:
        world, number = self._world, planned.number
        if planned.what == "route":
            self._gateway.due(number)
        elif planned.what == "arrive":
            self._gateway.arrive(number)
        elif planned.what == "look":
            controller = self._controllers[number]
            for operation in controller.act(world.view()):
                self._operate(operation)
            self._plan(world.now_s + controller.period_s, planned)
        elif planned.what == "scrape":
            world.gauges.scrape(number, world.core.loads())
            self._plan(world.now_s + self._scrape_s, planned)
        elif planned.what == "fault" and planned.fault is not None:
            self._break(planned.fault)
        elif planned.what == "suspect":
            world.healthy[number] = False
            self._migrations.suspected(number)
            world.note("unhealthy", number)
            if not world.alive[number]:
                self._gateway.gone(number, world.now_s)
            self._gateway.warm()
        elif planned.what == "ready":
            world.open(number)
        elif planned.what == "mend" and planned.fault is not None:
            world.mend(planned.fault)
        elif planned.what == "move" and planned.moving is not None:
            self._migrations.go_on(planned.moving)
        elif planned.what == "pace":
            world.core.set_pace(number, 1.0)
        elif planned.what == "loaded" and world.adapters.loaded(number, planned.adapter):
            self._gateway.warm(planned.adapter)

    def _operate(self, operation: Operation) -> None:
        world, engine = self._world, operation.engine
        world.check([engine])
        if isinstance(operation, Migrate):
            self._migrations.begin(operation)
        elif isinstance(operation, Keep):
            world.engines[engine].keep(operation.requests, operation.worths)
        elif isinstance(operation, Warm):
            world.warm(operation)
        elif isinstance(operation, LoadAdapter):
            self._load(engine, operation.adapter)
        elif isinstance(operation, UnloadAdapter):
            world.adapters.unload(engine, operation.adapter)
        elif isinstance(operation, Drain):
            world.drain(engine)
            self._gateway.warm()
        elif world.up[engine]:
            world.draining[engine] = False
        else:
            world.order(engine)
            start_s = world.members[engine].start_s
            self._plan(world.now_s + start_s, _Planned("ready", engine))

    def _load(self, engine: int, adapter: str) -> None:
        """Begin to load an adapter, if the engine is there and takes requests."""
        world = self._world
        if not world.works(engine) or world.draining[engine]:
            return
        end_s = world.adapters.load(engine, adapter)
        if end_s is not None:
            self._plan(end_s, _Planned("loaded", engine, adapter=adapter))

    def _break(self, fault: Fault) -> None:
        world, engine = self._world, fault.engine
        if not world.up[engine] or not world.alive[engine]:
            return
        suspected_s = world.now_s + self._detect_s
        if isinstance(fault, Crash):
            present = world.crash(engine)
            back_s = world.away(engine, max(fault.until_s, suspected_s))
            self._plan(suspected_s, _Planned("suspect", engine))
            self._plan(back_s, _Planned("ready", engine))
            self._migrations.crashed(engine)
            for request in present:
                self._gateway.lost(request, engine)
            self._gateway.warm()
        elif isinstance(fault, Hang):
            world.note("hang", engine)
            world.core.stall(engine, fault.until_s)
            if suspected_s < fault.until_s:
                self._plan(suspected_s, _Planned("suspect", engine))
                self._plan(fault.until_s + self._detect_s, _Planned("ready", engine))
        elif isinstance(fault, Straggle):
            world.note("straggle", engine)
            world.core.set_pace(engine, fault.pace)
            self._plan(fault.until_s, _Planned("pace", engine))
        elif isinstance(fault, SlowLink):
            world.note("slow link", engine)
            world.slow_down(fault)
            self._plan(fault.until_s, _Planned("mend", engine, fault))
        elif isinstance(fault, FalseAlarm):
            self._plan(world.now_s, _Planned("suspect", engine))
            self._plan(fault.until_s, _Planned("ready", engine))
        elif isinstance(fault, StaleMetrics | WrongMetrics):
            world.note("lies", engine)
            world.gauges.lie(fault, world.core.loads())
            self._plan(fault.until_s, _Planned("mend", engine, fault))
        else:
            raise ConfigError(f"unknown kind of fault: {type(fault).__name__}")

    def _result(self, cpu_s: float) -> FleetRun:
        world = self._world
        return FleetRun(
            workload=world.workload,
            members=world.members,
            requests=Requests(**world.outcome.columns()),
            engine=self._gateway.home,
            tries=self._gateway.tries,
            steps=tuple(Steps(**engine.native.steps()) for engine in world.engines),
            speech=tuple(Speech(**engine.native.segments()) for engine in world.engines),
            up_s=world.paid_s(),
            notes=tuple(world.notes),
            router=self._router.name,
            controllers=tuple(controller.name for controller in self._controllers),
            seed=self._seed,
            cpu_s=cpu_s,
            moves=tuple(self._migrations.done),
            refused=self._gateway.refused,
            pool=None if world.pool is None else world.pool.use,
            cold_s=self._cold.waited_s if world.adapters.view else np.zeros(0),
        )
