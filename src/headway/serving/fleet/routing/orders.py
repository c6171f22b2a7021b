"""Orders of a queue at the gateway: who of those that wait is let go next."""

from __future__ import annotations

import heapq
import math
from abc import ABC, abstractmethod
from collections import OrderedDict
from collections.abc import Callable, Mapping
from types import MappingProxyType
from typing import Protocol, runtime_checkable

from headway.errors import ConfigError
from headway.serving.fleet.lessons import Lessons, Origin
from headway.serving.fleet.view import RequestView

TENANTS = 10_000
"""Tenants whose counters are remembered."""


class QueueOrder(Protocol):
    """Who of the requests that wait comes first."""

    @property
    def name(self) -> str:
        """What tables call it."""
        ...

    def __len__(self) -> int:
        """Return how many wait."""
        ...

    def __contains__(self, request: int) -> bool:
        """Return whether a request waits."""
        ...

    def push(self, request: RequestView) -> None:
        """Let a request wait."""
        ...

    def head(self) -> int | None:
        """Return who is next."""
        ...

    def remove(self, request: int) -> None:
        """Let a request wait no longer."""
        ...

    def sent(self, request: RequestView) -> None:
        """Learn that a request was sent to an engine."""
        ...

    def ended(self, request: int, output_tokens: int) -> None:
        """Learn that a request has left an engine."""
        ...


@runtime_checkable
class Timed(QueueOrder, Protocol):
    """An order that hangs on how late it is."""

    def clock(self, now_s: float) -> None:
        """Hear what time it is, before anything is asked or told."""
        ...


class Sorted(ABC):
    """Requests by priority, then in the order of a key that they keep, in a heap."""

    def __init__(self) -> None:
        self._heap: list[tuple[int, float, float, int]] = []
        self._waiting: set[int] = set()

    def __len__(self) -> int:
        return len(self._waiting)

    def __contains__(self, request: int) -> bool:
        return request in self._waiting

    @abstractmethod
    def key(self, request: RequestView) -> float:
        """Return where a request stands; the smallest is first, then who came first."""

    def rank(self, request: RequestView) -> tuple[int, float, float, int]:
        """Return what requests are sorted by."""
        return request.priority, self.key(request), request.arrival_s, request.number

    def push(self, request: RequestView) -> None:
        """Let a request wait."""
        self._waiting.add(request.number)
        heapq.heappush(self._heap, self.rank(request))

    def head(self) -> int | None:
        """Return who is next."""
        while self._heap and self._heap[0][3] not in self._waiting:
            heapq.heappop(self._heap)
        return self._heap[0][3] if self._heap else None

    def remove(self, request: int) -> None:
        """Let a request wait no longer."""
        self._waiting.discard(request)
        if len(self._heap) > 2 * len(self._waiting) + 64:
            self._heap = [entry for entry in self._heap if entry[3] in self._waiting]
            heapq.heapify(self._heap)

    def sent(self, request: RequestView) -> None:
        """Keys do not change."""

    def ended(self, request: int, output_tokens: int) -> None:
        """Keys do not change."""


class FirstCome(Sorted):
    """Who came first."""

    name = "fcfs"

    def key(self, request: RequestView) -> float:
        """Return when it came."""
        return request.arrival_s


class EarliestDeadline(Sorted):
    """Whose first token is due first."""

    name = "edf"

    def key(self, request: RequestView) -> float:
        """Return when it is due."""
        return request.deadline_s


Whose = int | str
"""Who a tenant is."""


def of_tenant(request: Origin) -> str:
    """Return the tenant of a request, empty if nobody said."""
    return request.tenant


def of_class(request: Origin) -> int:
    """Return the class of a request, as its tenant."""
    return request.service_class


def of_session(request: Origin) -> int:
    """Return the session of a request, as its tenant."""
    return request.session


