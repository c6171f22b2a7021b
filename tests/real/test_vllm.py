"""The gateway in front of two real vLLM engines with random weights."""

from __future__ import annotations

import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import numpy as np
import openai
import pytest

from tests.real.engines import Vllm, gateway, post, vllm_engines

pytestmark = [pytest.mark.real_engines, pytest.mark.xdist_group("real_engines")]

# An odd number of sessions: an even one would give each an engine of its own by turns.
SESSIONS, TURNS, NEW_TOKENS, BLOCKS = 17, 8, 200, 128

POLICIES = ("round-robin", "session")


@pytest.fixture(scope="module")
def engines(tmp_path_factory: pytest.TempPathFactory) -> Iterator[list[Vllm]]:
    with vllm_engines(tmp_path_factory.mktemp("vllm"), 2, BLOCKS) as started:
        yield started


def _together(engines: list[Vllm]) -> dict[str, dict[str, Any]]:
    return {"e": {"kind": "vllm", "urls": [one.url for one in engines]}}


def _cached_share(url: str, policy: str, salt: int) -> float:
    """Return the cached share of the prompts of conversations that take turns."""
    rng = np.random.default_rng(salt)
    histories: list[list[int]] = [[] for _ in range(SESSIONS)]
    cached = prompts = 0
    for _ in range(TURNS):
        for session, history in enumerate(histories):
            history += rng.integers(100, 1000, NEW_TOKENS).tolist()
            body = {"model": "tiny", "prompt": history, "max_tokens": 1, "temperature": 0}
            status, told, _ = post(
                f"{url}/v1/completions",
                body,
                x_headway_policy=policy,
                x_session_id=f"{salt}-{session}",
            )
            assert status == 200, told
            prompts += told["usage"]["prompt_tokens"]
            cached += told["usage"]["prompt_tokens_details"]["cached_tokens"]
    return cached / prompts


def test_sessions_that_stay_find_more_of_their_past(engines: list[Vllm], tmp_path: Path) -> None:
    """Histories fit into both caches together, not into each: 27,200 tokens, 16,384 each."""
    with gateway(tmp_path, _together(engines), POLICIES) as url:
        shares = {policy: _cached_share(url, policy, salt) for salt, policy in enumerate(POLICIES)}
    print(shares)
    assert shares["session"] > shares["round-robin"] + 0.05


def test_prompts_go_where_events_say_that_they_are(engines: list[Vllm], tmp_path: Path) -> None:
    """The gateway has not sent these prompts anywhere: only the engines know them."""
    kinds = {
        f"e{number}": {
            "kind": "vllm",
            "urls": [one.url],
            "kv_events": {"publisher": one.publisher, "replay": one.replay},
        }
        for number, one in enumerate(engines)
    }
    rng = np.random.default_rng(7)
    prompts = [rng.integers(100, 1000, 600).tolist() for _ in range(8)]
    with gateway(tmp_path, kinds, ["prefix-cache"]) as url:
        for number, prompt in enumerate(prompts):
            home = engines[number % 2].url
            post(f"{home}/v1/completions", {"model": "tiny", "prompt": prompt, "max_tokens": 1})
        time.sleep(1)
        for number, prompt in enumerate(prompts):
            body = {"model": "tiny", "prompt": [*prompt, 5], "max_tokens": 1}
            _, told, headers = post(f"{url}/v1/completions", body)
            assert headers["x-headway-engine"] == f"e{number % 2}-0"
            assert told["usage"]["prompt_tokens_details"]["cached_tokens"] == 512


def test_the_official_client_is_served(engines: list[Vllm], tmp_path: Path) -> None:
    with gateway(tmp_path, _together(engines), ["least-request"]) as url:
        client = openai.OpenAI(base_url=f"{url}/v1", api_key="none")
        assert [model.id for model in client.models.list()] == ["tiny"]
        messages = [{"role": "user", "content": "which work gets which resource?"}]
        whole = client.chat.completions.create(model="tiny", messages=messages, max_tokens=5)
        assert whole.usage.completion_tokens == 5
        stream = client.chat.completions.create(
            model="tiny",
            messages=messages,
            max_tokens=5,
            stream=True,
            stream_options={"include_usage": True},
        )
        assert [part.usage.completion_tokens for part in stream if part.usage] == [5]
        with pytest.raises(openai.BadRequestError):
            client.completions.create(model="tiny", prompt="x", max_tokens=1_000_000)
        with pytest.raises(openai.NotFoundError):
            client.completions.create(model="huge", prompt="x")
