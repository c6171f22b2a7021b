"""What a prefix cache finds: by hand, against the clearest program there is, on real traces."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from headway.errors import ConfigError
from headway.instances import remote
from headway.serving.workload import (
    TRACES,
    Blocks,
    Workload,
    prefix_hits,
    read_workload,
    workload,
)
from tests.serving.workload.traces import TRACES as EXCERPTS

REFERENCE = {
    "mooncake-conversation": (
        (288_500, 182_790),
        {
            None: 0.3664,
            1_000: 0.0445,
            5_000: 0.1118,
            10_000: 0.2116,
            30_000: 0.3257,
            50_000: 0.3546,
            100_000: 0.3637,
        },
    ),
    "mooncake-synthetic": (
        (121_877, 43_924),
        {
            None: 0.6396,
            1_000: 0.0841,
            5_000: 0.2793,
            10_000: 0.4239,
            30_000: 0.6242,
            50_000: 0.6396,
            100_000: 0.6396,
        },
    ),
}
"""Blocks, distinct blocks, and the share of hits by capacity."""


def asking(*ids: list[int]) -> Workload:
    n = len(ids)
    return Workload.of(
        arrival_s=range(n),
        prompt_tokens=[4 * max(len(row), 1) for row in ids],
        output_tokens=[1] * n,
        blocks=Blocks.of(ids, 4),
    )


def twin(requests: list[list[int]], capacity: float) -> list[int]:
    """The definition: a list of blocks by last use."""
    cache: list[int] = []
    hits = []
    for blocks in requests:
        hit = 0
        while hit < len(blocks) and blocks[hit] in cache:
            hit += 1
        hits.append(hit)
        for block in reversed(blocks):
            if block in cache:
                cache.remove(block)
            cache.append(block)
        while len(cache) > capacity:
            del cache[0]
    return hits


def test_the_tail_of_a_prompt_is_forgotten_before_its_head() -> None:
    """With room for three: 1 2 3 and then 9 leave 1 2 9, so that 1 2 4 finds two blocks."""
    found = prefix_hits(asking([1, 2, 3], [9], [1, 2, 4], [9]), 3)
    assert found.hits.tolist() == [0, 0, 2, 0]
    assert (found.blocks, found.distinct, found.share) == (8, 5, 0.25)


def test_what_an_adapter_has_computed_is_of_no_use_to_another() -> None:
    """1 2 by the model, twice by `a`, once by `b`: only the second of `a` finds something."""
    plain = asking([1, 2], [1, 2], [1, 2], [1, 2])
    mixed = replace(plain, adapters=("a", "b"), adapter=[-1, 0, 0, 1])
    assert prefix_hits(mixed).hits.tolist() == [0, 0, 2, 0]
    assert (prefix_hits(plain).distinct, prefix_hits(mixed).distinct) == (2, 6)
    assert mixed.blocks is plain.blocks
    assert plain.cache_blocks is plain.blocks


@given(
    rows=st.lists(st.lists(st.sampled_from([0, 3, 2**39, 2**62]), max_size=4), max_size=6),
    data=st.data(),
)
def test_groups_apart_share_nothing_and_keep_what_they_shared(
    rows: list[list[int]], data: st.DataObject
) -> None:
    group = data.draw(st.lists(st.integers(0, 3), min_size=len(rows), max_size=len(rows)))
    told = Blocks.of(rows, 4)
    found = told.apart(np.array(group, dtype=np.int64))
    before = [(k, block) for k, row in zip(group, rows, strict=True) for block in row]
    after = found.ids.tolist()
    assert len(set(before)) == len(set(after)) == len(set(zip(before, after, strict=True)))
    assert not any(group) or max(after, default=0) < 2**40
    assert found.offsets.tolist() == told.offsets.tolist()


def test_a_hit_ends_at_the_first_block_that_is_missing() -> None:
    assert prefix_hits(asking([1, 2, 3], [1, 7, 3], [])).hits.tolist() == [0, 1, 0]
    assert prefix_hits(asking([1, 2, 3], [1, 7, 3], []), 9).hits.tolist() == [0, 1, 0]


@given(
    st.lists(st.lists(st.integers(0, 9), max_size=6, unique=True), max_size=12),
    st.none() | st.integers(1, 12),
)
def test_any_requests_find_what_the_definition_says(
    requests: list[list[int]], capacity: int | None
) -> None:
    expected = twin(requests, float("inf") if capacity is None else capacity)
    assert prefix_hits(asking(*requests), capacity).hits.tolist() == expected


@given(st.lists(st.lists(st.integers(0, 9), max_size=6, unique=True), max_size=12))
def test_what_blocks_are_called_does_not_matter(requests: list[list[int]]) -> None:
    """Ids may be hashes: numbers as far apart as they can be."""
    work = asking(*requests)
    named = asking(*[[(block + 1) * 2**59 for block in row] for row in requests])
    assert prefix_hits(named).hits.tolist() == prefix_hits(work).hits.tolist()
    different = len({block for row in requests for block in row})
    assert prefix_hits(named).distinct == prefix_hits(work).distinct == different


def test_the_excerpt_has_its_share() -> None:
    """Counted by the program above, once."""
    work = read_workload(EXCERPTS / "mooncake_conversation.jsonl")
    found = prefix_hits(work)
    assert (found.blocks, found.distinct, found.hits.sum()) == (2024, 1945, 79)
    assert work.blocks is not None
    rows = [row.tolist() for row in work.blocks]
    assert prefix_hits(work, 40).hits.tolist() == twin(rows, 40)


@pytest.mark.parametrize("name", REFERENCE)
def test_the_shares_of_whole_traces_are_those_counted_elsewhere(name: str) -> None:
    if not (remote.data_folder() / TRACES[name]).is_file():
        pytest.skip("the trace is not in the data folder")
    work = workload(name)
    counts, shares = REFERENCE[name]
    for capacity, share in shares.items():
        found = prefix_hits(work, capacity)
        assert (found.blocks, found.distinct) == counts
        assert round(found.share, 4) == share


def test_more_room_never_finds_less_in_the_excerpt() -> None:
    work = read_workload(EXCERPTS / "mooncake_conversation.jsonl")
    shares = [prefix_hits(work, capacity).share for capacity in (10, 50, 200, 1000, 5000)]
    assert (np.diff(shares) >= 0).all()
    assert shares[-1] == prefix_hits(work).share


def test_without_blocks_or_room_there_is_nothing_to_count() -> None:
    with pytest.raises(ConfigError, match="there are no blocks"):
        prefix_hits(asking([1]).without_blocks())
    with pytest.raises(ConfigError, match="capacity_blocks: expected at least 1, got 0"):
        prefix_hits(asking([1]), 0)
