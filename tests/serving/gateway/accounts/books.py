"""A ledger whose clock and store are in the hands of a test."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path

from headway.serving.gateway.accounts.bounds import Bounds
from headway.serving.gateway.accounts.journal import Journal
from headway.serving.gateway.accounts.ledger import Booked, Ledger
from headway.serving.gateway.accounts.money import NANO, Rates
from headway.serving.gateway.accounts.purse import HOUR_S, Moment
from headway.serving.gateway.accounts.ring import Holder
from headway.serving.gateway.accounts.store import Store
from headway.serving.gateway.errors import Refusal

NODE = "gateway"
DAY_S = 24 * HOUR_S
NOON_S = 20_000 * DAY_S + 12 * HOUR_S
EACH = Rates(prompt=NANO * 1_000_000, cached=NANO * 1_000_000, output=NANO * 1_000_000)
"""A token costs 1."""


class Wall:
    """A clock that a test sets."""

    def __init__(self, at_s: float = NOON_S) -> None:
        self.at_s = at_s

    def __call__(self) -> float:
        return self.at_s


class Desk:
    """A ledger above a store in a file, without a thread: it is written when `write` says so."""

    def __init__(
        self,
        path: Path,
        tenants: Mapping[str, Bounds],
        wall: Wall | None = None,
        *,
        keys: Mapping[str, Bounds] | None = None,
        counts: bool = True,
        rates: Rates = EACH,
    ) -> None:
        self.wall = wall or Wall()
        self.store = Store.at(str(path))
        self.recovered = self.store.recover(NODE, counts=counts)
        self.journal = Journal(self.store, NODE, on_written=lambda some: self.ledger.written(some))
        self.ledger = Ledger(tenants, {}, rates, self.journal, self.wall)
        spent = self.store.spent(Moment.of(int(self.wall() // HOUR_S)))
        self.ledger.know(keys or {}, spent)

    def take(self, tenant: str, prompt: int = 0, limit: int = 0, now_s: float = 0.0, key: str = ""):
        return self.ledger.take(Holder(name=tenant, account=key), "m", prompt, limit, now_s)

    def send(self, tenant: str, prompt: int, limit: int) -> Booked | Refusal:
        """Take a lease, and have it covered before a request is sent, as a gateway does."""
        lease = self.take(tenant, prompt, limit)
        if isinstance(lease, Booked) and not lease.is_covered:
            self.write()
            lease.covered()
        return lease

    def write(self) -> None:
        assert self.journal.flush()

    def crash(self) -> None:
        """End without writing what waits."""
        self.store.close()

    def cost(self) -> int:
        """Return what the store says was spent, in whole tokens."""
        found = self.store.database.execute("SELECT COALESCE(SUM(cost), 0) FROM headway_usage")
        return int(found[0][0]) // NANO

    def cover(self) -> int:
        """Return what counts as spent if this dies, in whole tokens."""
        found = self.store.database.execute("SELECT COALESCE(SUM(cost), 0) FROM headway_covers")
        return int(found[0][0]) // NANO
