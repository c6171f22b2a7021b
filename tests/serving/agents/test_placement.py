"""Engines for programs, by those who know all that will come."""

from __future__ import annotations

from collections.abc import Sequence
from itertools import product

import numpy as np
import pytest

from headway.errors import ConfigError
from headway.serving.agents import WEB_ARENA, as_traffic, draw, undisturbed
from headway.serving.agents.placement import (
    Placed,
    best_of_all,
    contexts,
    descend,
    least_overcommit,
)
from headway.serving.engine import preset
from headway.serving.fleet import Dispatch, FleetSimulation, Hold, Member
from tests.serving.agents.small import programs, spans
from tests.serving.agents.test_keeping import STEP_TIME, asked
from tests.serving.fleet.views import view


def test_contexts_are_held_from_the_first_step_to_the_last() -> None:
    """Steps at 0 to 1 and 3 to 4 of one program, at 2 to 4 of another; looked at each second."""
    two = programs([(10, 2, 2.0), (20, 3, 0.0)], [(5, 5, 0.0)], arrival_s=[0.0, 2.0])
    held = contexts(two, spans((0, 1), (3, 4), (2, 4)), 5)
    assert held.tolist() == [[12, 12, 12, 23, 23], [0, 0, 10, 10, 10]]


def excess(held: np.ndarray, homes: Sequence[int], engines: int, capacity: int) -> float:
    """Return what contexts exceed caches by, engine by engine."""
    where = np.array(homes)
    by_engine = [held[where == engine].sum(axis=0) for engine in range(engines)]
    return float(sum(np.maximum(one - capacity, 0).sum() for one in by_engine))


@pytest.mark.parametrize("seed", range(4))
def test_least_overcommit_is_that_of_all_assignments(seed: int) -> None:
    drawn = draw(WEB_ARENA, 6, per_minute=30, seed=seed)
    when = undisturbed(drawn)
    found = least_overcommit(drawn, when, 2, 20_000, instants=40)
    held = contexts(drawn, when, 40)
    least = min(excess(held, way, 2, 20_000) for way in product(range(2), repeat=6))
    assert found.cost == pytest.approx(least, rel=1e-6, abs=1.0)
    assert excess(held, found.homes.tolist(), 2, 20_000) == pytest.approx(least, rel=1e-6, abs=1.0)
    assert found.bound <= found.cost


def test_best_of_all_tries_each_way_once() -> None:
    """Five programs on two engines: sixteen ways, as engines have no names."""
    seen = []

    def cost(way: Sequence[int]) -> float:
        seen.append(tuple(way))
        return float(sum((k + 1) * (2 * engine - 1) for k, engine in enumerate(way)) ** 2)

    found = best_of_all(5, 2, cost)
    assert len(set(seen)) == len(seen) == 16
    assert found.cost == found.bound == 1


def test_descent_stops_where_no_move_helps() -> None:
    def cost(way: Sequence[int]) -> float:
        return float(sum(engine != k % 3 for k, engine in enumerate(way)))

    assert descend([0] * 6, 3, cost, 1000).homes.tolist() == [0, 1, 2, 0, 1, 2]
    assert descend([0] * 6, 3, cost, 1).cost == 4


def test_a_router_keeps_to_what_was_placed() -> None:
    by = Placed({7: 1})
    assert by.route(view([0, 0]), asked(0, session=7)) == Dispatch(1)
    off = view([0, 0], 3.0, ready=np.array([True, False]))
    assert by.route(off, asked(0, session=7)) == Hold(3.1)


def test_no_other_home_does_better_in_a_simulated_fleet() -> None:
    drawn = draw(WEB_ARENA, 4, per_minute=60, seed=3)
    traffic = as_traffic(drawn)
    members = [
        Member(name=str(k), config=preset("vllm", blocks=2500), step_time=STEP_TIME)
        for k in range(2)
    ]

    def mean_s(way: Sequence[int]) -> float:
        by = Placed(dict(enumerate(way)))
        run = FleetSimulation(traffic.workload, members, by, follow=traffic.follow).run()
        return float(traffic.completion_s(run).mean())

    best = best_of_all(4, 2, mean_s)
    near = descend(least_overcommit(drawn, undisturbed(drawn), 2, 40_000).homes, 2, mean_s, 30)
    assert best.cost <= near.cost <= mean_s([0] * 4)


def test_what_cannot_be_placed_is_refused() -> None:
    with pytest.raises(ConfigError, match="ways"):
        best_of_all(40, 2, lambda way: 0.0)
    with pytest.raises(ConfigError, match="evaluations"):
        descend([0], 1, lambda way: 0.0, 0)
    one = programs([(5, 5, 0.0)])
    with pytest.raises(ConfigError, match="from 1 on"):
        least_overcommit(one, spans((0, 1)), 0, 10)
