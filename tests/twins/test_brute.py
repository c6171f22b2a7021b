"""The oracle itself, held against an even plainer one and against answers found by hand."""

from __future__ import annotations

import itertools

import pytest

from headway.model.build import Model
from headway.model.tables import ABSENT
from tests.features import FEATURES, features_of
from tests.problems import LIMIT, random_problem
from tests.twins.brute import LEFT_OUT, Brute, Choice, optimum
from tests.twins.plain import Plain


@pytest.mark.parametrize("seed", range(40))
def test_pruning_loses_no_schedule(seed):
    problem = random_problem(seed, n_tasks=2 + seed % 2)
    plain = Plain(problem)
    limit = 7
    everything = [
        [LEFT_OUT]
        + [
            Choice(start, end, mode)
            for mode in plain.modes_of[task]
            for start in range(limit + 1)
            if (end := plain.end_of(task, start, mode)) <= limit
        ]
        for task in range(plain.n_tasks)
    ]
    valid = {
        tuple(zip(*choices, strict=True))
        for choices in itertools.product(*everything)
        if plain.holds(*zip(*choices, strict=True))
    }
    brute = Brute(problem, limit)
    assert {answer[1:] for answer in brute.schedules()} == valid
    best = brute.optimum()
    values = min((plain.values(*schedule) for schedule in valid), default=None)
    assert (best.values if best else None) == values


def test_a_break_is_waited_for_or_worked_around():
    """Three ticks of work, a break at [2, 4): before it they do not fit; with a pause they do."""
    starts = {}
    for interruptible in (False, True):
        model = Model("pause")
        saw = model.machine("saw", breaks=[(2, 4)])
        model.task(interruptible=interruptible).mode({saw: 1}, duration=3)
        brute = Brute(model.problem(), 8)
        starts[interruptible] = {(a.start[0], a.end[0]) for a in brute.schedules()}
    assert starts[False] == {(4, 7), (5, 8)}
    assert starts[True] == {(0, 5), (1, 6), (4, 7), (5, 8)}


def test_setups_follow_the_order_on_the_machine():
    """Colours a, b, a: both a's and then b need one setup of 1; b first would need one of 3."""
    model = Model("paint")
    gun = model.machine("gun")
    for colour in "aba":
        model.task(family=colour).mode({gun: 1}, duration=1)
    model.setup_times(gun, {("a", "b"): 1, ("b", "a"): 3})
    best = optimum(model.problem(), 10)
    assert best.values == (4,)
    assert best.start[1] == 3


def test_random_problems_are_mostly_feasible():
    feasible = [seed for seed in range(60) if optimum(random_problem(seed), LIMIT) is not None]
    assert 45 <= len(feasible) < 60


@pytest.mark.parametrize("feature", FEATURES)
def test_a_feature_can_be_asked_for(feature):
    problems = [random_problem(seed, features=[feature]) for seed in range(12)]
    having = [problem for problem in problems if feature in features_of(problem)]
    assert len(having) >= 3


def test_the_same_seed_draws_the_same_problem():
    assert random_problem(5) == random_problem(5)
    assert random_problem(5) != random_problem(6)


def test_unknown_features_are_refused():
    with pytest.raises(ValueError, match="hyperspace"):
        random_problem(1, features=["hyperspace"])


def test_left_out_tasks_have_no_times():
    assert LEFT_OUT == (ABSENT, ABSENT, ABSENT)
