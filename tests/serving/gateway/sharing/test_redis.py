"""Gateways that hear of one another through Redis, which dies, hangs and is slow."""

from __future__ import annotations

import asyncio
import logging
import secrets
import shutil
import signal
import socket
import subprocess
import tempfile
import time
from collections.abc import AsyncIterator, Callable, Iterator
from contextlib import AsyncExitStack, asynccontextmanager

import numpy as np
import pytest

from headway.errors import ConfigError
from headway.serving.gateway.board import HEARD, IN_FLIGHT, JOINED, PARTED, Board
from headway.serving.gateway.gateway import Gateway
from headway.serving.gateway.sharing.document import RedisSection, SharedSection
from headway.serving.gateway.sharing.loads import Loads
from headway.serving.gateway.sharing.opening import Common, channels
from headway.serving.gateway.sharing.redis import group_key
from headway.serving.wire import Exchange, Pool
from tests.serving.gateway.fakes import fleet, post, site, well

pytestmark = pytest.mark.skipif(shutil.which("redis-server") is None, reason="needs redis-server")


class Server:
    """A Redis of its own, that keeps nothing."""

    def __init__(self) -> None:
        with socket.socket() as free:
            free.bind(("127.0.0.1", 0))
            self.port = free.getsockname()[1]
        self._folder = tempfile.TemporaryDirectory()
        self._process: subprocess.Popen[bytes] | None = None

    @property
    def url(self) -> str:
        return f"redis://127.0.0.1:{self.port}/0"

    def start(self) -> None:
        self._process = subprocess.Popen(
            [
                *("redis-server", "--port", str(self.port), "--bind", "127.0.0.1"),
                *("--save", "", "--appendonly", "no", "--dir", self._folder.name),
            ],
            stdout=subprocess.DEVNULL,
        )
        until = time.monotonic() + 20
        while time.monotonic() < until:
            try:
                socket.create_connection(("127.0.0.1", self.port), 1).close()
                return
            except OSError:
                time.sleep(0.02)
        raise AssertionError("Redis does not start")

    def signal(self, number: signal.Signals) -> None:
        assert self._process is not None
        self._process.send_signal(number)
        if number == signal.SIGKILL:
            self._process.wait()

    def pause(self, milliseconds: int) -> None:
        with socket.create_connection(("127.0.0.1", self.port), 1) as one:
            one.sendall(b"CLIENT PAUSE %d\r\n" % milliseconds)
            assert one.recv(100) == b"+OK\r\n"

    def close(self) -> None:
        if self._process is not None:
            self._process.kill()
            self._process.wait()
        self._folder.cleanup()


@pytest.fixture
def redis() -> Iterator[Server]:
    server = Server()
    server.start()
    yield server
    server.close()


@asynccontextmanager
async def gateways(
    count: int, urls: list[str], redis_url: str, policy: str = "prefix-cache"
) -> AsyncIterator[list[tuple[Gateway, Pool]]]:
    """Give gateways, as if on machines of their own, and clients of theirs."""
    section = SharedSection(
        period_s=0.005,
        redis=RedisSection(
            url=redis_url, period_s=0.03, forget_s=0.4, timeout_s=0.25, retry_s=0.05
        ),
    )
    async with AsyncExitStack() as stack:
        found = []
        for _ in range(count):
            where = site(urls, policies=[policy])
            board = Board(1, len(urls), joined=True)
            made: list[Gateway] = []
            ways = channels(
                section, Common.new(), board, 0, urls, time.monotonic,
                lambda seed, made=made: made[0].agree(seed),
            )  # fmt: skip
            addresses = [one for one in where.addresses if one is not None]
            made.append(
                Gateway(where, addresses, board=board, watched=False, channels=ways, seed=None)
            )
            host, port = await made[0].start("127.0.0.1", 0)
            stack.push_async_callback(made[0].stop)
            pool = Pool(host, port)
            stack.callback(pool.close)
            found.append((made[0], pool))
        yield found


