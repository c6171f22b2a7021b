"""The same store in a real PostgreSQL, started for these tests where there is one."""

from __future__ import annotations

import asyncio
import os
import shutil
import socket
import subprocess
import tempfile
import time
from collections.abc import Iterator
from pathlib import Path

import pytest

from headway.serving.gateway.accounts import AccountsSection, Bounds, open_accounts
from headway.serving.gateway.accounts.administration import create, revoke, rotate
from headway.serving.gateway.accounts.database import StoreError
from headway.serving.gateway.accounts.document import ModelPrices
from headway.serving.gateway.accounts.keys import ID
from headway.serving.gateway.accounts.ledger import Booked
from headway.serving.gateway.accounts.migrations import MIGRATIONS, migrate
from headway.serving.gateway.accounts.money import NANO
from headway.serving.gateway.accounts.pending import Covered, Pending, Used
from headway.serving.gateway.accounts.purse import Moment
from headway.serving.gateway.accounts.ring import Holder
from headway.serving.gateway.accounts.store import UNKNOWN, Store
from headway.serving.gateway.accounts.usage import usage

pwd = pytest.importorskip("pwd")
psycopg = pytest.importorskip("psycopg")
pytestmark = pytest.mark.skipif(
    not (shutil.which("initdb") and shutil.which("postgres")), reason="needs a PostgreSQL server"
)


class Server:
    """A PostgreSQL of our own, in a folder, on a free port."""

    def __init__(self, folder: Path) -> None:
        self.data = folder / "data"
        # It refuses to run as root.
        self.user = "postgres" if os.geteuid() == 0 else None
        if self.user is not None:
            try:
                pwd.getpwnam(self.user)
            except KeyError:
                pytest.skip("PostgreSQL does not run as root")
            shutil.chown(folder, self.user)
        self._run("initdb", "-D", self.data, "-U", "headway", "-A", "trust", "--no-sync", "-N")
        with socket.socket() as free:
            free.bind(("127.0.0.1", 0))
            self.port = free.getsockname()[1]
        self.url = f"postgresql://headway@127.0.0.1:{self.port}/postgres"
        self.start()

    def start(self) -> None:
        self._process = subprocess.Popen(
            [
                "postgres", "-D", self.data, "-p", str(self.port), "-h", "127.0.0.1",
                "-c", "unix_socket_directories=", "-F", "-c", "log_min_messages=panic",
            ],
            user=self.user, cwd=self.data.parent,
            stderr=subprocess.DEVNULL,
        )  # fmt: skip
        end_s = time.monotonic() + 30
        while True:
            try:
                psycopg.connect(self.url).close()
            except psycopg.OperationalError:
                assert time.monotonic() < end_s, "PostgreSQL does not start"
                time.sleep(0.05)
            else:
                return

    def stop(self) -> None:
        """End at once, connections or not."""
        self._process.send_signal(2)  # SIGINT: fast shutdown
        self._process.wait()

    def _run(self, *command: object) -> None:
        subprocess.run(
            [str(word) for word in command],
            user=self.user, cwd=self.data.parent, check=True,
            capture_output=True,
        )  # fmt: skip


@pytest.fixture(scope="module")
def server() -> Iterator[Server]:
    # Not below the folders of pytest, which only their owner may enter.
    with tempfile.TemporaryDirectory() as folder:
        server = Server(Path(folder))
        yield server
        server.stop()


@pytest.fixture
def url(server: Server) -> str:
    """An empty database."""
    name = f"d{time.monotonic_ns()}"
    with psycopg.connect(server.url, autocommit=True) as link:
        link.execute(f"CREATE DATABASE {name}")
    return server.url.replace("/postgres", f"/{name}")


