"""From what is written down to accounts that work."""

from __future__ import annotations

import asyncio
import logging
import os
import time
from collections.abc import Callable, Sequence
from pathlib import Path

import msgspec

from headway.errors import ConfigError
from headway.serving.fleet.document import Client, Tariff
from headway.serving.gateway.accounts.bounds import Bounds
from headway.serving.gateway.accounts.database import StoreError
from headway.serving.gateway.accounts.document import AccountsSection
from headway.serving.gateway.accounts.journal import Journal
from headway.serving.gateway.accounts.ledger import Ledger
from headway.serving.gateway.accounts.local import LocalAccounts, News
from headway.serving.gateway.accounts.money import Rates
from headway.serving.gateway.accounts.pending import Pending
from headway.serving.gateway.accounts.ring import KeyRing
from headway.serving.gateway.accounts.store import Store

_log = logging.getLogger(__name__)

_SHARED = ("requests_per_min", "tokens_per_min", "budget_per_day", "models")


def address(section: AccountsSection, home: Path = Path()) -> str:
    """Return where the store is.

    Parameters
    ----------
    section
        What is written down.
    home
        Folder that paths in it are relative to.

    Raises
    ------
    ConfigError
        If the variable that should say so is not set.
    """
    url = section.store if section.store_env is None else _secret("store_env", section.store_env)
    return url if "://" in url else str(home / url)


def pepper(section: AccountsSection) -> bytes:
    """Return the secret under which keys are hashed, empty if there is none."""
    if section.pepper_env is None:
        return b""
    return _secret("pepper_env", section.pepper_env).encode()


def bounds(section: AccountsSection, clients: Sequence[Client]) -> dict[str, tuple[float, Bounds]]:
    """Return weights and limits of tenants by name, from both places where they are written."""
    known = {}
    for one in clients:
        values = {name: getattr(one, name) for name in _SHARED}
        values |= {"most_urgent": one.priority, "least_urgent": one.priority}
        more = section.bounds.get(one.name, Bounds())
        values |= {name: value for name, value in msgspec.structs.asdict(more).items() if value}
        known[one.name] = one.weight, Bounds(**values)
    for name, own in section.bounds.items():
        known.setdefault(name, (1.0, own))
    return known


def open_accounts(
    section: AccountsSection,
    clients: Sequence[Client] = (),
    prices: Tariff = Tariff(),  # noqa: B008  (a frozen value)
    *,
    home: Path = Path(),
    wall: Callable[[], float] = time.time,
) -> LocalAccounts:
    """Open the store, close what was left open in it, and begin to write. In a running loop.

    Parameters
    ----------
    section, clients, prices
        What is written down.
    home
        Folder that paths in it are relative to.
    wall
        Returns seconds since 1970.

    Raises
    ------
    ConfigError
        If a variable of the environment is missing.
    StoreError
        If the store cannot be used, or another gateway uses it under the same name.
    """
    loop = asyncio.get_running_loop()
    known, secret = bounds(section, clients), pepper(section)
    store = Store.at(address(section, home), wait_s=section.lock_wait_s, is_synced=section.fsync)
    try:
        store.database.own(section.node)
        left = store.recover(section.node, counts=section.open_leases == "count")
        store.know_tenants(known)
    except StoreError:
        store.close()
        raise
    if left:
        _log.warning("this gateway died; what %d accounts may have spent is not certain", left)
    watch = _Watch(wall)
    journal = Journal(
        store,
        section.node,
        linger_s=section.linger_s,
        retry_s=section.retry_s,
        idle_s=section.keys_s,
        on_idle=watch.look,
        on_written=watch.tell,
    )
    rates = {
        name: Rates.per_million(one.prompt, one.output, one.cached)
        for name, one in section.prices.items()
    }
    rate = Rates.per_million(prices.prompt, prices.output)
    limits = {name: own for name, (_, own) in known.items()}
    ledger = Ledger(limits, rates, rate, journal, wall)
    ring = KeyRing(known, secret, wall)
    accounts = LocalAccounts(ring, ledger, journal, stops=section.on_store_failure == "stop")
    news = News.read(store, wall())
    accounts.hear(news, loop.time())
    watch.begin(accounts, news.revision, loop)
    journal.start()
    return accounts


class _Watch:
    """What the thread of the journal does for the loop, now and then and after each batch."""

    def __init__(self, wall: Callable[[], float]) -> None:
        self._wall = wall

    def begin(
        self, accounts: LocalAccounts, revision: int, loop: asyncio.AbstractEventLoop
    ) -> None:
        self._accounts = accounts
        self._revision = revision
        self._loop = loop

    def tell(self, pending: Pending) -> None:
        if not self._loop.is_closed():
            self._loop.call_soon_threadsafe(self._accounts.ledger.written, pending)

    def look(self, store: Store) -> None:
        if self._loop.is_closed():
            return
        self._loop.call_soon_threadsafe(self._accounts.ledger.rest)
        if store.revision() == self._revision:
            return
        news = News.read(store, self._wall())
        self._revision = news.revision
        self._loop.call_soon_threadsafe(lambda: self._accounts.hear(news, self._loop.time()))


def _secret(key: str, name: str) -> str:
    value = os.environ.get(name, "")
    if not value:
        raise ConfigError(f"{key}: the environment has no variable {name!r}")
    return value
