"""A store that fails: nothing is lost, nothing is written twice, memory stays small."""

from __future__ import annotations

import asyncio
import logging
import sqlite3
import time
from pathlib import Path

import pytest

from headway.serving.gateway.accounts import AccountsSection, Bounds, LocalAccounts, open_accounts
from headway.serving.gateway.accounts.administration import create, revoke
from headway.serving.gateway.accounts.database import StoreError, connect
from headway.serving.gateway.accounts.document import ModelPrices
from headway.serving.gateway.accounts.keys import ID
from headway.serving.gateway.accounts.ledger import Booked
from headway.serving.gateway.accounts.migrations import MIGRATIONS, migrate
from headway.serving.gateway.accounts.ring import Holder
from headway.serving.gateway.accounts.store import Store
from headway.serving.gateway.accounts.usage import usage
from headway.serving.gateway.errors import Refusal
from tests.serving.gateway.accounts.books import Desk

LOG = "headway.serving.gateway.accounts.journal"


class _Broken:
    """A store that refuses so many writes, before or after it has done them."""

    def __init__(self, store: Store, times: int, *, after: bool) -> None:
        self._store, self._times, self._after = store, times, after

    def write(self, *entries) -> None:
        if self._times:
            self._times -= 1
            if self._after:
                self._store.write(*entries)
            raise StoreError("no luck")
        self._store.write(*entries)


@pytest.mark.parametrize("after", [False, True])
def test_a_batch_of_unknown_outcome_is_written_once(tmp_path: Path, after: bool, caplog) -> None:
    desk = Desk(tmp_path / "x.db", {"a": Bounds(budget_per_day=1e6)})
    desk.journal._store = _Broken(desk.store, 3, after=after)
    with caplog.at_level(logging.WARNING, LOG):
        for attempt in range(4):
            desk.ledger.settle(desk.take("a", 10, 10), 10, 5)
            assert desk.journal.flush() == desk.journal.healthy == (attempt == 3)
    assert desk.cost() == 4 * 15
    assert desk.journal.failures == 3
    assert [record.levelname for record in caplog.records] == ["ERROR", "WARNING"], "said once"


def test_entries_that_wait_are_sums(tmp_path: Path) -> None:
    desk = Desk(tmp_path / "x.db", {"a": Bounds(budget_per_day=1e6)})
    desk.journal._store = _Broken(desk.store, 100, after=False)
    for _ in range(100):
        for _ in range(20):
            desk.ledger.settle(desk.take("a", 10, 10), 10, 5)
        assert not desk.journal.flush()
    journal = desk.journal
    held = (journal._current, journal._next)
    assert sum(len(one.covers) + len(one.used) for one in held) <= 4
    desk.write()
    assert desk.cost() == 2000 * 15


def section(folder: Path, **more) -> AccountsSection:
    return AccountsSection(
        store=str(folder / "x.db"),
        bounds={"acme": Bounds(budget_per_day=1000)},
        prices={"m": ModelPrices(1e6, 1e6)},
        lock_wait_s=0.02,
        linger_s=0.001,
        retry_s=0.02,
        keys_s=0.02,
        **more,
    )


def holder(accounts: LocalAccounts, key: str) -> Holder | Refusal:
    return accounts.authenticate(b"Bearer " + key.encode(), 0.0)


async def until(condition) -> None:
    end_s = time.monotonic() + 20
    while not condition():
        assert time.monotonic() < end_s, "it never came"
        await asyncio.sleep(0.005)


def made(folder: Path) -> str:
    store = Store.at(str(folder / "x.db"))
    key = create(store, "acme", now_s=1)
    store.close()
    return key


@pytest.mark.parametrize("rule", ["serve", "stop"])
def test_a_locked_store_stops_whom_it_should(tmp_path: Path, rule: str) -> None:
    key = made(tmp_path)

    async def scene() -> None:
        accounts = open_accounts(section(tmp_path, on_store_failure=rule))
        tenant = holder(accounts, key)
        assert isinstance(tenant, Holder)
        intruder = sqlite3.connect(tmp_path / "x.db", isolation_level=None)
        intruder.execute("BEGIN IMMEDIATE")
        answers = [await accounts.reserve(tenant, "m", 10, 10, 0.0) for _ in range(3)]
        if rule == "stop":
            assert [one.status for one in answers] == [503] * 3
            assert answers[0].retry_after_s is not None
        else:
            for one in answers:
                assert isinstance(one, Booked)
                accounts.settle(one, 10, 2)
        assert not accounts.figures().healthy
        assert accounts.figures().failures > 0
        intruder.execute("ROLLBACK")
        await until(lambda: accounts.journal.healthy)
        after = await accounts.reserve(tenant, "m", 5, 5, 0.0)
        assert isinstance(after, Booked), "and goes on by itself"
        accounts.settle(after, 5, 0)
        await accounts.close()

    asyncio.run(scene())
    store = Store.at(str(tmp_path / "x.db"))
    (sums,) = usage(store.database)
    assert sums["cost"] == (5 if rule == "stop" else 3 * 12 + 5)
    assert store.recover("gateway", counts=True) == 0, "who ends in good order leaves no cover"
    store.close()


