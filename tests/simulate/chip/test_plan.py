"""Decoders look further ahead than list schedulers, and what they find holds."""

import numpy as np
import pytest
from hypothesis import given, settings

from headway.simulate import beam, best_of, greedy, rollout
from headway.simulate.chip import PLAN_COLUMNS, PLAN_RULES, PlanWorld, TaskGraph, place, top
from tests.simulate.chip.graphs import graphs

OPTIMA = [73, 81, 80, 87, 85, 80, 72, 65, 72, 74]


def test_heft_decoded_greedily_is_heft() -> None:
    rule = PLAN_RULES.find("HEFT")
    for kind in top():
        found = greedy(PlanWorld(kind), rule).placement()
        plan = place(kind, "HEFT")
        assert found.start.tolist() == plan.start.tolist()
        assert found.element.tolist() == plan.element.tolist()


def test_more_effort_comes_nearer_to_the_optima() -> None:
    heft, etf, urgent = (PLAN_RULES.find(name) for name in ("HEFT", "ETF", "OCT"))
    found = {
        "HEFT": [greedy(PlanWorld(kind), heft) for kind in top()],
        "rollout": [rollout(PlanWorld(kind), urgent, 4) for kind in top()],
        "best of 32": [best_of(PlanWorld(kind), etf, 32, temperature=8.0) for kind in top()],
        "beam": [beam(PlanWorld(kind), urgent, 3) for kind in top()],
    }
    gaps = {}
    for name, worlds in found.items():
        values = np.array([world.placement().schedule.makespan for world in worlds])
        assert (values >= OPTIMA).all()
        gaps[name] = float(np.mean(values / OPTIMA - 1))
    assert gaps["HEFT"] == pytest.approx(0.1125, abs=0.001)
    assert max(gaps["rollout"], gaps["best of 32"], gaps["beam"]) < 0.05


@settings(max_examples=25)
@given(graphs(most_tasks=6))
def test_what_decoders_find_holds(graph: TaskGraph) -> None:
    for name in PLAN_RULES.rules:
        rule = PLAN_RULES.find(name)
        plain = greedy(PlanWorld(graph), rule)
        better = rollout(PlanWorld(graph), rule, 2)
        assert better.value <= plain.value
        for world in (plain, better):
            assert world.placement().schedule.makespan == world.value


def test_a_beam_can_be_guided_without_runs_to_the_end() -> None:
    kind = top()[3]
    rule = PLAN_RULES.find("ETF")
    wide = beam(PlanWorld(kind), rule, 8, breadth=5, guide=lambda world: world.projected)
    assert wide.value <= greedy(PlanWorld(kind), rule).value
    start = PlanWorld(kind)
    decision = start.decision()
    assert decision is not None
    assert set(decision.columns) == set(PLAN_COLUMNS)
    start.apply(0)
    assert start.projected >= start.value
