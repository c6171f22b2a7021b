"""Tries again wait for room in the budget, as long as somebody could answer."""

from __future__ import annotations

import asyncio

from headway.serving.gateway.retry import RetryBudget, RetryRules
from headway.serving.gateway.turns import Turns


def test_each_try_that_helps_makes_room_for_the_next() -> None:
    async def job() -> None:
        budget = RetryBudget(RetryRules(share=0.0, least=2))
        turns = Turns(budget, 10.0, lambda: 0.0)
        tries = [asyncio.create_task(turns.turn(lambda: True)) for _ in range(5)]
        for done in (2, 3, 4, 5):
            for _ in range(5):
                await asyncio.sleep(0)
            assert sum(one.done() for one in tries) == done
            turns.helped()
        assert all(one.result() for one in tries)

    asyncio.run(job())


def test_nobody_waits_for_nobody() -> None:
    async def job() -> None:
        turns = Turns(RetryBudget(RetryRules(share=0.0, least=0)), 10.0, lambda: 0.0)
        assert not await turns.turn(lambda: False)

    asyncio.run(job())


def test_a_wait_ends() -> None:
    async def job() -> None:
        now = iter(range(100))
        turns = Turns(RetryBudget(RetryRules(share=0.0, least=0)), 3.0, lambda: float(next(now)))
        assert not await turns.turn(lambda: True)
        assert next(now) < 10
        assert not turns._waiting

    asyncio.run(job())


def test_who_leaves_takes_no_turn_with_it() -> None:
    async def job() -> None:
        turns = Turns(RetryBudget(RetryRules(share=0.0, least=1)), 10.0, lambda: 0.0)
        assert await turns.turn(lambda: True)
        leaving, staying = (asyncio.create_task(turns.turn(lambda: True)) for _ in range(2))
        await asyncio.sleep(0)
        leaving.cancel()
        await asyncio.sleep(0)
        turns.helped()
        assert await asyncio.wait_for(staying, 0.2), "it is told, and needs not look"

    asyncio.run(job())
