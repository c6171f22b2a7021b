"""Workers that tell one another what their routers have done."""

from __future__ import annotations

import asyncio
import logging
import sys
import tempfile
from collections.abc import AsyncIterator, Callable
from contextlib import AsyncExitStack, asynccontextmanager
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from headway.errors import FormatError
from headway.serving.fleet.lessons import Ended, Lessons, Sent
from headway.serving.gateway.board import HEARD, LOST, MISSED, TOLD, Board
from headway.serving.gateway.gateway import Gateway
from headway.serving.gateway.sharing import Batch, Datagrams, Log, Sharing, decoded, encoded
from headway.serving.gateway.sharing.messages import ENDED_COLUMNS, SENT_COLUMNS, lessons
from headway.serving.gateway.view import LiveRequest
from headway.serving.wire import Pool
from tests.serving.gateway.fakes import fleet, post, site, well

pytestmark = pytest.mark.skipif(sys.platform == "win32", reason="needs UNIX sockets")


def request(number: int = 0, prompt: bytes = b"", **known: Any) -> LiveRequest:
    values = {
        "prompt": memoryview(prompt), "seed": 7, "number": number, "arrival_s": 0.0,
        "prompt_tokens": len(prompt) // 4, "limit_tokens": 10, "priority": 0, "service_class": 0,
        "deadline_s": 1.0, "session": -1, "adapter": None, "block_tokens": 128, "tenant": "t",
    }  # fmt: skip
    return LiveRequest(**{**values, **known})


class Pupil:
    """A router that keeps what it is taught."""

    name = "pupil"

    def __init__(self) -> None:
        self.lessons: list[Lessons] = []

    def route(self, cluster: Any, request: Any) -> Any:
        raise AssertionError

    def ended(self, request: int, engine: int, output_tokens: int, at_s: float) -> None:
        raise AssertionError

    def learned(self, lessons: Lessons) -> None:
        self.lessons.append(lessons)


class Wire:
    """A channel that is called by hand."""

    def __init__(self, missed: int = 0) -> None:
        self.sent: list[bytes] = []
        self.missed = missed
        self.heard: Callable[[bytes], None] = lambda _: None

    def open(self, heard: Callable[[bytes], None]) -> None:
        self.heard = heard

    def send(self, data: bytes) -> int:
        self.sent.append(data)
        return self.missed

    def close(self) -> None:
        pass


def sharing(router: Any, period_s: float = 0.001) -> tuple[Sharing, Wire, Board]:
    board, wire = Board(1, 4), Wire()
    one = Sharing({"pupil": router}, 4, board.row(0), lambda: 5.0, period_s)
    one.open([wire])
    return one, wire, board


