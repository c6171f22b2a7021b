"""Native dispatching against its twin, on random shops."""

from __future__ import annotations

import math
from itertools import accumulate

import numpy as np
import pytest

from headway import _core
from headway.model.tables import ints
from tests.twins import dispatch as twin
from tests.twins.dispatch import PlainShop, PlainState, random_shop

KEYS = list(_core.DispatchKey.__members__)


def native(shop: PlainShop) -> _core.DispatchShop:
    ptr = [0, *accumulate(map(len, shop.jobs))]
    operations = [operation for job in shop.jobs for operation in job]
    return _core.DispatchShop(ints(ptr), *map(ints, zip(*operations, strict=True)))


def sampled(shop, rule, passes=1, temperature=0.0, spread=0.0, share=1.0, blind=False, seed=0):
    """Return the improvements, (makespan, starts) each."""
    found = []
    _core.dispatch_sampled(
        native(shop),
        rule,
        passes,
        temperature,
        spread,
        share,
        blind,
        seed,
        _core.StopFlag(),
        lambda value, start: found.append((value, start.tolist())),
    )
    return found


def random_weights(seed: int) -> np.ndarray:
    return np.random.default_rng(seed).normal(size=12)


def agrees(found, expected: PlainState) -> bool:
    return found[-1] == (expected.makespan(), expected.flat())


@pytest.mark.parametrize("name", KEYS)
def test_classic_rules_agree_with_the_twin(name):
    for seed in range(40):
        shop, delta = random_shop(seed), [0.0, 0.4, 1.0][seed % 3]
        rule = _core.DispatchRule(_core.DispatchKey[name], delta)
        expected = twin.greedy(PlainState(shop, delta), twin.key(name))
        assert agrees(sampled(shop, rule), expected), seed


def test_weighted_features_agree_with_the_twin():
    for seed in range(150):
        shop, delta = random_shop(seed), [0.0, 0.4, 1.0][seed % 3]
        weights = random_weights(seed)
        score = twin.weighted(weights.tolist())
        expected = twin.greedy(PlainState(shop, delta), score)
        assert agrees(sampled(shop, _core.DispatchRule(weights, delta)), expected), seed
        spans = native(shop).makespans(weights, np.array([delta]))
        assert spans.tolist() == [expected.makespan()]


def test_every_feature_counts():
    """One weight at a time, on shops where it has a say."""
    for feature in range(12):
        different = 0
        for seed in range(60):
            shop = random_shop(seed)
            weights = np.zeros(12)
            weights[feature] = 1.0
            up, down = (
                sampled(shop, _core.DispatchRule(sign * weights, 1.0))[-1] for sign in (1, -1)
            )
            different += up != down
        assert different > 5, feature


@pytest.mark.parametrize("blind", [False, True])
def test_sampled_passes_agree_with_the_twin(blind):
    for seed in range(40):
        shop, weights = random_shop(seed), random_weights(seed)
        options = {"passes": 6, "temperature": 0.7, "spread": 0.3 * (seed % 2), "seed": seed}
        expected = twin.sampled(
            shop, 0.5, twin.weighted(weights.tolist()), noisy_first=blind, **options
        )
        found = sampled(shop, _core.DispatchRule(weights, 0.5), blind=blind, **options)
        assert agrees(found, expected), seed


def test_passes_around_the_best_agree_with_the_twin():
    for seed in range(40):
        shop, weights = random_shop(seed), random_weights(seed)
        options = {"passes": 8, "temperature": 0.7, "share": 0.3, "seed": seed}
        expected = twin.around_best(shop, 0.5, twin.weighted(weights.tolist()), **options)
        assert agrees(sampled(shop, _core.DispatchRule(weights, 0.5), **options), expected), seed


def test_beams_agree_with_the_twin():
    for seed in range(25):
        shop, weights = random_shop(seed), random_weights(seed)
        for width, breadth in ((1, 1), (1, 3), (3, 2)):
            found = []
            _core.dispatch_beam(
                native(shop),
                _core.DispatchRule(weights, 0.5),
                width,
                breadth,
                _core.StopFlag(),
                lambda value, start, found=found: found.append((value, start.tolist())),
            )
            score = twin.weighted(weights.tolist())
            expected = twin.beam(shop, 0.5, score, width=width, breadth=breadth)
            assert agrees(found, expected), (seed, width, breadth)


