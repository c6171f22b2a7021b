"""The native orders of jobs against their plain twin, insertion by insertion."""

from __future__ import annotations

import random

import numpy as np
import pytest

from headway import _core
from tests.twins.flow_shop import PlainFlowShop, random_flow_shop

SEEDS = range(120)
BATCHES = [SEEDS[k : k + 30] for k in range(0, len(SEEDS), 30)]


def ints(values):
    return np.array(values, dtype=np.int64).ravel()


def native(shop: PlainFlowShop, **other) -> _core.FlowShop:
    columns = {
        "n_machines": len(shop.durations[0]),
        "duration": ints(shop.durations),
        "release": ints(shop.release),
        "due": ints(shop.due),
        "weight": ints(shop.weight),
        "setup": ints([] if shop.setups is None else shop.setups),
        "aim": shop.aim,
        "blocking": shop.waits == "on the machine",
        "floor": shop.floor,
    }
    return _core.FlowShop(**(columns | other))


@pytest.mark.parametrize("seeds", BATCHES, ids=str)
def test_changes_keep_the_value_right(seeds):
    for seed in seeds:
        shop, rng = random_flow_shop(seed), random.Random(seed)
        sequence = _core.FlowSequence(native(shop))
        order, out = [], list(range(len(shop.durations)))
        for _ in range(60):
            if out and (len(order) < 3 or rng.random() < 0.6):
                job = out.pop(rng.randrange(len(out)))
                place = rng.randint(0, len(order))
                order.insert(place, job)
                sequence.insert(place, job)
            elif order:
                place = rng.randrange(len(order))
                out.append(order.pop(place))
                assert sequence.remove(place) == out[-1]
            assert sequence.order.tolist() == order
            if order and rng.random() < 0.5:
                assert sequence.value == shop.value(order), seed


@pytest.mark.parametrize("seeds", BATCHES, ids=str)
def test_the_best_place_is_the_best_of_all(seeds):
    for seed in seeds:
        shop, rng = random_flow_shop(seed), random.Random(seed)
        sequence = _core.FlowSequence(native(shop))
        jobs = rng.sample(range(len(shop.durations)), len(shop.durations))
        order: list[int] = []
        for step, job in enumerate(jobs):
            values = [shop.value([*order[:k], job, *order[k:]]) for k in range(len(order) + 1)]
            place, value = sequence.best_place(job, step)
            assert value == values[place] == min(values), seed
            # Not always the best one, so that places all over the order are looked at.
            place = place if rng.random() < 0.7 else rng.randint(0, len(order))
            order.insert(place, job)
            sequence.insert(place, job)
            if rng.random() < 0.3:
                back = rng.randrange(len(order))
                again = order.pop(back)
                sequence.remove(back)
                order.append(again)
                sequence.insert(len(order) - 1, again)


@pytest.mark.parametrize("seed", range(24))
def test_starts_are_the_earliest(seed):
    shop = random_flow_shop(seed)
    order = random.Random(seed).sample(range(len(shop.durations)), len(shop.durations))
    expected = shop.starts(order)
    rows = native(shop).starts(ints(order)).reshape(len(order), -1).tolist()
    assert rows == [expected[job] for job in range(len(order))]


def test_ties_go_to_the_place_with_the_least_idle_time():
    """Two jobs that end at 9 either way; behind job 0, machine 1 waits from 4 to 5 for job 1.

    Before job 0 it waits from 0 to 4, which no measure counts, and not at all between the jobs.
    """
    shop = PlainFlowShop([[1, 3], [4, 4]], [0, 0], [0, 0], [1, 1])
    sequence = _core.FlowSequence(native(shop))
    sequence.insert(0, 0)
    assert [shop.value([1, 0]), shop.value([0, 1])] == [11, 9]
    assert sequence.best_place(1, 0) == (1, 9)


@pytest.mark.parametrize(
    ("column", "words"),
    [
        ({"n_machines": 0}, "no machine"),
        ({"release": ints([])}, "no job"),
        ({"due": ints([1])}, "differ in length"),
        ({"duration": ints([[1, -1], [1, 1]])}, "negative"),
        ({"duration": ints([[2**28, 1], [1, 1]])}, "coarser tick"),
        ({"weight": ints([2**33, 1])}, "weights"),
        ({"setup": ints([1, 2, 3])}, "setup times"),
        ({"setup": ints(np.ones(12)), "blocking": True}, "blocking"),
        ({"aim": 3}, "no such aim"),
    ],
)
def test_columns_that_make_no_sense_are_refused(column, words):
    shop = PlainFlowShop([[1, 2], [3, 4]], [0, 0], [0, 0], [1, 1])
    with pytest.raises(ValueError, match=words):
        native(shop, **column)


def test_jobs_and_places_that_are_not_there_are_refused():
    shop = native(PlainFlowShop([[1, 2], [3, 4]], [0, 0], [0, 0], [1, 1]))
    sequence = _core.FlowSequence(shop)
    with pytest.raises(IndexError):
        sequence.insert(1, 0)
    with pytest.raises(IndexError):
        sequence.remove(0)
    for job in (-1, 2):
        with pytest.raises(ValueError, match="not there"):
            sequence.insert(0, job)
        with pytest.raises(ValueError, match="not there"):
            sequence.best_place(job, 0)
    for order in ([0, 0], [2]):
        with pytest.raises(ValueError, match="order"):
            sequence.assign(ints(order))
    with pytest.raises(ValueError, match="every job"):
        shop.starts(ints([0]))
    for settings in ((0, 700, 200), (2, -1, 200)):
        with pytest.raises(ValueError, match="FlowSearch"):
            _core.FlowSearch(shop, *settings)
