"""Agent Fair Share as the order of a queue before any router."""

from __future__ import annotations

from collections import OrderedDict
from collections.abc import Callable, Mapping
from types import MappingProxyType

from headway.serving.agents.graphs import Graphs, Inferred
from headway.serving.agents.programs import NO_TOOL
from headway.serving.agents.routing.hints import Hint
from headway.serving.agents.routing.ledger import NOWHERE, Ledger, Waiting
from headway.serving.agents.routing.order import AgentFairShare
from headway.serving.fleet.routing.orders import Whose, of_class, of_tenant
from headway.serving.fleet.view import RequestView


class FairShareQueue:
    """Let the tenant go first that was served least of what its programs are due.

    What is left of a program is told by a hint, or learned: how many steps those of its class have
    made, and how long these took. Until that is known all tenants are due the same. Requests of one
    tenant go as they came, whatever their priority.

    Parameters
    ----------
    tenant
        Whose a request is.
    share
        Counts, and says who is next.
    hints
        What is told of programs, by session.

    Notes
    -----
    O(tenants) to ask who is next, and O(programs) every tenth of a second.

    References
    ----------
    SAGA (2026), Agent Fair Share.
    """

    name = "afs"

    def __init__(
        self,
        tenant: Callable[[RequestView], Whose] = of_class,
        share: AgentFairShare | None = None,
        hints: Mapping[int, Hint] = MappingProxyType({}),
    ) -> None:
        self._tenant_of = tenant
        self._share = AgentFairShare() if share is None else share
        self._ledger = Ledger(hints, tenant)
        self._graphs = Graphs(inferred=Inferred())
        self._queues: dict[Whose, OrderedDict[int, Waiting]] = {}
        self._there: dict[int, tuple[int, int, float]] = {}
        self._now_s = 0.0
        self._last: Whose | None = None

    def __len__(self) -> int:
        return len(self._ledger.waiting)

    def __contains__(self, request: int) -> bool:
        return request in self._ledger.waiting

    def clock(self, now_s: float) -> None:
        """Hear what time it is: programs get more urgent."""
        self._now_s = now_s

    def push(self, request: RequestView) -> None:
        """Let a request wait, and lift its tenant if nobody of it did."""
        entry = self._ledger.comes(self._now_s, request)
        forecast = self._graphs.forecast(request.session, request.service_class)
        self._ledger.foresee(self._now_s, entry.program, forecast)
        tenant = entry.program.tenant
        if tenant not in self._queues:
            last = () if self._last is None else (self._last,)
            self._share.back(tenant, self._queues or last)
            self._queues[tenant] = OrderedDict()
        self._queues[tenant][request.number] = entry

    def head(self) -> int | None:
        """Return who is next."""
        first = [next(iter(queue.values())) for queue in self._queues.values()]
        if not first:
            return None
        now_s, ledger = self._now_s, self._ledger
        chosen = min(first, key=lambda entry: self._share.key(now_s, ledger, entry))
        return chosen.request.number

    def remove(self, request: int) -> None:
        """Let a request wait no longer."""
        tenant = self._ledger.waiting.pop(request).program.tenant
        queue = self._queues[tenant]
        del queue[request]
        if not queue:
            del self._queues[tenant]
            self._last = tenant

    def sent(self, request: RequestView) -> None:
        """Count what a request takes, once if an engine has failed."""
        number, now_s = request.number, self._now_s
        entry = self._ledger.comes(now_s, request)
        if not request.tries and request.stage == "first":
            self._share.sent(entry)
        self._ledger.sent(now_s, entry, NOWHERE)
        self._there[number] = request.session, request.service_class, now_s

    def ended(self, request: int, output_tokens: int) -> None:
        """Learn how long a step took, and that its program is a step further."""
        self._ledger.ended(request, NOWHERE, output_tokens, self._now_s)
        session, kind, sent_s = self._there.pop(request, (NOWHERE, 0, 0.0))
        if session >= 0 and output_tokens:
            now_s = self._now_s
            self._graphs.ended(
                session, kind, NO_TOOL, is_final=False, step_s=now_s - sent_s, at_s=now_s
            )


def fair_share(weights: Mapping[str, float]) -> FairShareQueue:
    """Return the order by its name: fair between tenants if they have weights, else classes."""
    if not weights:
        return FairShareQueue()
    return FairShareQueue(of_tenant, AgentFairShare(weights=dict(weights.items())))
