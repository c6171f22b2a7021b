"""Clocks that are set forward and back: nothing is shut out for ever, or given twice."""

from __future__ import annotations

import asyncio
import time
from pathlib import Path

import pytest

from headway.serving.gateway.accounts import open_accounts
from headway.serving.gateway.accounts.administration import create
from headway.serving.gateway.accounts.bounds import Bounds
from headway.serving.gateway.accounts.document import AccountsSection, ModelPrices
from headway.serving.gateway.accounts.money import NANO
from headway.serving.gateway.accounts.store import Store
from headway.serving.gateway.retry import RetryBudget, RetryRules
from headway.serving.gateway.watch.breaker import Breaker, BreakerRules
from tests.serving.gateway.faults.clients import ask, many
from tests.serving.gateway.faults.sockets import RawEngine
from tests.serving.gateway.faults.worlds import kinds, run, world

DAY_S = 86_400.0
FORTH_AND_BACK = [0.0, 5.0, 1e6, 10.0, -1e6, -1e6 + 5, 3.0]


class Stepped:
    """A clock that is set."""

    def __init__(self, runs: float = 1.0) -> None:
        self.step_s = 0.0
        self._runs = runs

    def __call__(self) -> float:
        return self._runs * time.monotonic() + self.step_s


@pytest.mark.parametrize("at_s", FORTH_AND_BACK)
def test_a_breaker_asks_again_after_its_pause_whatever_the_clock_says(at_s: float) -> None:
    breaker = Breaker(BreakerRules(failures=1, open_s=30.0))
    breaker.failed(1000.0)
    assert not breaker.allows(1000.0 + min(at_s, 20.0))
    now_s = 1000.0 + at_s
    assert not breaker.allows(now_s) or at_s >= 30
    assert breaker.allows(now_s + 31.0)
    breaker.sent(now_s + 31.0)
    assert not breaker.allows(now_s + 32.0)
    assert not breaker.allows(now_s - 1e6), "a probe is under way"
    assert not breaker.allows(now_s - 1e6 + 31.0)
    assert breaker.allows(now_s - 1e6 + 62.0), "and has its time"


def test_tries_again_are_bounded_and_never_locked_by_the_clock() -> None:
    budget, taken = RetryBudget(RetryRules(share=0.2, least=2)), 0
    for at_s in FORTH_AND_BACK:
        for _ in range(100):
            budget.request(1000.0 + at_s)
        here = sum(budget.take(1000.0 + at_s) for _ in range(100))
        taken += here
        assert taken <= 0.2 * 100 * len(FORTH_AND_BACK)
    for _ in range(100):
        budget.request(0.0)
    assert budget.take(0.0) or budget.take(11.0)
    budget.request(2000.0)
    assert budget.take(2000.0)


def test_a_gateway_whose_clock_is_set_serves_on() -> None:
    async def job() -> None:
        clock = Stepped()
        engines = [RawEngine(words=6, pace_s=0.01), RawEngine(words=6, pace_s=0.01)]
        async with world(*engines, clock=clock) as here:
            for step_s in (-3600.0, 7200.0, -3600.0):
                load = asyncio.create_task(many(here.address, 20, over_s=0.2, words=6))
                await asyncio.sleep(0.1)
                clock.step_s += step_s
                outcomes = await load
                # A step forward takes the time of those under way; they are told.
                assert step_s > 0 or kinds(outcomes) == {"whole": 20}
                await here.quiet()
                async with asyncio.timeout(5):
                    while kinds(await many(here.address, 6, over_s=0.01, words=6)) != {"whole": 6}:
                        pass

    run(job())


def test_no_day_gives_its_budget_twice(tmp_path: Path) -> None:
    path = tmp_path / "x.db"
    store = Store.at(str(path))
    key = create(store, "acme", now_s=1, bounds=Bounds(requests_per_min=1e6))
    wall = {"s": 20_000 * DAY_S + 1000.0}
    section = AccountsSection(
        store=str(path),
        prices={"m": ModelPrices(prompt=1e6, output=1e6)},
        bounds={"acme": Bounds(budget_per_day=300)},
    )

    async def job() -> None:
        accounts = open_accounts(section, wall=lambda: wall["s"])
        async with world(RawEngine(), RawEngine(), accounts=accounts) as here:

            async def load() -> int:
                asked = [ask(here.address, stream=bool(k % 2), key=key, limit=6) for k in range(40)]
                outcomes = await asyncio.gather(*asked)
                refused = [one for one in outcomes if one.kind == "refused"]
                assert all(one.status == 429 for one in refused)
                return sum(one.kind == "whole" for one in outcomes)

            def left() -> int:
                day = accounts.ledger._tenants["acme"].day
                assert day.held == 0
                return (day.most - day.spent) // NANO

            served = []
            for day in (0, 0, 1, 0, 1, -5, 1):
                wall["s"] = (20_000 + day) * DAY_S + 1000.0
                served.append(0)
                while got := await load():
                    served[-1] += got
                await here.quiet()
                assert 0 <= left() < 100, "less than the most that one may need"
            assert served[0] > 0
            assert served[1] == 0
            assert served[2] > 0
            assert served[3:] == [0, 0, 0, 0], "a day once begun does not come back"
        await accounts.close()

    run(job())
    spent = store.database.execute("SELECT SUM(cost) FROM headway_usage")[0][0] / NANO
    assert spent <= 2 * 300
    assert store.recover("gateway", counts=True) == 0
    store.close()


def test_steps_of_the_clock_under_load_overspend_nothing(tmp_path: Path) -> None:
    path = tmp_path / "x.db"
    store = Store.at(str(path))
    key = create(store, "acme", now_s=1)
    wall = {"s": 20_000 * DAY_S + 1000.0}
    section = AccountsSection(
        store=str(path),
        prices={"m": ModelPrices(prompt=1e6, output=1e6)},
        bounds={"acme": Bounds(budget_per_day=100)},
    )

    async def job() -> None:
        accounts = open_accounts(section, wall=lambda: wall["s"])
        moods = iter(["", "reset", "503", "", "reset-mid", ""] * 1000)
        engines = [RawEngine(lambda _: next(moods), pace_s=0.005) for _ in range(3)]
        async with world(*engines, accounts=accounts) as here:
            clients = [
                asyncio.create_task(ask(here.address, stream=True, key=key, limit=6))
                for _ in range(80)
            ]
            for step_s in (DAY_S, -DAY_S, -3 * DAY_S, DAY_S):
                await asyncio.sleep(0.01)
                wall["s"] += step_s
            await asyncio.gather(*clients)
            await here.quiet()
            day = accounts.ledger._tenants["acme"].day
            assert day.held == 0
            assert 0 <= day.spent <= day.most
            assert accounts.ledger.overdrawn == 0
        await accounts.close()

    run(job())
    spent = store.database.execute("SELECT SUM(cost) FROM headway_usage")[0][0] / NANO
    assert 0 < spent <= 200
    store.close()
