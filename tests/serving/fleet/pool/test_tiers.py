"""What a bounded store keeps, held against plain twins."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from headway.errors import ConfigError, UnknownNameError
from headway.serving.fleet.pool import Lru, S3Fifo, Tier, tier
from tests.twins.s3_fifo import PlainS3Fifo


def hits(store: Tier, asked: list[int]) -> int:
    """Return how many blocks are there when they are asked for; those that are not are put."""
    found = 0
    for block in asked:
        if block in store:
            store.use(block)
            found += 1
        else:
            store.put(block)
    return found


@given(
    st.integers(1, 12),
    st.floats(0.05, 0.95),
    st.integers(1, 3),
    st.lists(st.integers(0, 20), max_size=200),
)
@settings(max_examples=300, deadline=None)
def test_s3_fifo_agrees_with_the_plain_one(
    capacity: int, share: float, promote_after: int, asked: list[int]
) -> None:
    quick = S3Fifo(capacity, share, promote_after)
    plain = PlainS3Fifo(capacity, int(capacity * share), promote_after)
    for block in asked:
        if block in plain.blocks():
            assert block in quick
            quick.use(block)
            plain.use(block)
        else:
            assert block not in quick
            assert quick.put(block) == plain.put(block)
        assert len(quick) == len(plain.blocks()) <= capacity
    assert {block for block in range(21) if block in quick} == plain.blocks()


@given(st.integers(1, 8), st.lists(st.integers(0, 12), max_size=120))
@settings(max_examples=150, deadline=None)
def test_lru_keeps_those_that_were_asked_for_last(capacity: int, asked: list[int]) -> None:
    store = Lru(capacity)
    hits(store, asked)
    last = list(dict.fromkeys(reversed(asked)))[:capacity]
    assert {block for block in range(13) if block in store} == set(last)


def test_s3_fifo_by_hand() -> None:
    """Room for four, one of them for newcomers; 1 is used, 2 comes back from among the ghosts."""
    store = S3Fifo(4, small_share=0.25)
    for block in (1, 2, 3, 4):
        assert store.put(block) == []
    store.use(1)
    assert store.put(5) == [2]  # 1 moves on to the main queue, 2 becomes a ghost
    assert store.put(2) == [3]  # straight to the main queue
    assert store.put(6) == [4]
    assert store.put(7) == [5]
    assert store.put(8) == [6]
    assert 1 in store
    assert 2 in store


def test_a_long_scan_costs_s3_fifo_less_than_lru() -> None:
    """Popular blocks among many that come only once."""
    rng = np.random.default_rng(1)
    asked: list[int] = []
    for once in range(4000):
        asked += [int(rng.zipf(1.5)) % 100, 1000 + once]
    assert hits(S3Fifo(60), asked) > 1.05 * hits(Lru(60), asked)


def test_what_cannot_be_is_refused() -> None:
    assert isinstance(tier("lru", 3), Lru)
    with pytest.raises(UnknownNameError, match="unknown policy 'mru'"):
        tier("mru", 3)
    for kind in (Lru, S3Fifo):
        with pytest.raises(ConfigError, match="at least one block"):
            kind(0)
    with pytest.raises(ConfigError, match="small_share"):
        S3Fifo(3, small_share=1.0)
    with pytest.raises(ConfigError, match="promote_after"):
        S3Fifo(3, promote_after=4)
