"""The trained rule for shops without buffers."""

from __future__ import annotations

from dataclasses import replace

import numpy as np

from headway.learn import Stage, train, trained
from headway.learn.shop import BlockingShops
from headway.learn.shop.blocking import RECIPE, Course, mean_excess, measured
from headway.simulate.shop import BLOCKING, BLOCKING_REFERENCE


def courses(count: int = 3) -> list[Course]:
    rng = np.random.default_rng(4)
    return [Course.drawn((8, 4), 0.1, rng) for _ in range(count)]


def test_the_bound_is_never_beaten_and_holding_back_pays() -> None:
    shops = courses()
    held = BLOCKING_REFERENCE
    eager = BLOCKING.rule("eager", held.weights, waits=False)
    for shop in shops:
        assert shop.makespan(held) >= shop.bound
    assert sum(s.makespan(held) for s in shops) < sum(s.makespan(eager) for s in shops)


def test_all_vectors_of_a_call_meet_the_same_shops() -> None:
    objective = BlockingShops(((6, 3),), 3)
    first = objective(
        np.array(
            [BLOCKING_REFERENCE.weights, BLOCKING_REFERENCE.weights, -BLOCKING_REFERENCE.weights]
        ),
        5,
    )
    assert first[0] == first[1] != first[2]


def test_training_improves_on_a_bad_start() -> None:
    shops = courses()
    small = replace(
        RECIPE,
        start=tuple(np.zeros(len(BLOCKING.names))),
        stages=((BlockingShops(((8, 4),), 3), Stage(12, 8, (0.5, 0.3), (0.4, 0.2), 4)),),
        validation=lambda: lambda vectors: mean_excess(vectors, shops),
    )
    rule = train(small, seed=2)
    start = np.array(small.start)
    assert mean_excess(rule.weights[None], shops)[0] < mean_excess(start[None], shops)[0]
    assert rule.policy.waits


def test_the_shipped_rule_beats_the_classic_ones() -> None:
    *classic, ours = measured(trained("shop-blocking", BLOCKING), seeds=1)
    chances = [column for column in ours if column != "rule"]
    assert len(chances) == 4
    for chance in chances:
        assert ours[chance] < 0.97 * min(row[chance] for row in classic)
