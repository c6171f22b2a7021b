"""Lists of models: base models and adapters told apart, and no crash on any bytes."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from headway.errors import EndpointError
from headway.serving.gateway.engines.models import served


def test_models_and_adapters_are_told_apart() -> None:
    body = b"""{"object": "list", "data": [
        {"id": "base", "object": "model", "parent": null, "max_model_len": 2048},
        {"id": "alias", "object": "model", "root": "base", "max_model_len": 2048},
        {"id": "sql", "object": "model", "parent": "base"},
        {"id": "far", "status": {"value": "unloaded"}},
        {"id": "near", "status": {"value": "loaded"}}]}"""
    found = served(body)
    assert found.models == ("base", "alias", "near")
    assert found.adapters == {"sql"}
    assert found.context_tokens == 2048


@pytest.mark.parametrize(
    "body",
    [b"", b"[]", b'{"data": 3}', b'{"data": [{"id": 3}]}', b"\xff{}", b'{"x": ' + b"[" * 100_000],
)
def test_what_is_no_list_of_models_is_refused(body: bytes) -> None:
    with pytest.raises(EndpointError, match="no list of models"):
        served(body)


@given(st.binary(max_size=100))
def test_no_bytes_break_the_list_of_models(body: bytes) -> None:
    for one in (body, b'{"data": [{"id": "' + body + b'"}]}'):
        try:
            served(one)
        except EndpointError:
            continue
