"""The watcher beside a fake engine: what it writes, when it gives up, and what it tells."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager

import numpy as np
import pytest

from headway.errors import ConfigError
from headway.serving.gateway.board import Board
from headway.serving.gateway.engines.kinds import LLAMACPP, OPENAI, VLLM, EngineKind
from headway.serving.gateway.engines.live import LiveEngine
from headway.serving.gateway.watch import Breaker, HealthRules, Watcher, WatchRules
from tests.serving.gateway.watch import pages
from tests.serving.gateway.watch.engine import Fake, running, until

_RULES = WatchRules(
    scrape_s=0.01,
    timeout_s=0.5,
    stale_s=0.1,
    models_s=0.05,
    health=HealthRules(period_s=0.01, timeout_s=0.5),
)


class Watched:
    """An engine, its board, and what its watcher has told."""

    def __init__(self, fake: Fake, engine: LiveEngine) -> None:
        self.fake = fake
        self.engine = engine
        self.board = Board(1, 1)
        self.gone: list[int] = []
        engine.breaker = Breaker()
        self.watcher = Watcher(
            [engine],
            self.board,
            rules=_RULES,
            clock=asyncio.get_running_loop().time,
            gone=lambda number, _: self.gone.append(number),
        )

    def __getitem__(self, column: str) -> float:
        return float(self.board.engine(column)[0])


@asynccontextmanager
async def watched(fake: Fake, kind: EngineKind = VLLM) -> AsyncIterator[Watched]:
    async with running(fake, kind) as engine:
        one = Watched(fake, engine)
        task = asyncio.create_task(one.watcher.run())
        try:
            yield one
        finally:
            assert not task.done(), task.exception()
            task.cancel()
            await asyncio.gather(task, return_exceptions=True)


def _run(job: Callable[[Watched], Awaitable[None]], kind: EngineKind = VLLM) -> None:
    async def body() -> None:
        async with watched(Fake(), kind) as one:
            await job(one)

    asyncio.run(body())


def test_what_an_engine_says_stands_on_the_board() -> None:
    async def job(one: Watched) -> None:
        one.fake.adapters = ["sql"]
        await until(lambda: one["healthy"] == 1 and one["scraped_s"] > 0)
        await until(lambda: one.engine.adapters == {"sql"})
        assert one.engine.models == {"base"}
        assert (one["running"], one["waiting"], one["kv_usage"]) == (12, 2, 0.5)
        assert (one["blocks"], one["block_tokens"], one["asleep"]) == (1146, 16, 0)
        assert (one["prefix_queries"], one["prefix_hits"], one["preemptions"]) == (1500, 700, 3)

    _run(job)


def test_an_engine_that_is_not_well_is_out_and_comes_back() -> None:
    async def job(one: Watched) -> None:
        await until(lambda: one["healthy"] == 1)
        one.fake.health = 503
        await until(lambda: one["healthy"] == 0)
        one.fake.health = 200
        await until(lambda: one["healthy"] == 1)
        assert not one.gone, "its counters show that it is the same process"

    _run(job)


@pytest.mark.parametrize("garbage", [b"\x00\xff" * 50, b"HTTP/1.1 200 OK\r\n\r\n", b"HTTP/1.1 20"])
def test_an_engine_that_sends_garbage_is_out(garbage: bytes) -> None:
    async def job(one: Watched) -> None:
        await until(lambda: one["healthy"] == 1)
        one.fake.garbage = garbage
        await until(lambda: one["healthy"] == 0 or garbage.startswith(b"HTTP/1.1 200"))
        await until(lambda: bool(np.isnan(one["running"])))

    _run(job)


def test_an_engine_that_hangs_is_out() -> None:
    async def job(one: Watched) -> None:
        await until(lambda: one["healthy"] == 1)
        one.fake.pause_s = 60.0
        await until(lambda: one["healthy"] == 0 and bool(np.isnan(one["running"])))

    _run(job)


def test_metrics_that_stop_coming_grow_stale() -> None:
    async def job(one: Watched) -> None:
        await until(lambda: one["running"] == 12)
        one.fake.metrics_status = 500
        await until(lambda: bool(np.isnan(one["running"])))
        assert one["healthy"] == 1
        one.fake.metrics_status = 200
        await until(lambda: one["running"] == 12)

    _run(job)


def test_a_value_that_cannot_be_true_is_not_written() -> None:
    async def job(one: Watched) -> None:
        await until(lambda: one["running"] == 12)
        one.fake.metrics = pages.VLLM.replace(b"} 7.0", b"} NaN")
        await until(lambda: bool(np.isnan(one["running"])))
        assert one["waiting"] == 2

    _run(job)


def test_a_restart_is_told_and_closes_the_breaker() -> None:
    async def job(one: Watched) -> None:
        await until(lambda: one["running"] == 12)
        assert one.engine.breaker is not None
        for _ in range(5):
            one.engine.breaker.failed(asyncio.get_running_loop().time())
        one.fake.models = ["other"]
        one.fake.metrics = pages.VLLM.replace(b"1.76400123e+09", b"1.76400999e+09")
        await until(lambda: one.gone == [0])
        assert one.engine.breaker.allows(asyncio.get_running_loop().time())
        await until(lambda: one.engine.models == {"other"})
        assert one.gone == [0]

    _run(job)


def test_one_that_tells_no_counters_is_taken_for_another_when_it_comes_back() -> None:
    async def job(one: Watched) -> None:
        plain = EngineKind(name="plain", health=b"/health")
        one.engine.kind = plain
        await until(lambda: one["healthy"] == 1)
        one.fake.health = 500
        await until(lambda: one["healthy"] == 0)
        assert one.gone == []
        one.fake.health = 200
        await until(lambda: one.gone == [0])

    _run(job, OPENAI)


def test_llamacpp_without_metrics_is_served_all_the_same() -> None:
    async def job(one: Watched) -> None:
        one.fake.metrics_status = 501
        await until(lambda: one["healthy"] == 1 and one.engine.models is not None)
        assert np.isnan(one["running"])

    _run(job, LLAMACPP)


def test_a_drain_waits_for_those_in_flight() -> None:
    async def job(one: Watched) -> None:
        row = one.board.row(0)
        for _ in range(2):
            row.placed(0, blocks=1)
        draining = asyncio.create_task(one.watcher.drain(0, 60.0))
        await until(lambda: one["draining"] == 1)
        row.left(0, 1, begun=False)
        await asyncio.sleep(0.12)
        assert not draining.done()
        row.left(0, 1, begun=False)
        await draining
        one.watcher.resume(0)
        assert one["draining"] == 0

    _run(job)


def test_an_engine_that_is_replaced_is_asked_anew() -> None:
    async def job(one: Watched) -> None:
        await until(lambda: one["healthy"] == 1 and one.engine.models is not None)
        one.engine.present = False
        one.watcher.lost(0)
        assert (one["healthy"], one.gone, one.engine.models) == (0, [0], None)
        await asyncio.sleep(0.05)
        assert one["healthy"] == 0
        one.engine.present = True
        await until(lambda: one["healthy"] == 1 and one.engine.models == {"base"})

    _run(job)


@pytest.mark.parametrize("key", ["scrape_s", "stale_s", "jitter"])
def test_rules_that_make_no_sense_are_refused(key: str) -> None:
    with pytest.raises(ConfigError, match=f"watch.{key}"):
        WatchRules(**{key: -1.0})


def test_errors_that_nobody_expects_do_not_end_the_watch(monkeypatch, caplog) -> None:
    failures = iter([ValueError("odd"), ValueError("odd")])
    take = Watcher._take

    def fails(self, one, told, asked_s) -> None:
        for error in failures:
            raise error
        take(self, one, told, asked_s)

    async def job() -> None:
        monkeypatch.setattr(Watcher, "_take", fails)
        async with watched(Fake()) as here:
            await until(lambda: here["scraped_s"] > 0)
            assert here["watch_failures"] == 2
            assert here["healthy"]

    asyncio.run(asyncio.wait_for(job(), 20))
    assert caplog.text.count("the watch of engine") == 1
