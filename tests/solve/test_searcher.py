"""Searchers: how much is good enough; the rest is in their contract."""

import pytest

from headway.model.tables import FOREVER
from headway.solve.searcher import goal_of


def relative(value: int, bound: int) -> float:
    return (value - bound) / max(1, abs(value))


@pytest.mark.parametrize("gap", [0.0, 0.05, 0.1, 0.5, 0.9])
@pytest.mark.parametrize("bound", [-1000, -57, -1, 0, 1, 57, 1000])
def test_the_goal_is_the_largest_value_within_the_gap(bound, gap):
    goal = goal_of(bound, gap)
    assert relative(goal, bound) <= gap + 1e-12
    assert relative(goal + 1, bound) > gap


def test_a_gap_of_one_is_met_by_anything():
    assert goal_of(10, 1.0) == FOREVER
    assert goal_of(-100, 1.0) == -50
