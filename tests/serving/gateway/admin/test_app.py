"""The admin app beside a gateway: who may read, who may write, and what writing does."""

from __future__ import annotations

import asyncio
import logging

import pytest

from headway.serving.gateway.admin.app import COOKIE
from headway.serving.gateway.admin.guesses import Guesses
from headway.serving.gateway.board import COUNTERS, REFUSALS
from headway.serving.wire import Exchange, Server
from tests.serving.gateway.admin.offices import TOKEN, Office, office
from tests.serving.gateway.fakes import always, fleet, post, site, well
from tests.serving.gateway.watch.engine import Fake, until

TEXT = {"model": "m", "prompt": "hi"}


async def sign_in(here: Office) -> str:
    """Return the cookie of a browser that has shown the token."""
    status, told, headers = await here.ask(
        "POST", "/admin/session", {"token": TOKEN}, token=None, x_headway_admin="1"
    )
    assert (status, told) == (200, {"name": "anna"})
    cookie = headers["set-cookie"]
    assert "HttpOnly" in cookie
    assert "SameSite=strict" in cookie
    return cookie.partition(";")[0]


def test_nothing_is_told_or_done_without_a_token() -> None:
    async def job() -> None:
        async with fleet(well) as engines, office(site([e.url for e in engines])) as here:
            for method, path in (
                ("GET", "/admin/state"),
                ("GET", "/admin/history"),
                ("POST", "/admin/engines/a-0/drain"),
                ("POST", "/admin/policy"),
                ("POST", "/admin/keys/reload"),
            ):
                for token in (None, "wrong-token-of-anna", ""):
                    status, told, headers = await here.ask(method, path, token=token)
                    assert status == 401
                    assert headers["www-authenticate"] == "Bearer"
                    assert set(told) == {"error"}
                status, _, _ = await here.ask(method, path, token=None, cookie=f"{COOKIE}=anna.1.x")
                assert status == 401
            assert (await here.ask("GET", "/metrics", token=None))[0] == 200
            assert (await here.ask("GET", "/health", token=None))[0] == 200
            assert not here.gateway.board.engine("draining").any()

    asyncio.run(job())


def test_the_public_port_has_no_admin_routes() -> None:
    async def job() -> None:
        async with fleet(well) as engines, office(site([e.url for e in engines])) as here:
            for path in (b"/ui", b"/admin/state", b"/metrics", b"/admin/session"):
                answer = await here.pool.send(b"GET", path)
                await answer.read()
                assert answer.status == 404

    asyncio.run(job())


def test_a_browser_writes_only_from_our_own_page() -> None:
    async def job() -> None:
        async with fleet(well) as engines, office(site([e.url for e in engines])) as here:
            cookie, path = await sign_in(here), "/admin/engines/a-0/drain"
            assert (await here.ask("GET", "/admin/state", token=None, cookie=cookie))[0] == 200
            for more in (
                {},
                {"origin": here.url},
                {"x_headway_admin": "1", "origin": "https://evil.example"},
                {"x_headway_admin": "1", "origin": "null"},
            ):
                status, _, _ = await here.ask("POST", path, {}, token=None, cookie=cookie, **more)
                assert status == 403
            assert not here.gateway.board.engine("draining").any()
            more = {"x_headway_admin": "1", "origin": here.url}
            status, _, _ = await here.ask("POST", path, {}, token=None, cookie=cookie, **more)
            assert status == 200
            assert here.gateway.board.engine("draining")[0] == 1
            status, _, _ = await here.ask("POST", "/admin/session", {"token": TOKEN}, token=None)
            assert status == 403
            _, _, headers = await here.ask("DELETE", "/admin/session", token=None, **more)
            assert 'headway_admin="";' in headers["set-cookie"]

    asyncio.run(job())


def test_an_engine_that_drains_gets_nothing_until_it_serves_again(
    caplog: pytest.LogCaptureFixture,
) -> None:
    async def job() -> None:
        async with (
            fleet(well, well) as engines,
            office(site([e.url for e in engines])) as here,
        ):
            assert (await here.ask("POST", "/admin/engines/a-0/drain"))[0] == 200
            assert (await here.engine())["state"] == "draining"
            for _ in range(6):
                _, _, headers = await post(here.pool, "/v1/completions", TEXT)
                assert headers["x-headway-engine"] == "a-1"
            assert (await here.ask("POST", "/admin/engines/a-0/undrain"))[0] == 200
            served = [
                (await post(here.pool, "/v1/completions", TEXT))[2]["x-headway-engine"]
                for _ in range(8)
            ]
            assert "a-0" in served
            _, told, _ = await here.ask("GET", "/admin/state")
            notes = [(note["who"], note["engine"], note["what"]) for note in told["notes"]]
            assert ("anna@127.0.0.1", "a-0", "drain") in notes
            assert ("anna@127.0.0.1", "a-0", "undrain") in notes

    with caplog.at_level(logging.WARNING, "headway.serving.gateway.admin"):
        asyncio.run(job())
    assert "anna@127.0.0.1: a-0: drain" in caplog.text
    assert TOKEN not in caplog.text


