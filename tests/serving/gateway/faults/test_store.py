"""The store of usage fails under load: clients are served or told, no budget is overspent."""

from __future__ import annotations

import asyncio
import sqlite3
from collections.abc import Callable
from pathlib import Path
from typing import Any, Literal

import pytest

from headway.serving.gateway.accounts import LocalAccounts, open_accounts
from headway.serving.gateway.accounts.administration import create
from headway.serving.gateway.accounts.bounds import Bounds
from headway.serving.gateway.accounts.document import AccountsSection, ModelPrices
from headway.serving.gateway.accounts.money import NANO
from headway.serving.gateway.accounts.store import Store
from tests.serving.gateway.faults.clients import Outcome, ask
from tests.serving.gateway.faults.sockets import RawEngine
from tests.serving.gateway.faults.worlds import kinds, run, until, world

BUDGET = 2000


class _Full:
    """A link to a disk that has no room: transactions end by themselves, as SQLite has it."""

    def __init__(self, link: sqlite3.Connection) -> None:
        self._link = link

    def execute(self, statement: str, *values: Any) -> Any:
        if statement == "COMMIT":
            self._link.execute("ROLLBACK")
            raise sqlite3.OperationalError("database or disk is full")
        return self._link.execute(statement, *values)

    def __getattr__(self, name: str) -> Any:
        return getattr(self._link, name)


def _fill(accounts: LocalAccounts, path: Path) -> Callable[[], None]:
    """Leave the disk no room."""
    database: Any = accounts.journal._store.database
    link = database._link
    database._link = _Full(link)

    def end() -> None:
        database._link = link

    return end


def _delete(accounts: LocalAccounts, path: Path) -> Callable[[], None]:
    """Have somebody take the file away, who brings it back."""
    away = path.with_name("away.db")
    path.rename(away)

    def end() -> None:
        away.rename(path)

    return end


def _lock(accounts: LocalAccounts, path: Path) -> Callable[[], None]:
    """Have somebody else write to it, and not end."""
    other = sqlite3.connect(path, isolation_level=None, check_same_thread=False)
    other.execute("BEGIN IMMEDIATE")

    def end() -> None:
        other.execute("COMMIT")
        other.close()

    return end


@pytest.mark.parametrize("rule", ["serve", "stop"])
@pytest.mark.parametrize("fault", [_fill, _lock, _delete])
def test_a_store_that_fails_under_load(
    tmp_path: Path, fault: Callable[..., Callable[[], None]], rule: Literal["serve", "stop"]
) -> None:
    path = tmp_path / "x.db"
    store = Store.at(str(path))
    key = create(store, "acme", now_s=1)
    section = AccountsSection(
        store=str(path),
        prices={"m": ModelPrices(prompt=1e6, output=1e6)},
        bounds={"acme": Bounds(budget_per_day=BUDGET)},
        on_store_failure=rule,
        lock_wait_s=0.05,
        retry_s=0.05,
        linger_s=0.005,
    )

    async def job() -> None:
        accounts = open_accounts(section)
        async with world(RawEngine(), RawEngine(), accounts=accounts) as here:

            async def load(count: int) -> list[Outcome]:
                asked = (
                    ask(here.address, stream=bool(k % 2), key=key, limit=6) for k in range(count)
                )
                return list(await asyncio.gather(*asked))

            served = kinds(await load(20))
            assert served == {"whole": 20}
            ends = fault(accounts, path)
            failing: list[Outcome] = []
            async with asyncio.timeout(8):
                while accounts.journal.healthy:
                    failing += await load(20)
            failing += await load(20)
            if rule == "stop":
                assert any(one.status == 503 for one in failing[-20:])
            else:
                assert kinds(failing) == {"whole": len(failing)}
            assert {one.status for one in failing} <= {200, 503}
            ends()
            await until(lambda: accounts.journal.healthy)
            last = await load(20)
            assert kinds(last) == {"whole": 20}
            await here.quiet()
            day = accounts.ledger._tenants["acme"].day
            whole = 40 + sum(one.kind == "whole" for one in failing)
            assert day.held == 0
            assert 5 * whole * NANO <= day.spent <= 7 * whole * NANO <= day.most
        await accounts.close()
        spent = store.database.execute("SELECT SUM(cost) FROM headway_usage")[0][0] / NANO
        assert spent == day.spent / NANO, "all of it is written in the end"

    run(job())
    assert store.recover("gateway", counts=True) == 0
    store.close()
