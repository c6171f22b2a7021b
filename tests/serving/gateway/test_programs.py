"""Routers of programs, live: what answers and headers say reaches them."""

from __future__ import annotations

import asyncio
import time
from typing import Any

import pytest

from headway.errors import ConfigError, UnknownNameError
from headway.serving.agents.keeping import Keeping
from headway.serving.agents.routing import ProgramRouter
from headway.serving.fleet.decisions import Hearer
from headway.serving.gateway.gateway import Gateway
from headway.serving.wire import Exchange, Pool
from tests.serving.gateway.fakes import FakeEngine, behind, counts, fleet, post, site, well

CHAT = {"model": "m", "messages": [{"role": "user", "content": "hi"}]}


class Caller(FakeEngine):
    """Calls the tool that the last message names, if it does."""

    def _whole(self, exchange: Exchange, asked: dict[str, Any]) -> dict[str, Any]:
        told = super()._whole(exchange, asked)
        tool = asked["messages"][-1]["content"]
        if tool != "hi":
            call = {"id": "1", "type": "function", "function": {"name": tool, "arguments": "{}"}}
            told["choices"][0]["message"]["tool_calls"] = [call]
            told["choices"][0]["finish_reason"] = "tool_calls"
        return told


def kept(gateway: Gateway) -> Keeping:
    found = next(iter(gateway.seats.values())).router
    assert isinstance(found, Keeping)
    return found


def chat(tool: str = "hi") -> dict[str, Any]:
    return {"model": "m", "messages": [{"role": "user", "content": tool}]}


TEAM = {
    "name": "agents",
    "router": "programs",
    "controllers": [{"policy": "keeping", "with": {"evictor": "residual-life", "inferred": True}}],
}


@pytest.mark.parametrize("policy", ["programs", "programs-pausing", "fcfs/programs"])
def test_programs_stay_with_their_engines(policy: str) -> None:
    async def job() -> None:
        async with (
            fleet(*[well] * 3) as engines,
            behind(site([one.url for one in engines], policies=[policy])) as (gateway, host, port),
        ):
            pool = Pool(host, port)
            seen: dict[str, set[str]] = {}
            for step in range(18):
                program = f"p{step % 6}"
                status, _, headers = await post(
                    pool, "/v1/chat/completions", CHAT, x_headway_program=program,
                    x_headway_final="false",
                )  # fmt: skip
                assert status == 200
                seen.setdefault(program, set()).add(headers["x-headway-engine"])
            assert {len(engines) for engines in seen.values()} == {1}
            many = (
                post(pool, "/v1/chat/completions", CHAT, x_headway_program=f"p{k % 6}")
                for k in range(60)
            )
            assert {status for status, _, _ in await asyncio.gather(*many)} == {200}
            pool.close()
            assert not any(counts(gateway))

    asyncio.run(job())


def test_a_program_that_ends_is_forgotten() -> None:
    async def job() -> None:
        async with (
            fleet(well, well) as engines,
            behind(site([one.url for one in engines], policies=["programs"])) as (
                gateway, host, port,
            ),
        ):  # fmt: skip
            pool, path = Pool(host, port), "/v1/chat/completions"
            router = gateway.seats["programs"].router
            assert isinstance(router, ProgramRouter)
            remembered = router._ledger._programs
            await post(pool, path, CHAT, x_headway_program="a", x_headway_tool="web")
            await post(pool, path, CHAT, x_session_id="b")
            assert len(remembered) == 2
            await post(pool, path, CHAT, x_headway_program="a")  # it calls nothing
            await post(pool, path, CHAT, x_session_id="b", x_headway_final="true")
            assert not remembered
            status, told, _ = await post(pool, path, CHAT, x_headway_final="perhaps")
            assert status == 400
            assert told["error"]["code"] == "invalid_final"
            assert all(not name.startswith(b"x-headway") for name, _ in engines[0].seen[0].headers)
            pool.close()

    asyncio.run(job())


