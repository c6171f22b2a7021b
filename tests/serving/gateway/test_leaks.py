"""Whatever goes wrong, what is counted up is counted down, and routers hear of each end once."""

from __future__ import annotations

import asyncio
import random
from collections import Counter
from typing import Any

import uvloop
from hypothesis import given, settings
from hypothesis import strategies as st

from headway.serving.fleet.decisions import Dispatch, Hold, Reject, Routing
from headway.serving.fleet.view import ClusterView, RequestView
from headway.serving.gateway.accounts import Anonymous, Lease
from headway.serving.gateway.front import Seat
from headway.serving.wire import Pool, UpstreamError
from tests.serving.gateway.fakes import behind, counts, fleet, post, site

MOODS = ("", "", "", "", "503", "500", "400", "429", "reset", "garbage", "cut", "headers", "hang")


class Whim:
    """A router that holds, rejects and sends at random, and keeps book of what it hears."""

    name = "whim"

    def __init__(self, seed: int) -> None:
        self._chance = random.Random(seed)
        self.sent: Counter[int] = Counter()
        self.ended_at: Counter[int] = Counter()
        self.left: Counter[int] = Counter()
        self._held: set[int] = set()

    def route(self, cluster: ClusterView, request: RequestView) -> Routing:
        draw = self._chance.random()
        self._held.discard(request.number)
        assert (cluster.in_flight >= 0).all()
        if draw < 0.1:
            return Reject("on a whim", "other", 1.0)
        if draw < 0.4:
            self._held.add(request.number)
            return Hold(float("inf") if draw < 0.2 else cluster.now_s + 0.005)
        engine = self._chance.randrange(len(cluster.engines))
        self.sent[request.number] += 1
        return Dispatch(engine)

    def ended(self, request: int, engine: int, output_tokens: int, at_s: float) -> None:
        self._held.discard(request)
        (self.left if engine < 0 else self.ended_at)[request] += 1

    def awake(self) -> int | None:
        return self._held.pop() if self._held and self._chance.random() < 0.7 else None


class Book(Anonymous):
    """Accounts that count how leases end."""

    def __init__(self) -> None:
        super().__init__()
        self.leases: list[Lease] = []
        self.ends: Counter[int] = Counter()

    async def reserve(self, *asked: Any) -> Lease:
        lease = await super().reserve(*asked)
        self.leases.append(lease)
        return lease

    def settle(self, lease: Lease, *used: int) -> None:
        super().settle(lease, *used)
        self.ends[id(lease)] += 1

    def release(self, lease: Lease) -> None:
        super().release(lease)
        self.ends[id(lease)] += 1


async def _chaos(seed: int) -> None:
    chance = random.Random(seed)
    times = {"first_byte_s": 0.3, "between_bytes_s": 0.3}
    serve = {
        "timeouts": times,
        "queue": {"timeout_s": 0.2, "most": 8},
        "retries": {"share": 1.0, "first_s": 0.001},
        "breaker": {"open_s": 0.05},
    }
    book, whim = Book(), Whim(seed)
    async with (
        fleet(*[lambda _: chance.choice(MOODS)] * 3) as engines,
        behind(site([one.url for one in engines], serve=serve), accounts=book) as (
            gateway,
            host,
            port,
        ),
    ):
        gateway._reception._default = Seat.of("whim", whim)
        pool = Pool(host, port)

        async def client() -> None:
            stream = chance.random() < 0.5
            body = {"model": "m", "prompt": "x" * chance.randrange(1, 2000), "stream": stream}
            task = asyncio.create_task(post(pool, "/v1/completions", body))
            await asyncio.wait([task], timeout=chance.choice([0.001, 0.02, 0.1, 5]))
            task.cancel()
            done = (await asyncio.gather(task, return_exceptions=True))[0]
            assert isinstance(done, tuple | UpstreamError | asyncio.CancelledError), done

        for _ in range(3):
            await asyncio.gather(*[client() for _ in range(12)])
        async with asyncio.timeout(5):
            while any(counts(gateway)):
                await asyncio.sleep(0.005)
        pool.close()
    assert whim.ended_at == whim.sent
    assert all(times == 1 for times in whim.left.values())
    assert [book.ends[id(lease)] for lease in book.leases] == [1] * len(book.leases)
    assert not any(lease.open for lease in book.leases)


@given(st.integers(0, 2**32))
@settings(max_examples=6, deadline=None)
def test_nothing_leaks_whatever_engines_clients_and_routers_do(seed: int) -> None:
    uvloop.run(_chaos(seed))
