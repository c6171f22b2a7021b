"""A gateway's queue of programs: each to its engine, in an order, unless another one is better."""

from __future__ import annotations

from collections.abc import Mapping
from types import MappingProxyType

import numpy as np

from headway.serving.agents.graphs import Graphs
from headway.serving.agents.routing.hints import Hint
from headway.serving.agents.routing.ledger import NOWHERE, Ledger, Waiting
from headway.serving.agents.routing.order import FirstCome, Order
from headway.serving.agents.routing.pausing import Pausing
from headway.serving.agents.routing.stealing import Guarded, Loads, Never, Stealing
from headway.serving.fleet.decisions import Dispatch, Hold, Routing, Said
from headway.serving.fleet.routing.pipeline import candidates
from headway.serving.fleet.view import ClusterView, Floats, Mask, RequestView

PERIOD_S = 0.1
"""How often a request that waits is looked at again."""

FULL = 0.95
"""Share of a cache that requests may hold; more would be preempted as they grow."""

_NO_HINTS: Mapping[int, Hint] = MappingProxyType({})


class ProgramRouter:
    """Sends each step of a program where its context is, and queues what finds no room there.

    A program begins at the least loaded engine and stays. A request goes when its engine has room
    for its prompt and its expected answer, and it is the first, by the order, of those that wait
    for that engine; or when another engine steals it. All that is known was sent or heard by the
    router itself, so that it works with any engine.

    Parameters
    ----------
    order
        Whose request is next.
    stealing
        When a program changes its engine.
    pausing
        Keeps working sets within the caches; None lets all go on.
    hints
        What is told of programs, by session.
    graphs
        What is foreseen of programs, from whoever reads their answers, such as
        `headway.serving.agents.Keeping`: how much work is left to those without a hint, and how
        large contexts will grow, by which a new program chooses its engine.

    Notes
    -----
    O(waiting requests + engines) for a decision; with `pausing`, O(programs).

    References
    ----------
    SAGA: Workflow-atomic scheduling for AI agent inference on GPU clusters (2026).
    """

    def __init__(
        self,
        order: Order | None = None,
        stealing: Stealing | None = None,
        pausing: Pausing | None = None,
        hints: Mapping[int, Hint] = _NO_HINTS,
        graphs: Graphs | None = None,
    ) -> None:
        self._order = order or FirstCome()
        self._stealing = stealing or Never()
        self._pausing = pausing
        self._ledger = Ledger(hints)
        self._graphs = graphs
        self.moves = 0
        """Programs that have changed their engine."""
        parts = ["programs", self._order.name, self._stealing.name]
        parts += ["pausing"] * (pausing is not None) + ["graphs"] * (graphs is not None)
        self.name = ", ".join(parts)

    def route(self, cluster: ClusterView, request: RequestView) -> Routing:
        """Return the engine of a request's program, or hold it."""
        now_s, ledger = cluster.now_s, self._ledger
        is_new = request.number not in ledger.waiting
        entry = ledger.comes(now_s, request)
        if is_new and self._graphs is not None:
            forecast = self._graphs.forecast(request.session, request.service_class)
            ledger.foresee(now_s, entry.program, forecast)
        among = candidates(cluster, request)
        if not among.any():
            return Hold(now_s + PERIOD_S)
        engine = self._engine(cluster, entry, among)
        return Hold(now_s + PERIOD_S) if engine is None else self._send(now_s, entry, engine)

    def foresee(self, graphs: Graphs) -> None:
        """Ask these graphs from now on what programs will do."""
        self._graphs = graphs

    def said(self, request: int, said: Said) -> None:
        """Hear whether a program comes to its end, live."""
        if said.is_final:
            self._ledger.final(request)

    def ended(self, request: int, engine: int, output_tokens: int, at_s: float) -> None:
        """Note that an answer was given, or that an engine has failed."""
        self._ledger.ended(request, engine, output_tokens, at_s)

    def gone(self, engine: int, at_s: float) -> None:
        """Let programs whose contexts are lost choose an engine anew."""
        self._ledger.gone(engine)

    def _engine(self, cluster: ClusterView, entry: Waiting, among: Mask) -> int | None:
        """Return where the request goes now, None if it waits."""
        program = entry.program
        held = self._ledger.held_tokens(cluster)
        tokens = cluster.engines.blocks * cluster.engines.block_tokens
        capacity = np.asarray(FULL * tokens, dtype=np.float64)
        pausing = self._pausing
        if pausing is not None:
            pausing.relieve(cluster, self._ledger)
            waits = program.is_paused or program.home == NOWHERE
            if waits and not self._goes_on(pausing, cluster, entry):
                return None
        if program.home == NOWHERE or not among[program.home]:
            load = held if self._graphs is None else self._ledger.foreseen_tokens(cluster)
            program.home = int(np.where(among, load / capacity, np.inf).argmin())
        loads = self._loads(cluster, entry, among, held, capacity)
        stolen = self._stealing.thief(cluster, self._ledger, entry, loads)
        if stolen is not None:
            self.moves += 1
            return stolen
        return program.home if loads.has_room[program.home] and not loads.ahead else None

    def _goes_on(self, pausing: Pausing, cluster: ClusterView, entry: Waiting) -> bool:
        """Give a new or paused program a home, if it may go on."""
        now_s, order, ledger, program = cluster.now_s, self._order, self._ledger, entry.program
        if not program.is_paused:
            mine = order.key(now_s, ledger, entry)
            new = (o for o in ledger.waiting.values() if o.program.home == NOWHERE)
            if any(order.key(now_s, ledger, other) < mine for other in new):
                return False
        home = pausing.admit(now_s, cluster, ledger, entry)
        if home is None:
            return False
        program.is_paused = False
        program.home = home
        return True

    def _loads(
        self, cluster: ClusterView, entry: Waiting, among: Mask, held: Floats, capacity: Floats
    ) -> Loads:
        now_s, order, ledger = cluster.now_s, self._order, self._ledger
        wanted, queue = held.copy(), np.zeros(len(held))
        mine, ahead = order.key(now_s, ledger, entry), 0
        for other in ledger.waiting.values():
            home = other.program.home
            if other.program.is_paused or home == NOWHERE:
                continue
            wanted[home] += other.tokens
            queue[home] += 1
            ahead += home == entry.program.home and order.key(now_s, ledger, other) < mine
        fits = (held + entry.tokens <= capacity) | (held == 0)
        return Loads(
            now_s=now_s,
            load=np.minimum(wanted / capacity, 1.0),
            queue=queue,
            has_room=among & fits & (cluster.in_flight < cluster.engines.max_sequences),
            ahead=int(ahead),
        )

    def _send(self, now_s: float, entry: Waiting, engine: int) -> Dispatch:
        self._order.sent(entry)
        self._ledger.sent(now_s, entry, engine)
        return Dispatch(engine)


def programs(seed: int) -> ProgramRouter:
    """Return a router with guarded stealing, to be chosen by name; it draws no lots."""
    return ProgramRouter(stealing=Guarded())


def programs_pausing(seed: int) -> ProgramRouter:
    """Return the same, with pausing: programs wait between steps until their contexts fit."""
    return ProgramRouter(stealing=Guarded(), pausing=Pausing())
