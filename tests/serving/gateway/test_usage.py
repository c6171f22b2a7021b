"""Tokens counted in passing, however the bytes are cut."""

from __future__ import annotations

import itertools
import json

import pytest
from hypothesis import given
from hypothesis import strategies as st

from headway.serving.gateway.usage import Meter

USAGE = {
    "prompt_tokens": 11,
    "completion_tokens": 5,
    "total_tokens": 16,
    "prompt_tokens_details": {"cached_tokens": 8},
}


def seen(text: bytes, cuts: list[int] = (), *, is_stream: bool = False) -> Meter:
    meter = Meter(lambda: 1.0, is_stream=is_stream)
    marks = [0, *sorted({cut % (len(text) + 1) for cut in cuts}), len(text)]
    for begin, end in itertools.pairwise(marks):
        meter.see(text[begin:end])
    return meter


def figures(meter: Meter) -> tuple[int, int, int]:
    return meter.prompt_tokens, meter.output_tokens, meter.cached_tokens


@given(st.lists(st.integers(0, 10_000)), st.sampled_from(["", " "]), st.booleans())
def test_what_an_engine_says_counts_wherever_it_is_cut(cuts, space, details) -> None:
    usage = {**USAGE, "prompt_tokens_details": USAGE["prompt_tokens_details"] if details else None}
    whole = {"choices": [{"text": 'says "usage": {1} \\ and "usage"'}], "usage": usage, "x": 1}
    text = json.dumps(whole, separators=("," + space, ":" + space)).encode()
    assert figures(seen(text, cuts)) == (11, 5, 8 if details else 0)


@given(st.lists(st.integers(0, 10_000)))
def test_the_last_event_with_usage_counts(cuts) -> None:
    events = [{"choices": [1], "usage": None}, {"usage": {**USAGE, "completion_tokens": 4}}]
    events += [{"choices": [], "usage": USAGE}]
    text = b"".join(b"data: %b\n\n" % json.dumps(one).encode() for one in events)
    assert figures(seen(text + b"data: [DONE]\n\n", cuts, is_stream=True)) == (11, 5, 8)


def test_bytes_may_come_one_by_one() -> None:
    text = json.dumps({"usage": USAGE}).encode()
    assert figures(seen(text, list(range(len(text))))) == (11, 5, 8)


def test_events_are_counted_while_an_engine_says_nothing() -> None:
    text = b'data: {"a":1}\n\n' * 3 + b"data: [DONE]\n\n"
    assert figures(seen(text, is_stream=True)) == (-1, 3, 0)


def test_responses_use_other_words() -> None:
    usage = {"input_tokens": 3, "output_tokens": 2, "input_tokens_details": {"cached_tokens": 1}}
    assert figures(seen(json.dumps({"usage": usage}).encode())) == (3, 2, 1)


def test_what_no_request_can_have_used_fits_into_columns() -> None:
    usage = {"prompt_tokens": 10**30, "completion_tokens": -5}
    details = {"cached_tokens": -(10**30)}
    text = json.dumps({"usage": {**usage, "prompt_tokens_details": details}}).encode()
    assert figures(seen(text)) == (2**31 - 1, 0, 0)


def test_what_follows_an_early_word_on_usage_counts_if_the_answer_breaks_off() -> None:
    early = b'data: {"tools": [{"usage": {"output_tokens": 0}}]}\n\n'
    meter = seen(early + b'data: {"a":1}\n\n' * 3, [len(early)], is_stream=True)
    assert (meter.output_tokens, meter.least_tokens) == (0, 3)
    meter.see(b'data: {"usage": {"output_tokens": 9}}\n\n')
    assert (meter.output_tokens, meter.least_tokens) == (9, 9)


@pytest.mark.parametrize("deep", [300, 30_000])
def test_an_object_of_usage_that_has_no_end_hides_none_behind_it(deep: int) -> None:
    text = b'{"usage": {"x": ' + b"{" * deep + b'"usage": {} '
    meter = seen(text)
    meter.see(json.dumps({"usage": USAGE}).encode())
    assert figures(meter) == (11, 5, 8)


@pytest.mark.parametrize(
    "text",
    [
        b'"usage": {"x": ' + b"[" * 2000 + b"]" * 2000 + b"}",
        b'"usage": {',
        b'"usage": {"prompt_tokens": "x"}',
        b'"usage": [1]',
        b'"usage"',
        b'"usage":{}}',
    ],
)
def test_nonsense_is_left_alone(text: bytes) -> None:
    assert figures(seen(text))[1] == 0


@given(st.binary(max_size=300), st.lists(st.integers(0, 300)))
def test_any_bytes_pass(text: bytes, cuts: list[int]) -> None:
    seen(b'"usage":{' + text, cuts, is_stream=True)
