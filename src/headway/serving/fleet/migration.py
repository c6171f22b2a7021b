"""Requests on their way from one engine to another: in stages while they speak, or all at once."""

from __future__ import annotations

import math
from collections.abc import Callable
from dataclasses import dataclass

import numpy as np

from headway.errors import ConfigError
from headway.serving.fleet.decisions import Migrate
from headway.serving.fleet.gateway import Gateway
from headway.serving.fleet.run import Move
from headway.serving.fleet.view import Residents
from headway.serving.fleet.world import World

MOST_STAGES = 3
"""Copies, the last one included, after which a request that grows too fast is left where it is."""

LAST_BLOCKS = 16
"""A request is taken out of its batch when no more full blocks than these are left to copy."""


@dataclass(slots=True, eq=False)
class Moving:
    """A request that is being moved.

    Attributes
    ----------
    order
        Who goes where, and how.
    begin_s
        When that was ordered.
    preemptions
        How often the request had given way by then.
    has_cache
        Whether its cache comes along.
    phase
        ``"copying"`` while it goes on, ``"leaving"`` until its step ends, ``"between"`` engines,
        ``"over"``.
    trouble
        Why it will return when it has left, if it will.
    copied, reserved
        Blocks at the destination that are filled, and that are kept free.
    kept
        Blocks at the source that are not yet given up.
    computed, generated
        How far it had come when it left.
    left_s, stages
        As in `headway.serving.fleet.Move`.
    """

    order: Migrate
    begin_s: float
    preemptions: int
    has_cache: bool
    phase: str = "copying"
    trouble: str = ""
    copied: int = 0
    reserved: int = 0
    kept: int = 0
    computed: int = 0
    generated: int = 0
    left_s: float = math.nan
    stages: int = 0


Later = Callable[[float, Moving], None]
"""Plans that a move goes on: at what time, which one."""