def test_the_policy_of_requests_that_name_none_can_be_switched() -> None:
    async def job() -> None:
        async with (
            fleet(well, well) as engines,
            office(site([e.url for e in engines], policies=["least-request", "random"])) as here,
        ):
            _, told, _ = await here.ask("GET", "/admin/state")
            assert (told["policies"], told["policy"]) == (
                ["least-request", "random"],
                "least-request",
            )
            status, told, _ = await here.ask("POST", "/admin/policy", {"policy": "round-robin"})
            assert status == 404
            assert "least-request" in told["error"]["message"]
            assert (await here.ask("POST", "/admin/policy", {"policy": "random"}))[0] == 200
            reception = here.gateway._reception
            await until(lambda: reception._default.name == "random")
            _, told, _ = await here.ask("GET", "/admin/state")
            assert told["policy"] == "random"

    asyncio.run(job())


def test_adapters_are_loaded_and_unloaded_and_engines_put_to_sleep() -> None:
    async def job() -> None:
        fake = Fake()
        server = Server(fake)
        host, port = await server.start()
        engines = {
            "a": {"kind": "vllm", "urls": [f"http://{host}:{port}"], "adapters": {"sql": "/sql"}}
        }
        told = site([], serve={"engines": engines, "watch": {"models_s": 3600}})
        async with office(told, watched=True) as here:
            board = here.gateway.board
            await until(lambda: board.engine("healthy")[0] == 1)
            await until(lambda: here.gateway.engines[0].models is not None)
            path = "/admin/engines/a-0/"
            assert (await here.engine())["loadable"] == ["sql"]
            assert (await here.ask("POST", path + "load-adapter", {"adapter": "sql"}))[0] == 200
            assert fake.adapters == ["sql"]
            state = await here.engine()
            assert (state["adapters"], state["loadable"]) == (["sql"], [])
            # An adapter that somebody else has loaded is seen, as all are asked again.
            fake.adapters.append("other")
            order = {"adapter": "far", "path": "/far"}
            assert (await here.ask("POST", path + "load-adapter", order))[0] == 200
            await until(lambda: here.gateway.engines[0].adapters == {"sql", "far", "other"})
            order = {"adapter": "sql"}
            assert (await here.ask("POST", path + "unload-adapter", order))[0] == 200
            assert fake.adapters == ["other", "far"]
            status, said, _ = await here.ask("POST", path + "load-adapter", {"adapter": "new"})
            assert status == 400
            assert "nobody says where" in said["error"]["message"]
            assert (await here.ask("POST", path + "unload-adapter", {"adapter": "new"}))[0] == 404
            restarts = board.engine("restarts")[0]
            assert (await here.ask("POST", path + "sleep"))[0] == 200
            assert fake.asleep
            assert board.engine("restarts")[0] == restarts + 1
            assert (await here.ask("POST", path + "wake"))[0] == 200
            assert not fake.asleep
            assert board.engine("draining")[0] == 0
            fake.dev = False
            status, said, _ = await here.ask("POST", path + "sleep")
            assert status == 502
            assert "--enable-sleep-mode" in said["error"]["message"]
            assert board.engine("draining")[0] == 0
            assert board.engine("asleep")[0] == 0
        await server.stop()

    asyncio.run(job())


def test_an_engine_sleeps_once_its_requests_have_ended() -> None:
    async def job() -> None:
        def mood(exchange: Exchange) -> str:
            return "hang" if exchange.path == b"/v1/completions" else "404"

        async with fleet(mood) as engines, office(site([e.url for e in engines])) as here:
            request = asyncio.create_task(post(here.pool, "/v1/completions", TEXT))
            await until(lambda: engines[0].open == 1)
            path = "/admin/engines/a-0/"
            order = asyncio.create_task(here.ask("POST", path + "sleep", {"grace_s": 30}))
            await until(lambda: here.gateway.board.engine("draining")[0] == 1)
            assert not order.done()
            status, told, _ = await here.ask("POST", path + "wake")
            assert status == 409
            assert "sleep" in told["error"]["message"]
            assert (await here.engine())["busy"] == "sleep"
            request.cancel()
            here.pool.close()
            status, _, _ = await order
            assert status == 502  # this fake engine does not know how
            assert (await here.engine())["busy"] == ""

    asyncio.run(job())