@given(
    st.lists(
        st.tuples(
            st.integers(0, 3), st.integers(-1, 2**63 - 1), st.binary(max_size=3000), st.text()
        ),
        max_size=6,
    )
)
def test_what_is_told_is_what_is_heard(rows: list[tuple[int, int, bytes, str]]) -> None:
    log, made = Log("pupil"), []
    for number, (engine, session, prompt, tenant) in enumerate(rows):
        one = request(number, prompt, session=session, tenant=tenant)
        if number % 2:
            assert len(one.blocks) == len(prompt) // 512
        log.sent(one, engine)
        log.ended(one, engine, number)
        made.append(one)
    told = lessons(decoded(encoded(log.take("s", 1))), 4, 9.0)
    assert told.at_s == 9.0
    assert told.sent.engine.tolist() == told.ended.engine.tolist() == [row[0] for row in rows]
    assert told.sent.session.tolist() == told.ended.session.tolist() == [row[1] for row in rows]
    assert told.sent.prompt_tokens.tolist() == [len(row[2]) // 4 for row in rows]
    assert told.ended.output_tokens.tolist() == list(range(len(rows)))
    assert told.sent.tenant == tuple(row[3][:200] for row in rows)
    for number, one in enumerate(made):
        begin, end = told.sent.offsets[number : number + 2]
        expected = one.blocks.tolist() if number % 2 else []
        assert told.sent.blocks[begin:end].tolist() == expected
    assert len(log) == log.bytes == 0


def columns(sent: list[list[int]], ended: list[list[int]], n_blocks: int) -> bytes:
    return encoded(
        Batch(
            "s", 1, "pupil",
            np.array(sent, dtype="<i8").tobytes(), np.zeros(n_blocks, dtype="<i8").tobytes(),
            ("t",) * len(sent),
            np.array(ended, dtype="<i8").tobytes(), ("t",) * len(ended),
        )
    )  # fmt: skip


SENT = dict.fromkeys(SENT_COLUMNS, 1) | {"n_blocks": 2}
ENDED = dict.fromkeys(ENDED_COLUMNS, 1)


@pytest.mark.parametrize(
    ("column", "value"),
    [
        *[("engine", 4), ("engine", -1), ("session", -2), ("prompt_tokens", -1)],
        *[("tries", 2**50), ("n_blocks", 3), ("n_blocks", -2), ("block_tokens", -(2**63))],
    ],
)
def test_what_cannot_be_is_refused(column: str, value: int) -> None:
    fine = columns([[*SENT.values()]], [[*ENDED.values()]], 2)
    assert len(lessons(decoded(fine), 4, 0.0).sent) == 1
    wrong = columns([[*{**SENT, column: value}.values()]], [], 2)
    with pytest.raises(FormatError):
        lessons(decoded(wrong), 4, 0.0)


@given(st.binary(max_size=300), st.integers(0, 400), st.binary(max_size=4))
def test_no_bytes_do_harm(noise: bytes, at: int, wrong: bytes) -> None:
    good = columns([[*SENT.values()]] * 2, [[*ENDED.values()]], 4)
    cut = good[:at] + wrong + good[at + len(wrong) :]
    for data in (noise, cut, good[:at]):
        try:
            told = lessons(decoded(data), 4, 0.0)
        except FormatError:
            continue
        assert (told.sent.engine >= 0).all()
        assert (told.sent.engine < 4).all()


def test_batches_are_told_after_a_while_and_lost_ones_counted() -> None:
    async def job() -> None:
        pupil = Pupil()
        one, wire, board = sharing(Pupil())
        other, hears, count = sharing(pupil)
        for number in range(3):
            one.sent("pupil", request(number), number)
            one.ended("pupil", request(number), number, 5)
            await asyncio.sleep(0.02)
        one.sent("nobody", request(9), 0)
        assert len(wire.sent) == 3
        hears.heard(wire.sent[0])
        hears.heard(wire.sent[2])
        wire.heard(wire.sent[0])  # its own, which it knows
        hears.heard(b"\xff nonsense")
        assert [told.sent.engine.tolist() for told in pupil.lessons] == [[0], [2]]
        assert [told.ended.output_tokens.tolist() for told in pupil.lessons] == [[5], [5]]
        assert board.shares[0, TOLD] == 6
        assert board.shares[0, HEARD] == 0
        assert count.shares[0, HEARD] == 4
        assert count.shares[0, LOST] == 2
        wire.missed = 3
        one.sent("pupil", request(3), 1)
        one.close()
        assert board.shares[0, MISSED] == 3
        other.close()

    asyncio.run(job())


def test_much_is_told_at_once() -> None:
    async def job() -> None:
        one, wire, _ = sharing(Pupil(), period_s=60.0)
        for number in range(4):
            asked = request(number, bytes(512 * 5000))
            assert len(asked.blocks) == 5000
            one.sent("pupil", asked, 0)
        assert len(wire.sent) == 2
        assert len(lessons(decoded(wire.sent[0]), 4, 0.0).sent.blocks) == 2 * 2048
        one.close()

    asyncio.run(job())


def test_a_router_that_fails_to_learn_is_logged(caplog: pytest.LogCaptureFixture) -> None:
    class Dunce(Pupil):
        def learned(self, lessons: Lessons) -> None:
            raise KeyError("no")

    async def job() -> None:
        one, wire, _ = sharing(Pupil())
        _, hears, _ = sharing(Dunce())
        one.sent("pupil", request(), 0)
        one.close()
        with caplog.at_level(logging.ERROR):
            hears.heard(wire.sent[0])
        assert "pupil failed to learn" in caplog.text

    asyncio.run(job())


def test_datagrams_reach_all_others_and_those_who_are_not_there_are_no_trouble() -> None:
    async def job(folder: Path) -> None:
        heard: list[list[bytes]] = [[], [], []]
        ends = [Datagrams(folder, number, 4) for number in range(3)]
        for number, end in enumerate(ends):
            end.open(heard[number].append)
        assert ends[0].send(b"one") == 0
        ends[1].close()
        assert ends[0].send(b"two") == 0
        again = Datagrams(folder, 1, 4)
        assert ends[2].send(b"three") == 0
        again.open(heard[1].append)
        await asyncio.sleep(0.02)
        assert heard == [[b"three"], [b"three"], [b"one", b"two"]]
        # Who does not read loses, and nobody waits for it.
        missed = sum(ends[0].send(bytes(60_000)) for _ in range(1000))
        assert missed > 1500
        await asyncio.sleep(0.1)
        for end in (ends[0], again, ends[2]):
            end.close()
        assert list(folder.iterdir()) == []

    with tempfile.TemporaryDirectory() as folder:
        asyncio.run(job(Path(folder)))


@asynccontextmanager
async def workers(count: int, urls: list[str], policy: str) -> AsyncIterator[list[Pool]]:
    """Give clients of the workers of a gateway, which are all in this process."""
    where = site(urls, policies=[policy], serve={"shared": {"period_s": 0.002}})
    board = Board(count, len(urls))
    async with AsyncExitStack() as stack:
        folder = Path(stack.enter_context(tempfile.TemporaryDirectory()))
        pools = []
        for number in range(count):
            addresses = [one for one in where.addresses if one is not None]
            gateway = Gateway(
                where, addresses, board=board, worker=number, watched=False,
                channels=[Datagrams(folder, number, count)], seed=11,
            )  # fmt: skip
            host, port = await gateway.start("127.0.0.1", 0)
            stack.push_async_callback(gateway.stop)
            pools.append(Pool(host, port))
            stack.callback(pools[-1].close)
        yield pools


@pytest.mark.parametrize("policy", ["prefix-cache", "preble"])
def test_a_worker_follows_the_prefixes_of_another(policy: str) -> None:
    async def job() -> None:
        async with fleet(*[well] * 4) as engines:
            urls = [engine.url for engine in engines]
            async with workers(2, urls, policy) as (one, other):
                for talk in range(8):
                    text = f"{talk}" * 3000
                    told = {"model": "m", "prompt": text}
                    _, _, first = await post(one, "/v1/completions", told)
                    await asyncio.sleep(0.03)
                    longer = {"model": "m", "prompt": text + " and more " * 100}
                    _, _, then = await post(other, "/v1/completions", longer)
                    assert first["x-headway-engine"] == then["x-headway-engine"]

    asyncio.run(job())


def test_lessons_have_as_many_rows_as_their_columns() -> None:
    ints = np.arange(2)
    sent = Sent(*[ints] * 7, tenant=("a", "b"), blocks=ints, offsets=np.array([0, 1, 2]))
    ended = Ended(*[ints] * 5, tenant=("a", "b"))
    assert len(sent) == len(ended) == 2
    assert [tuple(one) for one in sent.whence()] == [("a", 0, 0), ("b", 1, 1)]
    assert list(ended.whence()) == list(sent.whence())
