"""What is set aside for a request is the most it can use, and engines are told to keep to it."""

from __future__ import annotations

import asyncio
import json
from pathlib import Path
from typing import Any

import pytest
import uvloop
from hypothesis import given
from hypothesis import strategies as st

from headway.serving.gateway.accounts import open_accounts
from headway.serving.gateway.accounts.administration import create
from headway.serving.gateway.accounts.store import Store
from headway.serving.gateway.accounts.usage import usage
from headway.serving.gateway.bounding import bound
from headway.serving.gateway.reception import PARSERS
from headway.serving.wire import Exchange, Pool, Server
from tests.serving.gateway.fakes import behind, post, site

CHAT, TEXT, RESPONSES = "/v1/chat/completions", "/v1/completions", "/v1/responses"
HI = [{"role": "user", "content": "hi"}]
ENDLESS = 5000


def most(path: str, told: dict[str, Any]) -> tuple[dict[str, Any], int, int]:
    raw = json.dumps(told).encode()
    found = bound(path.encode(), raw, PARSERS[path.encode()](raw), 100)
    return json.loads(found.body), found.prompt_tokens, found.limit_tokens


@pytest.mark.parametrize(
    ("path", "told", "written", "limit"),
    [
        (CHAT, {}, {"max_tokens": 100}, 100),
        (CHAT, {"max_tokens": None, "n": 3}, {"max_tokens": 100}, 300),
        (CHAT, {"max_tokens": 7}, {}, 7),
        (CHAT, {"max_completion_tokens": 7, "max_tokens": 9}, {}, 9),
        (CHAT, {"max_completion_tokens": 0}, {"max_completion_tokens": 100}, 100),
        (CHAT, {"n_predict": 50}, {"max_tokens": 50}, 50),
        (CHAT, {"n_predict": -1}, {"max_tokens": 100, "n_predict": 100}, 100),
        (CHAT, {"n_predict": -1, "max_tokens": 7}, {"n_predict": 7}, 7),
        (CHAT, {"n_predict": 500, "max_tokens": 7}, {}, 500),
        (TEXT, {"prompt": "a"}, {"max_tokens": 16}, 16),
        (TEXT, {"prompt": ["a", "b"], "max_tokens": 5, "n": 2, "best_of": 3}, {}, 30),
        (TEXT, {"prompt": [[1, 2], [3]], "n_predict": 9}, {"max_tokens": 9}, 18),
        (TEXT, {"prompt": "a", "max_tokens": 0}, {}, 1),
        (RESPONSES, {"input": "a"}, {"max_output_tokens": 100}, 100),
        (RESPONSES, {"input": "a", "max_output_tokens": 3}, {}, 3),
        ("/v1/embeddings", {"input": "a"}, {}, 1),
    ],
)
def test_answers_have_the_limit_that_is_set_aside(path, told, written, limit) -> None:
    sent = {"model": "m", **({"messages": HI} if path == CHAT else {}), **told}
    body, _, found = most(path, sent)
    assert body == {**sent, **written}
    assert found == limit


@given(
    st.lists(st.text(), min_size=1, max_size=5),
    st.text(),
    st.sampled_from(["", " ", "\n"]),
)
def test_prompts_have_no_more_tokens_than_are_set_aside(texts, tool, space) -> None:
    messages = [{"role": "user", "content": text} for text in texts]
    tools = [{"type": "function", "function": {"name": "f", "description": tool}}]
    raw = json.dumps({"model": "m", "messages": messages, "tools": tools}, ensure_ascii=False)
    sent = raw.encode("utf-8", "replace") + space.encode()
    found = bound(CHAT.encode(), sent, PARSERS[CHAT.encode()](sent), 100)
    said = sum(len(text.encode("utf-8", "replace")) for text in texts)
    drawn = json.dumps(tools, ensure_ascii=False, indent=1).encode("utf-8", "replace")
    assert found.prompt_tokens >= said + len(drawn) + 8 * len(texts)
    json.loads(found.body)


def test_requests_at_the_same_time_never_overspend_a_budget(tmp_path: Path) -> None:
    store = Store.at(str(tmp_path / "x.db"))
    key, free = create(store, "acme", now_s=1), create(store, "other", now_s=1)
    seen: list[bytes] = []

    async def spends(exchange: Exchange) -> None:
        asked = json.loads(exchange.body)
        seen.append(exchange.body)
        await asyncio.sleep(0.02)
        told = {
            "prompt_tokens": len(json.dumps(asked["messages"])),  # a byte each
            "completion_tokens": asked.get("max_tokens", ENDLESS),
        }
        exchange.reply(200, json.dumps({"usage": told, "choices": []}).encode())

    async def job() -> None:
        engine = Server(spends)
        host, port = await engine.start()
        section = {
            "store": str(tmp_path / "x.db"),
            "prices": {"m": {"prompt": 1e6, "output": 1e6}},
            "bounds": {"acme": {"budget_per_day": 6000}},
        }
        tenants = [{"name": "acme"}, {"name": "other"}]
        place = site([f"http://{host}:{port}"], serve={"accounts": section}, tenants=tenants)
        accounts = open_accounts(place.serve.accounts, place.file.tenants, place.file.prices)
        async with behind(place, accounts=accounts) as (_, *address):
            pool = Pool(*address)
            ask = {"model": "m", "messages": [{"role": "user", "content": "x" * 300}]}
            asked = [post(pool, CHAT, ask, authorization=f"Bearer {key}") for _ in range(20)]
            answers = await asyncio.gather(*asked)
            assert {status for status, _, _ in answers} == {200, 429}
            assert accounts.figures().overdrawn == 0
            await post(pool, CHAT, ask, authorization=f"Bearer {free}")
            assert seen[-1] == json.dumps(ask).encode(), "without a budget nothing is changed"
            pool.close()
        await accounts.close()
        await engine.stop()

    uvloop.run(job())
    costs = {one["tenant"]: one["cost"] for one in usage(store.database, ["tenant"])}
    assert 0 < costs["acme"] <= 6000
    assert costs["other"] > ENDLESS
    store.close()
