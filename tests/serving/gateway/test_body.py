"""Malformed requests get the errors that the API documents; any bytes get one."""

from __future__ import annotations

import json

import pytest
import uvloop
from hypothesis import given
from hypothesis import strategies as st

from headway.serving.gateway import body
from headway.serving.gateway.errors import RefusedError
from headway.serving.wire import Pool
from tests.serving.gateway.fakes import behind, counts, fleet, site, well

CHAT, TEXT = "/v1/chat/completions", "/v1/completions"
HI = [{"role": "user", "content": "hi"}]


@pytest.mark.parametrize(
    ("method", "path", "sent", "status", "code", "param"),
    [
        ("POST", CHAT, b"{", 400, None, None),
        ("POST", CHAT, b"", 400, None, None),
        ("POST", CHAT, b"[]", 400, "invalid_type", None),
        ("POST", CHAT, b"\xff\xfe", 400, None, None),
        ("POST", CHAT, b'{"model":"\xff","messages":[{}]}', 400, None, None),
        ("POST", CHAT, {"messages": HI}, 400, "missing_required_parameter", "model"),
        ("POST", CHAT, {"model": "m"}, 400, "missing_required_parameter", "messages"),
        ("POST", CHAT, {"model": 3, "messages": HI}, 400, "invalid_type", "model"),
        ("POST", CHAT, {"model": "m", "messages": []}, 400, "empty_array", "messages"),
        ("POST", CHAT, {"model": "m", "messages": "hi"}, 400, "invalid_type", "messages"),
        ("POST", CHAT, {"model": "m", "messages": None}, 400, "invalid_type", "messages"),
        (
            *("POST", CHAT, {"model": "m", "messages": HI, "max_completion_tokens": -2}, 400),
            *("integer_below_min_value", "max_completion_tokens"),
        ),
        (
            *("POST", CHAT, {"model": "m", "messages": HI, "stream": "yes"}, 400),
            *("invalid_type", "stream"),
        ),
        ("POST", TEXT, {"model": "m"}, 400, "missing_required_parameter", "prompt"),
        ("POST", TEXT, {"model": "m", "prompt": {}}, 400, "invalid_type", "prompt"),
        ("POST", "/v1/embeddings", {"model": "m"}, 400, "missing_required_parameter", "input"),
        ("GET", CHAT, b"", 405, "method_not_allowed", None),
        ("POST", "/v1/models", b"", 405, "method_not_allowed", None),
        ("POST", "/v1/nothing", b"{}", 404, "unknown_url", None),
        ("POST", CHAT, b"x" * 2000, 413, None, None),
    ],
)
def test_malformed_requests_get_the_errors_of_the_api(
    method, path, sent, status, code, param
) -> None:
    raw = sent if isinstance(sent, bytes) else json.dumps(sent).encode()

    async def job() -> None:
        async with fleet(well) as engines:
            place = site([engines[0].url], serve={"limits": {"body_bytes": 1000}})
            async with behind(place) as (gateway, host, port):
                pool = Pool(host, port)
                answer = await pool.send(method.encode(), path.encode(), [], raw)
                told = json.loads(await answer.read())["error"]
                assert answer.status == status
                assert told["type"] == "invalid_request_error"
                assert (told["code"], told["param"]) == (code, param)
                pool.close()
                assert not engines[0].seen
                assert not any(counts(gateway))

    uvloop.run(job())


def test_models_that_nobody_serves_are_not_found() -> None:
    async def job() -> None:
        async with fleet(well) as engines, behind(site([engines[0].url])) as (gateway, host, port):
            gateway.engines[0].models = frozenset(["m"])
            gateway.engines[0].adapters = frozenset(["tuned"])
            gateway.lookout.look()
            pool = Pool(host, port)
            for model, status in (("m", 200), ("tuned", 200), ("other", 404)):
                raw = json.dumps({"model": model, "prompt": "x"}).encode()
                answer = await pool.send(b"POST", TEXT.encode(), [], raw)
                told = json.loads(await answer.read())
                assert answer.status == status
            assert told["error"]["code"] == "model_not_found"
            answer = await pool.send(b"GET", b"/v1/models")
            listed = json.loads(await answer.read())["data"]
            assert [(one["id"], one["parent"]) for one in listed] == [("m", None), ("tuned", "m")]
            pool.close()

    uvloop.run(job())


@pytest.mark.parametrize(
    ("prompt", "tokens"), [([1, 2, 3], 3), ([[1, 2], [3]], 3), ("x" * 400, 100), (["a" * 8], 3)]
)
def test_tokens_that_are_sent_are_counted_and_others_estimated(prompt, tokens: int) -> None:
    asked = body.completion(json.dumps({"model": "m", "prompt": prompt, "n": 3}).encode())
    assert asked.prompt_tokens(4.0) == tokens


@pytest.mark.parametrize(
    ("prompt", "answers"),
    [
        ("x, y", 1),
        ([1, 2, 3], 1),
        ([[1, 2], [3]], 2),
        ([[], [3]], 2),
        (["a, b", "c", "d"], 3),
        ([], 1),
    ],
)
def test_each_of_several_prompts_may_take_the_limit(prompt, answers: int) -> None:
    raw = json.dumps({"model": "m", "prompt": prompt, "max_tokens": 10, "n": 2}).encode()
    assert body.completion(raw).limit_tokens == 20 * answers


@pytest.mark.parametrize("tokens", [2**31, 10**30, 10**4000], ids=["32 bits", "100 bits", "all"])
def test_limits_beyond_all_measure_fit_into_columns(tokens: int) -> None:
    told = {"model": "m", "messages": HI, "max_tokens": tokens, "n": tokens}
    assert body.chat(json.dumps(told).encode()).limit_tokens == 2**31 - 1


@pytest.mark.parametrize("sent", ["", ',"priority":2', ',"priority":null'])
def test_a_priority_is_told_to_engines_that_schedule_by_it(sent: str) -> None:
    raw = b'{"model":"m","prompt":"x"%b} \n' % sent.encode()
    asked = body.completion(raw)
    found = json.loads(body.with_priority(raw, asked, 7))
    assert found == {"model": "m", "prompt": "x", "priority": 7}
    assert body.with_priority(raw, asked, asked.priority) is raw or asked.priority is None


def test_a_key_that_is_no_text_is_refused_when_the_body_is_written_anew() -> None:
    raw = b'{"model":"m","prompt":"x","priority":2,"\xff":1}'
    asked = body.completion(raw)
    with pytest.raises(RefusedError):
        body.with_priority(raw, asked, 7)


PARSERS = (body.chat, body.completion, body.embedding, body.response)
JSON = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text(),
    lambda deeper: st.lists(deeper) | st.dictionaries(st.text(), deeper),
    max_leaves=8,
)
KEYS = ("model", "messages", "prompt", "input", "stream", "max_tokens", "n", "user", "priority")


@given(
    st.binary()
    | st.dictionaries(st.sampled_from(KEYS), JSON).map(lambda x: json.dumps(x).encode())
    | st.binary().map(
        lambda x: b'{"model":"%b","messages":[{}],"prompt":["%b"],"input":""}' % (x, x)
    )
)
def test_any_bytes_are_understood_or_refused(raw: bytes) -> None:
    for parse in PARSERS:
        try:
            asked = parse(raw)
        except RefusedError as error:
            refused = error.refusal
        else:
            assert isinstance(asked.model, str)
            assert asked.prompt_tokens(4.0) >= 1
            assert asked.limit_tokens >= 0
            continue
        assert refused.status == 400
        json.loads(refused.body())