@pytest.mark.parametrize("stream", [True, False])
def test_what_answers_call_is_kept_and_learned(stream: bool) -> None:
    """Streams of these engines call nothing, so that the header has to tell."""

    async def job() -> None:
        engine = Caller()
        await engine.start()
        async with behind(site([engine.url], policies=[TEAM])) as (gateway, host, port):
            pool = Pool(host, port)
            keeping = kept(gateway)
            for step in ("code", "web", "hi"):
                more = {}
                if stream:
                    name, value = ("tool", step) if step != "hi" else ("final", "true")
                    more[f"x_headway_{name}"] = value
                told = {**chat("hi" if stream else step), "stream": stream}
                await post(pool, "/v1/chat/completions", told, x_headway_program="one", **more)
            left = [(one.answer.tool, one.answer.is_final) for one in keeping._idle[0].values()]
            assert left == [(-1, True)]
            assert keeping._graphs is not None
            kind = keeping._graphs._inferred._kinds[0]
            assert kind.finished == 1
            assert kind.calls[-1, 0] == {1: 1.0}
            await post(pool, "/v1/chat/completions", {**chat(), "stream": stream})
            assert len(keeping._idle[0]) == 2
            operations = keeping.act(gateway.sight.view(time.monotonic()))
            assert [len(one.requests) for one in operations] == [4]
            pool.close()
        await engine.server.stop()

    asyncio.run(job())


def test_who_does_not_listen_costs_nothing() -> None:
    async def job() -> None:
        async with (
            fleet(well) as [engine],
            behind(site([engine.url], policies=["vtc/prefix-cache", TEAM])) as (
                gateway,
                host,
                port,
            ),
        ):
            assert [seat.hearer is not None for seat in gateway.seats.values()] == [False, True]
            pool = Pool(host, port)
            told = {"model": "m", "prompt": "a"}
            status, _, _ = await post(pool, "/v1/completions", told, x_headway_final="nonsense")
            assert status == 200
            pool.close()

    asyncio.run(job())


def test_declared_graphs_are_asked_by_class() -> None:
    graph = {
        "steps": [
            {"tool": "search", "work_s": 4, "observed_tokens": 900, "tool_s": [0.5, 2]},
            {"work_s": 3},
        ],
        "next": {0: {1: 0.75}},
    }
    team = {
        "name": "agents",
        "router": "programs",
        "controllers": [{"policy": "keeping", "with": {"declared": {"coding": graph}}}],
    }
    classes = [{"name": "chat"}, {"name": "coding"}]

    async def job() -> None:
        engine = Caller()
        await engine.start()
        where = site([engine.url], policies=[team], classes=classes)
        async with behind(where) as (gateway, host, port):
            pool, keeping = Pool(host, port), kept(gateway)
            known = {"x_headway_program": "p", "x_headway_class": "coding"}
            await post(pool, "/v1/chat/completions", chat("search"), **known)
            [left] = keeping._idle[0].values()
            assert (left.forecast.tier, left.forecast.returns) == ("hinted", 0.75)
            assert left.forecast.work_left_s == pytest.approx(0.75 * 3)
            program = keeping._router._ledger._programs[left.session]
            assert program.foreseen_s == pytest.approx(0.75 * 3)
            await post(pool, "/v1/chat/completions", chat("search"), x_headway_program="q")
            assert [one.forecast.tier for one in keeping._idle[0].values()] == ["hinted", "cold"]
            pool.close()
        await engine.server.stop()

    asyncio.run(job())


@pytest.mark.parametrize(
    ("given", "told"),
    [
        ({"evictor": "mru"}, "evictor 'mru'"),
        ({"declared": {"coding": {"steps": [{}]}}}, "coding"),
        ({"declared": {"default": {"steps": []}}}, "declared: default"),
        ({"declared": {"default": {"nodes": []}}}, "declared: default"),
        ({"declared": {"default": {"steps": [{}], "next": {0: {0: 1}}}}}, "end"),
        ({"inferred": {"cold": "x"}}, "inferred"),
        ({"prefetch": {"most": 0}}, "prefetch"),
        ({"period_s": 0}, "period_s"),
        ({"speed": 3}, "speed"),
    ],
)
def test_what_cannot_be_is_refused(given: dict[str, Any], told: str) -> None:
    team = {**TEAM, "controllers": [{"policy": "keeping", "with": given}]}
    with pytest.raises((ConfigError, UnknownNameError), match=told):
        site(["http://127.0.0.1:1"], policies=[team])


def test_a_router_that_hears_is_heard_through_whatever_stands_before_it() -> None:
    made = site(["http://127.0.0.1:1"], policies=["vtc/programs"], tenants=[{"name": "a"}])
    router, _ = made.policy("vtc/programs").make(made.path, 0)
    assert isinstance(router, Hearer)
