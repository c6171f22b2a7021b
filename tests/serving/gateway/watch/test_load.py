"""What engines say of their load, under current and old names, believed only if it can be true."""

from __future__ import annotations

import re

import pytest
from hypothesis import given
from hypothesis import strategies as st

from headway.errors import UnknownNameError
from headway.serving.gateway.engines.kinds import (
    KINDS,
    LLAMACPP,
    OPENAI,
    SGLANG,
    VLLM,
    engine_kind,
)
from headway.serving.gateway.watch import Load, load
from tests.serving.gateway.watch import pages


def test_a_page_of_vllm_with_two_ranks() -> None:
    """Counts of ranks add up, their shares are averaged, and so are the blocks of their caches."""
    found = load(VLLM, pages.VLLM)
    assert (found.running, found.waiting, found.usage) == (12, 2, 0.5)
    assert (found.blocks, found.block_tokens) == (1146, 16)
    assert found.asleep is False
    assert found.started_s == 1_764_001_230.0
    assert found.counters == {
        "prompt_tokens": 1500.0,
        "output_tokens": 300.0,
        "preemptions": 3.0,
        "queried": 1500.0,
        "hit": 700.0,
    }
    assert found.refused == ()


def test_a_page_of_vllm_under_old_names() -> None:
    found = load(VLLM, pages.VLLM_OLD)
    assert (found.running, found.waiting, found.usage) == (3, 1, 0.5)
    assert found.counters == {"queried": 10.0}
    assert found.blocks is None


def test_a_page_of_sglang_counts_no_request_twice() -> None:
    """Tensor-parallel ranks repeat each other, and priorities are parts of the total."""
    found = load(SGLANG, pages.SGLANG)
    assert (found.running, found.waiting, found.usage) == (6, 8, 0.28)
    assert (found.blocks, found.block_tokens) == (432_000, 1)
    assert found.counters["prompt_tokens"] == 500.0


def test_a_page_of_llamacpp() -> None:
    found = load(LLAMACPP, pages.LLAMACPP)
    assert (found.running, found.waiting, found.usage) == (1, 2, None)
    assert found.counters == {"prompt_tokens": 12.0, "output_tokens": 34.0}


def test_a_plain_engine_tells_nothing() -> None:
    assert load(OPENAI, pages.VLLM) == Load()


@pytest.mark.parametrize("value", ["NaN", "-1", "+Inf", "1e9", "-Inf"])
def test_counts_that_cannot_be_true_are_refused(value: str) -> None:
    page = pages.VLLM.replace(
        b'vllm:num_requests_running{engine="1",model_name="tiny"} 5.0',
        b'vllm:num_requests_running{engine="1",model_name="tiny"} ' + value.encode(),
    )
    found = load(VLLM, page)
    assert found.running is None
    assert found.refused == ("running",)
    assert found.waiting == 2, "the others are still believed"


@pytest.mark.parametrize("value", ["NaN", "-0.1", "1.5", "75"])
def test_shares_that_are_none_are_refused(value: str) -> None:
    found = load(VLLM, b"vllm:kv_cache_usage_perc " + value.encode())
    assert found.usage is None
    assert found.refused == ("usage",)


def test_a_falling_engine_is_seen_asleep() -> None:
    page = re.sub(rb'(sleep_state="awake"}) 1.0', rb"\1 0.0", pages.VLLM)
    assert load(VLLM, page).asleep is True


@given(
    st.sampled_from(sorted(KINDS)),
    st.lists(
        st.tuples(
            st.sampled_from([pages.VLLM, pages.SGLANG, pages.LLAMACPP]),
            st.integers(0, 3000),
            st.binary(max_size=20),
        ),
        max_size=4,
    ),
)
def test_damaged_pages_give_loads_that_can_be_true(
    kind: str, parts: list[tuple[bytes, int, bytes]]
) -> None:
    page = b"".join(page[:at] + more + page[at:] for page, at, more in parts)
    found = load(engine_kind(kind), page)
    assert found.running is None or found.running >= 0
    assert found.usage is None or 0 <= found.usage <= 1
    assert all(0 <= value < float("inf") for value in found.counters.values())


def test_an_unknown_kind_is_refused_with_those_known() -> None:
    with pytest.raises(UnknownNameError, match="vllm"):
        engine_kind("vlm")
