"""The one place where limits and budgets are counted."""

from __future__ import annotations

import time
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, replace
from typing import Protocol

from headway.serving.gateway.accounts.account import Account
from headway.serving.gateway.accounts.bounds import Bounds
from headway.serving.gateway.accounts.exposure import Exposure
from headway.serving.gateway.accounts.money import Rates
from headway.serving.gateway.accounts.pending import Covered, Pending, Used
from headway.serving.gateway.accounts.protocol import Lease, Tenant
from headway.serving.gateway.accounts.purse import HOUR_S, Moment
from headway.serving.gateway.accounts.rate_headers import rate_headers
from headway.serving.gateway.accounts.ring import Holder
from headway.serving.gateway.accounts.standing import Standing, standings
from headway.serving.gateway.errors import Refusal

MODEL_LETTERS = 200
"""Of a model's name that are kept."""


class Book(Protocol):
    """Keeps what happens; see `Journal`."""

    def note(self, entry: Covered | Used) -> None:
        """Take an entry, without waiting."""
        ...


class Booked(Lease):
    """A lease with what is needed to close it.

    Attributes
    ----------
    number
        Of the lease, in the store.
    accounts
        Where it counts.
    account
        Of the key.
    cost
        Set aside for it, in billionths.
    moment, at_s
        When it was taken, by the calendar and by the gateway's clock.
    exposure, version
        Of the account, and its cover, if there is a budget; None if not.
    """

    __slots__ = (
        "account", "accounts", "at_s", "cost", "exposure", "moment", "number", "version",
    )  # fmt: skip

    def __init__(
        self,
        tenant: Tenant,
        model: str,
        prompt_tokens: int,
        limit_tokens: int,
        number: int,
        accounts: tuple[Account, ...],
        account: str,
        cost: int,
        moment: Moment,
        at_s: float,
    ) -> None:
        super().__init__(tenant, model, prompt_tokens, limit_tokens)
        self.number = number
        self.accounts = accounts
        self.account = account
        self.cost = cost
        self.moment = moment
        self.at_s = at_s
        self.exposure: Exposure | None = None
        self.version = 0

    @property
    def is_covered(self) -> bool:
        """Whether what it may cost is not forgotten if the gateway dies now."""
        return self.exposure is None or self.exposure.is_covered

    def covered(self) -> None:
        """Take note that its cover is in the store."""
        if self.exposure is not None:
            self.exposure.covered(self.version)


@dataclass(frozen=True, slots=True)
class Spent:
    """What was spent under an account of a tenant, in the day and the month that are on.

    Attributes
    ----------
    tenant, account
        By name, and of the key.
    day, month
        In billionths.
    """

    tenant: str
    account: str
    day: int
    month: int


