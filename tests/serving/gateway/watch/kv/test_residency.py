"""The index, against caches that are kept as plain sets of prompts."""

from __future__ import annotations

import numpy as np
from hypothesis import given, settings
from hypothesis import strategies as st

from headway.serving.gateway.watch.kv import Cleared, Removed, Residency, Stored

_SIZE = 2


def _tokens(*tokens: int) -> np.ndarray:
    return np.array(tokens, dtype=np.int32)


def _store(
    index: Residency,
    engine: int,
    tokens: list[int],
    hashes: list[int],
    parent: int | None = None,
    *,
    rank: int = 0,
    size: int = _SIZE,
    adapter: str | None = None,
    whole: tuple[bool, ...] | None = None,
) -> None:
    event = Stored(
        tuple(hashes), parent, _tokens(*tokens), size, adapter, 0, whole or (True,) * len(hashes)
    )
    index.take(engine, rank, event)


def _held(index: Residency, tokens: list[int], n: int = 2, adapter: str | None = None) -> list[int]:
    found = index.find(_tokens(*tokens), n, adapter)
    assert found is not None
    return found.held.blocks.tolist()


def _index(*caches: tuple[int, int], capacity: int = 1000) -> Residency:
    index = Residency(seed=7, capacity=capacity)
    for engine, rank in caches:
        index.follow(engine, rank)
        index.empty(engine, rank)
    return index


def test_a_prompt_is_found_as_far_as_an_engine_holds_it() -> None:
    """Engine 1 calls the same blocks by other hashes; the last token fills no block."""
    index = _index((0, 0), (1, 0))
    assert index.find(_tokens(1, 2), 2) is None, "nobody has told"
    _store(index, 0, [1, 2, 3, 4], [11, 12])
    _store(index, 1, [1, 2], [91])
    _store(index, 1, [3, 5], [92], parent=91)
    assert _held(index, [1, 2, 3, 4, 5]) == [2, 1]
    assert _held(index, [1, 2, 3, 5]) == [1, 2]
    assert _held(index, [2, 1]) == [0, 0]
    found = index.find(_tokens(1, 2, 3, 4, 5), 3)
    assert found is not None
    assert (len(found.blocks), found.block_tokens) == (2, 2)
    assert found.held.exact.tolist() == [True, True, False]


def test_a_block_that_is_removed_ends_what_follows_it() -> None:
    index = _index((0, 0))
    _store(index, 0, [1, 2, 3, 4, 5, 6], [11, 12, 13])
    index.take(0, 0, Removed((12,)))
    assert _held(index, [1, 2, 3, 4, 5, 6], 1) == [1]
    _store(index, 0, [3, 4], [12], parent=11)
    assert _held(index, [1, 2, 3, 4, 5, 6], 1) == [3]
    index.take(0, 0, Cleared())
    assert _held(index, [1, 2, 3, 4], 1) == [0]
    assert len(index) == 0


def test_blocks_behind_an_unknown_one_are_not_believed() -> None:
    index = _index((0, 0))
    _store(index, 0, [3, 4], [12], parent=11)
    assert index.find(_tokens(3, 4), 1) is None


def test_adapters_have_blocks_of_their_own() -> None:
    index = _index((0, 0))
    _store(index, 0, [1, 2], [11], adapter="sql")
    assert _held(index, [1, 2], 1) == [0]
    assert _held(index, [1, 2], 1, "sql") == [1]
    assert _held(index, [1, 2], 1, "other") == [0]


def test_what_depends_on_more_than_tokens_is_not_held() -> None:
    index = _index((0, 0))
    _store(index, 0, [1, 2, 3, 4, 5, 6], [11, 12, 13], whole=(True, False, True))
    assert _held(index, [1, 2, 3, 4, 5, 6], 1) == [1]


