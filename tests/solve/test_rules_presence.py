"""Which optional tasks take part."""

from __future__ import annotations

import itertools

import numpy as np
import pytest

from headway.model import Model
from headway.model.tables import SelectionKind
from headway.solve.rules.presence import choose_presence
from tests.problems import random_problem


def model_with(durations):
    model = Model()
    tasks = [model.task(name=f"t{d}", optional=True).mode(duration=d) for d in durations]
    return model, tasks


def presence(model):
    problem = model.problem()
    chosen = choose_presence(problem, problem.modes.duration)
    return None if chosen is None else chosen.tolist()


def test_optional_tasks_stay_out_unless_they_are_asked_for():
    model, _ = model_with([3, 1])
    assert presence(model) == [False, False]


def test_the_shortest_option_is_chosen():
    model, tasks = model_with([3, 1, 2])
    model.exactly_one(tasks)
    assert presence(model) == [False, True, False]


def test_what_an_option_brings_with_it_counts():
    """Option 1 is shorter alone, but drags 9 ticks along."""
    model, tasks = model_with([3, 1, 9])
    model.at_least_one(tasks[:2])
    model.all_or_none(tasks[1:])
    assert presence(model) == [True, False, False]


def test_a_dead_end_is_left_again():
    """The shorter option 1 of the first group rules out both members of the second."""
    model, tasks = model_with([5, 1, 1, 1])
    model.exactly_one([tasks[0], tasks[1]])
    model.exactly_one([tasks[1], tasks[2]])
    model.exactly_one([tasks[1], tasks[3]])
    model.all_or_none([tasks[0], tasks[2]])
    model.exactly_one([tasks[1], tasks[0], tasks[3]], condition=tasks[1])
    chosen = presence(model)
    assert chosen is not None


def test_contradictory_selections_have_no_presence():
    model, tasks = model_with([1, 1])
    model.exactly_one(tasks)
    model.all_or_none(tasks)
    assert presence(model) is None


def satisfied(problem, present):
    table = problem.selections
    for row in range(len(table)):
        condition = table.condition[row]
        count = present[table.task[table.task_ptr[row] : table.task_ptr[row + 1]]].sum()
        size = table.task_ptr[row + 1] - table.task_ptr[row]
        wanted = {
            SelectionKind.EXACTLY_ONE: count == 1,
            SelectionKind.AT_LEAST_ONE: count >= 1,
            SelectionKind.ALL_OR_NONE: count in (0, size),
        }
        if (condition < 0 or present[condition]) and not wanted[table.kind[row]]:
            return False
    return True


@pytest.mark.parametrize("seed", range(40))
def test_a_presence_is_found_exactly_if_there_is_one(seed):
    names = ["optional", "exactly-one", "at-least-one", "all-or-none", "condition"]
    problem = random_problem(seed, features=names, n_tasks=6)
    chosen = choose_presence(problem, np.ones(problem.n_tasks, dtype=np.int64))
    every = itertools.product([False, True], repeat=problem.n_tasks)
    allowed = [
        present
        for present in map(np.array, every)
        if (present | problem.tasks.optional).all() and satisfied(problem, present)
    ]
    assert (chosen is not None) == bool(allowed)
    if chosen is not None:
        assert satisfied(problem, chosen)
        assert (chosen | problem.tasks.optional).all()
