"""Schedule generation: every constraint by hand, and nothing invalid ever."""

from __future__ import annotations

import itertools

import numpy as np
import pytest

from headway.errors import ConfigError, UnknownNameError
from headway.model import Model, Problem, flow_shop, job_shop, project, single_machine, verify
from headway.solve.rules import (
    RULES,
    GenerationError,
    Generator,
    Obstacle,
    generate,
)
from tests.problems import random_problem

SCHEMES = ("serial", "parallel")


def valid(problem: Problem, rule: str = "FIFO", scheme="serial"):
    schedule = generate(problem, rule, scheme)
    report = verify(problem, schedule)
    assert report.ok, [violation.message for violation in report]
    return schedule


@pytest.mark.parametrize("block", range(6))
def test_no_pass_ever_builds_an_invalid_schedule(block):
    built = 0
    for seed in range(1000 + 25 * block, 1025 + 25 * block):
        problem = random_problem(seed)
        try:
            generator = Generator(problem)
        except GenerationError:
            continue
        facts = generator.facts(seed)
        for k, name in enumerate(RULES):
            try:
                schedule = generator.run(
                    RULES[name](facts), SCHEMES[k % 2], alpha=float(k % 3), seed=seed
                )
            except GenerationError:
                continue
            report = verify(problem, schedule)
            assert report.ok, (seed, name, [violation.message for violation in report])
            built += 1
    assert built > 250


def test_serial_scheme_fills_a_gap_that_the_parallel_one_never_leaves():
    """Job 1 needs machine 0 from 2 on; only looking back finds the gap before it."""
    problem = job_shop([[1, 0], [0]], [[2, 5], [2]])
    assert generate(problem, "LRPT", "serial").start.tolist() == [0, 2, 0]
    assert generate(problem, "LRPT", "parallel").start.tolist() == [0, 2, 0]
    late = job_shop([[1, 0], [0]], [[2, 5], [3]])
    assert generate(late, "LRPT", "serial").start.tolist() == [0, 2, 7]
    assert generate(late, "LRPT", "parallel").start.tolist() == [0, 3, 0]


def test_the_mode_that_ends_first_is_chosen():
    model = Model()
    slow, fast = model.machine("slow"), model.machine("fast")
    task = model.task(name="t")
    task.mode({slow: 1}, duration=9)
    task.mode({fast: 1}, duration=3)
    assert valid(model.problem()).mode.tolist() == [1]


def test_cheapest_modes_are_taken_if_asked_for():
    model = Model()
    slow, fast = model.machine("slow"), model.machine("fast")
    task = model.task(name="t")
    task.mode({slow: 1}, duration=9, cost=1)
    task.mode({fast: 1}, duration=3, cost=5)
    generator = Generator(model.problem(), cheapest_modes=True)
    assert generator.run(RULES["SPT"](generator.facts())).mode.tolist() == [0]


@pytest.mark.parametrize("scheme", SCHEMES)
@pytest.mark.parametrize("rule", ["MWKR", "SPT", "RANDOM"])
def test_no_wait_jobs_are_placed_as_a_whole(scheme, rule):
    rng = np.random.default_rng(3)
    machines = [rng.permutation(5).tolist() for _ in range(8)]
    durations = rng.integers(1, 20, (8, 5)).tolist()
    model = Model()
    pool = [model.machine(f"m{k}") for k in range(5)]
    for row, times in zip(machines, durations, strict=True):
        tasks = [
            model.task(name=f"{k}").mode({pool[k]: 1}, duration=d)
            for k, d in zip(row, times, strict=True)
        ]
        for before, after in itertools.pairwise(tasks):
            model.no_wait(before, after)
    schedule = valid(model.problem(), rule, scheme)
    ends, starts = schedule.end.reshape(8, 5), schedule.start.reshape(8, 5)
    assert np.array_equal(ends[:, :-1], starts[:, 1:])


@pytest.mark.parametrize("scheme", SCHEMES)
def test_a_blocking_job_shop_does_not_deadlock(scheme):
    """Two jobs that swap machines at 2: each waits for the other to let go, so both must move."""
    model = Model()
    a, b = model.machine("a"), model.machine("b")
    for first, second in ((a, b), (b, a)):
        job = model.job()
        one = model.task(job, blocking=True).mode({first: 1}, duration=2)
        two = model.task(job).mode({second: 1}, duration=3)
        one >> two
    schedule = valid(model.problem(), "FIFO", scheme)
    assert schedule.start.tolist() == [0, 2, 0, 2]


