"""Stories of requests, faults, recoveries and time that passes, drawn at random."""

from __future__ import annotations

import asyncio
import random
import time
from collections.abc import Coroutine
from contextlib import AsyncExitStack
from typing import Any

import uvloop
from hypothesis import settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, initialize, invariant, rule

from headway.serving.gateway.retry import RetryRules
from tests.serving.gateway.faults.clients import Outcome, ask
from tests.serving.gateway.faults.sockets import MIDDLE, RawEngine
from tests.serving.gateway.faults.worlds import Book, World, world

ENGINES = st.integers(0, 2)
BEFORE = ("reset", "close", "reset-headers", "garbage", "garbage-body", "500", "503", "429", "hang")
ROOM_S = RetryRules().window_s
"""Longest that a request waits for room in the budget of tries."""
GO_ON = (("x-headway-resumed", "yes"),)


class Story(RuleBasedStateMachine):
    """Three engines, a gateway whose clock is in our hands, and clients that check each word."""

    def __init__(self) -> None:
        super().__init__()
        self.loop = uvloop.new_event_loop()
        self.step_s = 0.0
        self.moods = ["", "", ""]
        self.alive = [True, True, True]
        self.book = Book()
        self.stack = AsyncExitStack()
        self.here: World

    def do(self, job: Coroutine[Any, Any, Any]) -> Any:
        return self.loop.run_until_complete(asyncio.wait_for(job, 60))

    @initialize()
    def begin(self) -> None:
        engines = [RawEngine(self._mood(number), words=6) for number in range(3)]
        times = {"first_byte_s": 0.3, "between_bytes_s": 0.3, "connect_s": 1.0}
        made = world(
            *engines,
            accounts=self.book,
            clock=lambda: time.monotonic() + self.step_s,
            resume=True,
            timeouts=times,
            queue={"timeout_s": 0.4, "most": 1000},
        )
        self.here = self.do(self.stack.enter_async_context(made))

    def _mood(self, number: int) -> Any:
        return lambda _: self.moods[number]

    @rule(engine=ENGINES, mood=st.sampled_from(["", *BEFORE, *MIDDLE, "drip", "long"]))
    def turns(self, engine: int, mood: str) -> None:
        self.moods[engine] = mood

    @rule(engine=ENGINES)
    def dies_or_comes_back(self, engine: int) -> None:
        one = self.here.engines[engine]
        self.do(one.kill() if self.alive[engine] else one.start())
        self.alive[engine] = not self.alive[engine]

    @rule(engine=ENGINES, column=st.sampled_from(["healthy", "draining"]))
    def is_found_otherwise(self, engine: int, column: str) -> None:
        told = self.here.gateway.board.engine(column)
        told[engine] = not told[engine]

    @rule(seconds=st.sampled_from([0.2, 5.0, 60.0, -30.0]))
    def time_passes(self, seconds: float) -> None:
        self.step_s += seconds

    @rule(count=st.integers(1, 12), streams=st.booleans(), go_on=st.booleans())
    def clients_ask(self, count: int, streams: bool, go_on: bool) -> None:
        sure = self._is_sure()
        asked = (self._ask(streams, go_on) for _ in range(count))
        for one in self.do(_all(asked)):
            waited = one.seconds >= ROOM_S  # no room for tries came within the time for it
            assert not (sure and one.lost) or waited, (one, self.moods, self.alive)

    @rule(count=st.integers(1, 12), seed=st.integers(0, 99))
    def clients_leave(self, count: int, seed: int) -> None:
        chance = random.Random(seed)

        async def leaves() -> None:
            task = asyncio.ensure_future(self._ask(streams=True, go_on=True))
            await asyncio.wait([task], timeout=chance.uniform(0, 0.02))
            task.cancel()
            await asyncio.gather(task, return_exceptions=True)

        self.do(_all(leaves() for _ in range(count)))

    @invariant()
    def nothing_is_left(self) -> None:
        if not hasattr(self, "here"):
            return
        self.do(self.here.quiet())
        assert not any(lease.open for lease in self.book.leases)
        assert all(self.book.ends[id(lease)] == 1 for lease in self.book.leases)

    def teardown(self) -> None:
        if hasattr(self, "here"):
            self.do(self.stack.aclose())
        self.loop.close()

    def _ask(self, streams: bool, go_on: bool) -> Coroutine[Any, Any, Outcome]:
        headers = GO_ON if go_on else ()
        return ask(self.here.address, stream=streams, words=6, headers=headers)

    def _is_sure(self) -> bool:
        """Return whether there is an engine that is well, and that the gateway takes to be."""
        gateway = self.here.gateway
        ready = gateway.sight.ready(gateway._clock())
        return any(
            self.alive[number] and self.moods[number] in ("", *MIDDLE) and ready[number]
            for number in range(3)
        )


async def _all(jobs: Any) -> list[Any]:
    return list(await asyncio.gather(*jobs))


TestStory = Story.TestCase
TestStory.settings = settings(max_examples=10, stateful_step_count=10, deadline=None)
