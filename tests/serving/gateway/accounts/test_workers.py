"""Several workers, one ledger: the same limits for all, whoever dies or loses a connection."""

from __future__ import annotations

import asyncio
import random
import sys
import tempfile
import time
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager, suppress
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from headway.serving.gateway.accounts import AccountsSection, Bounds, LocalAccounts, open_accounts
from headway.serving.gateway.accounts.administration import create
from headway.serving.gateway.accounts.document import ModelPrices
from headway.serving.gateway.accounts.figures import Figures
from headway.serving.gateway.accounts.ledger_server import LedgerServer
from headway.serving.gateway.accounts.messages import Hello, Link, Settle, to_ledger
from headway.serving.gateway.accounts.money import NANO
from headway.serving.gateway.accounts.remote import RemoteAccounts
from headway.serving.gateway.accounts.ring import Holder, KeyRing
from headway.serving.gateway.accounts.store import Store
from headway.serving.gateway.errors import Refusal

pytestmark = pytest.mark.skipif(sys.platform == "win32", reason="needs UNIX sockets")

ACME = Holder(name="acme", account="k")


class Office:
    """A ledger, its socket and its workers."""

    def __init__(self, folder: Path, accounts: LocalAccounts, server: LedgerServer) -> None:
        self.folder, self.accounts, self.server = folder, accounts, server
        self.socket = folder / "ledger"
        self.workers: list[RemoteAccounts] = []

    async def worker(self, **more) -> RemoteAccounts:
        worker = RemoteAccounts(self.socket, KeyRing({}), **more)
        await worker.start()
        self.workers.append(worker)
        return worker

    def cut(self) -> None:
        """Break all connections, whatever is under way."""
        for link in list(self.server._links):
            link.abort()

    @property
    def spent(self) -> float:
        return self.accounts.ledger._tenants["acme"].day.spent / NANO

    @property
    def held(self) -> float:
        return self.accounts.ledger._tenants["acme"].day.held / NANO


@asynccontextmanager
async def office(budget: float = 1000, grace_s: float = 5.0, **rule) -> AsyncIterator[Office]:
    # Not in a folder of pytest: their names are too long for sockets.
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        section = AccountsSection(
            store=str(folder / "x.db"),
            bounds={"acme": Bounds(budget_per_day=budget, requests_per_min=1e6)},
            prices={"m": ModelPrices(1e6, 1e6)},
            keys_s=0.02,
            linger_s=0.001,
        )
        accounts = open_accounts(section)
        server = LedgerServer(accounts, grace_s=grace_s, **rule)
        here = Office(folder, accounts, server)
        await server.start(here.socket)
        try:
            yield here
        finally:
            for worker in here.workers:
                await worker.close()
            await here.server.stop()
            await accounts.close()


async def until(condition) -> None:
    end_s = time.monotonic() + 20
    while not condition():
        assert time.monotonic() < end_s, "it never came"
        await asyncio.sleep(0.002)


def test_workers_share_a_budget_and_hear_of_keys() -> None:
    async def scene() -> None:
        async with office(100) as here:
            one, two = await here.worker(), await here.worker()
            lease = await one.reserve(ACME, "m", 10, 50, 0.0)
            assert not isinstance(lease, Refusal)
            assert (b"x-ratelimit-limit-requests", b"1000000") in lease.headers
            refused = await two.reserve(ACME, "m", 10, 50, 0.0)
            assert isinstance(refused, Refusal)
            assert (refused.status, refused.code) == (429, "rate_limit_exceeded")
            one.settle(lease, 10, 5)
            one.settle(lease, 10, 5)
            one.release(lease)
            await until(lambda: here.spent == 15)
            assert not isinstance(await two.reserve(ACME, "m", 10, 50, 0.0), Refusal)
            store = Store.at(str(here.folder / "x.db"))
            key = create(store, "acme", now_s=1)
            store.close()
            header = b"Bearer " + key.encode()
            await until(lambda: isinstance(two.authenticate(header, 0.0), Holder))
            assert two.authenticate(header, 0.0).name == "acme"
            only = Holder(name="acme", account="k", models=frozenset({"n"}))
            assert (await two.reserve(only, "m", 1, 1, 0.0)).status == 403

    asyncio.run(scene())


