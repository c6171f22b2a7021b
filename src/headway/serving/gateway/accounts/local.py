"""Accounts of a gateway of one process."""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Mapping
from dataclasses import dataclass

from headway.serving.gateway.accounts.bounds import Bounds
from headway.serving.gateway.accounts.figures import Figures
from headway.serving.gateway.accounts.journal import Journal
from headway.serving.gateway.accounts.keys import KeyRecord
from headway.serving.gateway.accounts.ledger import Booked, Ledger, Spent
from headway.serving.gateway.accounts.protocol import Lease, Tenant
from headway.serving.gateway.accounts.purse import HOUR_S, Moment
from headway.serving.gateway.accounts.ring import KeyRing
from headway.serving.gateway.accounts.standing import Standing
from headway.serving.gateway.accounts.store import Store
from headway.serving.gateway.errors import Refusal

_NO_BOOK = Refusal(
    status=503,
    message="usage cannot be written at the moment",
    code="service_unavailable",
    retry_after_s=5.0,
)


@dataclass(frozen=True, slots=True)
class News:
    """What the store says of keys.

    Attributes
    ----------
    revision
        Grows when they change.
    keys
        All of them.
    numbers
        Of tenants.
    spent
        In the day and month that are on.
    """

    revision: int
    keys: tuple[KeyRecord, ...]
    numbers: Mapping[str, int]
    spent: tuple[Spent, ...]

    @classmethod
    def read(cls, store: Store, wall_s: float) -> News:
        """Return what there is now, in seconds since 1970."""
        revision = store.revision()  # first, so that what changes meanwhile is read again
        spent = store.spent(Moment.of(int(wall_s // HOUR_S)))
        return cls(revision, tuple(store.key_records()), store.numbers(), tuple(spent))

    def bounds(self) -> dict[str, Bounds]:
        """Return those of accounts of keys."""
        return {one.account: one.bounds for one in self.keys}


def refused_model(tenant: Tenant, model: str) -> Refusal | None:
    """Return why a tenant may not ask for a model, or None."""
    if tenant.models is None or model in tenant.models:
        return None
    return Refusal(
        status=403,
        message=f"{tenant.name} may not use the model {model[:200]!r}",
        code="model_not_found",
        param="model",
    )


class LocalAccounts:
    """Keys, limits and budgets in this process; see `Accounts`.

    Parameters
    ----------
    ring
        The keys.
    ledger
        Counts.
    journal
        Writes; started here.
    stops
        Whether requests are refused while the store fails.

    Attributes
    ----------
    news
        What was last heard of keys.
    on_news
        Called when there is more.
    """

    def __init__(self, ring: KeyRing, ledger: Ledger, journal: Journal, *, stops: bool) -> None:
        self.ring = ring
        self.ledger = ledger
        self.journal = journal
        self.news = News(0, (), {}, ())
        self.on_news: Callable[[News], None] | None = None
        self._stops = stops

    def hear(self, news: News, now_s: float) -> None:
        """Take the keys that there are now."""
        self.ledger.know(news.bounds(), news.spent, now_s)
        self.ring.replace(news.keys, news.numbers)
        self.news = news
        if self.on_news is not None:
            self.on_news(news)

    def authenticate(self, authorization: bytes | None, now_s: float) -> Tenant | Refusal:
        """Return whose key a header brings."""
        return self.ring.authenticate(authorization, now_s)

    async def reserve(
        self, tenant: Tenant, model: str, prompt_tokens: int, limit_tokens: int, now_s: float
    ) -> Lease | Refusal:
        """Set aside what a request may use at most, or say why it may not.

        Money that may be spent is written down before this returns, so that it is not forgotten
        if the gateway dies while the request runs; see `Exposure`.
        """
        lease = self.take(tenant, model, prompt_tokens, limit_tokens, now_s)
        if isinstance(lease, Refusal) or lease.is_covered:
            return lease
        return await self.cover(lease)

    def take(
        self, tenant: Tenant, model: str, prompt_tokens: int, limit_tokens: int, now_s: float
    ) -> Booked | Refusal:
        """Do as `reserve`, but without waiting: a lease that is not covered goes to `cover`."""
        refused = refused_model(tenant, model)
        if refused is not None:
            return refused
        if self._stops and not self.journal.healthy:
            return _NO_BOOK
        return self.ledger.take(tenant, model, prompt_tokens, limit_tokens, now_s)

    async def cover(self, lease: Booked) -> Booked | Refusal:
        """Wait until what a lease may cost is written down, and return it, or a refusal."""
        try:
            is_written = await self.journal.written()
        except asyncio.CancelledError:
            self.ledger.release(lease)
            raise
        if is_written:
            lease.covered()
            return lease
        if not self._stops:
            return lease
        self.ledger.release(lease)
        return _NO_BOOK

    def settle(
        self, lease: Lease, prompt_tokens: int, output_tokens: int, cached_tokens: int = 0
    ) -> None:
        """Count what was used in place of what was reserved; a closed lease stays as it is."""
        assert isinstance(lease, Booked)
        self.ledger.settle(lease, prompt_tokens, output_tokens, cached_tokens)

    def release(self, lease: Lease) -> None:
        """Give back what was reserved, as nothing was used; a closed lease stays as it is."""
        assert isinstance(lease, Booked)
        self.ledger.release(lease)

    def figures(self) -> Figures:
        """Return how accounts are doing, for metrics."""
        journal = self.journal
        return Figures(journal.healthy, journal.failures, self.ledger.overdrawn)

    def standings(self, now_s: float) -> tuple[Standing, ...]:
        """Return where tenants and keys stand with their limits."""
        return self.ledger.standings(now_s)

    def look(self) -> None:
        """Look at once for keys that are new or revoked."""
        self.journal.look()

    async def close(self) -> None:
        """Write what there is to write, and let go of the store."""
        self.ledger.end()
        await asyncio.to_thread(self.journal.stop)
