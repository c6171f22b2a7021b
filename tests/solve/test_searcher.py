"""Searchers: how much is good enough, and what they refuse."""

import math

import pytest

import headway as hw
from headway.errors import UnsupportedError
from headway.model.tables import FOREVER
from headway.solve import tabu
from headway.solve.result import Budget, Stop
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


def test_a_searcher_refuses_what_it_cannot_take_and_says_why():
    problem = hw.instance("mk01")
    assert not tabu.solve.applies(problem)
    with pytest.raises(UnsupportedError, match="'job 0/0' has 2 modes; method 'auto'"):
        tabu.solve(
            problem,
            Budget(math.inf),
            warm_start=None,
            seed=0,
            on_progress=lambda _: None,
            stop=Stop(),
        )
