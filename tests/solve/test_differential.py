"""Solvers and checker against brute force on random problems that mix everything."""

from __future__ import annotations

import random
from collections import Counter
from functools import cache
from itertools import islice

import pytest

from headway.model import Problem, Schedule, verify
from headway.model.tables import ABSENT, ResourceKind, ints
from headway.solve import cpsat, rules
from headway.solve.result import Budget, Status, Stop
from tests.draft import Draft
from tests.features import FEATURES, RELAXABLE, features_of, without
from tests.problems import LIMIT, random_problem
from tests.twins.brute import Answer, Brute, Choice, optimum
from tests.twins.plain import Plain

SEEDS = range(200)
BATCH = 20
BATCHES = [range(low, low + BATCH) for low in SEEDS[::BATCH]]

MATTERS = {
    "earliest start": (0, 7),
    "latest start": (52, 93),
    "earliest end": (85, 401),
    "latest end": (318, 456),
    "job release": (95, 243),
    "job deadline": (37, 83),
    "blocking": (318,),
    "setup time": (5, 7),
    "initial setup time": (130, 211),
    "transfer": (60,),
    "minimum lag": (31, 60),
    "maximum lag": (289, 456),
    "same sequence": (453,),
    "mode dependency": (64, 139),
    "identical": (205, 279),
    "different": (0, 377),
    "consecutive": (362,),
    "exactly-one": (51, 81),
    "at-least-one": (10, 114),
    "all-or-none": (112, 153),
    "capacity step": (227, 237),
    "machine break": (48, 62),
    "renewable break": (61, 69),
    "non-renewable break": (27, 244),
    "reservoir break": (93, 148),
    "renewable": (15, 40),
    "non-renewable": (18, 158),
    "reservoir taken": (64, 130),
    "reservoir filled": (43, 77),
}
"""Seeds of problems whose optimum is better without a constraint; every relaxable one occurs."""

problem_of = cache(random_problem)


@cache
def best_of(seed: int) -> Answer | None:
    return optimum(problem_of(seed), LIMIT)


def test_the_problems_below_show_every_feature():
    seen = Counter(feature for seed in SEEDS for feature in features_of(problem_of(seed)))
    assert set(seen) == set(FEATURES)
    assert min(seen.values()) >= 8
    assert set(MATTERS) == set(RELAXABLE)


@pytest.mark.parametrize("seeds", BATCHES, ids=str)
def test_the_exact_solver_agrees_with_brute_force(seeds):
    for seed in seeds:
        agree(seed)


def agree(seed: int) -> None:
    problem, best = problem_of(seed), best_of(seed)
    result = cpsat.solve(problem, Budget(time_limit_s=60), seed=seed)
    if result.schedule is None:
        assert (result.status, best) == (Status.INFEASIBLE, None), seed
        return
    assert result.status is Status.OPTIMAL, seed
    assert verify(problem, result.schedule).ok, seed
    assert result.bound == result.objective, seed
    if best is None or result.objective < best.values:
        assert result.schedule.end.max() > LIMIT, seed  # where brute force does not look
    else:
        assert result.objective == best.values, seed


@pytest.mark.parametrize(("feature", "seeds"), MATTERS.items(), ids=list(MATTERS))
def test_the_exact_solver_is_right_where_a_constraint_makes_the_difference(feature, seeds):
    for seed in seeds:
        relaxed = optimum(without(problem_of(seed), feature), LIMIT)
        assert relaxed.values < best_of(seed).values, seed
        agree(seed)


@pytest.mark.parametrize("seeds", BATCHES, ids=str)
def test_priority_rules_find_valid_schedules_and_never_beat_the_optimum(seeds):
    found = 0
    for seed in seeds:
        problem, best = problem_of(seed), best_of(seed)
        result = rules.solve(
            problem,
            Budget(time_limit_s=60),
            warm_start=None,
            seed=seed,
            on_progress=lambda _: None,
            stop=Stop(),
        )
        assert result.status is not Status.INFEASIBLE, seed  # rules cannot prove that
        if result.schedule is None:
            continue
        found += 1
        assert verify(problem, result.schedule).ok, seed
        if best is None or result.objective < best.values:
            assert result.schedule.end.max() > LIMIT, seed
        elif result.status is Status.OPTIMAL:
            assert result.objective == best.values, seed
        assert best is None or result.bound is None or result.bound <= best.values, seed
    assert found >= BATCH / 2


@pytest.mark.parametrize("seeds", BATCHES, ids=str)
def test_the_checker_and_the_measures_agree_with_the_plain_reading(seeds):
    """Valid schedules, valid ones changed in one task, and random ones."""
    valid = 0
    for seed in seeds:
        problem, rng = problem_of(seed), random.Random(seed)
        plain = Plain(problem)
        for choices in _schedules(problem, rng):
            schedule = Schedule(problem, *(ints(column) for column in zip(*choices, strict=True)))
            start, end, mode = zip(*choices, strict=True)
            report = verify(problem, schedule)
            assert report.ok == plain.holds(start, end, mode), (seed, choices, str(report))
            assert schedule.objective_values == plain.values(start, end, mode), (seed, choices)
            valid += report.ok
    assert valid >= 2 * BATCH


def _schedules(problem: Problem, rng: random.Random) -> list[list[Choice]]:
    brute = Brute(problem, LIMIT, rng)
    good = [
        [Choice(*choice) for choice in zip(*answer[1:], strict=True)]
        for answer in islice(brute.schedules(), 4)
    ]
    changed = []
    for choices in good:
        copy = list(choices)
        task = rng.randrange(len(copy))
        start, end, mode = copy[task]
        shift = max(-start, rng.choice((-2, -1, 1, 2)))
        copy[task] = rng.choice(
            [
                rng.choice(brute.choices[task]),
                Choice(start + shift, end + shift, mode) if mode != ABSENT else copy[task],
                Choice(start, max(start, end + shift), mode) if mode != ABSENT else copy[task],
            ]
        )
        changed.append(copy)
    if all(brute.choices):
        changed.append([rng.choice(choices) for choices in brute.choices])
    return good + changed


@pytest.mark.parametrize("interruptible", [False, True])
@pytest.mark.parametrize("machines", [1, 2])
def test_work_without_length_fits_where_two_breaks_touch(interruptible, machines):
    """Every rule of breaks speaks of one break; 4 lies inside neither [1, 4) nor [4, 7)."""
    breaks = [[(1, 4), (4, 7)]] if machines == 1 else [[(1, 4)], [(4, 7)]]
    draft = Draft(
        resources=[[ResourceKind.MACHINE, 1, 0, 0, 0, 0, ABSENT] for _ in breaks],
        breaks=breaks,
        steps=[[] for _ in breaks],
        tasks=[[ABSENT, 3, 6, 0, LIMIT, False, interruptible, ABSENT, ABSENT]],
        modes=[(0, 0, 0, dict.fromkeys(range(machines), 1))],
    )
    draft.tasks.append([ABSENT, 0, LIMIT, 0, LIMIT, False, False, ABSENT, ABSENT])
    draft.modes.append((1, 1, 0, dict.fromkeys(range(machines), 1)))
    problem = draft.problem("touching")
    assert {answer.start[0] for answer in Brute(problem, LIMIT).schedules()} == {4}
    result = cpsat.solve(problem, Budget(time_limit_s=60))
    assert result.schedule.start[0] == 4
    assert verify(problem, result.schedule).ok