def test_state_and_history_tell_what_has_happened() -> None:
    async def job() -> None:
        async with (
            fleet(well, always("503")) as engines,
            office(site([e.url for e in engines])) as here,
        ):
            here.desk.history.take(0.0)
            for _ in range(5):
                assert (await post(here.pool, "/v1/completions", TEXT))[0] == 200
            assert (await post(here.pool, "/v1/completions", {"model": 1}))[0] == 400
            here.desk.point()
            _, told, _ = await here.ask("GET", "/admin/state")
            assert told["totals"]["completed"] == 5
            assert set(told["totals"]) == set(COUNTERS)
            assert told["refusals"] == {name: int(name == "invalid") for name in REFUSALS}
            ill = told["engines"][1]
            assert ill["counts"]["failed"] > 0
            assert ill["url"] == engines[1].url
            notes = [(note["engine"], note["what"]) for note in told["notes"]]
            assert ("a-1", "failed a try") in notes
            assert ("", "a request was refused: invalid") in notes
            _, points, _ = await here.ask("GET", "/admin/history?points=1")
            assert len(points["t"]) == 1
            _, later, _ = await here.ask("GET", f"/admin/history?since={points['count']}")
            assert len(later["t"]) == later["count"] - points["count"]

    asyncio.run(job())


@pytest.mark.parametrize(
    ("path", "body", "status"),
    [
        ("/admin/engines/a-0/dance", {}, 404),
        ("/admin/engines/a-9/drain", {}, 404),
        ("/admin/engines/%3Cscript%3E/drain", {}, 404),
        ("/admin/engines/a-0/drain", {"grace": 1}, 400),
        ("/admin/engines/a-0/sleep", {"grace_s": -1}, 400),
        ("/admin/engines/a-0/sleep", {"grace_s": 1e9}, 400),
        ("/admin/engines/a-0/load-adapter", {}, 400),
        ("/admin/engines/a-0/drain", b"[" * 50_000, 400),
        ("/admin/engines/a-0/drain", b"\xff", 400),
        ("/admin/engines/a-0/drain", b" " * 70_000, 413),
        ("/admin/policy", {}, 400),
        ("/admin/policy", {"policy": 3}, 400),
        ("/admin/keys/reload", {}, 422),
        ("/admin/nowhere", {}, 404),
    ],
)
def test_what_cannot_be_done_is_refused_in_words(path: str, body: object, status: int) -> None:
    async def job() -> None:
        async with fleet(well) as engines, office(site([e.url for e in engines])) as here:
            found, told, _ = await here.ask("POST", path, body)
            assert found == status
            assert told["error"]["message"]
            assert not here.gateway.board.engine("draining").any()

    asyncio.run(job())


def test_odd_numbers_in_a_query_are_refused() -> None:
    async def job() -> None:
        async with fleet(well) as engines, office(site([e.url for e in engines])) as here:
            for query in ("since=-1", "points=x", f"since={'9' * 400}", "points=%C2%B2"):
                assert (await here.ask("GET", f"/admin/history?{query}"))[0] == 400
            for query in ("since=9999999999", "points=0", "points=99999999"):
                assert (await here.ask("GET", f"/admin/history?{query}"))[0] == 200

    asyncio.run(job())


def test_an_address_may_guess_a_few_tokens_a_minute() -> None:
    async def job() -> None:
        async with fleet(well) as engines, office(site([e.url for e in engines])) as here:
            for _ in range(10):
                assert (await here.ask("GET", "/admin/state", token="wrong"))[0] == 401
            status, _, headers = await here.ask("GET", "/admin/state")
            assert (status, headers["retry-after"]) == (429, "60")

    asyncio.run(job())
    guesses = Guesses()
    for number in range(5000):
        guesses.wrong(str(number), 0.0)
    assert len(guesses._wrong) == 4096
    for _ in range(10):
        guesses.wrong("a", 100.0)
    assert guesses.wait_s("a", 130.0) == 30.0
    assert (
        guesses.wait_s("a", 160.0) == guesses.wait_s("a", 50.0) == guesses.wait_s("b", 100.0) == 0
    )