async def until(met: Callable[[], bool], seconds: float = 10.0) -> None:
    end = time.monotonic() + seconds
    while not met():
        assert time.monotonic() < end, "it does not come true"
        await asyncio.sleep(0.01)


def all_joined(there: list[tuple[Gateway, Pool]]) -> bool:
    return all(gateway.board.links[0] == JOINED for gateway, _ in there)


def heard(gateway: Gateway) -> int:
    return int(gateway.board.shares[0, HEARD])


async def follows(one: tuple[Gateway, Pool], other: tuple[Gateway, Pool]) -> None:
    """See to it that a gateway follows a prefix that another one has sent."""
    text = secrets.token_hex(1500)
    before = heard(other[0])
    status, _, first = await post(one[1], "/v1/completions", {"model": "m", "prompt": text})
    assert status == 200
    await until(lambda: heard(other[0]) >= before + 2)
    told = {"model": "m", "prompt": text + " and so on" * 60}
    status, _, then = await post(other[1], "/v1/completions", told)
    assert status == 200
    assert first["x-headway-engine"] == then["x-headway-engine"]


def test_gateways_follow_each_others_prefixes(redis: Server) -> None:
    async def job() -> None:
        async with fleet(*[well] * 4) as engines:
            urls = [engine.url for engine in engines]
            async with gateways(2, urls, redis.url) as there:
                await until(lambda: all_joined(there))
                for _ in range(4):
                    await follows(*there)
                await follows(*reversed(there))

    asyncio.run(job())


def test_requests_that_others_have_count_until_they_are_dead(redis: Server) -> None:
    def mood(exchange: Exchange) -> str:
        return "hang" if b"wait" in exchange.body else ""

    async def job() -> None:
        async with fleet(mood, mood) as engines:
            urls = [engine.url for engine in engines]
            async with gateways(2, urls, redis.url, "least-request") as there:
                (one, pool), (other, other_pool) = there
                await until(lambda: all_joined(there))
                told = {"model": "m", "prompt": "wait"}
                hangs = asyncio.create_task(post(pool, "/v1/completions", told))
                await until(lambda: bool(other.board.elsewhere[IN_FLIGHT].any()))
                assert other.board.total(IN_FLIGHT).tolist() == [0, 0]
                there_is = other.board.everywhere(IN_FLIGHT).tolist()
                assert sorted(there_is) == [0, 1]
                free = f"a-{there_is.index(0)}"
                for _ in range(4):
                    told = {"model": "m", "prompt": "now"}
                    _, _, headers = await post(other_pool, "/v1/completions", told)
                    assert headers["x-headway-engine"] == free
                assert one.sharing is not None
                one.sharing.close()  # as if its machine was gone
                await until(lambda: not other.board.elsewhere.any())
                hangs.cancel()
                await asyncio.gather(hangs, return_exceptions=True)

    asyncio.run(job())


@pytest.mark.parametrize("how", ["kill", "hang"])
def test_a_gateway_goes_on_alone_and_comes_back(
    redis: Server, how: str, caplog: pytest.LogCaptureFixture
) -> None:
    async def job() -> None:
        async with fleet(*[well] * 3) as engines:
            urls = [engine.url for engine in engines]
            async with gateways(2, urls, redis.url) as there:
                await until(lambda: all_joined(there))
                await follows(*there)
                seed = there[0][0]._reception.seed
                redis.signal(signal.SIGKILL if how == "kill" else signal.SIGSTOP)
                for number in range(30):  # nobody waits for it
                    told = {"model": "m", "prompt": f"{number} alone"}
                    async with asyncio.timeout(5):
                        status, _, _ = await post(there[number % 2][1], "/v1/completions", told)
                    assert status == 200
                await until(lambda: all(one.board.links[0] == PARTED for one, _ in there))
                if how == "kill":
                    redis.start()
                else:
                    redis.signal(signal.SIGCONT)
                await until(lambda: all_joined(there))
                await follows(*there)
                await follows(*reversed(there))
                assert {one._reception.seed for one, _ in there} == {seed}

    with caplog.at_level(logging.INFO):
        asyncio.run(job())
    assert caplog.text.count("alone, as Redis cannot be reached") == 2
    assert caplog.text.count("joined the gateways") == 4


