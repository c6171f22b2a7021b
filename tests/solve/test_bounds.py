"""Lower bounds by hand, and never above a brute-force optimum."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from headway.model import (
    Model,
    Problem,
    flexible_job_shop,
    job_shop,
    makespan,
    project,
    single_machine,
    tardy_jobs,
    total_completion,
    total_tardiness,
)
from headway.solve.bounds import lower_bounds, makespan_bound, one_machine_bound
from tests.problems import LIMIT, random_problem
from tests.twins.brute import Brute


def preemptive(head, work, tail):
    """Jackson's rule tick by tick: of those that have arrived, the longest tail works."""
    left, now, value = (
        list(work),
        0,
        max((h + t for h, t in zip(head, tail, strict=True)), default=0),
    )
    while any(left):
        here = [i for i, h in enumerate(head) if h <= now and left[i]]
        now += 1
        if here:
            chosen = max(here, key=lambda i: tail[i])
            left[chosen] -= 1
            if not left[chosen]:
                value = max(value, now + tail[chosen])
    return value


tasks = st.lists(st.tuples(st.integers(0, 15), st.integers(1, 6), st.integers(0, 15)), max_size=7)


@given(tasks)
def test_one_machine_bound_is_the_preemptive_schedule(rows):
    head, work, tail = ([row[k] for row in rows] for k in range(3))
    assert one_machine_bound(head, work, tail) == preemptive(head, work, tail)


def test_the_longest_job_bounds_the_makespan():
    assert makespan_bound(job_shop([[0, 1], [1]], [[3, 9], [2]])) == 12


def test_the_busiest_machine_bounds_the_makespan_with_its_head_and_tail():
    assert makespan_bound(job_shop([[1, 0, 1]] * 3, [[2, 10, 3]] * 3)) == 2 + 30 + 3


def test_the_pool_of_machines_bounds_a_flexible_shop():
    choices = [[(0, 5), (1, 5)]]
    assert makespan_bound(flexible_job_shop([choices] * 5)) == 13


def test_energy_bounds_a_project_and_follows_capacity_steps():
    modes = [[(4, [2])]] * 5
    assert makespan_bound(project(modes, [3], [[]] * 5)) == 14
    model = Model()
    crew = model.renewable("crew", capacity=4, steps=[(5, 2)])
    for _ in range(5):
        model.task().mode({crew: 2}, duration=4)
    assert makespan_bound(model.problem()) == 15


def test_optional_tasks_bound_nothing():
    model = Model()
    model.task(optional=True).mode(duration=50)
    model.task().mode(duration=3)
    assert makespan_bound(model.problem()) == 3


def test_objectives_over_jobs_are_bounded_by_each_job_alone():
    data = {"due": [2, 9], "release": [1, 0], "weight": [5, 1]}
    durations = [4, 3]

    def bound(objective):
        return lower_bounds(single_machine(durations, objective=objective, **data))

    assert bound(total_completion()) == (8,)
    assert bound(total_tardiness(weighted=True)) == (15,)
    assert bound(tardy_jobs() + makespan()) == (1 + 7,)
    assert bound(makespan().then(total_tardiness())) == (7, 3)


def test_contradictory_relations_have_no_bound():
    model = Model()
    first, second = (model.task(name=name).mode(duration=2) for name in "ab")
    first >> second
    second >> first
    assert lower_bounds(model.problem()) is None


def test_an_empty_problem_is_bounded_by_zero():
    assert lower_bounds(Problem()) == (0,)


@pytest.mark.parametrize("block", range(4))
def test_bounds_never_exceed_the_optimum_of_random_problems(block):
    compared = 0
    for seed in range(40 * block, 40 * block + 40):
        problem = random_problem(seed, n_tasks=3)
        bound = lower_bounds(problem)
        answer = Brute(problem, LIMIT).optimum()
        if answer is None or bound is None:
            continue
        for value, low in zip(answer.values, bound, strict=False):
            assert low <= value, (seed, problem.objective, answer.values, bound)
            if low < value:
                break
        compared += 1
    assert compared > 15


def test_the_bound_of_a_large_shop_is_at_least_its_largest_load():
    rng = np.random.default_rng(0)
    problem = job_shop([rng.permutation(20) for _ in range(100)], rng.integers(1, 100, (100, 20)))
    load = np.bincount(
        problem.modes.demand_resource, weights=problem.modes.duration, minlength=20
    ).max()
    assert makespan_bound(problem) >= load
