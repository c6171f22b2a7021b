"""Who asks, what it may have, and how that is counted: what the gateway needs of accounts."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Protocol

from headway.serving.gateway.accounts.figures import Figures
from headway.serving.gateway.errors import Refusal

if TYPE_CHECKING:  # who is told what is left needs no server
    from headway.serving.wire import Header


@dataclass(frozen=True, slots=True, kw_only=True)
class Tenant:
    """Someone whose requests are counted together.

    Attributes
    ----------
    number
        Of the tenant, the same in all processes of a gateway.
    name
        By which the fleet's file, policies and metrics know it; empty for nobody in particular.
    weight
        Its part of what a fair queue gives, relative to the others.
    most_urgent, least_urgent
        Bounds of the priorities that its requests may have; smaller is more urgent.
    models
        Names of models and adapters that it may ask for; None for all.
    budgeted
        Whether it pays from a budget, so that the most it can use has to be known beforehand.
    """

    number: int = 0
    name: str = ""
    weight: float = 1.0
    most_urgent: int = -(2**31)
    least_urgent: int = 2**31 - 1
    models: frozenset[str] | None = None
    budgeted: bool = False


class Lease:
    """What was reserved for one request, until it is settled or released.

    Attributes
    ----------
    tenant, model
        Whose it is, for what.
    prompt_tokens, limit_tokens
        That were reserved.
    open
        Whether it is neither settled nor released.
    headers
        For the answer: how much of the limits on requests and tokens is left.
    """

    __slots__ = ("headers", "limit_tokens", "model", "open", "prompt_tokens", "tenant")

    def __init__(self, tenant: Tenant, model: str, prompt_tokens: int, limit_tokens: int) -> None:
        self.tenant = tenant
        self.model = model
        self.prompt_tokens = prompt_tokens
        self.limit_tokens = limit_tokens
        self.open = True
        self.headers: tuple[Header, ...] = ()


class Accounts(Protocol):
    """Keys, limits, budgets and the book of what was used."""

    def authenticate(self, authorization: bytes | None, now_s: float) -> Tenant | Refusal:
        """Return who asks.

        Parameters
        ----------
        authorization
            The header, as in ``b"Bearer sk-..."``.
        now_s
            Of the gateway's clock.
        """
        ...

    async def reserve(
        self, tenant: Tenant, model: str, prompt_tokens: int, limit_tokens: int, now_s: float
    ) -> Lease | Refusal:
        """Set aside what a request may use at most, or say why it may not.

        Whoever gets a lease settles or releases it exactly once, whatever happens.
        """
        ...

    def settle(
        self, lease: Lease, prompt_tokens: int, output_tokens: int, cached_tokens: int = 0
    ) -> None:
        """Replace what was reserved by what was used; without effect on a closed lease.

        Parameters
        ----------
        lease
            From `reserve`.
        prompt_tokens, output_tokens
            That were used.
        cached_tokens
            How many of the prompt's the engine found in its cache.
        """
        ...

    def release(self, lease: Lease) -> None:
        """Give back what was reserved, as nothing was used; without effect on a closed lease."""
        ...

    def figures(self) -> Figures | None:
        """Return how accounts are doing, for metrics; None if there are none."""
        ...


class Anonymous:
    """Accounts without keys: everyone is one tenant without limits."""

    def __init__(self) -> None:
        self._everyone = Tenant()

    def authenticate(self, authorization: bytes | None, now_s: float) -> Tenant | Refusal:  # noqa: ARG002
        """Return everyone."""
        return self._everyone

    async def reserve(
        self,
        tenant: Tenant,
        model: str,
        prompt_tokens: int,
        limit_tokens: int,
        now_s: float,  # noqa: ARG002
    ) -> Lease | Refusal:
        """Return a lease."""
        return Lease(tenant, model, prompt_tokens, limit_tokens)

    def settle(
        self,
        lease: Lease,
        prompt_tokens: int,  # noqa: ARG002
        output_tokens: int,  # noqa: ARG002
        cached_tokens: int = 0,  # noqa: ARG002
    ) -> None:
        """Close the lease."""
        lease.open = False

    def release(self, lease: Lease) -> None:
        """Close the lease."""
        lease.open = False

    def figures(self) -> Figures | None:
        """Return None: there are no accounts."""
        return None
