"""What controllers decide, carried out at a fake engine."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable

from headway.serving.fleet.decisions import Drain, LoadAdapter, Operation, Start, UnloadAdapter
from headway.serving.gateway.operating import Operating
from headway.serving.gateway.steering import Advice, Recorder
from tests.serving.gateway.watch.engine import Fake, running, until


class Keeping:
    """Remembers what it was asked, and drains when it is told to."""

    def __init__(self) -> None:
        self.told: list[str] = []
        self.empty = asyncio.Event()

    async def drain(self, number: int, grace_s: float) -> None:
        self.told.append(f"drain {number}, {grace_s:g} s")
        await self.empty.wait()

    def resume(self, number: int) -> None:
        self.told.append(f"resume {number}")

    def turned(self, number: int, *, asleep: bool) -> None:
        self.told.append(f"{number} is {'asleep' if asleep else 'awake'}")


class Orders:
    """A fake engine, and who carries out orders there."""

    def __init__(self, fake: Fake, operating: Operating, keeping: Keeping) -> None:
        self.fake = fake
        self.operating = operating
        self.keeping = keeping

    async def __call__(self, operation: Operation) -> None:
        await self.operating.carry_out(Advice(0.0, "somebody", operation))


def _run(job: Callable[[Orders], Awaitable[None]], *, sleeps: bool = True) -> None:
    async def body() -> None:
        fake, keeping, recorder = Fake(), Keeping(), Recorder()
        async with running(fake) as engine:
            operating = Operating(
                [engine],
                {0: {"sql": "/adapters/sql"}},
                frozenset((0,)) if sleeps else frozenset(),
                keeping,
                30.0,
                recorder,
            )
            await job(Orders(fake, operating, keeping))
            await operating.close()
        assert recorder.advice, "others hear of it, too"

    asyncio.run(body())


def test_adapters_are_loaded_and_unloaded() -> None:
    async def job(order: Orders) -> None:
        fake = order.fake
        await order(LoadAdapter(0, "sql"))
        assert fake.bodies[-1] == {"lora_name": "sql", "lora_path": "/adapters/sql"}
        await order(LoadAdapter(0, "nowhere"))
        assert fake.adapters == ["sql"]
        await order(UnloadAdapter(0, "sql"))
        assert fake.adapters == []
        fake.dev = False
        await order(LoadAdapter(0, "sql"))
        assert fake.adapters == []

    _run(job)


def test_an_engine_that_is_to_stop_sleeps_once_its_requests_have_ended() -> None:
    async def job(order: Orders) -> None:
        await order(Drain(0))
        await until(lambda: order.keeping.told == ["drain 0, 30 s"])
        await asyncio.sleep(0.02)
        assert not order.fake.asleep
        order.keeping.empty.set()
        await until(lambda: order.keeping.told[1:] == ["0 is asleep"])
        assert order.fake.asleep
        await order(Start(0))
        await until(lambda: order.keeping.told[2:] == ["0 is awake", "resume 0"])
        assert not order.fake.asleep

    _run(job)


def test_an_order_takes_the_place_of_the_one_before() -> None:
    async def job(order: Orders) -> None:
        await order(Drain(0))
        await until(lambda: len(order.keeping.told) == 1)
        await order(Start(0))
        await until(lambda: order.keeping.told[1:] == ["0 is awake", "resume 0"])
        order.keeping.empty.set()
        await asyncio.sleep(0.02)
        assert not order.fake.asleep

    _run(job)


def test_an_engine_that_does_not_sleep_goes_on_serving() -> None:
    async def job(order: Orders) -> None:
        order.fake.dev = False
        order.keeping.empty.set()
        await order(Drain(0))
        await until(lambda: order.keeping.told == ["drain 0, 30 s", "resume 0"])

    _run(job)


def test_engines_that_are_not_to_sleep_are_left_to_others() -> None:
    async def job(order: Orders) -> None:
        await order(Drain(0))
        await order(Start(0))
        await asyncio.sleep(0.02)
        assert order.keeping.told == []

    _run(job, sleeps=False)
