"""Engines are told which contexts of programs are worth keeping in their caches."""

from __future__ import annotations

import math
from collections import OrderedDict
from collections.abc import Iterator
from dataclasses import dataclass, replace

import numpy as np

from headway.errors import ConfigError
from headway.serving.agents.eviction import Evictor
from headway.serving.agents.graphs import Graphs
from headway.serving.agents.heard import Heard
from headway.serving.agents.idle import Answer, Answers, Idle, pool_of
from headway.serving.agents.prefetch import Prefetch
from headway.serving.fleet.decisions import (
    Dispatch,
    Hearer,
    Keep,
    Operation,
    Router,
    Routing,
    Said,
    Waker,
    Warm,
    tell_gone,
)
from headway.serving.fleet.lessons import Lessons, tell_learned
from headway.serving.fleet.view import ClusterView, RequestView

SESSIONS = 100_000
"""Programs that are remembered."""

IDLE = 20_000
"""Contexts of an engine that are remembered where nobody asks what to keep."""


@dataclass(frozen=True, slots=True)
class _Sent:
    """A request on an engine: whose, of which kind of program, how long, since when."""

    session: int
    kind: int
    prompt_tokens: int
    at_s: float


class Keeping:
    """Ranks the contexts that lie idle on each engine, by any evictor, and tells the engines.

    It stands around a router, to hear of requests, and is a controller, to speak to engines: pass
    it as both. What waits for its own next request at the gateway or in a queue is worth more than
    anything else; what a program has left behind elsewhere is worth nothing.

    Parameters
    ----------
    router
        Decides where requests go.
    evictor
        Ranks contexts.
    answers
        Reads answers.
    graphs
        Foresees what programs will do, and learns it; None for evictors that do without.
    prefetch
        Which contexts an engine computes again that has nothing to do; None for none.
    period_s
        How often engines are told; within this time what has just been left is kept.

    Notes
    -----
    O(k) for an engine with k idle contexts, every `period_s`. Contexts that others of more worth
    would crowd out of a whole cache are taken for lost and not ranked again, so that k is bounded
    by the size of the cache; with `prefetch`, by the number of programs.

    References
    ----------
    SAGA: Workflow-atomic scheduling for AI agent inference on GPU clusters (2026). The interface is
    that of the retention priorities of TensorRT-LLM: a number for what a request leaves.
    """

    def __init__(
        self,
        router: Router,
        evictor: Evictor,
        answers: Answers,
        graphs: Graphs | None = None,
        prefetch: Prefetch | None = None,
        *,
        period_s: float = 0.25,
    ) -> None:
        if not period_s > 0:
            raise ConfigError(f"keeping: period_s: expected above 0, got {period_s}")
        self._router = router
        self._evictor = evictor
        self._answers = answers
        self._graphs = graphs
        self._prefetch = prefetch
        self._period_s = period_s
        self._last: OrderedDict[int, Idle] = OrderedDict()
        self._sent: dict[int, _Sent] = {}
        self._idle: dict[int, dict[int, Idle]] = {}
        self._spent: dict[int, list[int]] = {}
        self.name = f"{router.name}, keeping by {evictor.name}" + ", prefetch" * bool(prefetch)

    @property
    def period_s(self) -> float:
        """Time between two looks at the engines."""
        return self._period_s

    def route(self, cluster: ClusterView, request: RequestView) -> Routing:
        """Return what the router says, and note that the program goes on."""
        before = self._last.get(request.session) if request.session >= 0 else None
        if before is not None and not before.is_awaited:
            before.is_awaited = True
            after_s = cluster.now_s - before.since_s
            grown = max(request.prompt_tokens - before.tokens, 0)
            self._evictor.resumed(before.answer.tool, after_s, grown)
            if self._graphs is not None:
                self._graphs.resumed(request.session, after_s, grown)
        decision = self._router.route(cluster, request)
        if isinstance(decision, Dispatch):
            self._sent[request.number] = _Sent(
                request.session, request.service_class, request.prompt_tokens, cluster.now_s
            )
            if before is not None and before.engine != decision.engine:
                self._spend(before)
        return decision

    def said(self, request: int, said: Said) -> None:
        """Hear what an answer says, live."""
        if isinstance(self._answers, Heard):
            self._answers.hear(request, said)
        if isinstance(self._router, Hearer):
            self._router.said(request, said)

    def ended(self, request: int, engine: int, output_tokens: int, at_s: float) -> None:
        """Note what a request leaves, and what the one before it had left."""
        sent = self._sent.pop(request, _Sent(-1, 0, 0, at_s))
        # A request without a session is a program of one step.
        answer = Answer(is_final=True)
        if output_tokens and sent.session >= 0:
            answer = self._answers(request, at_s)
            self._learn(sent, answer, at_s)
        self._router.ended(request, engine, output_tokens, at_s)
        before = self._last.pop(sent.session, None)
        if before is not None:
            self._spend(before)
        if output_tokens:
            tokens = sent.prompt_tokens + output_tokens
            self._leave(Idle(sent.session, request, engine, tokens, at_s, answer))

    def _learn(self, sent: _Sent, answer: Answer, at_s: float) -> None:
        if self._graphs is not None:
            self._graphs.ended(
                sent.session,
                sent.kind,
                answer.tool,
                is_final=answer.is_final,
                step_s=at_s - sent.at_s,
                at_s=at_s,
            )

    def _leave(self, left: Idle) -> None:
        """Note what a request leaves."""
        there = self._idle.setdefault(left.engine, {})
        there[left.request] = left
        if len(there) > IDLE:
            del there[next(iter(there))]
        if left.session < 0 or left.answer.is_final:
            return
        if self._graphs is not None:
            left.forecast = self._graphs.forecast(left.session)
        self._last[left.session] = left
        if len(self._last) > SESSIONS:
            self._spend(self._last.popitem(last=False)[1])

    def awake(self) -> int | None:
        """Return which held request the router wants to be asked about."""
        return self._router.awake() if isinstance(self._router, Waker) else None

    def learned(self, lessons: Lessons) -> None:
        """Tell the router."""
        tell_learned(self._router, lessons)

    def gone(self, engine: int, at_s: float) -> None:
        """Forget what was on an engine that has lost it all."""
        tell_gone(self._router, engine, at_s)
        self._idle.pop(engine, None)
        self._spent.pop(engine, None)

    def act(self, cluster: ClusterView) -> tuple[Operation, ...]:
        """Return what engines are to be told."""
        engines = range(len(cluster.engines))
        return tuple(one for engine in engines for one in self._judge(cluster, engine))

    def _spend(self, left: Idle) -> None:
        """Note that nobody will need a context any more."""
        if self._idle.get(left.engine, {}).pop(left.request, None) is not None:
            spent = self._spent.setdefault(left.engine, [])
            spent.append(left.request)
            if len(spent) > 2 * IDLE:
                del spent[:IDLE]

    def _judge(self, cluster: ClusterView, engine: int) -> Iterator[Operation]:
        lost = self._spent.pop(engine, [])
        idle = self._idle.get(engine, {})
        # In order of requests, so that ties do not hang on who came when.
        ranked = [idle[request] for request in sorted(idle)]
        if not ranked:
            if lost:
                yield _keep(engine, [], [], lost)
            return
        capacity = int(cluster.engines.blocks[engine] * cluster.engines.block_tokens[engine])
        pool = pool_of(
            ranked,
            cluster.now_s,
            float(cluster.kv_usage[engine]),
            capacity,
            foreseen=self._graphs is not None,
        )
        if not self._evictor.clairvoyant:
            pool = replace(pool, next_s=np.full(len(ranked), np.nan))
        awaited = np.array([one.is_awaited for one in ranked])
        worth = np.where(awaited, np.inf, -self._evictor.rank(pool))
        best = np.argsort(-worth, kind="stable")
        before = np.empty(len(ranked), dtype=np.int64)
        before[best] = np.cumsum(pool.tokens[best]) - pool.tokens[best]
        goes = (before >= capacity) & ~awaited
        if self._prefetch is not None:
            goes &= pool.is_final
        for position in np.flatnonzero(goes).tolist():
            lost.append(ranked[position].request)
            del idle[ranked[position].request]
        left = np.flatnonzero(~goes).tolist()
        yield _keep(engine, [ranked[k].request for k in left], worth[left].tolist(), lost)
        is_empty = not (cluster.in_flight[engine] or cluster.running[engine] or awaited.any())
        if self._prefetch is not None and is_empty:
            fits = [ranked[k] for k in best.tolist() if before[k] + ranked[k].tokens <= capacity]
            if wanted := self._prefetch.wanted(fits):
                yield Warm(engine, wanted)


def _keep(engine: int, requests: list[int], worths: list[float], lost: list[int]) -> Keep:
    return Keep(
        engine,
        np.array(requests + lost, dtype=np.int64),
        np.array(worths + [-math.inf] * len(lost)),
    )