@pytest.mark.parametrize("scheme", SCHEMES)
@pytest.mark.parametrize("rule", ["SPT", "LPT", "MWKR", "FIFO"])
def test_permutation_flow_shops_keep_one_order(scheme, rule):
    rng = np.random.default_rng(5)
    problem = flow_shop(rng.integers(1, 30, (12, 4)))
    schedule = valid(problem, rule, scheme)
    orders = np.argsort(schedule.start.reshape(12, 4), axis=0)
    assert (orders == orders[:, :1]).all()


def test_budgets_are_kept_while_fast_modes_last():
    """Ten tasks, a budget for four fast ones: exactly four become fast."""
    modes = [[(9, [1, 1]), (2, [1, 3])] for _ in range(10)]
    problem = project(modes, [2, 18], [[] for _ in modes], renewable=[True, False])
    schedule = valid(problem)
    assert (schedule.mode % 2).sum() == 4


def test_a_consumer_waits_for_its_producer():
    model = Model()
    stock = model.reservoir("stock", level=0, minimum=0, maximum=10)
    model.task(name="use").mode(duration=1, consumes={stock: 4})
    model.task(name="make").mode(duration=6, produces={stock: 4})
    for scheme in SCHEMES:
        assert valid(model.problem(), "SPT", scheme).start.tolist() == [6, 0]


def test_without_a_producer_the_reservoir_is_named_as_the_obstacle():
    model = Model()
    stock = model.reservoir("stock", level=0, minimum=0, maximum=10)
    model.task(name="use").mode(duration=1, consumes={stock: 4})
    with pytest.raises(GenerationError, match="stock, or the room, that task 'use'") as error:
        generate(model.problem())
    assert error.value.obstacle is Obstacle.RESERVOIR
    assert error.value.task == 0


def test_a_window_that_is_already_full_is_named_as_the_obstacle():
    model = Model()
    machine = model.machine("m")
    for name in "ab":
        model.task(name=name, end=(None, 5)).mode({machine: 1}, duration=3)
    with pytest.raises(GenerationError, match="task 'b' finds no room") as error:
        generate(model.problem())
    assert error.value.obstacle is Obstacle.WINDOW


def test_an_interrupted_pass_says_so():
    """Random choices among 20,000 candidates take seconds, so the pass asks whether to go on."""
    problem = single_machine([5] * 20_000)
    generator = Generator(problem)
    priority = RULES["RANDOM"](generator.facts())
    with pytest.raises(GenerationError, match="stopped") as error:
        generator.run(priority, alpha=1.0, interrupted=lambda: True)
    assert error.value.obstacle is Obstacle.INTERRUPTED


def test_an_exception_of_the_question_whether_to_go_on_comes_through():
    def fail():
        raise RuntimeError("no more patience")

    generator = Generator(single_machine([5] * 20_000))
    with pytest.raises(RuntimeError, match="no more patience"):
        generator.run(RULES["RANDOM"](generator.facts()), alpha=1.0, interrupted=fail)


@pytest.mark.parametrize("rule", ["SPT", "ATC", "MDD", "FIFO"])
def test_thousands_of_tasks_may_queue_for_one_machine(rule):
    """Without idle time, whatever the rule, and in the order of keys if these do not change."""
    rng = np.random.default_rng(0)
    durations = rng.integers(1, 100, 3000)
    problem = single_machine(durations, due=rng.integers(1, 9000, 3000))
    schedule = valid(problem, rule, "parallel")
    assert schedule.makespan == durations.sum()
    if rule == "SPT":
        assert (np.diff(durations[np.argsort(schedule.start)]) >= 0).all()


def test_the_same_seed_gives_the_same_random_pass_and_another_seed_another():
    problem = job_shop([[0, 1, 2]] * 6, [[3, 2, 4], [1, 5, 2]] * 3)
    generator = Generator(problem)
    priority = RULES["MWKR"](generator.facts())
    first, again, other = (
        generator.run(priority, alpha=1.0, seed=seed).start.tolist() for seed in (1, 1, 2)
    )
    assert first == again
    assert first != other


def test_a_rule_of_ones_own_has_the_same_standing():
    problem = job_shop([[0], [0]], [[2], [2]])

    def backwards(facts):
        return RULES["RANDOM"](facts).__class__(0, key=-np.arange(2, dtype=np.float64))

    assert generate(problem, backwards).start.tolist() == [2, 0]


def test_unknown_rules_and_schemes_are_refused_with_suggestions():
    problem = job_shop([[0]], [[1]])
    with pytest.raises(UnknownNameError, match="did you mean MWKR"):
        generate(problem, "MWRK")
    with pytest.raises(ConfigError, match="'serial' or 'parallel', got 'upwards'"):
        generate(problem, "SPT", "upwards")


def test_a_problem_without_tasks_has_an_empty_schedule():
    assert generate(Problem()).start.tolist() == []
