"""Who runs with whom: by hand."""

from math import inf

import pytest

from headway.errors import ConfigError
from headway.serving.prefill.laps import (
    Batch,
    DualQueue,
    FillBuckets,
    FixedWait,
    GraphBuckets,
    NoWait,
    OneQueue,
    Segment,
    Turn,
)
from tests.serving.prefill.laps.batchers import belief

GRAPHS = GraphBuckets((64, 256), (1, 4))


def fill(batcher, *turns, now: float = 0.0):
    """Let turns of such (tokens, history) come."""
    for number, (tokens, history) in enumerate(turns):
        batcher.arrive(Turn(number, now, tokens, history, inf))
    return batcher


def test_one_queue_fills_its_budget_and_cuts_what_does_not_fit() -> None:
    queue = fill(OneQueue(budget=100), (30, 5), (90, 0), (10, 0))
    assert queue.next(0) == Batch((Segment(0, 30, 5), Segment(1, 70, 0)))
    assert queue.next(0) == Batch((Segment(1, 20, 70), Segment(2, 10, 0)))
    assert queue.next(0) == inf


def test_turns_of_like_length_run_together_and_keep_their_order() -> None:
    queue = fill(OneQueue(alike=True), (40, 0), (3000, 0), (50, 0), (2100, 0))
    assert [s.turn for s in queue.next(0).segments] == [0, 2]
    assert [s.turn for s in queue.next(0).segments] == [1, 3]


def test_graphs_alone_pad_every_batch_that_fits() -> None:
    queue = fill(OneQueue(budget=200, graphs=GRAPHS), (65, 0), (10, 0))
    assert queue.next(0).bucket == (256, 4)


def test_turns_are_told_apart_by_what_is_not_in_the_cache() -> None:
    """The second prompt is long, but nearly all of it was computed before."""
    queue = fill(DualQueue(belief(), NoWait()), (5000, 0), (100, 4900))
    assert queue.next(0.0) == Batch((Segment(1, 100, 4900),))
    assert queue.next(0.0) == Batch((Segment(0, 2048, 0),))


def test_long_turns_go_in_chunks_one_after_another() -> None:
    queue = fill(DualQueue(belief(), NoWait(), chunk_tokens=1000), (1500, 10), (700, 0))
    chunks = [queue.next(0.0).segments for _ in range(3)]
    assert chunks == [(Segment(0, 1000, 10),), (Segment(0, 500, 1010),), (Segment(1, 700, 0),)]


def test_long_turns_run_while_short_ones_gather() -> None:
    queue = fill(DualQueue(belief(), FixedWait(0.05), GRAPHS), (100, 0), (3000, 0))
    assert queue.next(0.0).segments[0].turn == 1
    assert queue.next(0.06).segments[0].turn == 0
    assert queue.next(0.07).segments[0].turn == 1


def test_an_idle_instance_is_asked_again_when_the_window_ends() -> None:
    queue = fill(DualQueue(belief(), FixedWait(0.05)), (100, 0))
    assert queue.next(0.01) == 0.05


def test_long_turns_that_waited_too_long_get_a_chunk() -> None:
    queue = DualQueue(belief(), NoWait(), patience_s=0.5)
    fill(queue, (3000, 0), (100, 0))
    assert queue.next(0.6).segments[0].turn == 0  # nobody served it since it came
    assert queue.next(0.7).segments[0].turn == 1
    fill(queue, (100, 0), now=0.7)
    assert queue.next(0.8).segments[0].turn == 0
    assert queue.next(0.9).segments == (Segment(0, 952, 2048),)


def test_all_who_are_there_when_the_wait_ends_run_whatever_batches_they_make() -> None:
    queue = DualQueue(belief(), FixedWait(0.05), GRAPHS, most_tokens=256, always_pad=True)
    fill(queue, *[(50, 0)] * 6)
    first, second = queue.next(0.05), queue.next(0.06)
    assert [len(first.segments), len(second.segments)] == [4, 2]
    assert first.bucket == second.bucket == (64, 4)


def test_a_batch_is_padded_only_if_that_is_faster() -> None:
    """Padded, 3 × 200 tokens are 1024: 41 ms instead of 24, to save 1.2 ms of launches."""
    turns = [(200, 0)] * 3
    choosy = fill(DualQueue(belief(), NoWait(), GRAPHS), *turns)
    always = fill(DualQueue(belief(), NoWait(), GRAPHS, always_pad=True), *turns)
    assert choosy.next(0.0).bucket is None
    assert always.next(0.0).bucket == (256, 4)
    alone = fill(DualQueue(belief(), NoWait(), GRAPHS), (60, 0))
    assert alone.next(0.0).bucket == (64, 1)


def test_without_deadlines_short_turns_run_when_they_fill_a_graph_or_nothing_else_is_left() -> None:
    queue = fill(DualQueue(belief(), FillBuckets(3)), (100, 0), (1000, 0), (100, 0))
    assert queue.next(0.0).segments[0].turn == 1
    assert [s.turn for s in queue.next(0.1).segments] == [0, 2]


def test_settings_out_of_range_are_refused() -> None:
    with pytest.raises(ConfigError, match="budget"):
        OneQueue(budget=0)
    with pytest.raises(ConfigError, match="chunk_tokens"):
        DualQueue(belief(), NoWait(), chunk_tokens=0)
