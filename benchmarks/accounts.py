"""What keys, limits and budgets cost a gateway, in microseconds of processor time a request.

Measured, over all threads of the process (the writer of the store is one of them), with keys in a
real store: SQLite in a file. "At once" is how many requests reserve at the same time; budgets are
written down before a request goes on, many at once in one transaction. The last rows are a worker
and the ledger, both in this process, with a UNIX socket between them.

    python benchmarks/accounts.py
"""

from __future__ import annotations

import argparse
import asyncio
import statistics
import tempfile
import time
from collections.abc import Callable, Coroutine
from pathlib import Path

from table import keep, machine

from headway.serving.gateway.accounts import Accounts, AccountsSection, Bounds, open_accounts
from headway.serving.gateway.accounts.administration import create
from headway.serving.gateway.accounts.document import ModelPrices
from headway.serving.gateway.accounts.ledger_server import LedgerServer
from headway.serving.gateway.accounts.remote import RemoteAccounts
from headway.serving.gateway.accounts.ring import KeyRing
from headway.serving.gateway.accounts.store import Store
from headway.serving.gateway.errors import Refusal

RATES = Bounds(requests_per_min=1e9, tokens_per_min=1e12)
BUDGET = Bounds(requests_per_min=1e9, tokens_per_min=1e12, budget_per_day=1e8)
CASES = (
    ("nothing limited", Bounds()),
    ("rates limited", RATES),
    ("rates and budget limited", BUDGET),
)


def per_request_us(run: Callable[[], Coroutine[None, None, None]], count: int, loop) -> float:
    """Return processor time for each of `count`, in microseconds: the median of five rounds."""
    rounds = []
    for _ in range(5):
        start = time.process_time()
        loop.run_until_complete(run())
        rounds.append((time.process_time() - start) / count * 1e6)
    return statistics.median(rounds)


async def serve(accounts: Accounts, header: bytes, count: int) -> None:
    for _ in range(count):
        tenant = accounts.authenticate(header, 0.0)
        assert not isinstance(tenant, Refusal), tenant
        lease = await accounts.reserve(tenant, "chat", 900, 256, time.monotonic())
        assert not isinstance(lease, Refusal), lease
        accounts.settle(lease, 850, 120)


async def crowd(accounts: Accounts, header: bytes, count: int, at_once: int) -> None:
    await asyncio.gather(*(serve(accounts, header, count // at_once) for _ in range(at_once)))


def case(name: str, bounds: Bounds, count: int) -> list[dict[str, object]]:
    loop = asyncio.new_event_loop()
    rows: list[dict[str, object]] = []
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / "accounts.db"
        store = Store.at(str(path))
        header = b"Bearer " + create(store, "acme", now_s=1).encode()
        for number in range(1000):
            create(store, f"tenant-{number % 50}", now_s=2)
        store.close()
        section = AccountsSection(
            store=str(path), bounds={"acme": bounds}, prices={"chat": ModelPrices(0.15, 0.6)}
        )

        async def begin():
            return open_accounts(section)

        accounts = loop.run_until_complete(begin())
        ring = accounts.authenticate
        start = time.process_time()
        for _ in range(count):
            ring(header, 0.0)
        alone_us = (time.process_time() - start) / count * 1e6
        rows.append({"what": "authenticate", "case": name, "at once": 1, "CPU us": alone_us})

        def note(what: str, worker: Accounts, at_once: int, share: int) -> None:
            size = max(count // share // at_once, 1) * at_once
            spent = per_request_us(lambda: crowd(worker, header, size, at_once), size, loop)
            rows.append({"what": what, "case": name, "at once": at_once, "CPU us": spent})

        for at_once in (1, 16, 64, 256):
            slow = bounds.budget_per_day is not None and at_once == 1
            note("authenticate, reserve, settle", accounts, at_once, 20 if slow else 1)

        async def office():
            server = LedgerServer(accounts)
            await server.start(Path(folder) / "ledger")
            return server

        server = loop.run_until_complete(office())
        worker = RemoteAccounts(Path(folder) / "ledger", KeyRing({"acme": (1.0, bounds)}))
        loop.run_until_complete(worker.start())
        for at_once in (1, 64):
            note("the same through a socket", worker, at_once, 10)
        loop.run_until_complete(worker.close())
        loop.run_until_complete(server.stop())
        loop.run_until_complete(accounts.close())
    loop.close()
    return rows


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--count", type=int, default=20_000, help="requests in a round")
    parser.add_argument("--dry", action="store_true", help="print only")
    asked = parser.parse_args()
    rows = [row for name, bounds in CASES for row in case(name, bounds, asked.count)]
    for row in rows:
        row["CPU us"] = round(row["CPU us"], 1)
    if asked.dry:
        for row in rows:
            print(*row.values(), sep="\t")
        return
    keep(
        "accounts",
        "What keys, limits and budgets cost a gateway, measured",
        rows,
        **machine("msgspec"),
        requests=asked.count,
    )


if __name__ == "__main__":
    main()
