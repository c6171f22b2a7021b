"""The solver ``rules``: best of all passes, honest status, limits kept."""

from __future__ import annotations

import math
import time

import numpy as np
import pytest

from headway.model import Model, job_shop, resource_cost, single_machine, total_tardiness, verify
from headway.solve.result import Budget, Status, Stop
from headway.solve.rules import RULES, generate, passes, rules_for, solve


def run(problem, *, seconds=math.inf, warm_start=None, stop=None, **options):
    events = []
    result = solve(
        problem,
        Budget(time_limit_s=seconds),
        warm_start=warm_start,
        seed=0,
        on_progress=events.append,
        stop=stop or Stop(),
        **options,
    )
    assert [event.objective for event in events] == [e.objective for e in result.trajectory]
    return result


def shop(n, m, seed=0):
    rng = np.random.default_rng(seed)
    return job_shop([rng.permutation(m) for _ in range(n)], rng.integers(1, 100, (n, m)))


def test_the_result_is_the_best_pass_of_all():
    problem = shop(10, 5)
    values = [
        generate(problem, rule, scheme).makespan
        for rule in rules_for(problem)
        for scheme in ("serial", "parallel")
    ]
    result = run(problem)
    assert result.objective == (min(values),)
    assert result.status is Status.FEASIBLE
    assert result.bound <= result.objective
    improvements = [progress.objective for progress in result.trajectory]
    assert improvements == sorted(improvements, reverse=True)
    assert result.reason == f"best of {len(values)} passes"


def test_meeting_a_bound_proves_optimality_and_stops():
    result = run(single_machine([3, 4, 5]))
    assert result.status is Status.OPTIMAL
    assert result.objective == result.bound == (12,)


def test_a_problem_that_no_pass_can_schedule_is_unknown_with_the_reason():
    model = Model()
    stock = model.reservoir("stock", level=0, minimum=0, maximum=5)
    model.task(name="use").mode(duration=1, consumes={stock: 1})
    result = run(model.problem())
    assert result.status is Status.UNKNOWN
    assert result.schedule is None
    assert "stock" in result.reason


def test_random_passes_rescue_what_every_rule_fails(monkeypatch):
    """Longest first blocks the machine until after the other's deadline, whatever the scheme."""
    problem = single_machine([9, 2], deadline=[100, 5])
    monkeypatch.setattr(passes, "rules_for", lambda _: ["LPT"])
    result = run(problem)
    assert result.schedule is not None
    assert verify(problem, result.schedule).ok
    assert result.schedule.start.tolist() == [2, 0]
    assert result.trajectory[0].method.startswith("random ")


def test_sampling_goes_on_until_it_is_stopped_and_never_gets_worse():
    problem = shop(20, 10)
    plain = run(problem)
    began = time.perf_counter()
    sampled = run(problem, seconds=0.5, sample=True)
    assert sampled.objective <= plain.objective
    assert time.perf_counter() - began < 5
    assert int(sampled.reason.split()[2]) > int(plain.reason.split()[2])


def test_a_stop_before_the_first_pass_leaves_the_warm_start():
    problem = shop(4, 3)
    known = generate(problem, "RANDOM")
    stop = Stop()
    stop.set()
    result = run(problem, warm_start=known, stop=stop)
    assert result.schedule == known


def test_due_dates_bring_their_rules_to_the_front():
    plain = single_machine([1, 2])
    dated = single_machine([1, 2], due=[1, 2], objective=total_tardiness())
    assert rules_for(dated)[0] == "ATC"
    assert set(rules_for(dated)) == set(RULES)
    assert "ATC" not in rules_for(plain)


def test_cost_objectives_make_passes_with_the_cheapest_modes():
    model = Model()
    slow, fast = model.machine("slow"), model.machine("fast")
    for _ in range(3):
        task = model.task()
        task.mode({slow: 1}, duration=9, cost=1)
        task.mode({fast: 1}, duration=3, cost=5)
    model.minimise(resource_cost())
    result = run(model.problem())
    assert result.objective == (3,)
    assert result.status is Status.OPTIMAL


@pytest.mark.parametrize("seed", range(3))
def test_the_same_seed_gives_the_same_answer_twice(seed):
    problem = shop(8, 4, seed)
    first, again = run(problem), run(problem)
    assert first.schedule == again.schedule
    assert first.method == again.method == "rules"
