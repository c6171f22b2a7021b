"""Refusals are what the OpenAI API says they are."""

import json

import pytest

from headway.serving.gateway.errors import Refusal, wire_refusal


@pytest.mark.parametrize(
    ("status", "kind"),
    [
        (400, "invalid_request_error"),
        (401, "authentication_error"),
        (403, "permission_error"),
        (404, "invalid_request_error"),
        (429, "rate_limit_error"),
        (500, "server_error"),
        (503, "server_error"),
    ],
)
def test_the_type_follows_from_the_status(status: int, kind: str) -> None:
    told = json.loads(Refusal(status=status, message="no", param="model", code="c").body())
    assert told == {"error": {"message": "no", "type": kind, "param": "model", "code": "c"}}


def test_a_spent_budget_is_called_by_its_own_type() -> None:
    refusal = Refusal(status=429, message="no", code="insufficient_quota")
    assert json.loads(refusal.body())["error"]["type"] == "insufficient_quota"


@pytest.mark.parametrize(
    ("seconds", "headers"),
    [
        (None, []),
        (float("inf"), []),
        (0.0, [(b"retry-after", b"1")]),
        (2.1, [(b"retry-after", b"3")]),
    ],
)
def test_the_time_to_wait_is_told_in_whole_seconds(seconds, headers) -> None:
    assert Refusal(status=429, message="no", retry_after_s=seconds).headers() == headers


def test_messages_are_escaped() -> None:
    assert json.loads(wire_refusal(400, 'a "quoted"\nline'))["error"]["message"].count("\n") == 1


def test_a_refusal_ends_a_stream_as_an_event() -> None:
    event = Refusal(status=502, message="gone").event()
    assert event.startswith(b'data: {"error":')
    assert event.endswith(b"\n\n")
