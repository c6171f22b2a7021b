"""Streams that another engine goes on with: the right words, each once, in order."""

from __future__ import annotations

import asyncio
import itertools
import json
import random
from pathlib import Path
from typing import Any

import pytest

from headway.serving.gateway.accounts import open_accounts
from headway.serving.gateway.accounts.administration import create
from headway.serving.gateway.accounts.document import AccountsSection, ModelPrices
from headway.serving.gateway.accounts.money import NANO
from headway.serving.gateway.accounts.store import Store
from headway.serving.wire import Pool
from tests.serving.gateway.faults.clients import ask, many
from tests.serving.gateway.faults.sockets import MIDDLE, RawEngine
from tests.serving.gateway.faults.worlds import kinds, run, world

GO_ON = (("x-headway-resumed", "yes"),)


@pytest.mark.parametrize("mood", MIDDLE)
def test_no_word_is_lost_or_said_twice(mood: str) -> None:
    async def job() -> None:
        bad = RawEngine(lambda _: mood, words=12)
        good = RawEngine(words=12)
        async with world(bad, good, resume=True, breaker={"failures": 1000}) as here:
            outcomes = await many(here.address, 40, words=12, streams=True, headers=GO_ON)
            # Each word carries the id and its place: a gap or a repetition would have shown.
            assert kinds(outcomes) == {"whole": 40}
            resumed = [one for one in outcomes if one.comments]
            assert resumed
            for one in resumed:
                assert one.headers["x-headway-resumed"] == "0", "it may happen"
                assert one.headers["x-headway-engine"] == "a-0", "who began"
                assert one.comments == [": x-headway-resumed: 1, by a-1"], "it has happened"
                assert bad.asked[one.name] == good.asked[one.name] == 1
                assert good.said[one.name] == 1
            for body in good.bodies:
                # Six words were said of the sixteen that the API gives by default.
                assert body.get("max_tokens", 16) == (10 if " " in body["prompt"] else 16)
            assert here.gateway.board.counters[0, 5].tolist() == [0, len(resumed)]

    run(job())


def test_a_stream_may_go_on_twice_and_no_more() -> None:
    async def job() -> None:
        engines = [RawEngine(lambda _: "reset-mid", words=16) for _ in range(3)]
        async with world(*engines, resume=True) as here:
            outcome = await ask(here.address, stream=True, words=16, headers=GO_ON)
            assert outcome.kind == "broken"
            assert len(outcome.comments) == 2
            assert sum(one.asked.total() for one in engines) == 3
            assert outcome.text.split() == [f"{outcome.name}.{k}" for k in range(14)]

    run(job())


def test_nobody_is_there_to_go_on() -> None:
    async def job() -> None:
        async with world(RawEngine(lambda _: "reset-mid"), resume=True) as here:
            outcomes = await many(here.address, 10, streams=True, headers=GO_ON)
            assert kinds(outcomes) == {"broken": 10}

    run(job())


def test_who_goes_on_may_refuse() -> None:
    async def job() -> None:
        refuses = RawEngine(lambda _: "400")
        async with world(RawEngine(lambda _: "reset-mid"), refuses, resume=True) as here:
            outcomes = await many(here.address, 10, streams=True, headers=GO_ON)
            assert set(kinds(outcomes)) <= {"broken", "refused"}
            assert any(one.kind == "broken" for one in outcomes)

    run(job())


@pytest.mark.parametrize(
    "more",
    [{"n": 2}, {"best_of": 2}, {"echo": True}, {"logprobs": 1}, {"response_format": {"type": "x"}}],
)
def test_what_makes_sense_only_from_its_beginning_is_not_gone_on_with(more: dict[str, Any]) -> None:
    async def job() -> None:
        bad, good = RawEngine(lambda _: "reset-mid"), RawEngine()
        async with world(bad, good, resume=True) as here:
            pool = Pool(*here.address)
            while not bad.asked:
                body = {"model": "m", "prompt": "r1", "stream": True, **more}
                lines = [(b"x-headway-resumed", b"yes")]
                answer = await pool.send(
                    b"POST", b"/v1/completions", lines, json.dumps(body).encode()
                )
                assert answer.header(b"x-headway-resumed") is None
                told = await answer.read()
                assert (b'"error"' in told) == bool(bad.asked)
            pool.close()

    run(job())


def test_clients_that_leave_streams_that_go_on_leave_nothing_behind() -> None:
    async def job() -> None:
        chance = random.Random(7)
        moods = itertools.cycle(["", "reset-mid", "hang-mid", "garbage-mid"])
        engines = [RawEngine(lambda _: next(moods), words=12, pace_s=0.003) for _ in range(3)]
        times = {"first_byte_s": 0.1, "between_bytes_s": 0.05}
        async with world(*engines, resume=True, timeouts=times) as here:

            async def leaves() -> None:
                job = ask(here.address, stream=True, words=12, headers=GO_ON)
                task = asyncio.create_task(job)
                await asyncio.wait([task], timeout=chance.uniform(0, 0.15))
                task.cancel()
                await asyncio.gather(task, return_exceptions=True)

            await asyncio.gather(*[leaves() for _ in range(60)])
            await here.quiet()

    run(job())


def test_a_stream_that_goes_on_costs_what_it_says_and_no_more(tmp_path: Path) -> None:
    path = tmp_path / "x.db"
    store = Store.at(str(path))
    key = create(store, "acme", now_s=1)
    section = AccountsSection(store=str(path), prices={"m": ModelPrices(prompt=1e6, output=1e6)})

    async def job() -> None:
        accounts = open_accounts(section)
        bad, good = RawEngine(lambda _: "reset-mid", words=12), RawEngine(words=12)
        for one in (bad, good):
            one.tells_usage = True
        async with world(bad, good, resume=True, accounts=accounts) as here:
            outcomes = await many(
                here.address, 20, words=12, streams=True, headers=GO_ON, key=key, limit=12
            )
            assert kinds(outcomes) == {"whole": 20}
            assert any(one.comments for one in outcomes)
            await here.quiet()
            assert accounts.ledger.overdrawn == 0
        await accounts.close()

    run(job())
    cost = store.database.execute("SELECT SUM(cost) FROM headway_usage")[0][0] / NANO
    assert cost == 20 * (12 + 1)
    store.close()
