"""Whose request is next at a gateway."""

from __future__ import annotations

import math
from collections.abc import Iterable, Mapping
from types import MappingProxyType
from typing import Protocol

from headway.errors import ConfigError
from headway.serving.agents.routing.ledger import Ledger, Waiting
from headway.serving.fleet.routing.orders import TENANTS, Whose

EPOCH_S = 0.1
"""How often shares are computed again, and the least time that a program has left."""


class Order(Protocol):
    """Ranks requests that wait."""

    name: str

    def key(self, now_s: float, ledger: Ledger, entry: Waiting) -> tuple[float, ...]:
        """Return the rank of a request; the smallest goes first."""
        ...

    def sent(self, entry: Waiting) -> None:
        """Learn that a request was sent."""
        ...


class FirstCome:
    """In the order of arrival."""

    name = "FCFS"

    def key(self, now_s: float, ledger: Ledger, entry: Waiting) -> tuple[float, ...]:
        """Return when it came."""
        return entry.since_s, entry.request.number

    def sent(self, entry: Waiting) -> None:
        """Remember nothing."""


class AgentFairShare:
    """Tenants by what they were served over the share that they are due.

    The share of a tenant is the urgency of its programs, work left over time left, summed, over
    that of all tenants. A program past its deadline counts as one that has an epoch left, so that
    it cannot starve all others, and a tenant is due at most `most` of the capacity.

    Parameters
    ----------
    most
        Largest share of a tenant, unless fewer than ``1 / most`` have programs.
    aging_s
        A request that has waited for longer goes first, the oldest of them at the head.
    weights
        Of tenants, 1 for others: one of weight 2 is due twice as much.

    References
    ----------
    SAGA (2026), Agent Fair Share; the clamp, the cap and aging are ours. What a tenant was served
    is counted as in Sheng et al., "Fairness in serving large language models", OSDI 2024: tokens,
    those of answers twice; who comes anew begins at the least count of those who wait.
    """

    name = "AFS"

    def __init__(
        self,
        most: float = 0.2,
        aging_s: float = 600.0,
        weights: Mapping[Whose, float] = MappingProxyType({}),
    ) -> None:
        if not 0 < most <= 1 or not aging_s > 0:
            raise ConfigError("AFS: expected a largest share above 0 up to 1, and aging_s above 0")
        self._most, self._aging_s = most, aging_s
        if not all(0 < weight < math.inf for weight in weights.values()):
            raise ConfigError("AFS: weights: expected numbers above 0")
        self._weights = dict(weights)
        self._served: dict[Whose, float] = {}
        self._shares: dict[Whose, float] = {}
        self._usual = 1.0
        self._computed_s = -EPOCH_S

    def key(self, now_s: float, ledger: Ledger, entry: Waiting) -> tuple[float, ...]:
        """Return whether it is old, what its tenant was served by share, and when it came."""
        if now_s - self._computed_s >= EPOCH_S:
            self._compute(now_s, ledger)
        if now_s - entry.since_s > self._aging_s:
            return 0.0, entry.since_s, entry.request.number
        return 1.0, self._served.get(entry.program.tenant, 0.0), entry.since_s

    def sent(self, entry: Waiting) -> None:
        """Count what the request takes, by the share of its tenant."""
        tenant, request = entry.program.tenant, entry.request
        # What is cached at home costs next to nothing, and nobody else could have used it.
        taken = 2 * entry.tokens - request.prompt_tokens
        share = self._shares.get(tenant, self._usual) * self._weights.get(tenant, 1.0)
        self._served[tenant] = self._served.get(tenant, 0.0) + taken / share

    def back(self, tenant: Whose, others: Iterable[Whose]) -> None:
        """Lift a tenant of whom nobody waited to the least served of others: no credit for that."""
        floor = min((self._served.get(other, 0.0) for other in others), default=0.0)
        self._served[tenant] = max(self._served.get(tenant, 0.0), floor)

    def _compute(self, now_s: float, ledger: Ledger) -> None:
        self._computed_s = now_s
        urgency: dict[Whose, float] = {}
        for program in ledger.programs():
            left_s = max(program.deadline_s - now_s, EPOCH_S)
            due = program.work_left_s / left_s
            urgency[program.tenant] = urgency.get(program.tenant, 0.0) + due
        self._shares, self._usual = {}, 1.0
        whole = sum(urgency.values())
        if whole > 0:
            most, least = max(self._most, 1 / len(urgency)), 1e-3
            self._shares = {
                tenant: min(max(due / whole, least), most) for tenant, due in urgency.items()
            }
            # Of whose programs nothing is known is due what all are on average.
            self._usual = min(1 / len(urgency), most)
        waiting = {entry.program.tenant for entry in ledger.waiting.values()}
        floor = min((self._served[t] for t in waiting if t in self._served), default=0.0)
        for tenant in waiting - self._served.keys():
            self._served[tenant] = floor
        if len(self._served) > TENANTS:
            kept = waiting | urgency.keys()
            self._served = {t: served for t, served in self._served.items() if t in kept}