def test_fewer_passes_are_the_beginning_of_more():
    shop, rule = random_shop(5), _core.DispatchRule(random_weights(5), 0.5)
    short, long = (sampled(shop, rule, passes=k, temperature=2.0) for k in (4, 40))
    assert long[: len(short)] == short


def test_the_noise_is_that_of_a_gumbel_distribution():
    """The sampled shares of two candidates are those of the softmax of their scores."""
    assert all(twin.is_close_to_log(x) for x in (1e-300, 0.1, 0.5, 1.0, 1.5, 2.0, 3.0, 1e300))
    assert np.mean(twin.GUMBEL) == pytest.approx(0.5772, abs=1e-3)
    assert np.std(twin.GUMBEL) == pytest.approx(math.pi / math.sqrt(6), abs=1e-2)
    shop = PlainShop([[(0, 1, 0)], [(0, 3, 0)]])
    weights = np.array([-0.5] + 11 * [0.0])  # scores differ by 0.5 (3 - 1) / 2
    first = 0
    for seed in range(4000):
        rule = _core.DispatchRule(weights, 0.0)
        (_, start), *_ = sampled(shop, rule, temperature=1.0, blind=True, seed=seed)
        first += start[0] == 0
    assert first / 4000 == pytest.approx(1 / (1 + math.exp(-0.5)), abs=0.03)


def test_a_flag_that_is_set_ends_the_passes():
    flag, found = _core.StopFlag(), []
    flag.set()
    rule = _core.DispatchRule(_core.DispatchKey.SPT, 0.0)
    shop = native(random_shop(1))
    arguments = (1, 0.0, 0.0, 1.0, False, 0, flag, lambda *news: found.append(news))
    assert _core.dispatch_sampled(shop, rule, *arguments) == 0
    _core.dispatch_beam(shop, rule, 2, 2, flag, lambda *news: found.append(news))
    assert not found


@pytest.mark.parametrize(
    ("columns", "message"),
    [
        (([0], [], [], []), "2\\^30 operations"),
        (([0, 1], [0], [1, 2], [0]), "differ in length"),
        (([0, 1], [0], [1], []), "differ in length"),
        (([0], [0], [1], [0]), "into jobs"),
        (([0, 2, 1], [0], [1], [0]), "into jobs"),
        (([0, 0, 1], [0], [1], [0]), "into jobs"),
        (([1, 1], [0], [1], [0]), "into jobs"),
        (([0, 1], [-1], [1], [0]), "machine"),
        (([0, 1], [1], [1], [0]), "machine"),
        (([0, 1], [0], [-1], [0]), "times"),
        (([0, 1], [0], [1], [-1]), "times"),
        (([0, 1], [0], [1], [2**51]), "times"),
        (([0, 2], [0, 0], [2**50, 1], [0, 0]), "in all"),
    ],
)
def test_tables_that_are_no_shop_are_refused(columns, message):
    with pytest.raises(ValueError, match=message):
        _core.DispatchShop(*map(ints, columns))


def test_rules_and_decoders_refuse_what_makes_no_sense():
    shop = random_shop(2)
    for weights, delta in ((np.ones(11), 0.5), (np.full(12, np.nan), 0.5), (np.ones(12), 1.1)):
        with pytest.raises(ValueError, match="dispatch rule"):
            _core.DispatchRule(weights, delta)
    with pytest.raises(ValueError, match="dispatch rule"):
        _core.DispatchRule(_core.DispatchKey.SPT, float("nan"))
    rule = _core.DispatchRule(np.ones(12), 0.5)
    for options in (
        {"passes": 0},
        {"temperature": -1.0},
        {"temperature": math.inf},
        {"spread": math.nan},
        {"share": 0.0},
        {"share": 0.5, "spread": 0.1},
    ):
        with pytest.raises(ValueError, match="dispatch"):
            sampled(shop, rule, **options)
    for width, breadth in ((0, 1), (1, 0), (2**40, 1)):
        with pytest.raises(ValueError, match="width and breadth"):
            _core.dispatch_beam(native(shop), rule, width, breadth, _core.StopFlag(), print)
    with pytest.raises(ValueError, match="row of weights"):
        native(shop).makespans(np.ones(13), np.array([0.5]))
