"""Whatever is done to a schedule, exactly what the plain twin finds is reported."""

from __future__ import annotations

import itertools
import random
from collections import Counter

import numpy as np
import pytest

from headway.model.families import job_shop, project
from headway.model.problem import Problem
from headway.model.schedule import Schedule
from headway.model.verify import ViolationKind, verify
from tests.problems import LIMIT, random_problem
from tests.twins.brute import Brute
from tests.twins.naive_verify import naive_verify
from tests.twins.plain import Plain

Vectors = tuple[list[int], list[int], list[int]]

FEATURES = (
    ("machine", "setup time", "initial setup time", "blocking"),
    ("machine", "renewable", "transfer", "several modes"),
    ("machine", "interruptible", "machine break", "renewable break", "zero duration"),
    ("machine", "same sequence", "consecutive", "identical", "different", "several modes"),
    ("renewable", "capacity step", "reservoir taken", "reservoir filled", "reservoir break"),
    ("optional", "exactly-one", "at-least-one", "all-or-none", "condition", "mode dependency"),
    ("end-end", "start-end", "minimum lag", "maximum lag", "job release", "job deadline"),
    ("non-renewable", "non-renewable break", "earliest end", "latest start", "latest end"),
    None,
)
"""What the problems of one group draw from; None leaves it to chance."""


def a_valid_schedule(problem: Problem, rng: random.Random) -> Vectors | None:
    """Return some valid schedule if one is found quickly."""
    steps = itertools.count()
    answers = Brute(problem, LIMIT, rng).schedules(lambda *_: next(steps) > 2000)
    answer = next(answers, None)
    return None if answer is None else (list(answer.start), list(answer.end), list(answer.mode))


def changed_in_one_place(problem: Problem, valid: Vectors, rng: random.Random) -> Vectors:
    """Return a schedule in which one task is moved, stretched, switched, dropped or invented."""
    start, end, mode = (list(column) for column in valid)
    task = rng.randrange(problem.n_tasks)
    step = rng.choice((-1, 1)) * rng.randint(1, 6)
    match rng.randrange(7):
        case 0:
            start[task] += step
        case 1:
            end[task] += step
        case 2:
            start[task] += step
            end[task] += step
        case 3:
            mode[task] = rng.randint(-3, problem.n_modes + 1)
        case 4:
            mode[task] = rng.randrange(*problem.tasks.mode_ptr[task : task + 2].tolist())
        case 5:
            start[task] = end[task] = mode[task] = -1
        case 6:
            mode[task] = int(problem.tasks.mode_ptr[task])
            start[task] = max(0, step)
            end[task] = start[task] + int(problem.modes.duration[mode[task]])
    return start, end, mode


def garbage(problem: Problem, rng: random.Random) -> Vectors:
    """Return numbers that have little to do with the problem."""
    n = problem.n_tasks
    mode = [rng.randrange(*problem.tasks.mode_ptr[i : i + 2].tolist()) for i in range(n)]
    for i in range(n):
        if rng.random() < 0.15:
            mode[i] = rng.choice((-1, rng.randint(-3, problem.n_modes + 1)))
    start = [rng.randint(-4, 14) for _ in range(n)]
    return start, [t + rng.randint(-3, 6) for t in start], mode


def reported(problem: Problem, vectors: Vectors) -> Counter[tuple[str, tuple[int, ...], int]]:
    report = verify(problem, Schedule(problem, *map(np.array, vectors)))
    for violation in report:
        assert violation.amount > 0
        assert violation.where
        assert "\n" not in violation.message
    return Counter((str(v.kind), v.tasks, v.amount) for v in report)


@pytest.mark.parametrize("group", range(len(FEATURES)))
def test_one_change_to_a_valid_schedule_is_reported_exactly(group):
    rng = random.Random(group)
    changes = 0
    for seed in range(12):
        problem = random_problem(1000 * group + seed, features=FEATURES[group])
        valid = a_valid_schedule(problem, rng)
        if valid is None:
            continue
        assert not reported(problem, valid)
        for _ in range(8):
            vectors = changed_in_one_place(problem, valid, rng)
            found = reported(problem, vectors)
            assert found == naive_verify(problem, *vectors), (seed, vectors)
            changes += bool(found)
    assert changes >= 20