class Migrations:
    """Moves requests between the engines of a simulated fleet.

    Parameters
    ----------
    world
        The engines.
    gateway
        Hears of requests that are elsewhere now, or lost.
    later
        Plans.

    Notes
    -----
    A stage copies the blocks that were filled since the last one; it takes the link's latency and
    their size by its bandwidth. When no more than `LAST_BLOCKS` are left, the request leaves its
    batch at the end of its step, the rest is copied, and one more latency goes by until the
    destination has taken over; that is its downtime. The destination keeps blocks free before each
    stage. The move comes to nothing if the request ends or is preempted, the destination has no
    room or takes no requests, a stage too many would be needed, or an engine breaks; a request that
    has left already then returns to the blocks that its source has kept until the end. An engine
    takes part in one move at a time. Engines' steps are not slowed down by copies.

    References
    ----------
    Sun et al. (2024), Llumnix: Dynamic Scheduling for Large Language Model Serving, OSDI.
    """

    def __init__(self, world: World, gateway: Gateway, later: Later) -> None:
        self._world = world
        self._gateway = gateway
        self._later = later
        self._moves: dict[int, Moving] = {}
        self._leaving = 0
        self.done: list[Move] = []
        """Moves that came to an end."""

    @property
    def is_anyone_leaving(self) -> bool:
        """Whether a request is about to leave its batch, which must be noticed at once."""
        return self._leaving > 0

    def begin(self, order: Migrate) -> None:
        """Begin a move, if both engines and the request are free for it.

        Raises
        ------
        ConfigError
            If there is no such engine, or the destination cannot serve the request.
        """
        world = self._world
        world.check([order.engine, order.destination])
        if order.engine == order.destination or world.members[order.destination].role == "prefill":
            raise ConfigError(f"request {order.request} cannot be moved to {order.destination}")
        stage = world.engines[order.engine].native.stage(order.request)
        preemptions = world.outcome.preemptions(order.request)
        has_cache = stage == Residents.DECODE and order.how != "recompute"
        moving = Moving(order, world.now_s, preemptions, has_cache)
        is_free = order.request not in world.moving and not any(
            {order.engine, order.destination} & set(pair) for pair in world.moving.values()
        )
        can_go = stage in (Residents.QUEUED, Residents.DECODE)
        if not (is_free and can_go) or self._obstacle(moving):
            self._write_down(moving, "refused")
            return
        self._moves[order.request] = moving
        world.adapters.use(order.request, order.destination)
        world.moving[order.request] = (order.engine, order.destination)
        if has_cache:
            self._copy(moving)
        else:
            self._take_out(moving)

    def go_on(self, moving: Moving) -> None:
        """Begin the next stage, or let the request arrive."""
        if moving.phase == "between":
            self._arrive(moving)
        elif moving.phase == "copying":
            self._copy(moving)

    def hear(self) -> None:
        """Take over the requests that have left engines."""
        left = self._world.core.take_left()
        columns = (left[name].tolist() for name in ("request", "computed", "generated"))
        for request, computed, generated in zip(*columns, strict=True):
            self._left(self._moves[request], computed, generated)

    def ended(self, request: int) -> None:
        """Hear that a request has come to its end."""
        if moving := self._moves.get(request):
            self._give_up(moving, "ended")

    def suspected(self, engine: int) -> None:
        """Hear that an engine is silent: nothing is kept for what might come from it."""
        for moving in list(self._moves.values()):
            if moving.phase == "leaving" and moving.order.engine == engine:
                moving.trouble = "engine lost"
                self._release(moving)

    def crashed(self, engine: int) -> None:
        """Hear that an engine has died."""
        for moving in list(self._moves.values()):
            order = moving.order
            if order.engine == engine:
                is_lost = moving.phase == "between"
                self._give_up(moving, "engine lost")
                if is_lost:
                    self._gateway.lost(order.request, engine)
            elif order.destination == engine:
                moving.reserved = 0
                if moving.phase == "copying":
                    self._give_up(moving, "engine lost")
                elif moving.phase == "between":
                    self._return(moving, "engine lost")
                else:
                    moving.trouble = "engine lost"

    def _copy(self, moving: Moving) -> None:
        """Copy what was filled since the last stage, or take the request out for the rest."""
        world, order = self._world, moving.order
        if obstacle := self._obstacle(moving):
            self._give_up(moving, obstacle)
            return
        computed = self._computed(order)
        size = world.members[order.destination].config.block_tokens
        rest = computed // size - moving.copied
        takes_all = rest <= LAST_BLOCKS or order.how == "copy"
        if not takes_all and moving.stages + 1 >= MOST_STAGES:
            self._give_up(moving, "too many stages")
        elif not self._reserve(moving, computed // size + takes_all):
            self._give_up(moving, "no room")
        elif takes_all:
            self._take_out(moving)
        else:
            moving.stages += 1
            moving.copied += rest
            self._later(world.now_s + self._seconds(order, rest * size), moving)

    def _take_out(self, moving: Moving) -> None:
        moving.phase = "leaving"
        self._leaving += 1
        self._world.core.withdraw(moving.order.engine, moving.order.request)
        self.hear()

    def _left(self, moving: Moving, computed: int, generated: int) -> None:
        """Send a request that has left its engine on its way."""
        world, order = self._world, moving.order
        self._leaving -= 1
        moving.phase, moving.left_s = "between", world.now_s
        moving.computed, moving.generated = computed if moving.has_cache else 0, generated
        if moving.computed:
            kept = -(-computed // world.members[order.engine].config.block_tokens)
            moving.kept = kept if world.core.reserve(order.engine, kept) else 0
        if moving.trouble or not world.works(order.destination):
            self._return(moving, moving.trouble or "engine lost")
            return
        size = world.members[order.destination].config.block_tokens
        rest = max(0, moving.computed - moving.copied * size)
        taken_over_s = self._seconds(order, 0) if moving.computed else 0.0
        self._later(world.now_s + self._seconds(order, rest) + taken_over_s, moving)

    def _arrive(self, moving: Moving) -> None:
        world, order = self._world, moving.order
        if not world.works(order.destination):
            self._return(moving, "engine lost")
            return
        world.core.unreserve(order.engine, moving.kept)
        self._submit(moving, order.destination, moving.reserved)
        moving.reserved = 0
        self._gateway.home[order.request] = order.destination
        self._finish(moving, "moved")

    def _return(self, moving: Moving, why: str) -> None:
        """Let a request go on where it was."""
        self._submit(moving, moving.order.engine, moving.kept)
        self._give_up(moving, why)

    def _submit(self, moving: Moving, engine: int, reserved: int) -> None:
        self._world.core.submit(
            engine,
            moving.order.request,
            self._world.now_s,
            moving.computed,
            moving.generated,
            reserved,
        )

    def _give_up(self, moving: Moving, why: str) -> None:
        self._leaving -= moving.phase == "leaving"
        self._release(moving)
        self._finish(moving, why)

    def _finish(self, moving: Moving, outcome: str) -> None:
        world, order = self._world, moving.order
        moving.phase = "over"
        left = order.engine if outcome == "moved" else order.destination
        world.adapters.release(order.request, left, world.now_s)
        del self._moves[order.request], world.moving[order.request]
        self._write_down(moving, outcome)
        for engine in (order.engine, order.destination):
            world.stop_if_empty(engine, world.now_s)

    def _write_down(self, moving: Moving, outcome: str) -> None:
        order, now_s = moving.order, self._world.now_s
        self.done.append(
            Move(
                request=order.request,
                source=order.engine,
                destination=order.destination,
                how=order.how,
                begin_s=moving.begin_s,
                end_s=now_s,
                left_s=moving.left_s,
                stages=moving.stages,
                tokens=moving.computed,
                outcome=outcome,
            )
        )
        what = "migrate" if outcome == "moved" else "abort"
        self._world.note(what, order.engine, order.request, order.destination)

    def _obstacle(self, moving: Moving) -> str:
        """Return why a move cannot go on, nothing if it can."""
        world, order = self._world, moving.order
        if not (world.works(order.engine) and world.works(order.destination)):
            return "engine lost"
        if world.draining[order.destination]:
            return "no room"
        if not world.adapters.has(order.destination, order.request):
            return "no adapter"
        is_evicted = world.outcome.preemptions(order.request) > moving.preemptions
        return "preempted" if is_evicted else ""

    def _reserve(self, moving: Moving, blocks: int) -> bool:
        """Keep blocks free at the destination, so many in all."""
        more = max(0, blocks - moving.reserved)
        has_room = self._world.core.reserve(moving.order.destination, more)
        moving.reserved += more if has_room else 0
        return has_room

    def _release(self, moving: Moving) -> None:
        self._world.core.unreserve(moving.order.destination, moving.reserved)
        moving.reserved = 0

    def _computed(self, order: Migrate) -> int:
        native = self._world.engines[order.engine].native
        return int(native.computed(np.array([order.request]))[0])

    def _seconds(self, order: Migrate, tokens: int) -> float:
        world = self._world
        size_bytes = tokens * world.members[order.engine].bytes_per_token
        return world.transfer_s(order.engine, order.destination, size_bytes)