@pytest.mark.parametrize("seed", range(3))
def test_lost_connections_neither_lose_nor_double_anything(seed: int) -> None:
    """Connections are cut again and again under load; in the end the sums are exact."""
    luck = random.Random(seed)

    async def client(worker: RemoteAccounts, used: list[int]) -> None:
        for _ in range(25):
            lease = await worker.reserve(ACME, "m", 3, 7, 0.0)
            if isinstance(lease, Refusal):
                assert lease.status == 429
                continue
            await asyncio.sleep(luck.random() * 0.004)
            if luck.random() < 0.2:
                worker.release(lease)
            else:
                amount = luck.randrange(8)
                worker.settle(lease, 3, amount)
                used.append(3 + amount)

    async def impatient(worker: RemoteAccounts) -> None:
        for _ in range(25):
            with suppress(TimeoutError):
                async with asyncio.timeout(luck.random() * 0.003):
                    lease = await worker.reserve(ACME, "m", 3, 7, 0.0)
                    if not isinstance(lease, Refusal):
                        worker.release(lease)
            await asyncio.sleep(0.001)

    async def scene() -> None:
        async with office(1200) as here:
            workers = [await here.worker(stops=True, timeout_s=20) for _ in range(3)]
            used: list[int] = []
            tasks = [client(one, used) for one in workers for _ in range(5)]
            tasks += [impatient(one) for one in workers]
            load = asyncio.gather(*tasks)
            cuts = 0
            while not load.done():
                await asyncio.sleep(luck.random() * 0.01)
                here.cut()
                cuts += 1
            await load
            await until(lambda: here.held == 0)
            assert here.spent == sum(used) <= 1200
            assert sum(used) > 1000
            assert cuts >= 5
            assert not any(worker._open or worker._ended for worker in workers)

    asyncio.run(scene())


@pytest.mark.parametrize("counts", [True, False])
def test_leases_of_the_dead_are_closed_by_rule(counts: bool) -> None:
    async def scene() -> None:
        async with office(100, grace_s=0.05, counts=counts) as here:
            worker, other = await here.worker(), await here.worker()
            assert not isinstance(await worker.reserve(ACME, "m", 30, 40, 0.0), Refusal)
            worker._task.cancel()
            worker._link.close()
            here.workers.remove(worker)
            assert (await other.reserve(ACME, "m", 30, 40, 0.0)).status == 429
            await until(lambda: here.held == 0)
            assert here.spent == (70 if counts else 0)

    asyncio.run(scene())


@pytest.mark.parametrize("stops", [True, False])
def test_without_a_ledger_requests_stop_or_go_uncounted(stops: bool) -> None:
    async def scene() -> None:
        async with office() as here:
            worker = await here.worker(stops=stops, timeout_s=0.05)
            before = await worker.reserve(ACME, "m", 10, 10, 0.0)
            assert not isinstance(before, Refusal)
            await here.server.stop()
            assert here.spent == 20, "it counted what it will not hear of"
            answer = await worker.reserve(ACME, "m", 1, 1, 0.0)
            if stops:
                assert isinstance(answer, Refusal)
                assert answer.status == 503
            else:
                assert not isinstance(answer, Refusal)
                worker.settle(answer, 1, 1)
            assert worker.unbooked == (0 if stops else 1)
            assert not worker.figures().healthy
            here.server = LedgerServer(here.accounts)
            await here.server.start(here.socket)
            await until(worker._ready.is_set)
            await until(lambda: worker.figures() == Figures(unbooked=worker.unbooked))
            worker.settle(before, 10, 10)
            lease = await worker.reserve(ACME, "m", 1, 1, 0.0)
            assert not isinstance(lease, Refusal)
            worker.settle(lease, 1, 0)
            await until(lambda: here.held == 0)
            assert here.spent == 21, "what another ledger had counted is not counted again"

    asyncio.run(scene())


def test_strangers_are_shown_the_door() -> None:
    async def scene() -> None:
        async with office() as here:
            assert here.socket.stat().st_mode & 0o077 == 0
            for nonsense in (b"\xff" * 40, b"\x00\x00\x00\x01\xc1", b"\x00\x00\x00\x05hello"):
                reader, writer = await asyncio.open_unix_connection(str(here.socket))
                writer.write(nonsense)
                with suppress(ConnectionError):
                    assert await asyncio.wait_for(reader.read(), 10) == b""
                writer.close()
            reader, writer = await asyncio.open_unix_connection(str(here.socket))
            silent = Link(lambda *_: None, lambda *_: None)
            silent._transport = writer.transport
            silent.say(Settle(1, 1, 1, 0))
            with suppress(ConnectionError):
                assert await asyncio.wait_for(reader.read(), 10) == b"", "who are you?"
            writer.close()
            worker = await here.worker()
            assert not isinstance(await worker.reserve(ACME, "m", 1, 1, 0.0), Refusal)

    asyncio.run(scene())


@given(st.lists(st.integers(1, 400), max_size=20), st.integers(1, 40))
def test_messages_arrive_whole_however_they_are_cut(cuts: list[int], count: int) -> None:
    async def scene() -> list[object]:
        heard: list[object] = []
        link = Link(lambda _, data: heard.append(to_ledger(data)), lambda _: None)
        bodies = []
        sender = Link(lambda *_: None, lambda _: None)
        sender._transport = _Sink(bodies)
        for number in range(count):
            sender.say(Hello("w" * number, [number]))
        await asyncio.sleep(0)
        data = b"".join(bodies)
        for cut in cuts:
            link.data_received(data[:cut])
            data = data[cut:]
        link.data_received(data)
        return heard

    assert asyncio.run(scene()) == [Hello("w" * number, [number]) for number in range(count)]


class _Sink:
    def __init__(self, into: list[bytes]) -> None:
        self.write = into.append
