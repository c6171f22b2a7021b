"""The fleet and its requests as policies see them live: what they do not ask for costs nothing."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import MISSING, fields, replace
from typing import TYPE_CHECKING, Any, Literal

import numpy as np

from headway.serving.fleet.routing.prefix import chain
from headway.serving.fleet.view import (
    Adapters,
    ClusterView,
    Engines,
    Held,
    Ints,
    Mask,
    RequestView,
    Residents,
)
from headway.serving.gateway.board import HELD_BLOCKS, IN_FLIGHT, QUEUED, QUEUED_BLOCKS, Board
from headway.serving.gateway.engines import Breaker, LiveEngine

if TYPE_CHECKING:
    from headway.serving.gateway.ticket import Ticket

BLOCK_BYTES = 512
"""Of a prompt, that are named together."""

FRESH_S = 5.0
"""Metrics that were read longer ago are not believed."""

_NOBODY: frozenset[int] = frozenset()

_set = object.__setattr__


class LiveRequest(RequestView):
    """A request whose prompt is cut into named blocks only if a router looks at them.

    Parameters
    ----------
    prompt, seed
        What the names of blocks are made of.
    number, arrival_s, prompt_tokens, limit_tokens, priority, service_class, deadline_s, session
        See `RequestView`, as all others.
    """

    __slots__ = ("is_cut", "prompt", "seed")

    # Routers see a value that does not change; here a name for each saves two thirds of the time.
    __setattr__ = object.__setattr__

    number: int
    arrival_s: float
    prompt_tokens: int
    limit_tokens: int
    priority: int
    service_class: int
    deadline_s: float
    session: int
    adapter: str | None
    block_tokens: int
    stage: Literal["first", "decode"]
    tries: int
    excluded: frozenset[int]
    tenant: str
    held: Held | None

    def __init__(
        self,
        prompt: memoryview,
        seed: int,
        number: int,
        arrival_s: float,
        prompt_tokens: int,
        limit_tokens: int,
        priority: int,
        service_class: int,
        deadline_s: float,
        session: int,
        adapter: str | None,
        block_tokens: int,
        tenant: str,
    ) -> None:
        self.prompt = prompt
        self.seed = seed
        self.is_cut = False
        self.number = number
        self.arrival_s = arrival_s
        self.prompt_tokens = prompt_tokens
        self.limit_tokens = limit_tokens
        self.priority = priority
        self.service_class = service_class
        self.deadline_s = deadline_s
        self.session = session
        self.adapter = adapter
        self.block_tokens = block_tokens
        self.tenant = tenant
        self.stage = "first"
        self.tries = 0
        self.excluded = _NOBODY
        self.held = None

    # Slots that are not set yet end here; all others are as fast as ever.
    def __getattr__(self, name: str) -> Any:
        if name != "blocks":
            raise AttributeError(name)
        blocks = chain(self.prompt, BLOCK_BYTES, self.seed)
        _set(self, "blocks", blocks)
        self.is_cut = True
        return blocks

    def cut(self, prompt_tokens: int, blocks: Ints, block_tokens: int, held: Held) -> None:
        """Take the blocks of its tokens, and who holds them, in place of those of its bytes."""
        self.prompt_tokens = prompt_tokens
        _set(self, "blocks", blocks)
        self.is_cut = True
        self.block_tokens = block_tokens
        self.held = held

    def failed_by(self, engine: int) -> None:
        """Note that an engine has failed it."""
        self.tries += 1
        self.excluded |= {engine}


class LiveView(ClusterView):
    """A snapshot whose columns are added up only if a router looks at them."""

    __slots__ = ("_sight",)

    _sight: Sight

    def __getattr__(self, name: str) -> Any:
        if name == "_sight":
            raise AttributeError(name)
        value = self._sight.column(self, name)
        _set(self, name, value)
        return value

    def only(self, ready: Mask) -> LiveView:
        """Return the same fleet with other engines that take requests."""
        return self._sight.snapshot(self.now_s, ready, self.in_flight)


class Sight:
    """Makes snapshots of the fleet from the board.

    Parameters
    ----------
    engines
        What does not change.
    board
        Of all workers.
    tickets
        Requests of this worker that are at an engine.
    """

    def __init__(
        self, engines: Engines, board: Board, tickets: Callable[[], Iterable[Ticket]]
    ) -> None:
        self.engines = engines
        self._board = board
        self._tickets = tickets
        self._healthy, self._draining, self._asleep, self._scraped_s = (
            board.engine(name) for name in ("healthy", "draining", "asleep", "scraped_s")
        )
        self._ordered = board.engine("ordered")
        self.shelved: Callable[[float], Adapters] | None = None
        """Tells which adapters are where, if they come and go."""
        self._seen = b""
        self._ready = np.zeros(len(engines), dtype=np.bool_)
        self._suspects: dict[int, Breaker] = {}
        self.block_tokens: list[int] = engines.block_tokens.tolist()
        """Of the engines."""

    def view(self, now_s: float, serving: Mask | None = None) -> LiveView:
        """Return the fleet as it is now.

        Parameters
        ----------
        now_s
            The instant.
        serving
            Engines that have the model; None for all.
        """
        ready = self.ready(now_s)
        if serving is not None:
            ready = ready & serving
        return self.snapshot(now_s, ready, self._board.everywhere(IN_FLIGHT))

    def snapshot(self, now_s: float, ready: Mask, in_flight: Ints) -> LiveView:
        """Return a snapshot whose other columns are added up when they are asked for."""
        found: LiveView = object.__new__(LiveView)
        _set(found, "now_s", now_s)
        _set(found, "engines", self.engines)
        _set(found, "ready", ready)
        _set(found, "in_flight", in_flight)
        _set(found, "_sight", self)
        return found

    def learn(self, adapters: Sequence[frozenset[str]]) -> None:
        """Take over what engines have loaded, and what they tell of their caches."""
        engines = self.engines
        blocks, size = self._board.engine("blocks"), self._board.engine("block_tokens")
        told = (blocks > 0) & (size > 0)
        new_blocks = np.where(told, blocks, engines.blocks).astype(np.int64)
        new_size = np.where(told, size, engines.block_tokens).astype(np.int64)
        if (
            tuple(adapters) == engines.adapters
            and (new_blocks == engines.blocks).all()
            and (new_size == engines.block_tokens).all()
        ):
            return
        self.engines = replace(
            engines, adapters=tuple(adapters), blocks=new_blocks, block_tokens=new_size
        )
        self.block_tokens = new_size.tolist()

    def suspect(self, engine: LiveEngine) -> None:
        """Look at the breaker of an engine that has failed, until it is closed."""
        if engine.breaker is not None:
            self._suspects[engine.number] = engine.breaker

    def is_well(self, engine: int) -> bool:
        """Return whether an engine has answered when it was asked for its health."""
        return bool(self._healthy[engine] > 0)

    def ready(self, now_s: float) -> Mask:
        """Return which engines take new requests; not to be written to."""
        seen = self._healthy.tobytes() + self._draining.tobytes() + self._asleep.tobytes()
        if seen != self._seen:
            self._ready = (self._healthy > 0) & ~(self._draining > 0) & ~(self._asleep > 0)
            self._ready.setflags(write=False)
            self._seen = seen
        return self._allowed(now_s) if self._suspects else self._ready

    def _allowed(self, now_s: float) -> Mask:
        ready = self._ready.copy()
        for number, breaker in list(self._suspects.items()):
            if breaker.state(now_s) == "closed":
                del self._suspects[number]
            elif not breaker.allows(now_s):
                ready[number] = False
        return ready

    def column(self, view: LiveView, name: str) -> object:
        """Return a column of a snapshot that is asked for the first time."""
        known = _COLUMNS.get(name)
        if known is not None:
            return known(self, view)
        if name not in _UNKNOWN:
            raise AttributeError(name)
        return _UNKNOWN[name]

    def residents(self) -> Residents:
        """Return who of this worker's requests is where, as far as a gateway can know."""
        tickets = sorted(self._tickets(), key=lambda ticket: ticket.begun_s == 0)
        rows = [
            (
                ticket.request.number,
                ticket.engine,
                ticket.request.priority,
                Residents.DECODE if ticket.begun_s else Residents.QUEUED,
                ticket.tokens,
                ticket.blocks,
            )
            for ticket in tickets
        ]
        table = np.array(rows, dtype=np.int64).reshape(-1, 6).T
        return Residents(
            request=table[0],
            engine=table[1],
            priority=table[2],
            stage=table[3],
            tokens=table[4],
            blocks=table[5],
            moving=np.zeros(len(rows), dtype=np.bool_),
            busy=np.zeros(len(self.engines), dtype=np.bool_),
        )

    # Engines that tell their load are believed as long as it is fresh; of others it is known who
    # was sent there and has not begun to answer.

    def _fresh(self, now_s: float) -> Mask:
        fresh: Mask = self._scraped_s > now_s - FRESH_S
        return fresh

    def _told(self, view: LiveView, column: str, own: Ints) -> Ints:
        told = self._board.engine(column)
        fresh = self._fresh(view.now_s) & np.isfinite(told)
        return np.where(fresh, np.nan_to_num(told), own).astype(np.int64)

    def _running(self, view: LiveView) -> Ints:
        return self._told(view, "running", view.in_flight - self._board.everywhere(QUEUED))

    def _waiting(self, view: LiveView) -> Ints:
        return self._told(view, "waiting", self._board.everywhere(QUEUED))

    def _free_blocks(self, view: LiveView) -> Ints:
        usage, blocks = self._board.engine("kv_usage"), self.engines.blocks
        fresh = self._fresh(view.now_s) & np.isfinite(usage)
        held = np.where(fresh, np.nan_to_num(usage) * blocks, self._board.everywhere(HELD_BLOCKS))
        return np.maximum(blocks - np.ceil(held), 0).astype(np.int64)

    def _wanted_blocks(self, view: LiveView) -> Ints:  # noqa: ARG002
        return self._board.everywhere(QUEUED_BLOCKS)

    def _wanted_blocks_first(self, view: LiveView) -> Ints:  # noqa: ARG002
        queued = self._board.everywhere(QUEUED)
        wanted = self._board.everywhere(QUEUED_BLOCKS)
        return -(-wanted // np.maximum(queued, 1))

    def _most_urgent(self, view: LiveView) -> Ints:  # noqa: ARG002
        urgent = np.full(len(self.engines), ClusterView.NOBODY, dtype=np.int64)
        for ticket in self._tickets():
            urgent[ticket.engine] = min(urgent[ticket.engine], ticket.request.priority)
        return urgent

    def _up(self, view: LiveView) -> Mask:  # noqa: ARG002
        # One that is starting is there already, or a scaler would order it once more.
        up: Mask = ((self._healthy > 0) | (self._ordered > 0)) & ~(self._asleep > 0)
        return up

    def _drain(self, view: LiveView) -> Mask:  # noqa: ARG002
        draining: Mask = self._draining > 0
        return draining

    def _residents(self, view: LiveView) -> Callable[[], Residents]:  # noqa: ARG002
        return self.residents

    def _adapters(self, view: LiveView) -> Adapters | None:
        return None if self.shelved is None else self.shelved(view.now_s)


_COLUMNS: Mapping[str, Callable[[Sight, LiveView], object]] = {
    "running": Sight._running,
    "waiting": Sight._waiting,
    "free_blocks": Sight._free_blocks,
    "wanted_blocks": Sight._wanted_blocks,
    "wanted_blocks_first": Sight._wanted_blocks_first,
    "most_urgent": Sight._most_urgent,
    "up": Sight._up,
    "draining": Sight._drain,
    "residents": Sight._residents,
    "adapters": Sight._adapters,
    "latencies": lambda _sight, _view: None,
}

_UNKNOWN: Mapping[str, object] = {
    one.name: one.default for one in fields(ClusterView) if one.default is not MISSING
}
"""What snapshots say where nobody can tell."""
