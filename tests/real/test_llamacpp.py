"""The gateway in front of a server of llama.cpp with a small real model."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import openai
import pytest

from tests.real.engines import gateway, llamacpp_engine

pytestmark = [pytest.mark.real_engines, pytest.mark.xdist_group("real_engines")]


@pytest.fixture(scope="module")
def engine(tmp_path_factory: pytest.TempPathFactory) -> Iterator[str]:
    with llamacpp_engine(tmp_path_factory.mktemp("llamacpp")) as url:
        yield url


def _said(url: str, *, stream: bool) -> list[str]:
    """Return the pieces of what the model says on France, without any chance."""
    client = openai.OpenAI(base_url=f"{url}/v1", api_key="none")
    (model,) = [one.id for one in client.models.list()]
    question = [{"role": "user", "content": "What is the capital of France?"}]
    answer = client.chat.completions.create(
        model=model, messages=question, max_tokens=24, temperature=0, stream=stream
    )
    if not stream:
        return [answer.choices[0].message.content]
    return [part.choices[0].delta.content or "" for part in answer if part.choices]


def test_a_model_says_through_the_gateway_what_it_says_itself(engine: str, tmp_path: Path) -> None:
    with gateway(tmp_path, {"e": {"kind": "llamacpp", "urls": [engine]}}, ["least-request"]) as url:
        itself = "".join(_said(engine, stream=False))
        assert len(itself) > 20
        assert _said(url, stream=False) == [itself]
        pieces = _said(url, stream=True)
        assert "".join(pieces) == itself
        assert len(pieces) > 3
