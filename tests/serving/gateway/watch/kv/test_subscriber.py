"""Subscribers beside a real publisher on loopback: gaps, garbage, restarts."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager

import numpy as np
import pytest
import zmq.asyncio

from headway.errors import ConfigError
from headway.serving.gateway.watch.kv import Residency, Source, Subscriber, sources
from tests.serving.gateway.watch.engine import until
from tests.serving.gateway.watch.kv.publisher import Publisher, publishing, removed, stored

_PROMPT = np.array([1, 2, 3, 4, 5, 6], dtype=np.int32)


class Followed:
    """A subscriber, and the index that it keeps."""

    def __init__(self, publisher: Publisher, replay_s: float = 5.0) -> None:
        self.index = Residency()
        source = Source(0, 0, publisher.events, publisher.replay, "kv")
        self.subscriber = Subscriber(source, self.index, replay_s=replay_s)

    @property
    def depth(self) -> int:
        found = self.index.find(_PROMPT, 1)
        return -1 if found is None else int(found.held.blocks[0])

    @property
    def exact(self) -> bool:
        found = self.index.find(_PROMPT, 1)
        return found is not None and bool(found.held.exact[0])


@asynccontextmanager
async def followed(publisher: Publisher, replay_s: float = 5.0) -> AsyncIterator[Followed]:
    one = Followed(publisher, replay_s)
    context = zmq.asyncio.Context()
    task = asyncio.create_task(one.subscriber.run(context))
    try:
        await publisher.joined()
        yield one
    finally:
        assert not task.done(), task.exception()
        task.cancel()
        await asyncio.gather(task, return_exceptions=True)
        context.term()


def _run(job: Callable[[Publisher], Awaitable[None]], *, replay: bool = True) -> None:
    async def body() -> None:
        async with publishing(replay=replay) as publisher:
            await job(publisher)

    asyncio.run(body())


def test_events_are_followed_as_they_come() -> None:
    async def job(publisher: Publisher) -> None:
        async with followed(publisher) as one:
            await publisher.say(stored([1, 2, 3, 4], [11, 12]))
            await until(lambda: one.depth == 2)
            assert one.exact
            await publisher.say(stored([5, 6], [13], parent=12), removed(12))
            await until(lambda: one.depth == 1)
            assert publisher.asked == []

    _run(job)


def test_who_comes_late_asks_for_what_was_said_before() -> None:
    async def job(publisher: Publisher) -> None:
        await publisher.say(stored([1, 2], [11]), lost=True)
        async with followed(publisher) as one:
            await publisher.say(stored([3, 4], [12], parent=11))
            await until(lambda: one.depth == 2)
            assert one.exact
            assert publisher.asked == [0]

    _run(job)


def test_who_comes_too_late_believes_only_what_it_hears() -> None:
    """The buffer begins later: that what it says is held is sure, but not that it is all."""

    async def job(publisher: Publisher) -> None:
        for prompt in ([7, 7], [1, 2]):
            await publisher.say(stored(prompt, [prompt[0]]), lost=True)
        del publisher.buffer[0]
        async with followed(publisher) as one:
            await publisher.say(stored([3, 4], [12], parent=1))
            await until(lambda: one.depth == 2)
            assert not one.exact

    _run(job)


def test_a_gap_is_filled() -> None:
    async def job(publisher: Publisher) -> None:
        async with followed(publisher) as one:
            await publisher.say(stored([1, 2, 3, 4], [11, 12]))
            await publisher.say(removed(12), lost=True)
            await publisher.say(stored([3, 4], [12], parent=11), lost=True)
            await publisher.say(stored([5, 6], [13], parent=12))
            await until(lambda: one.depth == 3)
            assert one.exact
            assert publisher.asked == [1]
            assert (one.subscriber.gaps, one.subscriber.recovered) == (1, 1)

    _run(job)


@pytest.mark.parametrize("why", ["no socket", "silent", "too late", "garbage"])
def test_a_gap_that_cannot_be_filled_drops_all(why: str) -> None:
    """The lost message may have removed anything."""

    async def job(publisher: Publisher) -> None:
        async with followed(publisher, replay_s=0.2) as one:
            await publisher.say(stored([1, 2, 3, 4], [11, 12]))
            await until(lambda: one.depth == 2)
            await publisher.say(removed(11), lost=True)
            publisher.silent = why == "silent"
            if why == "too late":
                publisher.buffer.clear()
            if why == "garbage":
                publisher.noise = [[b"", b"\x00" * 8]]
            await publisher.say(stored([8, 8], [21]))
            await until(lambda: one.depth == 0 and not one.exact)
            await publisher.say(stored([1, 2], [11]))
            await until(lambda: one.depth == 1)

    _run(job, replay=why != "no socket")


def test_a_publisher_started_anew_begins_with_an_empty_cache() -> None:
    async def job(publisher: Publisher) -> None:
        async with followed(publisher) as one:
            for number in range(3):
                await publisher.say(stored([1, 2], [11 + number]))
            await until(lambda: one.depth == 1)
            await publisher.stop()
            publisher.next, publisher.buffer = 0, []
            await publisher.start()
            await publisher.joined()
            await publisher.say(stored([9, 9], [31]))
            await until(lambda: one.depth == 0)
            assert one.exact
            await publisher.say(stored([1, 2, 3, 4], [41, 42]))
            await until(lambda: one.depth == 2)

    _run(job)


def test_a_restart_whose_first_messages_were_lost_is_followed_from_the_beginning() -> None:
    async def job(publisher: Publisher) -> None:
        async with followed(publisher) as one:
            for number in range(5):
                await publisher.say(stored([1, 2], [11 + number]))
            await until(lambda: one.depth == 1)
            publisher.next, publisher.buffer = 0, []
            await publisher.say(stored([1, 2], [51]), lost=True)
            await publisher.say(stored([3, 4], [52], parent=51))
            await until(lambda: one.depth == 2)
            assert one.exact
            assert publisher.asked == [0]

    _run(job)


def test_garbage_between_messages_changes_nothing() -> None:
    async def job(publisher: Publisher) -> None:
        async with followed(publisher) as one:
            await publisher.say(stored([1, 2], [11]))
            await publisher.frames(b"kv")
            await publisher.frames(b"kv", b"short", b"")
            await publisher.frames(b"kv", b"\x00" * 8, b"", b"")
            await publisher.say(stored([3, 4], [12], parent=11))
            await until(lambda: one.depth == 2)
            assert one.exact
            assert one.subscriber.malformed == 3

    _run(job)


def test_a_message_that_makes_no_sense_drops_all() -> None:
    async def job(publisher: Publisher) -> None:
        async with followed(publisher) as one:
            await publisher.say(stored([1, 2], [11]))
            await publisher.send(b"\xc1garbage")
            await until(lambda: one.depth == 0 and not one.exact)
            await publisher.say(["AllBlocksCleared"], stored([1, 2], [11]))
            await until(lambda: one.depth == 1 and one.exact)
            assert publisher.asked == [], "nothing was missed"

    _run(job)


def test_messages_of_other_topics_are_not_heard() -> None:
    async def job(publisher: Publisher) -> None:
        async with followed(publisher) as one:
            await publisher.frames(b"other", b"\xff" * 8, b"garbage")
            await publisher.say(stored([1, 2], [11]))
            await until(lambda: one.depth == 1)
            assert one.subscriber.malformed == 0

    _run(job)


def test_each_rank_has_the_next_port() -> None:
    found = sources(3, "10.0.0.7", "tcp://*:5557", "tcp://{host}:6557", topic="kv", ranks=2)
    assert found == [
        Source(3, 0, "tcp://10.0.0.7:5557", "tcp://10.0.0.7:6557", "kv"),
        Source(3, 1, "tcp://10.0.0.7:5558", "tcp://10.0.0.7:6558", "kv"),
    ]
    assert sources(0, "fe80::1", "tcp://*:1")[0].events == "tcp://[fe80::1]:1"


@pytest.mark.parametrize(
    "address", ["", "tcp://*", "ipc://a:1", "tcp://:1", "tcp://*:x", "tcp://*:0", "tcp://*:65535"]
)
def test_addresses_that_are_none_are_refused(address: str) -> None:
    with pytest.raises(ConfigError):
        sources(0, "a", address, ranks=2)