def test_a_slow_redis_slows_nobody(redis: Server) -> None:
    async def job() -> None:
        async with fleet(*[well] * 3) as engines:
            urls = [engine.url for engine in engines]
            async with gateways(2, urls, redis.url) as there:
                await until(lambda: all_joined(there))
                redis.pause(150)  # less than is waited for
                status, _, _ = await post(
                    there[0][1], "/v1/completions", {"model": "m", "prompt": ""}
                )
                assert status == 200
                await follows(*there)
                assert all_joined(there)

    asyncio.run(job())


def test_without_redis_a_gateway_serves(caplog: pytest.LogCaptureFixture) -> None:
    async def job() -> None:
        server = Server()  # not started
        async with (
            fleet(well) as [engine],
            gateways(1, [engine.url], server.url) as [(gateway, pool)],
        ):
            told = {"model": "m", "prompt": "x" * 2000}
            for _ in range(3):
                status, _, _ = await post(pool, "/v1/completions", told)
                assert status == 200
                await asyncio.sleep(0.1)
            assert gateway.board.links[0] == PARTED
            server.start()
            await until(lambda: gateway.board.links[0] == JOINED)
        server.close()

    with caplog.at_level(logging.WARNING):
        asyncio.run(job())
    assert caplog.text.count("alone") == 1


def test_only_gateways_before_the_same_engines_meet() -> None:
    assert group_key("g", ["a 1", "b 2"]) == group_key("g", ["a 1", "b 2"])
    others = [group_key("h", ["a 1", "b 2"]), group_key("g", ["b 2", "a 1"]), group_key("g", [])]
    assert group_key("g", ["a 1", "b 2"]) not in others


def test_loads_are_added_up_as_long_as_they_are_told() -> None:
    now = [0.0]
    board = Board(2, 3, joined=True)
    loads = Loads(board, lambda: now[0], 2.0)
    told = np.arange(12, dtype="<i8")
    loads.hear(b"one", told.tobytes())
    now[0] = 1.0
    loads.hear(b"other", told.tobytes())
    loads.hear(b"other", told.tobytes())
    assert board.everywhere(IN_FLIGHT).tolist() == [0, 2, 4]
    for wrong in (b"", told[:5].tobytes(), (told - 1).tobytes(), (told << 50).tobytes()):
        loads.hear(b"wrong", wrong)
    assert board.elsewhere.sum() == 2 * told.sum()
    now[0] = 2.5
    loads.forget()
    assert board.elsewhere.sum() == told.sum()
    now[0] = 4.0
    loads.forget()
    assert not board.elsewhere.any()
    board.row(1).placed(2, 5)
    assert np.frombuffer(loads.own(), dtype="<i8").reshape(4, 3)[:3, 2].tolist() == [1, 1, 5]


@pytest.mark.parametrize(
    ("shared", "told"),
    [
        ({"redis": {"url": "http://x"}}, "url"),
        ({"redis": {"timeout_s": 0}}, "timeout_s"),
        ({"redis": {"forget_s": 0.1}}, "forget_s"),
        ({"redis": {"url_env": "HEADWAY_NO_SUCH_VARIABLE"}}, "url_env"),
        ({"period_s": 0}, "period_s"),
        ({"redis": {"server": "x"}}, "server"),
    ],
)
def test_what_cannot_be_is_refused(shared: dict[str, object], told: str) -> None:
    def made() -> None:
        found = site(["http://127.0.0.1:1"], serve={"shared": shared})
        channels(found.serve.shared, Common.new(), Board(1, 1), 0, ["a"], time.monotonic, print)

    with pytest.raises(ConfigError, match=told):
        made()
