"""The native schedules of hybrid flow shops against their plain twin."""

from __future__ import annotations

import random
from itertools import accumulate

import numpy as np
import pytest

from headway import _core
from tests.twins.hybrid_shop import PlainHybridShop, random_hybrid_shop

SEEDS = range(120)
BATCHES = [SEEDS[k : k + 30] for k in range(0, len(SEEDS), 30)]


def ints(values):
    return np.array(values, dtype=np.int64).ravel()


def native(shop: PlainHybridShop, **other) -> _core.HybridShop:
    counts = [len(row) for row in shop.durations[0]]
    work = [[-1 if p is None else p for row in job for p in row] for job in shop.durations]
    columns = {
        "stage_ptr": ints([0, *accumulate(counts)]),
        "duration": ints(work),
        "release": ints(shop.release),
        "due": ints(shop.due),
        "weight": ints(shop.weight),
        "aim": shop.aim,
        "floor": shop.floor,
    }
    return _core.HybridShop(**(columns | other))


@pytest.mark.parametrize("seeds", BATCHES, ids=str)
def test_schedules_and_values_are_those_of_the_twin(seeds):
    for seed in seeds:
        shop = random_hybrid_shop(seed)
        n = len(shop.durations)
        for k in range(5):
            order = random.Random(k).sample(range(n), n)
            start, machine = native(shop).schedule(ints(order))
            expected = shop.schedule(order)
            assert start.reshape(n, -1).tolist() == expected[0], seed
            assert machine.reshape(n, -1).tolist() == expected[1], seed
            assert native(shop).value(ints(order)) == shop.value(order), seed


SMALL = PlainHybridShop([[[1, 2], [3]], [[2, None], [4]]], [0, 0], [0, 0], [1, 1])


@pytest.mark.parametrize(
    ("column", "words"),
    [
        ({"stage_ptr": ints([0])}, "no machine"),
        ({"stage_ptr": ints([0, 2, 2])}, "no machine"),
        ({"release": ints([])}, "no job"),
        ({"due": ints([1])}, "differ in length"),
        ({"duration": ints([-2, 2, 3, 2, 1, 4])}, "negative"),
        ({"duration": ints([2**28, 2, 3, 2, 1, 4])}, "coarser tick"),
        ({"duration": ints([-1, -1, 3, 2, 1, 4])}, "no machine of a stage"),
        ({"weight": ints([2**33, 1])}, "weights"),
        ({"aim": 3}, "no such aim"),
    ],
)
def test_columns_that_make_no_sense_are_refused(column, words):
    with pytest.raises(ValueError, match=words):
        native(SMALL, **column)


@pytest.mark.parametrize("order", [[0, 0], [0], [0, 2]])
def test_orders_that_are_none_are_refused(order):
    with pytest.raises(ValueError, match="order"):
        native(SMALL).value(ints(order))


@pytest.mark.parametrize("settings", [(-1, 100), (200, 0)])
def test_settings_that_make_no_sense_are_refused(settings):
    with pytest.raises(ValueError, match="HybridSearch"):
        _core.HybridSearch(native(SMALL), *settings)
