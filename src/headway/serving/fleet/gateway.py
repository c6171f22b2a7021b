"""A request's way through a fleet: routed, tried again, held, handed over, answered."""

from __future__ import annotations

import math
from collections.abc import Callable

import numpy as np

from headway.errors import ConfigError
from headway.serving.fleet.adapters.cold import ColdStarts
from headway.serving.fleet.decisions import Dispatch, Hold, Reject, Router, Waker, tell_gone
from headway.serving.fleet.view import Ints, RequestView
from headway.serving.fleet.world import World
from headway.serving.results import Status
from headway.serving.workload import Blocks, Workload

Later = Callable[[float, int], None]
"""Plans that a request is routed again: at what time, which one."""


class Gateway:
    """What stands before the engines of a simulated fleet.

    Parameters
    ----------
    world
        The engines.
    router
        Decides where requests go.
    later
        Plans.
    cold
        Knows who waits for an adapter.
    tries
        Engines that a request is sent to before it is given up.
    """

    def __init__(
        self, world: World, router: Router, later: Later, cold: ColdStarts, tries: int = 3
    ) -> None:
        self._world = world
        world.on_stop = self.gone
        self._router = router
        self._later = later
        self._cold = cold
        self._most_tries = tries
        n = len(world.workload)
        self.open = n
        """Requests that have not come to an end."""
        self.tries = np.zeros(n, dtype=np.int64)
        self._sent_s = np.zeros(n)
        self.home = np.full(n, -1, dtype=np.int64)
        """Who has a request, or had it last."""
        self.refused: dict[int, str] = {}
        """Why requests were rejected; see `Reject.cause`."""
        self.waker = router if isinstance(router, Waker) else None
        """The router, if it tells which requests to ask about again."""
        self._held: dict[int, float] = {}
        self._failed: dict[int, frozenset[int]] = {}
        self._brought: dict[int, int] = {}
        workload = world.workload
        ttft_s = [math.inf if c.ttft_s is None else c.ttft_s for c in workload.classes]
        self._ttft_s = np.array(ttft_s)[workload.service_class]

    def arrive(self, request: int) -> None:
        """Let a request come now."""
        self._world.outcome.set_arrival(request, self._world.now_s)
        self.route(request)

    def route(self, request: int) -> None:
        """Ask the router where a request goes, and send it there; then ask about those it wakes."""
        self._decide(request)
        self._wake()

    def due(self, request: int) -> None:
        """Ask about a request that was held until now, unless it was asked about since."""
        if self._held.get(request, math.inf) <= self._world.now_s:
            self.route(request)

    def warm(self, adapter: str | None = None) -> None:
        """Ask about requests that wait for an adapter, for any by default."""
        for request in self._cold.due(adapter):
            self.route(request)

    def _wake(self) -> None:
        while self.waker is not None and (request := self.waker.awake()) is not None:
            self._decide(request)

    def _decide(self, request: int) -> None:
        world = self._world
        self._held.pop(request, None)
        cluster, view = world.view(), self._view(request)
        decision = self._router.route(cluster, view)
        if isinstance(decision, Hold):
            if not decision.until_s > world.now_s:
                raise ConfigError(f"{self._router.name}: request {request} is held until the past")
            if not self._cold.wait(cluster, view) and decision.until_s < math.inf:
                self._held[request] = decision.until_s
                self._later(decision.until_s, request)
            return
        self._cold.over(request, view.adapter, world.now_s)
        if isinstance(decision, Reject):
            self.refused[request] = decision.cause
            self._end(request, Status.REJECTED)
        else:
            self._send(request, decision)

    def lost(self, request: int, engine: int) -> None:
        """Hear that the engine that has a request, or was to have it, is dead."""
        self._world.adapters.release(request, engine, self._world.now_s)
        self._router.ended(request, engine, 0, self._world.now_s)
        self._again(request, engine)
        self._wake()

    def gone(self, engine: int, at_s: float) -> None:
        """Hear that an engine is known to have lost all that it held."""
        tell_gone(self._router, engine, at_s)

    def ended(self, request: int, engine: int, output_tokens: int, at_s: float) -> bool:
        """Hear that an engine is done with a request; return whether that was its end."""
        self._world.adapters.release(request, engine, at_s)
        if self._world.pool is not None:
            self._world.pool.store(engine, request, output_tokens, at_s)
        self._router.ended(request, engine, output_tokens, at_s)
        workload = self._world.workload
        if output_tokens:
            tokens = int(workload.prompt_tokens[request])
            sent_s = float(self._sent_s[request])
            self._world.answered.add(request, engine, at_s, sent_s=sent_s, prompt_tokens=tokens)
        wanted = min(int(workload.output_tokens[request]), int(workload.limit_tokens[request]))
        if self._world.members[engine].role == "prefill" and 0 < output_tokens < wanted:
            self._brought[request] = engine
            self._world.outcome.set_status(request, int(Status.UNFINISHED))
            self.route(request)
            return False
        self.open -= 1
        self._wake()
        return True

    def _send(self, request: int, decision: Dispatch) -> None:
        world, engine = self._world, decision.engine
        world.check([engine])
        self.tries[request] += 1
        source = self._brought.get(request)
        if not (world.alive[engine] and world.up[engine]):
            self.lost(request, engine)
            return
        if not world.adapters.has(engine, request):
            raise ConfigError(
                f"{self._router.name}: request {request} is sent to {world.members[engine].name},"
                " which does not hold its adapter"
            )
        world.adapters.use(request, engine)
        self.home[request] = engine
        self._sent_s[request] = world.now_s
        if source is None:
            self._begin(request, engine)
            return
        tokens = int(world.workload.prompt_tokens[request])
        size = tokens * world.members[source].bytes_per_token
        arrives_s = world.now_s + world.transfer_s(source, engine, size)
        world.core.submit(engine, request, arrives_s, computed=tokens, generated=1)

    def _begin(self, request: int, engine: int) -> None:
        """Let a request come to an engine, with what the pool has of its prompt."""
        world, fetch = self._world, None
        if world.pool is not None:
            resident = world.engines[engine].native.resident_tokens(request)
            fetch = world.pool.fetch(engine, request, resident, world.now_s)
        if fetch is None:
            world.core.submit(engine, request, world.now_s)
        else:
            world.core.submit(engine, request, fetch.arrives_s, computed=fetch.computed)

    def _again(self, request: int, engine: int) -> None:
        """Try another engine, unless the answer has begun or too many were tried."""
        has_begun = self._world.outcome.generated(request) > 0
        if has_begun or self.tries[request] >= self._most_tries:
            self._end(request, Status.LOST)
            return
        self._failed[request] = self._failed.get(request, frozenset()) | {engine}
        self.route(request)

    def _end(self, request: int, status: Status) -> None:
        self._world.outcome.set_status(request, int(status))
        self.open -= 1

    def _view(self, request: int) -> RequestView:
        workload, blocks = self._world.workload, self._world.workload.cache_blocks
        arrival_s = self._world.outcome.arrival(request)
        adapter, tenant = int(workload.adapter[request]), int(workload.tenant[request])
        return RequestView(
            number=request,
            arrival_s=arrival_s,
            prompt_tokens=int(workload.prompt_tokens[request]),
            limit_tokens=int(workload.limit_tokens[request]),
            priority=int(workload.priority[request]),
            service_class=int(workload.service_class[request]),
            deadline_s=arrival_s + float(self._ttft_s[request]),
            session=int(workload.session[request]),
            adapter=workload.adapters[adapter] if adapter >= 0 else None,
            blocks=() if blocks is None else prompt_blocks(workload, blocks, request),
            block_tokens=0 if blocks is None else blocks.block_tokens,
            stage="decode" if request in self._brought else "first",
            tries=int(self.tries[request]),
            excluded=self._failed.get(request, frozenset()),
            tenant=workload.tenants[tenant] if tenant >= 0 else "",
        )


def prompt_blocks(workload: Workload, blocks: Blocks, request: int) -> Ints:
    """Return the names of the full blocks of a prompt; those of the answer are not known yet."""
    begin = int(blocks.offsets[request])
    full = int(workload.prompt_tokens[request]) // blocks.block_tokens
    return blocks.ids[begin : min(begin + full, int(blocks.offsets[request + 1]))]