class VirtualTokens:
    """The tenant that has been served least, by a counter of tokens over its weight.

    Requests of one tenant go by their priority, then as they came.

    Tokens of a prompt are counted when it is sent, those of an answer when it ends. A tenant of
    whom nobody waited is lifted to the least counter of those who wait, or to that of who waited
    last: time away is no credit. Tenants that were away longest are forgotten, which the lift makes
    good.

    Parameters
    ----------
    tenant
        Whose a request is.
    input_weight, output_weight
        Of a token.
    weights
        Of tenants, 1 for others: one of weight 2 is given twice as much.
    tenants
        Whose counters are remembered; more only while they wait.
    name
        What tables call it.

    Raises
    ------
    ConfigError
        If a weight is negative, or no tenant is to be remembered.

    References
    ----------
    Sheng et al. (2024), "Fairness in Serving Large Language Models".
    """

    def __init__(
        self,
        tenant: Callable[[Origin], Whose] = of_class,
        *,
        input_weight: float = 1.0,
        output_weight: float = 2.0,
        weights: Mapping[Whose, float] = MappingProxyType({}),
        tenants: int = TENANTS,
        name: str = "vtc",
    ) -> None:
        for key, value in (("input_weight", input_weight), ("output_weight", output_weight)):
            if not value >= 0:
                raise ConfigError(f"{key}: must not be negative, got {value}")
        if not all(0 < weight < math.inf for weight in weights.values()):
            raise ConfigError("weights: expected numbers above 0")
        if tenants < 1:
            raise ConfigError(f"tenants: expected at least 1, got {tenants}")
        self.name = name
        self._tenant_of = tenant
        self._input_weight, self._output_weight = input_weight, output_weight
        self._weights = dict(weights)
        self._most_tenants = tenants
        self._queues: dict[Whose, FirstCome] = {}
        self._spent: OrderedDict[Whose, float] = OrderedDict()
        # Entries with equal counts are sorted by a number, as tenants of two types could not be.
        self._least: list[tuple[float, int, Whose]] = []
        self._pushed = 0
        self._whose: dict[int, Whose] = {}
        self._there: dict[int, Whose] = {}
        self._last: Whose = -1

    def __len__(self) -> int:
        return len(self._whose)

    def __contains__(self, request: int) -> bool:
        return request in self._whose

    def push(self, request: RequestView) -> None:
        """Let a request wait, and lift its tenant if nobody of it did."""
        tenant = self._tenant_of(request)
        if tenant not in self._queues:
            floor = self._floor()
            self._spent[tenant] = max(self._spent.pop(tenant, 0.0), floor)
            self._queues[tenant] = FirstCome()
            heapq.heappush(self._least, self._entry(tenant))
            self._forget()
        self._queues[tenant].push(request)
        self._whose[request.number] = tenant

    def head(self) -> int | None:
        """Return who is next."""
        tenant = self._first()
        return None if tenant is None else self._queues[tenant].head()

    def remove(self, request: int) -> None:
        """Let a request wait no longer."""
        tenant = self._whose.pop(request)
        self._queues[tenant].remove(request)
        if not len(self._queues[tenant]):
            del self._queues[tenant]
            self._last = tenant

    def sent(self, request: RequestView) -> None:
        """Count the prompt, once if an engine has failed."""
        tenant = self._tenant_of(request)
        self._there[request.number] = tenant
        if not request.tries:
            self._count(tenant, self._input_weight * request.prompt_tokens)

    def ended(self, request: int, output_tokens: int) -> None:
        """Count the answer."""
        tenant = self._there.pop(request, None)
        if tenant is not None:
            self._count(tenant, self._output_weight * output_tokens)

    def learned(self, lessons: Lessons) -> None:
        """Count prompts and answers of others.

        A tenant that nobody here has heard of begins where it would if it came here.
        """
        sent, ended, tenant_of = lessons.sent, lessons.ended, self._tenant_of
        rows = (sent.whence(), sent.prompt_tokens.tolist(), sent.tries.tolist())
        for whence, tokens, tries in zip(*rows, strict=True):
            tenant = tenant_of(whence)
            if tenant not in self._spent:
                self._spent[tenant] = self._floor()
                self._forget()
            if not tries:
                self._count(tenant, self._input_weight * tokens)
        for whence, tokens in zip(ended.whence(), ended.output_tokens.tolist(), strict=True):
            self._count(tenant_of(whence), self._output_weight * tokens)

    def _floor(self) -> float:
        """Return the counter of a tenant that comes anew."""
        who = self._first()
        return self._spent.get(self._last if who is None else who, 0.0)

    def _count(self, tenant: Whose, tokens: float) -> None:
        if tenant in self._spent:
            self._spent[tenant] += tokens / self._weights.get(tenant, 1.0)

    def _entry(self, tenant: Whose) -> tuple[float, int, Whose]:
        self._pushed += 1
        return self._spent[tenant], self._pushed, tenant

    def _first(self) -> Whose | None:
        # Counters only grow: an entry of the heap that is too small is put back where it belongs.
        while self._least:
            spent, _, tenant = self._least[0]
            if tenant not in self._queues:
                heapq.heappop(self._least)
            elif spent < self._spent[tenant]:
                heapq.heapreplace(self._least, self._entry(tenant))
            else:
                return tenant
        return None

    def _forget(self) -> None:
        while len(self._spent) > max(self._most_tenants, len(self._queues)):
            tenant = next(one for one in self._spent if one not in self._queues)
            del self._spent[tenant]
