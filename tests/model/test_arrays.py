"""Operations on groups, against loops."""

from __future__ import annotations

from itertools import pairwise

import numpy as np
import pytest

from headway.model.arrays import count_before, entries, merge, running_argmax, set_ids
from headway.model.tables import ints


def test_entries_of_rows_in_any_order():
    which, index = entries(ints([0, 2, 2, 5]), ints([2, 0, 1, 2]))
    assert which.tolist() == [0, 0, 0, 1, 1, 3, 3, 3]
    assert index.tolist() == [2, 3, 4, 0, 1, 2, 3, 4]


@pytest.mark.parametrize("seed", range(20))
def test_running_argmax_starts_anew_in_each_group(seed):
    rng = np.random.default_rng(seed)
    group = np.sort(rng.integers(0, 4, 30))
    value = rng.integers(-5, 5, 30)
    found = running_argmax(group, value)
    for i in range(30):
        seen = [k for k in range(i + 1) if group[k] == group[i]]
        assert found[i] == max(seen, key=lambda k: (value[k], k))


@pytest.mark.parametrize("seed", range(20))
@pytest.mark.parametrize("inclusive", [False, True])
def test_count_before_counts_earlier_groups_and_smaller_values(seed, inclusive):
    rng = np.random.default_rng(seed)
    group, value = rng.integers(0, 4, (2, 30))
    order = np.lexsort((value, group))
    group, value = group[order], value[order]
    in_group, limit = rng.integers(-1, 6, (2, 30))
    in_group = np.maximum(in_group, 0)
    found = count_before(group, value, in_group, limit, inclusive=inclusive)
    for k, g, bar in zip(found, in_group, limit, strict=True):
        smaller = value <= bar if inclusive else value < bar
        assert k == np.count_nonzero((group < g) | ((group == g) & smaller))


@pytest.mark.parametrize("seed", range(20))
def test_merge_covers_the_same_ticks_with_separate_intervals(seed):
    rng = np.random.default_rng(seed)
    group, start = rng.integers(0, 3, 12), rng.integers(0, 30, 12)
    end = start + rng.integers(1, 6, 12)
    merged = merge(group, start, end)
    for g in range(3):
        covered = {t for k in np.flatnonzero(group == g) for t in range(start[k], end[k])}
        spans = [(a, b) for h, a, b in zip(*merged, strict=True) if h == g]
        assert {t for a, b in spans for t in range(a, b)} == covered
        assert all(b < a for (_, b), (a, _) in pairwise(spans))


def test_equal_sets_have_equal_numbers():
    row = ints([0, 0, 1, 3, 3, 4, 5, 5])
    member = ints([2, 7, 2, 2, 7, 7, 2, 9])
    ids = set_ids(row, member, 7).tolist()
    assert ids[0] == ids[3]
    assert ids[2] == ids[6] == 0
    assert len(set(ids)) == 5
