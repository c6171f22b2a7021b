"""Exact methods for one machine, against all permutations and against one another."""

from __future__ import annotations

import random
from itertools import permutations

import pytest

import headway as hw
from headway import _core
from headway.model.tables import ints
from headway.solve.single import exact, least_total_tardiness, total_tardiness
from headway.solve.single.line import OneMachine
from tests.twins import one_machine as twin

EASY = ("completion", "weighted completion", "weighted flow time", "tardy jobs",
        "weighted tardy jobs", "lateness", "largest tardiness", "makespan")  # fmt: skip


@pytest.mark.parametrize("objective", EASY)
@pytest.mark.parametrize("seed", range(6))
def test_easy_objectives_are_solved_by_their_rule(seed, objective):
    problem = twin.random_problem(seed, objective)
    order = exact.easy_order(OneMachine(problem))
    assert twin.value(problem, order.tolist()) == twin.least(problem)


@pytest.mark.parametrize("seed", range(12))
def test_the_makespan_with_releases_is_least_in_the_order_of_releases(seed):
    problem = twin.random_problem(seed, "makespan", releases=True)
    order = exact.easy_order(OneMachine(problem))
    assert twin.value(problem, order.tolist()) == twin.least(problem)


@pytest.mark.parametrize("objective", ["tardiness", "mixture", "maxima"])
def test_hard_objectives_have_no_rule(objective):
    assert exact.easy_order(OneMachine(twin.random_problem(1, objective))) is None


def test_smiths_rule_compares_ratios_exactly():
    """Two jobs whose ratios are the same to 16 digits, but not equal."""
    big = 2**40
    assert exact.smith([big + 1, big], [big, big - 1]).tolist() == [0, 1]
    assert exact.smith([big, big + 1], [big - 1, big]).tolist() == [1, 0]


@pytest.mark.parametrize("seed", range(300))
def test_decomposition_finds_the_optimum(seed):
    """Few different times and dates, so that ties of every kind occur."""
    rng = random.Random(seed)
    n, most = rng.randint(1, 6), rng.choice([2, 4, 9, 60])
    work = [rng.randint(0, most) for _ in range(n)]
    due = [rng.randint(-3, sum(work) + 2) for _ in range(n)]
    value, order = least_total_tardiness(work, due)
    assert value == twin.tardiness(work, due, order.tolist())
    assert sorted(order.tolist()) == list(range(n))
    assert value == min(twin.tardiness(work, due, order) for order in permutations(range(n)))


@pytest.mark.parametrize("seed", range(60))
def test_decomposition_and_dynamic_programming_over_sets_agree(seed):
    rng = random.Random(seed)
    work = [rng.randint(1, rng.choice([3, 30])) for _ in range(13)]
    due = [rng.randint(-3, sum(work)) for _ in range(13)]
    problem = hw.single_machine(work, due=due, objective=hw.total_tardiness())
    value, order = OneMachine(problem).native.best_by_subsets(_core.StopFlag())
    assert value == least_total_tardiness(work, due)[0] == total_tardiness(work, due, order)


@pytest.mark.parametrize("objective", ["mixture", "weighted tardiness", "weighted tardy jobs"])
@pytest.mark.parametrize("seed", range(8))
def test_dynamic_programming_over_sets_finds_the_optimum(seed, objective):
    problem = twin.random_problem(seed, objective)
    value, order = OneMachine(problem).native.best_by_subsets(_core.StopFlag())
    assert value == twin.value(problem, order.tolist()) == twin.least(problem)


@pytest.mark.parametrize("objective", ["mixture", "weighted tardiness", "weighted tardy jobs"])
@pytest.mark.parametrize("seed", range(20))
def test_relaxation_never_exceeds_the_optimum_and_comes_near(seed, objective):
    problem = twin.random_problem(seed, objective, n=8)
    line = OneMachine(problem).native
    value, order = line.best_by_subsets(_core.StopFlag())
    bounds = [line.relaxed(order, rounds, _core.StopFlag()) for rounds in (1, 30, 300, 300)]
    if bounds[0] is None:
        assert not problem.modes.duration.all()
        return
    assert bounds == sorted(bounds)
    assert bounds[2] == bounds[3]
    assert 0 <= bounds[-1] <= value
    assert line.relaxed(ints(range(8)), 100, _core.StopFlag()) <= value


def test_relaxation_is_only_for_lines_where_time_alone_decides():
    problem = twin.random_problem(1, "weighted tardiness", releases=True)
    assert OneMachine(problem).native.relaxed(ints(range(5)), 9, _core.StopFlag()) is None
    large = hw.single_machine([10**9, 10**9], objective=hw.total_completion())
    assert OneMachine(large).native.relaxed(ints([0, 1]), 9, _core.StopFlag()) is None


def test_decomposition_gives_up_where_it_is_told_to():
    rng = random.Random(3)
    work = [rng.randint(1, 99) for _ in range(100)]
    due = [sum(work) // 3 + rng.randint(-400, 400) for _ in range(100)]
    assert _core.least_total_tardiness(ints(work), ints(due), 5, _core.StopFlag()) is None
    stop = _core.StopFlag()
    stop.set()
    assert _core.least_total_tardiness(ints(work), ints(due), 10**6, stop) is None


def test_the_core_refuses_columns_that_do_not_fit():
    with pytest.raises(ValueError, match="length"):
        _core.least_total_tardiness(ints([1]), ints([1, 2]), 100, _core.StopFlag())
    with pytest.raises(ValueError, match="negative"):
        _core.least_total_tardiness(ints([-1]), ints([1]), 100, _core.StopFlag())
    many = OneMachine(twin.random_problem(1, "tardiness", n=21)).native
    with pytest.raises(ValueError, match="few jobs"):
        many.best_by_subsets(_core.StopFlag())


def test_a_table_that_would_be_too_large_is_not_made():
    assert exact.lawler_moore([10**9, 5], [9, 9], [1, 2]) is None
