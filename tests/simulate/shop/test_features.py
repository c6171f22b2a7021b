"""Feature lists: what they say, and that the reference rule does what it is known for."""

from __future__ import annotations

import numpy as np
import pytest

import headway as hw
from headway.errors import ConfigError
from headway.simulate.shop import COLUMNS, RULES, Realisation, ShopWorld
from headway.simulate.shop.features import BLOCKING, BLOCKING_REFERENCE, DYNAMIC

BASE = dict.fromkeys(COLUMNS, 0.0) | {
    "p": 5.0, "shop_p": 10.0, "tail": 100.0, "machines": 5.0, "wait": 100.0, "relief": 2.0,
    "wip": 4.0, "outside": 1.0, "next_occupied": 1.0, "next_finish": 35.0, "t": 20.0,
    "load": 40.0, "jobs": 8.0, "p_mean": 4.0, "k": 2.0, "slack": -80.0, "winq": 8.0,
}  # fmt: skip


def values(features: object, **changed: float) -> list[float]:
    return [float(f.evaluate(BASE | changed)) for f in features.expressions]


def test_features_of_blocking_shops() -> None:
    assert values(BLOCKING) == pytest.approx(
        [0, -0.5, 3, 1.5, 1, 1.6, 1, 1, 0, 1, 1]  # there at 25, free at 35: one mean duration
    )
    blocked = values(BLOCKING, next_blocked=1.0)
    assert blocked[7] == 1
    last = values(BLOCKING, last=1.0, next_occupied=0.0)
    assert (last[6], last[7], last[10]) == (-1, 0, -1)


def test_features_of_due_dates_are_bounded_where_jobs_are_late() -> None:
    slack = DYNAMIC.names.index("slack_per_operation")
    assert values(DYNAMIC)[slack] == -4
    assert values(DYNAMIC, slack=-800.0)[slack] == -5


def test_weights_must_fit() -> None:
    with pytest.raises(ConfigError, match="11 weights"):
        BLOCKING.rule("short", np.ones(3))


def test_the_reference_rule_beats_every_classic_rule_on_blocking_shops() -> None:
    """Mean makespan over la01–la40; the best classic rule has 2303, the rule's own run 2121."""
    total = {"reference": 0.0, "LOR": 0.0}
    for k in range(1, 41):
        world = ShopWorld(Realisation.of(hw.instance(f"la{k:02d}"), buffer=0))
        for name, policy in (("reference", BLOCKING_REFERENCE), ("LOR", RULES.find("LOR"))):
            world.reset()
            world.play(policy)
            total[name] += world.value / 40
    assert total["reference"] < 2121
    assert 2302 < total["LOR"] < 2304
