"""Who is to blame: slow clients are not their engine's fault, policies not their requests'."""

from __future__ import annotations

import asyncio
import json
import socket

import pytest
import uvloop

from headway.serving.fleet.decisions import Dispatch, Routing
from headway.serving.fleet.view import ClusterView, RequestView
from headway.serving.gateway.board import COUNTERS
from headway.serving.gateway.front import Seat
from headway.serving.wire import Exchange, Pool, Server
from tests.serving.gateway.fakes import behind, counts, fleet, post, site, well

ASK = {"model": "m", "prompt": "x"}


class Broken:
    """A router that sends requests, and fails at all else."""

    name = "broken"

    def route(self, cluster: ClusterView, request: RequestView) -> Routing:
        return Dispatch(0)

    def ended(self, request: int, engine: int, output_tokens: int, at_s: float) -> None:
        raise ValueError("ended")

    def awake(self) -> int | None:
        raise ValueError("awake")


def test_what_fails_in_a_policy_behind_a_request_does_not_harm_it(caplog) -> None:
    async def job() -> None:
        async with fleet(well) as engines, behind(site([engines[0].url])) as (gateway, host, port):
            gateway._reception._default = Seat.of("broken", Broken())
            pool = Pool(host, port)
            for _ in range(2):
                status, _, _ = await post(pool, "/v1/completions", ASK)
                assert status == 200
            assert not any(counts(gateway))
            pool.close()

    uvloop.run(job())
    assert "policy broken failed" in caplog.text


def poisoned(exchange: Exchange) -> str:
    return "500" if b"poison" in exchange.body else ""


def test_what_two_engines_fail_at_is_the_fault_of_the_request() -> None:
    async def job() -> None:
        async with fleet(poisoned, poisoned, poisoned) as engines:
            place = site([one.url for one in engines], serve={"retries": {"share": 1.0}})
            async with behind(place) as (gateway, *address):
                pool = Pool(*address)
                for _ in range(12):
                    status, told, heads = await post(
                        pool, "/v1/completions", {"model": "m", "prompt": "poison"}
                    )
                    assert (status, heads["x-headway-tries"]) == (500, "2")
                    assert told == {"error": {"message": "no", "code": 500}}
                    status, _, _ = await post(pool, "/v1/completions", ASK)
                    assert status == 200
                assert sum(len(one.seen) for one in engines) == 12 * 3
                assert {one.breaker.state(0.0) for one in gateway.engines} == {"closed"}
                assert not any(counts(gateway))
                pool.close()

    uvloop.run(job())


def test_an_engine_whose_500_another_one_does_better_is_to_blame() -> None:
    async def job() -> None:
        async with fleet(lambda _: "500", well) as engines:
            place = site(
                [one.url for one in engines],
                policies=("round-robin",),
                serve={"retries": {"share": 1.0}},
            )
            async with behind(place) as (gateway, *address):
                pool = Pool(*address)
                for _ in range(12):
                    status, _, _ = await post(pool, "/v1/completions", ASK)
                    assert status == 200
                assert len(engines[0].seen) == 5
                assert not gateway.engines[0].breaker.allows(0.0)
                pool.close()

    uvloop.run(job())


@pytest.mark.parametrize(
    ("message", "left"),
    [
        ("The model `m` does not exist.", [False, True]),
        ("Response with id 'resp_The model `m` does not exist' not found.", [True, True]),
    ],
)
def test_engines_lose_models_by_their_own_words_only(message: str, left: list[bool]) -> None:
    async def denying(exchange: Exchange) -> None:
        told = {"error": {"message": message, "type": "NotFoundError", "code": 404}}
        exchange.reply(404, json.dumps(told).encode())

    async def job() -> None:
        engine = Server(denying)
        host, port = await engine.start()
        async with fleet(well) as others:
            place = site([f"http://{host}:{port}", others[0].url], policies=("round-robin",))
            async with behind(place) as (gateway, *address):
                for one in gateway.engines:
                    one.models = frozenset(["m"])
                pool = Pool(*address)
                for _ in range(2):
                    status, _, _ = await post(pool, "/v1/completions", ASK)
                    assert status == 200 or left[0]
                assert ["m" in (one.models or ()) for one in gateway.engines] == left
                pool.close()
        await engine.stop()

    uvloop.run(job())


def test_engines_are_not_blamed_for_clients_that_do_not_read() -> None:
    async def endless(exchange: Exchange) -> None:
        exchange.start(200, [(b"content-type", b"text/event-stream")])
        while True:
            exchange.write(b"data: {}\n\n" * 10_000)
            while (ready := exchange.writable()) is not None:
                await ready
            await asyncio.sleep(0)

    async def job() -> None:
        loop = asyncio.get_running_loop()
        engine = Server(endless)
        host, port = await engine.start()
        place = site(
            [f"http://{host}:{port}"],
            serve={"timeouts": {"between_bytes_s": 0.1}, "limits": {"stalled_s": 1.0}},
        )
        async with behind(place) as (gateway, *address):
            sock = socket.socket()
            sock.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, 4096)
            sock.setblocking(False)
            await loop.sock_connect(sock, tuple(address))
            body = b'{"model":"m","prompt":"x","stream":true}'
            head = b"POST /v1/completions HTTP/1.1\r\nHost: a\r\nContent-Length: %d\r\n\r\n"
            await loop.sock_sendall(sock, head % len(body) + body)
            async with asyncio.timeout(10):
                while not gateway.tickets:
                    await asyncio.sleep(0.01)
                while gateway.tickets:
                    await asyncio.sleep(0.05)
            by_name = dict(zip(COUNTERS, gateway.board.counters[0, :, 0].tolist(), strict=True))
            assert (by_name["failed"], by_name["cancelled"]) == (0, 1)
            assert not any(counts(gateway))
            sock.close()
        await engine.stop()

    uvloop.run(job())
