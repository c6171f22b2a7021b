"""Engines that change between the pools for short and for long prompts."""

from __future__ import annotations

import numpy as np
import pytest

from headway.errors import ConfigError
from headway.serving.engine import EngineConfig
from headway.serving.fleet import ClusterView, FleetSimulation, Member
from headway.serving.fleet.routing import (
    InstancePressure,
    LeastRequests,
    LengthClass,
    Pipeline,
)
from headway.serving.step_time import Affine
from headway.serving.workload import Workload
from tests.serving.fleet.views import request, view


def cluster(waiting: list[int], now_s: float, engines: ClusterView | None = None) -> ClusterView:
    made = view([4] * len(waiting), now_s, waiting=np.array(waiting))
    if engines is None:
        return made
    return ClusterView(
        **{
            name: getattr(engines if name == "engines" else made, name)
            for name in ClusterView.__slots__
        }
    )


def shorts(one: InstancePressure, at: ClusterView) -> list[bool]:
    short, long = one.pools(at.engines)
    assert (short ^ long).all()
    return short.tolist()


def test_an_engine_goes_where_the_pressure_is_one_at_a_time() -> None:
    one = InstancePressure(period_s=5.0, cooldown_s=20.0)
    first = cluster([0] * 4, 0.0)
    assert shorts(one, first) == [True, True, False, False]
    one.sent(cluster([8, 8, 0, 1], 6.0, first), request(), 0, 0.1)
    assert shorts(one, first) == [True, True, True, False]
    one.sent(cluster([8, 8, 8, 0], 12.0, first), request(), 0, 0.1)
    assert shorts(one, first) == [True, True, True, False]
    one.sent(cluster([0, 0, 0, 9], 30.0, first), request(), 0, 0.1)
    assert shorts(one, first) == [False, True, True, False]


def test_nobody_moves_within_the_tolerance_or_out_of_the_last_engine() -> None:
    one = InstancePressure(tolerance=0.25, use=0.0, cooldown_s=0.0)
    first = cluster([0, 0], 0.0)
    assert shorts(one, first) == [True, False]
    one.sent(cluster([9, 0], 6.0, first), request(), 0, 0.1)
    assert shorts(one, first) == [True, False]
    two = InstancePressure(tolerance=0.25, use=0.0)
    wide = cluster([0] * 4, 0.0)
    assert shorts(two, wide) == [True, True, False, False]
    two.sent(cluster([5, 5, 4, 4], 6.0, wide), request(), 0, 0.1)
    assert shorts(two, wide) == [True, True, False, False]
    two.sent(cluster([6, 6, 4, 4], 12.0, wide), request(), 0, 0.1)
    assert shorts(two, wide) == [True, True, True, False]


def test_late_first_tokens_are_pressure() -> None:
    one = InstancePressure(use=0.0)
    first = cluster([0] * 4, 0.0)
    late = request(deadline_s=1.0)
    one.sent(cluster([0] * 4, 1.0, first), late, 3, 4.0)
    one.sent(cluster([0] * 4, 6.0, first), request(), 0, 0.1)
    assert sum(shorts(one, first)) == 1


def test_labels_say_where_engines_begin_and_one_alone_serves_both() -> None:
    one = InstancePressure()
    labels = ({"length_class": "long"}, {}, {"length_class": "short"}, {})
    short, _ = one.pools(view([0] * 4, labels=labels).engines)
    assert short.tolist() == [False, True, True, False]
    short, long = InstancePressure().pools(view([0]).engines)
    assert short.tolist() == long.tolist() == [True]


@pytest.mark.parametrize("given", [{"queue": -1.0}, {"period_s": 0.0}, {"least": 0}])
def test_settings_without_sense_are_refused(given: dict[str, float]) -> None:
    with pytest.raises(ConfigError, match=next(iter(given))):
        InstancePressure(**given)  # type: ignore[arg-type]


def test_engines_follow_a_change_of_the_mix() -> None:
    """First nearly all prompts are short, then nearly all long: long ones need more engines."""
    rng = np.random.default_rng(2)
    n = 1200
    is_long = rng.random(n) < np.where(np.arange(n) < n // 2, 0.02, 0.25)
    traffic = Workload.of(
        arrival_s=np.arange(n) * 0.1,
        prompt_tokens=np.where(is_long, 3000, 100),
        output_tokens=np.full(n, 2),
    )
    cost = Affine(0.01, {"prefill_tokens": 0.0012})
    config = EngineConfig(blocks=4000, max_sequences=8, token_budget=4096)
    members = [Member(name=str(k), config=config, step_time=cost) for k in range(8)]
    waits = []
    for pressure in (None, InstancePressure(period_s=2.0, cooldown_s=4.0)):
        fixed = InstancePressure(cooldown_s=1e9, period_s=1e9) if pressure is None else pressure
        by_length = LengthClass(cost, boundary_tokens=1000.0, pressure=fixed)
        by = Pipeline("pools", [(by_length, 1), (LeastRequests(), 1)], strictly=True)
        table = FleetSimulation(traffic, members, by).run().requests
        assert (table.status == 1).all()
        late = is_long & (np.arange(n) >= n // 2)
        waits.append(float((table.first_token_s - table.arrival_s)[late].mean()))
    assert waits[1] < 0.8 * waits[0]
