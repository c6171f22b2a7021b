"""A gateway whose disk gets full, and has room again; for `test_faults`."""

from __future__ import annotations

import asyncio
import resource
import signal
import sys
from pathlib import Path

from headway.serving.fleet.document import Tariff
from headway.serving.gateway.accounts import AccountsSection, Bounds, open_accounts
from headway.serving.gateway.accounts.ring import Holder
from headway.serving.gateway.errors import Refusal


async def main(store: str, rule: str) -> None:
    signal.signal(signal.SIGXFSZ, signal.SIG_IGN)  # then a write fails as on a full disk
    section = AccountsSection(
        store=store,
        bounds={"acme": Bounds(budget_per_day=1e8)},
        on_store_failure=rule,
        linger_s=0.001,
        retry_s=0.02,
    )
    accounts = open_accounts(section, prices=Tariff(1e6, 1e6))
    tenant = Holder(name="acme", account="key")
    full = max(Path(store + "-wal").stat().st_size, Path(store).stat().st_size) + 20_000
    resource.setrlimit(resource.RLIMIT_FSIZE, (full, resource.RLIM_INFINITY))
    spent = refused = 0
    for turn in range(1500):
        # Another model each time, so that the tables grow.
        lease = await accounts.reserve(tenant, f"m{turn}", 1, 1, 0.0)
        if isinstance(lease, Refusal):
            assert lease.status == 503, lease
            refused += 1
            break
        accounts.settle(lease, 1, 1)
        spent += 1
        if not accounts.journal.healthy and spent % 400 == 0:
            break
    print("failed", accounts.journal.failures > 0, "refused", refused, flush=True)
    resource.setrlimit(resource.RLIMIT_FSIZE, (resource.RLIM_INFINITY, resource.RLIM_INFINITY))
    for _ in range(2000):
        await asyncio.sleep(0.005)
        if accounts.journal.healthy:
            break
    lease = await accounts.reserve(tenant, "m", 1, 1, 0.0)
    assert not isinstance(lease, Refusal), lease
    accounts.settle(lease, 1, 1)
    await accounts.close()
    print("spent", spent + 1, flush=True)


if __name__ == "__main__":
    asyncio.run(main(sys.argv[1], sys.argv[2]))
