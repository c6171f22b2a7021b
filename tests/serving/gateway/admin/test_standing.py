"""Where tenants stand, told by the process that counts, however many others there are."""

from __future__ import annotations

import asyncio
import sys
import tempfile
import time
from collections.abc import Awaitable, Callable
from pathlib import Path

import pytest

from headway.errors import EndpointError
from headway.serving.gateway.accounts import AccountsSection, Bounds, LocalAccounts, open_accounts
from headway.serving.gateway.accounts.administration import create
from headway.serving.gateway.accounts.document import ModelPrices
from headway.serving.gateway.accounts.ledger_server import LedgerServer
from headway.serving.gateway.accounts.protocol import Tenant
from headway.serving.gateway.accounts.standing import MOST_TOLD
from headway.serving.gateway.accounts.store import Store
from headway.serving.gateway.admin.bureau import LocalBureau, RemoteBureau
from headway.serving.gateway.errors import Refusal
from tests.serving.gateway.admin.offices import office
from tests.serving.gateway.fakes import fleet, site, well
from tests.serving.gateway.watch.engine import until

ACME = Tenant(name="acme")


def _run(job: Callable[[LocalAccounts, Path], Awaitable[None]], **bounds: Bounds) -> None:
    async def body() -> None:
        # Not in a folder of pytest: their names are too long for sockets.
        with tempfile.TemporaryDirectory() as name:
            section = AccountsSection(
                store=str(Path(name) / "x.db"),
                bounds=bounds,
                prices={"m": ModelPrices(1e6, 1e6)},
                keys_s=3600,
                linger_s=0.001,
            )
            accounts = open_accounts(section)
            await job(accounts, Path(name))
            await accounts.close()

    asyncio.run(body())


def test_what_is_left_counts_what_is_set_aside() -> None:
    """A request of at most 3 + 4 tokens at 1 each, of a budget of 10 and 70 tokens a minute."""

    async def job(accounts: LocalAccounts, _: Path) -> None:
        now_s = asyncio.get_running_loop().time()
        lease = await accounts.reserve(ACME, "m", 3, 4, now_s)
        assert not isinstance(lease, Refusal)
        (one,) = accounts.standings(now_s)
        assert (one.owner, one.in_flight, one.most) == ("acme", 1, 5)
        assert (one.day_left, one.day_budget) == (3.0, 10.0)
        assert one.tokens_left == pytest.approx(63.0, abs=0.5)
        assert (one.requests_per_min, one.month_budget, one.refused_s) == (None, None, None)
        refused = await accounts.reserve(ACME, "m", 3, 4, now_s + 1)
        assert isinstance(refused, Refusal)
        (one,) = accounts.standings(now_s + 6)
        assert (one.refused, one.refused_s) == (1, 5.0)
        assert "budget of the day" in one.why
        accounts.settle(lease, 1, 1)
        (one,) = accounts.standings(now_s + 6)
        assert (one.in_flight, one.day_left) == (0, 8.0)

    _run(job, acme=Bounds(budget_per_day=10, tokens_per_min=70, in_flight=5))


def test_those_refused_last_are_told_first_and_not_too_many() -> None:
    async def job(accounts: LocalAccounts, _: Path) -> None:
        now_s = asyncio.get_running_loop().time()
        for number in (7, 250):
            await accounts.reserve(Tenant(name=f"t{number:03}"), "m", 99, 99, now_s + number)
        told = accounts.standings(now_s + 300)
        assert [one.owner for one in told[:3]] == ["t250", "t007", "t000"]
        assert len(told) == MOST_TOLD

    _run(job, **{f"t{number:03}": Bounds(budget_per_day=1) for number in range(300)})


@pytest.mark.skipif(sys.platform == "win32", reason="needs UNIX sockets")
def test_a_ledger_elsewhere_tells_the_same_and_its_end_is_seen() -> None:
    async def job(accounts: LocalAccounts, folder: Path) -> None:
        server, bureau = LedgerServer(accounts), RemoteBureau(folder / "ledger", timeout_s=5)
        assert bureau.figures().healthy, "nobody has asked yet"
        with pytest.raises(EndpointError):
            await bureau.standings()
        assert not bureau.figures().healthy
        await server.start(folder / "ledger")
        lease = await accounts.reserve(ACME, "m", 3, 4, time.monotonic())
        answers = await asyncio.gather(*(bureau.standings() for _ in range(20)))
        assert all(told[0].in_flight == 1 for told in answers)
        assert answers[0][0].day_left == 3.0
        assert bureau.figures().healthy
        accounts.release(lease)
        await server.stop()
        with pytest.raises(EndpointError):
            await bureau.standings()
        assert not bureau.figures().healthy
        bureau.close()

    _run(job, acme=Bounds(budget_per_day=10))


@pytest.mark.skipif(sys.platform == "win32", reason="needs UNIX sockets")
@pytest.mark.parametrize("remote", [False, True])
def test_new_keys_work_as_soon_as_an_operator_has_them_read(*, remote: bool) -> None:
    async def job(accounts: LocalAccounts, folder: Path) -> None:
        server = LedgerServer(accounts)
        await server.start(folder / "ledger")
        bureau = (
            RemoteBureau(folder / "ledger") if remote else LocalBureau(accounts, time.monotonic)
        )
        store = Store.at(str(folder / "x.db"))
        key = create(store, "acme", now_s=int(time.time()))
        store.close()
        header = f"Bearer {key}".encode()
        async with fleet(well) as engines, office(site([engines[0].url]), bureau) as here:
            assert isinstance(accounts.authenticate(header, 0.0), Refusal)
            assert (await here.ask("POST", "/admin/keys/reload"))[0] == 200
            await until(lambda: not isinstance(accounts.authenticate(header, 0.0), Refusal))
            _, told, _ = await here.ask("GET", "/admin/state")
            assert told["accounts"]["healthy"] is True
            assert [one["owner"] for one in told["tenants"]] == ["acme"]
            assert key not in str(told)
        await server.stop()

    _run(job, acme=Bounds(budget_per_day=10))
