"""Captured shapes: the smallest that holds a batch, and what padding costs."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from headway.errors import ConfigError
from headway.serving.prefill.laps import Batch, GraphBuckets, Segment

GRAPHS = GraphBuckets()


@given(longest=st.integers(1, 400), turns=st.integers(1, 80))
def test_the_bucket_is_the_smallest_that_holds_the_batch(longest, turns) -> None:
    holding = [(L, B) for L in GRAPHS.lengths for B in GRAPHS.turns if longest <= L and turns <= B]
    assert GRAPHS.bucket(longest, turns) == min(holding, default=None)


segments = st.lists(
    st.tuples(st.integers(1, 256), st.integers(0, 5000)), min_size=1, max_size=64
).map(lambda pairs: tuple(Segment(i, q, c) for i, (q, c) in enumerate(pairs)))


@given(segments=segments)
def test_padding_adds_tokens_and_pairs_but_no_history(segments) -> None:
    plain = Batch(segments).load
    bucket = GRAPHS.bucket(max(q for _, q, _ in segments), len(segments))
    assert bucket is not None
    padded = Batch(segments, bucket).load
    assert padded.tokens == bucket[0] * bucket[1] >= plain.tokens
    assert padded.prefills == bucket[1]
    assert padded.context == plain.context
    assert padded.pairs >= plain.pairs


def test_pairs_of_a_padded_batch_by_hand() -> None:
    """Bucket (2, 2) for one token after 3: queries see 4 + 5 keys, the empty turn's 1 + 2."""
    assert Batch((Segment(0, 1, 3),), (2, 2)).load.pairs == 4 + 5 + 1 + 2


def test_what_graphs_save_and_cost() -> None:
    graphs = GraphBuckets((8, 64), (1, 4), kernels=101, launch_s=1e-5, graph_bytes=10)
    assert graphs.saved_s == pytest.approx(1e-3)
    assert graphs.memory_bytes == 40
    assert (graphs.deepest(32), graphs.deepest(31), graphs.deepest(1)) == (4, 1, 1)


@pytest.mark.parametrize(
    ("settings", "word"),
    [({"lengths": ()}, "lengths"), ({"turns": (2, 2)}, "turns"), ({"kernels": 0}, "kernel")],
)
def test_grids_that_are_none_are_refused(settings, word) -> None:
    with pytest.raises(ConfigError, match=word):
        GraphBuckets(**settings)
