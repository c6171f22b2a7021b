"""Those who ask: their shares, their limits, and what they have used."""

from __future__ import annotations

import math
from dataclasses import dataclass, field

from headway.errors import ConfigError
from headway.serving.fleet.admission.bucket import TokenBucket
from headway.serving.fleet.admission.budget import FREE, Budget, Prices
from headway.serving.fleet.decisions import Reject


@dataclass(frozen=True, slots=True)
class Tenant:
    """Someone whose requests are counted together.

    Attributes
    ----------
    name
        By which requests know it.
    weight
        Its part of what a fair queue gives, relative to the others.
    requests_per_min, tokens_per_min
        The most it may ask, and be given with what it asks; None for no limit.
    budget_per_day
        The most it may spend; None for no limit.
    models
        What it may ask for, adapters included; everything by default.
    priority
        Of its requests, smaller is more urgent; None leaves them as they are.

    Raises
    ------
    ConfigError
        If a number cannot be; the message begins with its name.
    """

    name: str
    weight: float = 1.0
    requests_per_min: float | None = None
    tokens_per_min: float | None = None
    budget_per_day: float | None = None
    models: tuple[str, ...] = ()
    priority: int | None = None

    def __post_init__(self) -> None:
        if not self.name:
            raise ConfigError("name: must not be empty")
        for key in ("weight", "requests_per_min", "tokens_per_min"):
            value = getattr(self, key)
            if value is not None and not 0 < value < math.inf:
                raise ConfigError(f"{key}: expected a number above 0, got {value}")
        if self.budget_per_day is not None and not 0 <= self.budget_per_day < math.inf:
            raise ConfigError(f"budget_per_day: must not be negative, got {self.budget_per_day}")


@dataclass(slots=True)
class Usage:
    """What a tenant has used, against what it may.

    Parameters
    ----------
    tenant
        What it may.
    prices
        What tokens cost it.
    """

    tenant: Tenant
    prices: Prices = FREE
    spent: float = field(default=0.0, init=False)
    """In all, in the currency of the prices."""
    _requests: TokenBucket | None = field(init=False)
    _tokens: TokenBucket | None = field(init=False)
    _budget: Budget | None = field(init=False)

    def __post_init__(self) -> None:
        limits = self.tenant
        requests, tokens, budget = (
            limits.requests_per_min,
            limits.tokens_per_min,
            limits.budget_per_day,
        )
        self._requests = None if requests is None else TokenBucket(requests)
        self._tokens = None if tokens is None else TokenBucket(tokens)
        self._budget = None if budget is None else Budget(budget)

    def ask(self, prompt_tokens: int, now_s: float) -> Reject | None:
        """Count a request and its prompt, or return why it may not come now.

        A refused one counts for nothing.
        """
        refused = self._refusal(prompt_tokens, now_s)
        if refused is None:
            self._count(1, prompt_tokens, self.prices.of(prompt_tokens, 0), now_s)
        return refused

    def give_back(self, prompt_tokens: int, now_s: float) -> None:
        """Take back a request that nobody has served."""
        self._count(-1, -prompt_tokens, -self.prices.of(prompt_tokens, 0), now_s)

    def answered(self, output_tokens: int, now_s: float) -> None:
        """Count what a request was given; limits may be overdrawn by it."""
        self._count(0, output_tokens, self.prices.of(0, output_tokens), now_s)

    def _refusal(self, prompt_tokens: int, now_s: float) -> Reject | None:
        name = self.tenant.name
        if self._budget is not None and (wait_s := self._budget.wait_s(now_s)) > 0:
            return Reject(f"{name} has spent its budget of the day", "budget", wait_s)
        if self._requests is not None and (wait_s := self._requests.wait_s(1, now_s)) > 0:
            told = f"{name} may ask {self._requests.per_min:g} times a minute"
            return Reject(told, "requests per minute", wait_s)
        if self._tokens is not None:
            wait_s = self._tokens.wait_s(prompt_tokens, now_s)
            if wait_s > 0:
                told = f"{name} may use {self._tokens.per_min:g} tokens a minute"
                return Reject(told, "tokens per minute", wait_s)
        return None

    def _count(self, requests: int, tokens: int, cost: float, now_s: float) -> None:
        self.spent += cost
        if self._requests is not None and requests:
            self._requests.charge(requests, now_s)
        if self._tokens is not None:
            self._tokens.charge(tokens, now_s)
        if self._budget is not None:
            self._budget.charge(cost, now_s)
