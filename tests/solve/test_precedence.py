"""Distances between starts that relations imply."""

from __future__ import annotations

import numpy as np
import pytest

from headway.model import Model, Problem, project
from headway.solve.precedence import Precedence
from tests.problems import LIMIT, random_problem
from tests.twins.brute import Brute


def precedence(problem: Problem) -> Precedence:
    return Precedence(problem, ~problem.tasks.optional)


def test_heads_and_tails_of_a_diamond():
    problem = project([[(d, [1])] for d in (2, 4, 3, 1)], [2], [[1, 2], [3], [3], []])
    paths = precedence(problem)
    assert paths.head.tolist() == [0, 2, 2, 6]
    assert paths.tail.tolist() == [7, 5, 4, 1]
    assert paths.latest_start(10).tolist() == [3, 5, 6, 9]


def test_a_maximum_lag_pulls_the_first_task_towards_the_second():
    model = Model()
    first = model.task(name="first").mode(duration=2)
    second = model.task(name="second", start=(20, None)).mode(duration=1)
    model.end_before_start(first, second, max_lag=5)
    assert precedence(model.problem()).head.tolist() == [13, 20]


def test_a_longer_mode_may_start_earlier_under_an_end_relation():
    """The second task must end 10 after the first starts; its slow mode may start at once."""
    model = Model()
    first = model.task(name="first").mode(duration=2)
    second = model.task(name="second").mode(duration=1)
    second.mode(duration=9)
    model.start_before_end(first, second, 10)
    assert precedence(model.problem()).head.tolist() == [0, 1]


def test_contradictory_relations_have_no_heads():
    model = Model()
    first, second = (model.task(name=name).mode(duration=2) for name in "ab")
    first >> second
    second >> first
    assert precedence(model.problem()).head is None


@pytest.mark.parametrize("seed", range(60))
def test_no_valid_schedule_starts_before_its_heads(seed):
    problem = random_problem(seed, n_tasks=3)
    paths = precedence(problem)
    answer = Brute(problem, LIMIT).optimum()
    if answer is None:
        return
    assert paths.head is not None
    assert paths.tail is not None
    start, end = np.array(answer.start), np.array(answer.end)
    here = start >= 0
    assert (start >= paths.head)[here & paths.present].all()
    latest = paths.latest_start(int(end.max()))
    assert (start <= latest)[here & paths.present].all()