def test_many_at_once_cannot_overspend(tmp_path: Path) -> None:
    key = made(tmp_path)

    async def client(accounts: LocalAccounts, number: int) -> int:
        spent = 0
        for turn in range(20):
            tenant = holder(accounts, key)
            assert isinstance(tenant, Holder)
            lease = await accounts.reserve(tenant, "m", 7, 13, 0.0)
            if isinstance(lease, Refusal):
                assert lease.status == 429
                await asyncio.sleep(0)
                continue
            await asyncio.sleep(0)
            used = (number + turn) % 14
            accounts.settle(lease, 7, used)
            spent += 7 + used
        return spent

    async def scene() -> int:
        accounts = open_accounts(section(tmp_path))
        spent = sum(await asyncio.gather(*(client(accounts, number) for number in range(16))))
        await accounts.close()
        return spent

    spent = asyncio.run(scene())
    assert 980 < spent <= 1000
    store = Store.at(str(tmp_path / "x.db"))
    assert usage(store.database)[0]["cost"] == spent
    store.close()


def test_who_gives_up_while_it_is_written_leaves_nothing_behind(tmp_path: Path) -> None:
    key = made(tmp_path)

    async def scene() -> None:
        accounts = open_accounts(section(tmp_path))
        tenant = holder(accounts, key)
        assert isinstance(tenant, Holder)
        tasks = [asyncio.ensure_future(accounts.reserve(tenant, "m", 500, 500, 0.0))]
        tasks.append(asyncio.ensure_future(accounts.reserve(tenant, "m", 0, 0, 0.0)))
        await asyncio.sleep(0)
        tasks[0].cancel()
        assert isinstance(await tasks[1], Booked), "others go on"
        assert isinstance(await accounts.reserve(tenant, "m", 500, 500, 0.0), Booked)
        await accounts.close()

    asyncio.run(scene())


def test_a_gateway_that_runs_hears_of_keys(tmp_path: Path) -> None:
    made(tmp_path)

    async def scene() -> None:
        accounts = open_accounts(section(tmp_path))
        store = Store.at(str(tmp_path / "x.db"))
        key = create(store, "acme", now_s=1, bounds=Bounds(budget_per_day=1))
        await until(lambda: isinstance(holder(accounts, key), Holder))
        tenant = holder(accounts, key)
        assert isinstance(tenant, Holder)
        refused = await accounts.reserve(tenant, "m", 1, 1, 0.0)
        assert isinstance(refused, Refusal)
        revoke(store, key[ID], now_s=2)
        await until(lambda: isinstance(holder(accounts, key), Refusal))
        store.close()
        await accounts.close()

    asyncio.run(scene())


def test_two_gateways_of_one_name_do_not_share_a_store(tmp_path: Path) -> None:
    async def scene() -> None:
        first = open_accounts(section(tmp_path))
        with pytest.raises(StoreError, match="another gateway writes as 'gateway'"):
            open_accounts(section(tmp_path))
        other = open_accounts(section(tmp_path, node="other"))
        await first.close()
        await other.close()
        again = open_accounts(section(tmp_path))
        await again.close()

    asyncio.run(scene())


def test_tables_are_brought_up_to_date_step_by_step(tmp_path: Path) -> None:
    database = connect(str(tmp_path / "x.db"))
    migrate(database)
    migrate(database)
    broken = (*MIGRATIONS, ("CREATE TABLE headway_new (a BIGINT)", "nonsense"))
    with pytest.raises(StoreError, match="nonsense"):
        migrate(database, broken)
    assert not database.execute("SELECT 1 FROM sqlite_master WHERE name = 'headway_new'")
    more = (*MIGRATIONS, ("CREATE TABLE headway_new (a BIGINT)",))
    migrate(database, more)
    assert database.execute("SELECT COUNT(*) FROM headway_new") == [(0,)]
    with pytest.raises(StoreError, match="version 2; this Headway knows up to 1"):
        migrate(database)
    database.close()


def test_what_is_no_database_is_refused(tmp_path: Path) -> None:
    (tmp_path / "x.db").write_bytes(b"not a database at all " * 100)
    with pytest.raises(StoreError, match=r"x\.db"):
        Store.at(str(tmp_path / "x.db"))
    with pytest.raises(StoreError, match="nowhere"):
        Store.at(str(tmp_path / "nowhere" / "x.db"))