@pytest.mark.parametrize("group", range(len(FEATURES)))
def test_garbage_is_reported_exactly(group):
    rng = random.Random(group)
    for seed in range(12):
        problem = random_problem(1000 * group + seed, features=FEATURES[group])
        for _ in range(4):
            vectors = garbage(problem, rng)
            assert reported(problem, vectors) == naive_verify(problem, *vectors), (seed, vectors)


def test_these_problems_break_every_rule():
    """The two tests above would prove nothing about a kind that never occurs."""
    kinds: set[str] = set()
    for group, features in enumerate(FEATURES):
        rng = random.Random(group)
        for seed in range(11):
            problem = random_problem(1000 * group + seed, features=features)
            for _ in range(12):
                schedule = Schedule(problem, *map(np.array, garbage(problem, rng)))
                kinds |= verify(problem, schedule).kinds.keys()
    assert set(ViolationKind) - kinds == {ViolationKind.TIME}


@pytest.mark.parametrize("seed", range(60))
def test_a_schedule_is_valid_if_and_only_if_the_oracle_says_so(seed):
    """The oracle of the solver tests was written by another hand."""
    rng = random.Random(seed)
    problem = random_problem(seed)
    plain = Plain(problem)
    valid = a_valid_schedule(problem, rng)
    for _ in range(10):
        if valid is not None and rng.random() < 0.7:
            start, end, mode = changed_in_one_place(problem, valid, rng)
        else:
            start, end, mode = garbage(problem, rng)
        for i, low in enumerate(problem.tasks.mode_ptr[:-1].tolist()):
            if mode[i] >= 0 and not low <= mode[i] < problem.tasks.mode_ptr[i + 1]:
                mode[i] = low
            if mode[i] < 0:
                start[i], end[i], mode[i] = -1, -1, -1
            else:
                start[i], end[i] = max(0, start[i]), max(0, start[i], end[i])
        assert (not reported(problem, (start, end, mode))) == plain.holds(start, end, mode)


def greedy(machines: np.ndarray, durations: np.ndarray) -> np.ndarray:
    """Return starts of a job shop, operation by operation of each job in turn."""
    n_jobs, n_operations = machines.shape
    free, ready = [0] * (int(machines.max()) + 1), [0] * n_jobs
    start = np.zeros_like(durations)
    for k in range(n_operations):
        for j, (machine, duration) in enumerate(
            zip(machines[:, k].tolist(), durations[:, k].tolist(), strict=True)
        ):
            start[j, k] = max(free[machine], ready[j])
            free[machine] = ready[j] = int(start[j, k]) + duration
    return start.ravel()


def test_a_hundred_thousand_operations_are_checked_at_once():
    rng = np.random.default_rng(0)
    machines = rng.permuted(np.tile(np.arange(100), (1000, 1)), axis=1)
    durations = rng.integers(1, 100, machines.shape)
    problem = job_shop(machines, durations)
    start = greedy(machines, durations)
    assert verify(problem, problem.schedule(start)).ok
    late = int(np.argmax(start))
    start[late] -= 1
    kinds = verify(problem, problem.schedule(start)).kinds
    assert set(kinds) <= {"overlap", "min-lag"}
    assert sum(kinds.values()) >= 1


def test_a_hundred_thousand_tasks_on_renewables_that_all_clash_need_little_memory():
    """Every task at 0: five billion pairs clash on the same resource, one violation tells it."""
    n = 100_000
    problem = project([[(1, (1, 0))], [(1, (0, 1))]] * (n // 2), (3, 4), [[]] * n)
    report = verify(problem, problem.schedule(np.zeros(n, dtype=np.int64)))
    assert [(v.kind, len(v.tasks), v.amount) for v in report] == [
        ("capacity", n // 2, n // 2 - 3),
        ("capacity", n // 2, n // 2 - 4),
    ]


def test_any_numbers_at_all_are_survived():
    rng = np.random.default_rng(1)
    for seed in range(30):
        problem = random_problem(seed)
        start, end, mode = rng.integers(-(2**63), 2**63 - 1, (3, problem.n_tasks))
        mode[::2] = problem.tasks.mode_ptr[:-1][::2]
        report = verify(problem, Schedule(problem, start, end, mode))
        assert not report.ok
        assert all(violation.amount > 0 for violation in report)
        assert str(report)
