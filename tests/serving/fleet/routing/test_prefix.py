"""The index of prefixes, and the names of blocks."""

from __future__ import annotations

import math

import numpy as np
import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st

from headway import _core
from headway.errors import ConfigError
from headway.serving.fleet.routing import PrefixIndex, chain
from headway.serving.fleet.routing.prefix import SentPrompts
from headway.serving.fleet.view import Held
from tests.serving.fleet.views import request, view
from tests.twins.prefix_index import PrefixIndex as Twin

ENGINES = st.sampled_from([0, 1, 2, 63, 64, 130])
BLOCKS = st.lists(st.integers(-4, 12), max_size=7)
STEPS = st.lists(
    st.one_of(
        st.tuples(st.just("add"), BLOCKS, ENGINES, st.floats(0, 30)),
        st.tuples(st.just("forget"), st.just([]), ENGINES, st.just(0.0)),
        st.tuples(st.just("match"), BLOCKS, st.sampled_from([0, 1, 3, 64, 65, 200]), st.just(0.0)),
    ),
    max_size=40,
)


@given(STEPS, st.integers(1, 9), st.sampled_from([math.inf, 10.0, 40.0]))
@settings(max_examples=200)
def test_the_index_does_what_its_twin_does(
    steps: list[tuple[str, list[int], int, float]], capacity: int, ttl_s: float
) -> None:
    index, twin, now_s = PrefixIndex(capacity, ttl_s), Twin(capacity, ttl_s), 0.0
    for what, blocks, engine, later_s in steps:
        now_s += later_s
        if what == "add":
            index.add(blocks, engine, now_s)
            twin.add(blocks, engine, now_s)
        elif what == "forget":
            index.forget(engine)
            twin.forget(engine)
        else:
            found = index.match(blocks, engine, now_s)
            assert found.tolist() == twin.match(blocks, engine, now_s)
        assert len(index) == len(twin)


@pytest.mark.parametrize("engines", [100, 3])
def test_thousands_of_blocks_come_and_go_as_in_the_twin(engines: int) -> None:
    """Enough to make the table grow and to close many gaps in it, or to make it anew."""
    rng = np.random.default_rng(5)
    index, twin = PrefixIndex(3000, ttl_s=50.0), Twin(3000, ttl_s=50.0)
    for number in range(400):
        blocks = rng.integers(0, 20_000, rng.integers(0, 60)).tolist()
        engine = int(rng.integers(engines))
        index.add(blocks, engine, float(number))
        twin.add(blocks, engine, float(number))
        if number % 50 == 49:
            index.forget(engine)
            twin.forget(engine)
    assert len(index) == len(twin)
    for block in range(20_000):
        found = index.match([block], 100, 400.0)
        assert (
            np.flatnonzero(found).tolist()
            == np.flatnonzero(twin.match([block], 100, 400.0)).tolist()
        )


def test_the_end_of_a_prompt_is_forgotten_before_its_beginning() -> None:
    index = PrefixIndex(capacity=3)
    index.add([1, 2, 3], 0)
    index.add([1], 1)
    index.add([4], 1)
    assert len(index) == 3
    assert index.match([1, 2, 3], 2).tolist() == [2, 1]
    index.forget(1)
    assert index.match([1], 2).tolist() == [1, 0]
    assert len(index) == 2


def test_of_a_prompt_that_is_too_long_the_beginning_is_kept() -> None:
    index = PrefixIndex(capacity=3)
    index.add(list(range(10)), 0)
    assert index.match(list(range(10)), 1).tolist() == [3]


def test_blocks_that_were_not_used_for_long_are_forgotten() -> None:
    index = PrefixIndex(ttl_s=60.0)
    index.add([1, 2], 0, now_s=0.0)
    index.add([1], 1, now_s=50.0)
    assert index.match([1, 2], 2, now_s=59.0).tolist() == [2, 1]
    assert index.match([1, 2], 2, now_s=70.0).tolist() == [1, 1]
    index.add([3], 0, now_s=200.0)
    assert len(index) == 1


@pytest.mark.parametrize(("capacity", "ttl_s"), [(0, 1.0), (2**40, 1.0), (1, 0.0), (1, math.nan)])
def test_bounds_that_are_none_are_refused(capacity: int, ttl_s: float) -> None:
    with pytest.raises(ConfigError, match="prefix index"):
        PrefixIndex(capacity, ttl_s)


