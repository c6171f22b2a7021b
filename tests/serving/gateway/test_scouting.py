"""A gateway whose engines are found, publish their caches, or load adapters."""

from __future__ import annotations

import asyncio
import json
from typing import Any

import pytest

from headway.errors import ConfigError
from headway.serving.gateway.gateway import running
from headway.serving.gateway.scouting import Scouts
from headway.serving.wire import Exchange, Pool
from tests.serving.gateway.fakes import FakeEngine, post, site
from tests.serving.gateway.watch.engine import until
from tests.serving.gateway.watch.kv.publisher import publishing, stored

_QUICK = {"scrape_s": 0.02, "models_s": 0.05, "stale_s": 1.0}


def _live(more: dict[str, Any], **serve: Any) -> Any:
    section = {"kind": "vllm", "urls": [], **more}
    quick = {"watch": _QUICK, "health": {"period_s": 0.02}}
    return site([], serve={"engines": {"a": section}, **quick, **serve})


class Complete(FakeEngine):
    """A fake engine that is well, lists its model and makes a token of every letter."""

    async def _answer(self, exchange: Exchange) -> None:
        match exchange.path:
            case b"/health":
                exchange.reply(200, b"")
            case b"/v1/models":
                exchange.reply(200, b'{"data": [{"id": "tiny", "parent": null}]}')
            case b"/metrics":
                exchange.reply(200, b"vllm:num_requests_running 0\nvllm:num_requests_waiting 0\n")
            case b"/tokenize":
                text = json.loads(exchange.body)["prompt"]
                exchange.reply(200, json.dumps({"tokens": list(text.encode())}).encode())
            case _:
                await super()._answer(exchange)


def test_a_prompt_goes_where_it_is_cached_as_the_engine_says() -> None:
    async def job() -> None:
        engines = [Complete(), Complete()]
        for engine in engines:
            await engine.start()
        async with publishing() as publisher:
            events = {"publisher": publisher.events, "replay": publisher.replay}
            fleet = site(
                [engine.url for engine in engines],
                policies=("prefix-cache",),
                serve={
                    "engines": {
                        "a": {
                            "kind": "vllm",
                            "urls": [engine.url for engine in engines],
                            "kv_events": events,
                        }
                    },
                    "watch": _QUICK,
                    "health": {"period_s": 0.02},
                },
            )
            async with running(fleet) as (gateway, host, port):
                knowledge = gateway.scouts.knowledge
                assert knowledge is not None
                await publisher.joined()
                await publisher.joined()
                await until(lambda: gateway.sight.ready(0.0).all())
                # Both listen to one publisher: the first engine is made to forget what it said.
                await publisher.say(stored(list(b"abcd"), [11, 12]))
                await until(lambda: len(knowledge.residency) == 2)
                await asyncio.sleep(0.05)
                knowledge.residency.empty(0, 0)
                pool = Pool(host, port)
                for _ in range(4):
                    told = {"model": "tiny", "prompt": "abcde"}
                    status, _, headers = await post(pool, "/v1/completions", told)
                    assert (status, headers["x-headway-engine"]) == (200, "a-1")
                pool.close()
        for engine in engines:
            await engine.server.stop()

    asyncio.run(job())


def test_engines_behind_a_name_are_found_and_served() -> None:
    async def job() -> None:
        engine = Complete()
        await engine.start()
        fleet = _live({"dns": engine.url})
        async with running(fleet) as (gateway, host, port):
            await until(lambda: gateway.sight.ready(0.0).any())
            assert gateway.engines[0].present
            pool = Pool(host, port)
            status, _, _ = await post(pool, "/v1/completions", {"model": "tiny", "prompt": "a"})
            assert status == 200
            pool.close()
        await engine.server.stop()

    asyncio.run(job())


@pytest.mark.parametrize(
    ("section", "serve", "message"),
    [
        ({"urls": ["http://a"], "dns": "http://b"}, {}, "dns: urls says already"),
        ({"dns": "http://b"}, {"workers": 2}, "only one worker can look for engines"),
        ({"dns": "nowhere"}, {}, "serve.engines.a.dns"),
        ({"kind": "llamacpp", "kv_events": {}}, {}, "publish none"),
        ({"kind": "openai", "adapters": {"a": "b"}}, {}, "load none"),
        ({"kind": "openai", "sleeps": True}, {}, "cannot sleep"),
        ({"kv_events": {"ranks": 0}}, {}, "must be positive"),
    ],
)
def test_what_cannot_be_is_refused(section: Any, serve: Any, message: str) -> None:
    with pytest.raises(ConfigError, match=message):
        _live(section, **serve)


def test_outside_of_a_cluster_there_are_no_pods(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv("KUBERNETES_SERVICE_HOST", raising=False)
    fleet = _live({"kubernetes": {"service": "vllm"}})
    engines = fleet.live(fleet.addresses)
    with pytest.raises(ConfigError, match=r"serve\.engines\.a.*this is no pod"):
        Scouts(fleet, engines, lambda _: True, lambda _: None, lambda: 0.0, seed=0)
