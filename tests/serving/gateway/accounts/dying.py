"""A gateway that works until it is killed, and tells what its engines did; for `test_faults`."""

from __future__ import annotations

import asyncio
import os
import random
import sys

from headway.serving.gateway.accounts import AccountsSection, Bounds, LocalAccounts, open_accounts
from headway.serving.gateway.accounts.document import ModelPrices
from headway.serving.gateway.accounts.ledger import Booked
from headway.serving.gateway.accounts.ring import Holder

LIMIT = 50


def tell(*words: object) -> None:
    """Write a line at once, whatever becomes of this process."""
    os.write(1, " ".join(map(str, words)).encode() + b"\n")


async def client(accounts: LocalAccounts, luck: random.Random) -> None:
    tenant = Holder(name="acme", account="key")
    while True:
        lease = await accounts.reserve(tenant, "m", 10, LIMIT, 0.0)
        assert isinstance(lease, Booked), lease
        tell("sent")
        await asyncio.sleep(luck.random() * 0.003)
        used = luck.randrange(LIMIT + 1)
        tell("used", 10 + used)
        accounts.settle(lease, 10, used)
        tell("settled", 10 + used)


async def confirm(accounts: LocalAccounts) -> None:
    """Tell now and then what is in the store for certain."""
    while True:
        await asyncio.sleep(0.01)
        told = accounts.ledger._tenants["acme"].day.spent
        if await accounts.journal.written():
            tell("certain", told // 1_000_000_000)


async def main(store: str, seed: int) -> None:
    section = AccountsSection(
        store=store,
        bounds={"acme": Bounds(budget_per_day=1e8)},
        prices={"m": ModelPrices(1e6, 1e6)},
        linger_s=0.2,
    )
    accounts = open_accounts(section)
    tell("open", accounts.ledger._tenants["acme"].day.spent // 1_000_000_000)
    luck = random.Random(seed)
    await asyncio.gather(*(client(accounts, luck) for _ in range(8)), confirm(accounts))


if __name__ == "__main__":
    asyncio.run(main(sys.argv[1], int(sys.argv[2])))