def test_engines_that_cannot_be_are_refused() -> None:
    index = PrefixIndex()
    for engine in (-1, 65_536):
        with pytest.raises(IndexError):
            index.add([1], engine)
        with pytest.raises(IndexError):
            index.forget(engine)
    with pytest.raises(IndexError):
        index.match([1], -1)
    assert len(index) == 0


@pytest.mark.parametrize(
    ("text", "seed", "name"),
    [
        (b"a", 0, 0xD24EC4F1A98C6E5B),
        (b"abc", 0, 0x44BC2CF5AD770999),
        (b"Nobody inspects the spammish repetition", 0, 0xFBCEA83C8A378BF1),
        (b"xxhash", 20141025, 13067679811253438005),
    ],
)
def test_a_block_is_named_by_its_published_hash(text: bytes, seed: int, name: int) -> None:
    assert chain(text, len(text), seed).view(np.uint64).tolist() == [name]


def xxh64(text: bytes, seed: int) -> int:
    """Return the hash as the specification of xxHash describes it."""
    p1, p2, p3, p4, p5 = (
        11400714785074694791,
        14029467366897019727,
        1609587929392839161,
        9650029242287828579,
        2870177450012600261,
    )
    mask = 2**64 - 1

    def left(word: int, bits: int) -> int:
        return (word << bits | word >> 64 - bits) & mask

    def turn(lane: int, word: int) -> int:
        return left((lane + word * p2) & mask, 31) * p1 & mask

    at = 0
    if len(text) >= 32:
        lanes = [(seed + p1 + p2) & mask, (seed + p2) & mask, seed, (seed - p1) & mask]
        while len(text) - at >= 32:
            for k in range(4):
                lanes[k] = turn(lanes[k], int.from_bytes(text[at : at + 8], "little"))
                at += 8
        known = sum(left(lane, bits) for lane, bits in zip(lanes, (1, 7, 12, 18), strict=True))
        known &= mask
        for lane in lanes:
            known = ((known ^ turn(0, lane)) * p1 + p4) & mask
    else:
        known = (seed + p5) & mask
    known = (known + len(text)) & mask
    while len(text) - at >= 8:
        known ^= turn(0, int.from_bytes(text[at : at + 8], "little"))
        known = (left(known, 27) * p1 + p4) & mask
        at += 8
    if len(text) - at >= 4:
        known ^= int.from_bytes(text[at : at + 4], "little") * p1 & mask
        known = (left(known, 23) * p2 + p3) & mask
        at += 4
    for byte in text[at:]:
        known = left(known ^ byte * p5 & mask, 11) * p1 & mask
    known = (known ^ known >> 33) * p2 & mask
    known = (known ^ known >> 29) * p3 & mask
    return known ^ known >> 32


@given(st.binary(max_size=300), st.integers(1, 80), st.integers(0, 2**64 - 1))
@example(bytes(range(200)), 64, 2**64 - 1)
def test_names_are_chained_hashes(text: bytes, size: int, seed: int) -> None:
    expected, name = [], seed
    for k in range(len(text) // size):
        name = xxh64(text[k * size : (k + 1) * size], name)
        expected.append(name)
    assert chain(text, size, seed).view(np.uint64).tolist() == expected
    assert chain(memoryview(text), size, seed).view(np.uint64).tolist() == expected


def test_what_has_no_bytes_or_no_blocks_is_refused() -> None:
    with pytest.raises(ConfigError, match="block_bytes"):
        chain(b"text", 0)
    with pytest.raises(ValueError, match="block_bytes"):
        _core.chain(b"text", -1, 0)
    with pytest.raises(TypeError):
        chain("text", 2)  # type: ignore[arg-type]
    with pytest.raises(BufferError):
        chain(memoryview(b"abcdef")[::2], 2)


def test_what_engines_tell_comes_before_what_they_were_sent() -> None:
    """Engine 0 has evicted, engine 1 tells only a part, engine 2 says nothing, 3 was never sent."""
    prompts = SentPrompts()
    for engine in range(3):
        prompts.add(view([0] * 4), request(blocks=(1, 2, 3)), engine)
    exact = np.array([True, False, False, True])
    held = Held(np.array([1, 2, 0, 3]), exact)
    asked = request(number=1, blocks=(1, 2, 3), held=held)
    assert prompts.blocks(view([0] * 4), asked).tolist() == [1, 3, 3, 3]
