"""What a workload promises: order, checks, and what is made from it."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from headway.errors import ConfigError
from headway.serving.workload import NO_LIMIT, NONE, Blocks, ServiceClass, Workload, merge

COLUMNS = (
    "arrival_s",
    "prompt_tokens",
    "output_tokens",
    "limit_tokens",
    "priority",
    "service_class",
    "session",
    "adapter",
    "tenant",
)


def same(one: Workload, other: Workload) -> bool:
    """Whether two workloads hold the same requests, whatever they are called."""
    columns = all(np.array_equal(getattr(one, what), getattr(other, what)) for what in COLUMNS)
    kinds = one.classes == other.classes and one.adapters == other.adapters
    kinds = kinds and one.tenants == other.tenants
    if one.blocks is None or other.blocks is None:
        return columns and kinds and one.blocks is other.blocks
    blocks = (
        np.array_equal(one.blocks.ids, other.blocks.ids)
        and np.array_equal(one.blocks.offsets, other.blocks.offsets)
        and one.blocks.block_tokens == other.blocks.block_tokens
    )
    return columns and kinds and blocks


@st.composite
def workloads(draw: st.DrawFn, least: int = 0) -> Workload:
    n = draw(st.integers(least, 12))

    def column(low: int, high: int) -> list[int]:
        return draw(st.lists(st.integers(low, high), min_size=n, max_size=n))

    prompt, output = column(1, 100), column(1, 50)
    blocks = None
    if draw(st.booleans()):
        size = draw(st.sampled_from([4, 8]))
        counts = [
            draw(st.integers(0, -(-(p + o) // size))) for p, o in zip(prompt, output, strict=True)
        ]
        # Chained ids: one family of prefixes per number, an id tells family and depth.
        families = column(0, 2)
        ids = [[f * 1000 + d for d in range(k)] for f, k in zip(families, counts, strict=True)]
        blocks = Blocks.of(ids, size)
    kinds = draw(st.sampled_from([(ServiceClass("all"),), (ServiceClass("a"), ServiceClass("b"))]))
    adapters = draw(st.sampled_from([(), ("x", "y")]))
    tenants = draw(st.sampled_from([(), ("sales",), ("sales", "research")]))
    return Workload.of(
        name="drawn",
        arrival_s=[value / 4 for value in column(0, 40)],
        prompt_tokens=prompt,
        output_tokens=output,
        limit_tokens=[o + extra for o, extra in zip(output, column(0, 9), strict=True)],
        priority=column(-3, 3),
        service_class=column(0, len(kinds) - 1),
        classes=kinds,
        session=column(-1, 3),
        adapter=column(-1, len(adapters) - 1),
        adapters=adapters,
        tenant=column(-1, len(tenants) - 1),
        tenants=tenants,
        blocks=blocks,
    )


def three(**facts: object) -> Workload:
    columns = {"arrival_s": [0, 1, 2], "prompt_tokens": [4, 5, 6], "output_tokens": [7, 8, 9]}
    return Workload.of(**{**columns, **facts})  # type: ignore[arg-type]


def test_requests_are_sorted_by_arrival_and_keep_their_order_within_an_instant() -> None:
    work = three(arrival_s=[2.0, 1.0, 1.0], blocks=Blocks.of([[1], [2, 3], []], 4))
    assert work.arrival_s.tolist() == [1.0, 1.0, 2.0]
    assert work.prompt_tokens.tolist() == [5, 6, 4]
    assert work.blocks is not None
    assert [work.blocks[k].tolist() for k in range(3)] == [[2, 3], [], [1]]


def test_what_is_not_said_is_filled_in() -> None:
    work = three()
    assert work.limit_tokens.tolist() == [NO_LIMIT] * 3
    assert work.priority.tolist() == work.service_class.tolist() == [0] * 3
    assert work.session.tolist() == work.adapter.tolist() == [NONE] * 3
    assert [kind.name for kind in work.classes] == ["all"]
    assert (work.span_s, work.rate_per_s) == (2.0, 1.0)


def test_columns_are_of_their_own_and_cannot_be_written() -> None:
    prompt = np.array([4, 5, 6], np.int32)
    work = three(prompt_tokens=prompt)
    prompt[0] = 99
    assert work.prompt_tokens[0] == 4
    for what in COLUMNS:
        with pytest.raises(ValueError, match="read-only"):
            getattr(work, what)[0] = 0
    assert work.renamed("b").prompt_tokens is work.prompt_tokens


@pytest.mark.parametrize(
    ("facts", "message"),
    [
        ({"prompt_tokens": [4, 0, 6]}, "prompt_tokens of request 1: expected at least 1, got 0"),
        ({"output_tokens": [4, 2**31, 6]}, "output_tokens of request 1: expected at most"),
        ({"output_tokens": [4, 2.5, 6]}, "output_tokens: expected one whole number per request"),
        ({"prompt_tokens": [4, 5]}, "prompt_tokens: expected 3 values, got 2"),
        ({"arrival_s": [0, np.nan, 1]}, "arrival_s of request 1: expected a number"),
        ({"arrival_s": [-1, 0, 1]}, "arrival_s: expected none before 0"),
        ({"limit_tokens": [7, 7, 9]}, "output_tokens of request 1: expected no more than its"),
        ({"service_class": [0, 0, 1]}, "service_class of request 2: expected one below 1"),
        ({"adapter": [0, -1, -1]}, "adapter of request 0: expected one below 0"),
        ({"classes": ()}, "classes: expected at least one"),
        ({"classes": (ServiceClass("a"),) * 2}, "two are called 'a'"),
        ({"blocks": Blocks.of([[1]], 4)}, "blocks: expected 3 values, got 1"),
        ({"blocks": Blocks.of([[1, 2, 3, 4], [], []], 4)}, "blocks of request 0: 4 of 4 tokens"),
    ],
)
def test_what_does_not_fit_is_refused(facts: dict[str, object], message: str) -> None:
    with pytest.raises(ConfigError, match=message):
        three(**facts)


def test_an_unsorted_column_is_refused_where_nobody_sorts() -> None:
    work = three()
    columns = {what: getattr(work, what) for what in COLUMNS}
    with pytest.raises(ConfigError, match="arrival_s of request 1: expected ascending"):
        Workload(**{**columns, "arrival_s": np.array([2.0, 1.0, 3.0])})


@pytest.mark.parametrize("limit", ["ttft_s", "tpot_s", "max_gap_s", "latency_s", "weight"])
@pytest.mark.parametrize("value", [0.0, -1.0, float("nan"), float("inf")])
def test_a_service_class_has_limits_above_0(limit: str, value: float) -> None:
    with pytest.raises(ConfigError, match=f"service class 'chat': {limit}"):
        ServiceClass("chat", **{limit: value})


@pytest.mark.parametrize(
    ("ids", "offsets", "size", "message"),
    [
        ([1, 2], [0, 1], 4, "offsets: expected ascending numbers from 0 to 2"),
        ([1, 2], [0, 3, 2], 4, "offsets"),
        ([1], [], 4, "offsets"),
        ([-1], [0, 1], 4, "ids: expected none below 0"),
        ([1], [0, 1], 0, "block_tokens: expected at least 1"),
    ],
)
def test_blocks_that_contradict_themselves_are_refused(
    ids: list[int], offsets: list[int], size: int, message: str
) -> None:
    with pytest.raises(ConfigError, match=message):
        Blocks(ids, offsets, size)  # type: ignore[arg-type]


@given(workloads(), st.sampled_from([0.25, 0.5, 2.0, 8.0]))
def test_scaling_changes_times_only_and_can_be_undone(work: Workload, rate: float) -> None:
    faster = work.scaled(rate)
    assert np.array_equal(faster.arrival_s * rate, work.arrival_s)
    assert same(faster.scaled(1 / rate), work)


@given(workloads(), st.lists(st.booleans(), min_size=12, max_size=12))
def test_a_selection_and_the_rest_merge_to_the_whole(work: Workload, keep: list[bool]) -> None:
    """Ties between the two parts may change places; here nothing ties."""
    work = work.at(np.arange(len(work), dtype=float))
    mask = np.array(keep[: len(work)], dtype=bool)
    together = merge(work.select(mask), work.select(~mask), shared=True)
    assert same(together, work)


@given(workloads(), workloads())
def test_a_merge_holds_everybody_and_mixes_up_nobody(one: Workload, other: Workload) -> None:
    sizes = {w.blocks.block_tokens for w in (one, other) if w.blocks is not None}
    if len(sizes) > 1:
        with pytest.raises(ConfigError, match="blocks of 4 and of 8 tokens"):
            merge(one, other)
        return
    if {len(one.classes), len(other.classes)} == {1, 2}:
        assert len(merge(one, other).classes) == 3
    both = merge(one, other)
    assert len(both) == len(one) + len(other)
    assert both.prompt_tokens.sum() == one.prompt_tokens.sum() + other.prompt_tokens.sum()
    names = sorted(kind.name for kind in map(both.classes.__getitem__, both.service_class))
    assert names == sorted(w.classes[c].name for w in (one, other) for c in w.service_class)
    for what in ("session", "distinct"):
        counts = [_count(w, what) for w in (one, other, both)]
        assert counts[2] == counts[0] + counts[1]


def _count(work: Workload, what: str) -> int:
    if what == "session":
        return len(np.unique(work.session[work.session != NONE]))
    return 0 if work.blocks is None else work.blocks.distinct


@given(workloads())
def test_windows_cut_without_loss(work: Workload) -> None:
    early, late = work.window(0, 3), work.window(3, 1e6)
    assert len(early) + len(late) == len(work)
    assert (early.arrival_s < 3).all()
    assert (late.arrival_s >= 0).all()
    assert same(merge(early, late.at(late.arrival_s + 3), shared=True), work)


@given(workloads(), st.integers(0, 2**32))
def test_spreading_moves_nobody_out_of_the_interval_and_is_repeatable(
    work: Workload, seed: int
) -> None:
    spread = work.spread(3.0, seed)
    assert same(spread, work.spread(3.0, seed))
    assert (spread.arrival_s >= work.arrival_s).all()
    assert (spread.arrival_s <= work.arrival_s + 3.0).all()
    assert sorted(spread.prompt_tokens) == sorted(work.prompt_tokens)


def test_a_limit_cuts_what_would_be_said_and_its_blocks() -> None:
    work = three(blocks=Blocks.of([[1, 2, 3], [1], []], 4)).with_limit(3)
    assert work.output_tokens.tolist() == work.limit_tokens.tolist() == [3, 3, 3]
    assert work.blocks is not None
    assert work.blocks.counts.tolist() == [2, 1, 0]


@given(workloads(), st.sampled_from([1, 2, 4, 8, 16]))
def test_blocks_of_another_size_share_what_was_shared(work: Workload, size: int) -> None:
    """The prefix that two requests share, in whole blocks of both sizes, is the same."""
    if work.blocks is None:
        with pytest.raises(ConfigError, match="there are no blocks"):
            work.in_blocks_of(size)
        return
    other = work.in_blocks_of(size).blocks
    assert other is not None
    for i in range(len(work)):
        for j in range(i):
            before = _common(work.blocks[i], work.blocks[j]) * work.blocks.block_tokens
            after = _common(other[i], other[j]) * size
            step = max(size, work.blocks.block_tokens)
            assert abs(before - after) < step or before == after


def _common(one: Sequence[int], other: Sequence[int]) -> int:
    for k, (a, b) in enumerate(zip(one, other, strict=False)):
        if a != b:
            return k
    return min(len(one), len(other))


def test_blocks_of_a_size_that_does_not_divide_are_refused() -> None:
    with pytest.raises(ConfigError, match="a divisor or a multiple of 4, got 6"):
        three(blocks=Blocks.of([[1], [1], [1]], 4)).in_blocks_of(6)


def test_classes_of_one_name_that_promise_different_things_do_not_merge() -> None:
    strict, lax = ServiceClass("chat", ttft_s=1), ServiceClass("chat", ttft_s=9)
    with pytest.raises(ConfigError, match="two are called 'chat'"):
        merge(three().with_classes([strict]), three().with_classes([lax]))


@pytest.mark.parametrize(
    ("call", "message"),
    [
        (lambda w: w.scaled(0), "rate: expected a number above 0"),
        (lambda w: w.window(2, 1), "window: expected"),
        (lambda w: w.spread(-1), "spread: expected 0 seconds or more"),
        (lambda w: w.select([True]), "cannot select requests"),
        (lambda w: w.select([1, 0]), "expected ascending positions"),
        (lambda w: w.at([1, 2]), "arrival_s: expected 3 values, got 2"),
        (lambda w: merge(), "expected a workload or more"),
    ],
)
def test_what_cannot_be_made_is_refused(call: object, message: str) -> None:
    with pytest.raises(ConfigError, match=message):
        call(three())  # type: ignore[operator]