def test_an_engine_holds_what_any_of_its_ranks_holds() -> None:
    index = _index((0, 0), (0, 1))
    _store(index, 0, [1, 2, 3, 4], [11, 12], rank=1)
    _store(index, 0, [1, 2], [11])
    assert _held(index, [1, 2, 3, 4], 1) == [2]
    index.drop(0, 1)
    assert _held(index, [1, 2, 3, 4], 1) == [1]


def test_after_a_gap_less_may_be_known_than_is_held() -> None:
    index = _index((0, 0))
    _store(index, 0, [1, 2], [11])
    index.drop(0)
    found = index.find(_tokens(1, 2), 1)
    assert found is not None
    assert (found.held.blocks.tolist(), found.held.exact.tolist()) == ([0], [False])
    index.take(0, 0, Cleared())
    found = index.find(_tokens(1, 2), 1)
    assert found is not None
    assert found.held.exact.tolist() == [True]


def test_blocks_of_two_sizes_are_counted_in_the_smaller() -> None:
    index = _index((0, 0), (1, 0))
    _store(index, 0, [1, 2, 3, 4], [11, 12])
    _store(index, 1, [1, 2, 3, 4], [91], size=4)
    assert _held(index, [1, 2, 3, 4, 5, 6]) == [2, 2]


def test_a_full_index_forgets_nothing_and_learns_no_more() -> None:
    index = _index((0, 0), capacity=3)
    _store(index, 0, [1, 2, 3, 4, 5, 6, 7, 8], [11, 12, 13, 14])
    assert _held(index, [1, 2, 3, 4, 5, 6, 7, 8], 1) == [3]
    index.take(0, 0, Removed((13,)))
    _store(index, 0, [5, 9], [15], parent=12)
    assert _held(index, [1, 2, 3, 4, 5, 9], 1) == [3]


_PROMPTS = st.lists(st.integers(0, 2), min_size=2, max_size=10)


@settings(max_examples=60)
@given(
    st.lists(
        st.tuples(
            st.sampled_from(["store", "remove", "clear", "drop"]),
            st.integers(0, 2),
            _PROMPTS,
            st.integers(0, 10),
        ),
        max_size=25,
    ),
    st.lists(_PROMPTS, max_size=5),
)
def test_it_agrees_with_sets_of_prefixes(
    steps: list[tuple[str, int, list[int], int]], asked: list[list[int]]
) -> None:
    """Three engines, each with hashes of its own; the model keeps every prefix as a tuple."""
    index = _index((0, 0), (1, 0), (2, 0), capacity=10_000)
    holds: list[dict[int, tuple[int, ...]]] = [{}, {}, {}]
    for what, engine, prompt, pick in steps:
        mine = holds[engine]
        if what == "store":
            whole = [tuple(prompt[: end + 2]) for end in range(0, len(prompt) - 1, 2)]
            hashes = [hash((engine, prefix)) & 0xFFFF_FFFF for prefix in whole]
            known = 0
            while known < len(whole) and hashes[known] in mine:
                known += 1
            if known == len(whole):
                continue
            new = prompt[2 * known : 2 * len(whole)]
            parent = hashes[known - 1] if known else None
            _store(index, engine, new, hashes[known:], parent)
            mine.update(zip(hashes[known:], whole[known:], strict=True))
        elif what == "remove" and mine:
            gone = sorted(mine)[pick % len(mine)]
            index.take(engine, 0, Removed((gone,)))
            del mine[gone]
        elif what in ("clear", "drop"):
            index.take(engine, 0, Cleared()) if what == "clear" else index.drop(engine)
            mine.clear()
    for prompt in asked + [prompt for _, _, prompt, _ in steps]:
        found = index.find(_tokens(*prompt), 3)
        for engine, mine in enumerate(holds):
            held, depth = set(mine.values()), 0
            while 2 * depth + 2 <= len(prompt) and tuple(prompt[: 2 * depth + 2]) in held:
                depth += 1
            assert (0 if found is None else found.held.blocks[engine]) == depth
    assert len(index) == len({prefix for mine in holds for prefix in mine.values()})