class Ledger:
    """Sets aside what requests may use at most, and counts what they used.

    Everything is decided in one place and between two moments at which nobody else can act, so
    that requests at the same time cannot spend the same money. All of it in whole numbers.

    Parameters
    ----------
    tenants
        Their limits, by name; others have none.
    rates
        By model.
    rate
        Of other models.
    book
        Where entries go.
    wall
        Returns seconds since 1970, for days and months.

    Attributes
    ----------
    overdrawn
        How many requests cost more than was set aside for them: their prompt was longer than told.

    Notes
    -----
    O(1) a request. Not for several threads.
    """

    def __init__(
        self,
        tenants: Mapping[str, Bounds],
        rates: Mapping[str, Rates],
        rate: Rates,
        book: Book,
        wall: Callable[[], float] = time.time,
    ) -> None:
        self.overdrawn = 0
        self._bounds = tenants
        self._rates = rates
        self._rate = rate
        self._book = book
        self._wall = wall
        self._tenants: dict[str, Account] = {}
        self._keys: dict[str, Account] = {}
        self._moment = Moment.of(int(wall() // HOUR_S))
        self._exposures: dict[tuple[str, str], Exposure] = {}
        self._numbers = 0

    def moment(self, wall_s: float) -> Moment:
        """Return the hour that is on; one that has been seen does not come back."""
        hour = int(wall_s // HOUR_S)
        if hour > self._moment.hour:
            self._moment = Moment.of(hour)
        return self._moment

    def know(self, keys: Mapping[str, Bounds], spent: Iterable[Spent], now_s: float = 0.0) -> None:
        """Begin the accounts that are not known yet.

        Parameters
        ----------
        keys
            Bounds by account.
        spent
            What is in the store.
        now_s
            Of the gateway's clock.
        """
        moment = self.moment(self._wall())
        tenants: dict[str, tuple[int, int]] = {}
        accounts: dict[str, tuple[int, int]] = {}
        for one in spent:
            day, month = tenants.get(one.tenant, (0, 0))
            tenants[one.tenant] = day + one.day, month + one.month
            day, month = accounts.get(one.account, (0, 0))
            accounts[one.account] = day + one.day, month + one.month
        for name, bounds in self._bounds.items():
            if name not in self._tenants:
                past = tenants.get(name, (0, 0))
                self._tenants[name] = Account(name, bounds, moment, past, now_s)
        for name, bounds in keys.items():
            if name not in self._keys and bounds != Bounds():
                past = accounts.get(name, (0, 0))
                self._keys[name] = Account(f"key {name}", bounds, moment, past, now_s)

    def take(
        self,
        tenant: Tenant,
        model: str,
        prompt_tokens: int,
        limit_tokens: int,
        now_s: float,
    ) -> Booked | Refusal:
        """Set aside the most that a request may use, or return why it may not come.

        Parameters
        ----------
        tenant, model
            Who asks for what.
        prompt_tokens, limit_tokens
            The most it may use.
        now_s
            Of the gateway's clock.
        """
        prompt_tokens, limit_tokens = max(prompt_tokens, 0), max(limit_tokens, 0)
        account = tenant.account if isinstance(tenant, Holder) else ""
        wall_s = self._wall()
        moment = self.moment(wall_s)
        cost = self._rates.get(model, self._rate).most(prompt_tokens, limit_tokens)
        tokens = prompt_tokens + limit_tokens
        accounts = self._accounts(tenant.name, account)
        for one in accounts:
            refused = one.refusal(tokens, cost, moment, wall_s, now_s)
            if refused is not None:
                one.note(refused, now_s)
                told = rate_headers(accounts, now_s)
                return replace(refused, limits=(*refused.limits, *told)) if told else refused
        self._numbers += 1
        lease = Booked(
            tenant, model, prompt_tokens, limit_tokens,
            self._numbers, accounts, account, cost, moment, now_s,
        )  # fmt: skip
        left = -1
        for one in accounts:
            one.take(tokens, cost, moment, now_s)
            if one.is_budgeted:
                rest = one.left(moment)
                left = rest if left < 0 else min(left, rest)
        if left >= 0:
            self._expose(lease, left)
        lease.headers = rate_headers(accounts, now_s)
        return lease

    def settle(
        self, lease: Booked, prompt_tokens: int, output_tokens: int, cached_tokens: int = 0
    ) -> None:
        """Count what was used in place of what was set aside; nothing happens to a closed lease.

        Parameters
        ----------
        lease
            From `take`.
        prompt_tokens, output_tokens
            That were used.
        cached_tokens
            How many of the prompt were found in a cache.
        """
        if not lease.open:
            return
        prompt_tokens, output_tokens = max(prompt_tokens, 0), max(output_tokens, 0)
        cached_tokens = min(max(cached_tokens, 0), prompt_tokens)
        model = lease.model
        rates = self._rates.get(model, self._rate)
        cost = rates.of(prompt_tokens, cached_tokens, output_tokens)
        if cost > lease.cost:
            self.overdrawn += 1
        self._close(lease, prompt_tokens + output_tokens, cost)
        self._book.note(
            Used(
                lease.moment.hour, lease.tenant.name, lease.account, model[:MODEL_LETTERS],
                prompt_tokens, cached_tokens, output_tokens, cost,
            )
        )  # fmt: skip

    def release(self, lease: Booked) -> None:
        """Give back what was set aside; nothing happens to a closed lease."""
        if lease.open:
            self._close(lease, 0, 0)

    def forfeit(self, lease: Booked) -> None:
        """Count a lease as used up: nobody knows any more what was used of it."""
        self.settle(lease, lease.prompt_tokens, lease.limit_tokens)

    def written(self, pending: Pending) -> None:
        """Take note of what is in the store now."""
        for (_, tenant, account, _), sums in pending.used.items():
            exposure = self._exposures.get((tenant, account))
            smaller = None if exposure is None else exposure.written(sums[-1])
            if smaller is not None:
                self._book.note(smaller)

    def standings(self, now_s: float) -> tuple[Standing, ...]:
        """Return where tenants and keys stand with their limits; see `standing.standings`."""
        accounts = (*self._tenants.values(), *self._keys.values())
        return standings(accounts, self.moment(self._wall()), now_s)

    def rest(self) -> None:
        """Make covers small where nobody has asked since the last time this was called."""
        for exposure in self._exposures.values():
            smaller = exposure.rest()
            if smaller is not None:
                self._book.note(smaller)

    def end(self) -> None:
        """Write down that nothing but what is under way will be spent any more."""
        for exposure in self._exposures.values():
            smaller = exposure.end()
            if smaller is not None:
                self._book.note(smaller)

    def _expose(self, lease: Booked, left: int) -> None:
        place = lease.tenant.name, lease.account
        exposure = self._exposures.get(place)
        if exposure is None:
            exposure = self._exposures[place] = Exposure(*place)
        larger = exposure.hold(lease.cost, left, lease.moment.hour)
        if larger is not None:
            self._book.note(larger)
        lease.exposure, lease.version = exposure, exposure.version

    def _close(self, lease: Booked, tokens: int, cost: int) -> None:
        lease.open = False
        unused = lease.prompt_tokens + lease.limit_tokens - tokens
        for one in lease.accounts:
            one.close(unused, lease.cost, cost, lease.moment, lease.at_s)
        if lease.exposure is not None:
            lease.exposure.close(lease.cost, cost)

    def _accounts(self, tenant: str, account: str) -> tuple[Account, ...]:
        whole, own = self._tenants.get(tenant), self._keys.get(account)
        if own is None:
            return () if whole is None else (whole,)
        return (own,) if whole is None else (own, whole)
