"""Keys and budgets before a gateway, as the official client meets them."""

from __future__ import annotations

import asyncio
import logging
import os
import signal
from pathlib import Path

import openai
import pytest
import uvloop

from headway.errors import ConfigError
from headway.serving.gateway.accounts import open_accounts
from headway.serving.gateway.accounts.administration import create
from headway.serving.gateway.accounts.bounds import Bounds
from headway.serving.gateway.accounts.keys import ID
from headway.serving.gateway.accounts.store import Store
from headway.serving.gateway.accounts.usage import usage
from headway.serving.gateway.metrics import page
from headway.serving.gateway.serve import _serve, serve
from tests.serving.gateway.fakes import behind, counts, fleet, site, well

ASK = {"model": "m", "messages": [{"role": "user", "content": "a secret"}], "max_tokens": 50}


FREE = {"listen": "127.0.0.1:0", "admin": None}


def keyed(folder: Path, urls: list[str]):
    section = {
        "store": str(folder / "x.db"),
        "prices": {"m": {"prompt": 1e6, "output": 1e6}},
        "bounds": {"acme": {"budget_per_day": 600}},
    }
    return site(urls, serve={"accounts": section, **FREE}, tenants=[{"name": "acme"}])


def test_clients_get_what_their_keys_allow(tmp_path: Path, caplog) -> None:
    store = Store.at(str(tmp_path / "x.db"))
    key = create(store, "acme", now_s=1, bounds=Bounds(requests_per_min=100))
    other = create(store, "other", now_s=1, bounds=Bounds(models=("n",)))

    async def job() -> None:
        async with fleet(well) as engines:
            place = keyed(tmp_path, [one.url for one in engines])
            accounts = open_accounts(place.serve.accounts, place.file.tenants, place.file.prices)
            async with behind(place, accounts=accounts) as (gateway, host, port):
                client = openai.AsyncOpenAI(
                    base_url=f"http://{host}:{port}/v1", api_key=key, max_retries=0
                )
                raw = await client.chat.completions.with_raw_response.create(**ASK)
                assert raw.headers["x-ratelimit-limit-requests"] == "100"
                assert raw.parse().choices[0].message.content == "w0 w1 w2 "
                stream = await client.chat.completions.create(**ASK, stream=True)
                assert [piece async for piece in stream]
                with pytest.raises(openai.RateLimitError) as poor:
                    await client.chat.completions.create(**{**ASK, "max_tokens": 500})
                assert poor.value.code == "insufficient_quota"
                with pytest.raises(openai.PermissionDeniedError):
                    await client.with_options(api_key=other).chat.completions.create(**ASK)
                with pytest.raises(openai.AuthenticationError) as wrong:
                    await client.with_options(api_key=key[:-1]).chat.completions.create(**ASK)
                assert wrong.value.code == "invalid_api_key"
                await client.close()
                assert not any(counts(gateway))
                assert b"headway_accounts_healthy 1.0" in page(gateway._collector)
                assert b"headway_accounts_overdrawn_total 0.0" in page(gateway._collector)
            await accounts.close()

    with caplog.at_level(logging.DEBUG):
        uvloop.run(job())
    assert "a secret" not in caplog.text
    assert key[ID.stop :] not in caplog.text
    (sums,) = usage(store.database, ["tenant", "key"])
    assert (sums["tenant"], sums["key"], sums["requests"]) == ("acme", key[ID], 2)
    assert 0 < sums["cost"] == sums["prompt_tokens"] + sums["output_tokens"]
    assert store.recover("gateway", counts=True) == 0, "no lease is left open"
    store.close()


def test_the_process_that_serves_opens_its_accounts_and_writes_them_at_the_end(
    tmp_path: Path,
) -> None:
    store = Store.at(str(tmp_path / "x.db"))
    key = create(store, "acme", now_s=1)

    async def ask(host: str, port: int) -> None:
        url = f"http://{host}:{port}/v1"
        async with openai.AsyncOpenAI(base_url=url, api_key=key) as client:
            await client.chat.completions.create(**ASK)
        os.kill(os.getpid(), signal.SIGTERM)

    async def engines() -> None:
        async with fleet(well) as there:
            place = keyed(tmp_path, [there[0].url])
            loop = asyncio.get_running_loop()
            tasks = []
            await _serve(
                place,
                place.addresses,
                lambda host, port: tasks.append(loop.create_task(ask(host, port))),
            )
            await tasks[0]

    uvloop.run(engines())
    (sums,) = usage(store.database)
    assert sums["requests"] == 1
    store.close()


def test_what_accounts_cannot_be_is_refused_with_its_key(tmp_path: Path) -> None:
    with pytest.raises(ConfigError, match=r"serve: accounts.bounds.*in_flight"):
        site(["http://127.0.0.1:1"], serve={"accounts": {"bounds": {"a": {"in_flight": 0}}}})
    lost = site(
        ["http://127.0.0.1:1"], serve={"accounts": {"pepper_env": "NO_SUCH_PEPPER"}, **FREE}
    )
    with pytest.raises(ConfigError, match=r"serve.accounts: pepper_env.*NO_SUCH_PEPPER"):
        serve(lost, lost.addresses, lambda *_: None)