def test_keys_are_kept_and_ended(url: str) -> None:
    store = Store.at(url)
    key = create(store, "acme", now_s=1, bounds=Bounds(in_flight=2, models=("m",)), label="x")
    new = rotate(store, key[ID], now_s=10, grace_s=5)
    revoke(store, new[ID], now_s=20)
    old, fresh = store.key_records()
    assert (old.account, old.expires_s, old.bounds.models) == (key[ID], 15, ("m",))
    assert (fresh.account, fresh.revoked_s, fresh.label) == (key[ID], 20, "x")
    assert store.numbers() == {"acme": 1}
    store.close()


def test_batches_are_written_once_and_covers_recovered(url: str) -> None:
    store = Store.at(url)
    pending = Pending()
    hour = 20_000 * 24
    pending.add(Covered("acme", "k", hour - 1, 50 * NANO))
    pending.add(Used(hour, "acme", "k", "m", 5, 0, 5, 10 * NANO))
    store.write("gateway", 1, pending)
    store.write("gateway", 1, pending)
    later = Pending()
    later.add(Used(hour, "acme", "k", "m", 1, 0, 0, 1 * NANO))
    later.add(Covered("acme", "k", hour, 30 * NANO))
    store.write("gateway", 2, later)
    assert store.recover("other", counts=True) == 0
    assert store.recover("gateway", counts=True) == 1
    lost, sums = usage(store.database, ["day", "model"])
    assert sums == {
        "day": "2024-10-04", "model": "m", "requests": 2, "prompt_tokens": 6,
        "cached_tokens": 0, "output_tokens": 5, "cost": 11.0,
    }  # fmt: skip
    assert (lost["model"], lost["requests"], lost["cost"]) == (UNKNOWN, 0, 30.0)
    (spent,) = store.spent(Moment.of(hour + 5))
    assert (spent.day, spent.month) == (41 * NANO, 41 * NANO)
    assert store.spent(Moment.of(hour + 24 * 3))[0].day == 0
    store.close()


def test_a_failed_migration_leaves_nothing(url: str) -> None:
    database = Store.at(url).database
    broken = (*MIGRATIONS, ("CREATE TABLE headway_new (a BIGINT)", "nonsense"))
    with pytest.raises(StoreError, match="nonsense"):
        migrate(database, broken)
    migrate(database, (*MIGRATIONS, ("CREATE TABLE headway_new (a BIGINT)",)))
    with pytest.raises(StoreError, match="version 2"):
        migrate(database)
    database.close()


def test_a_gateway_survives_a_server_that_restarts(server: Server, url: str) -> None:
    section = AccountsSection(
        store=url,
        bounds={"acme": Bounds(budget_per_day=1000)},
        prices={"m": ModelPrices(1e6, 1e6)},
        retry_s=0.05,
        keys_s=0.05,
    )
    tenant = Holder(name="acme", account="k")

    async def use(accounts, count: int) -> None:
        for _ in range(count):
            lease = await accounts.reserve(tenant, "m", 10, 10, 0.0)
            assert isinstance(lease, Booked)
            accounts.settle(lease, 10, 1)

    async def scene() -> None:
        accounts = open_accounts(section)
        with pytest.raises(StoreError, match="another gateway"):
            open_accounts(section)
        await use(accounts, 5)
        await asyncio.to_thread(server.stop)
        await use(accounts, 5)
        assert not accounts.journal.healthy
        await asyncio.to_thread(server.start)
        end_s = time.monotonic() + 20
        while not accounts.journal.healthy:
            assert time.monotonic() < end_s
            await asyncio.sleep(0.02)
        await use(accounts, 5)
        with pytest.raises(StoreError, match="another gateway"):
            open_accounts(section)
        await accounts.close()

    asyncio.run(scene())
    store = Store.at(url)
    assert usage(store.database)[0]["cost"] == 15 * 11
    assert store.recover("gateway", counts=True) == 0
    store.close()


def test_an_address_without_a_server_is_refused_without_its_password() -> None:
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        port = free.getsockname()[1]
    with pytest.raises(StoreError) as refused:
        Store.at(f"postgresql://headway:hush@127.0.0.1:{port}/postgres")
    assert "hush" not in str(refused.value)
