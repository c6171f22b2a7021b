"""New plans: valid, faithful to history, no worse than they must be."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

import headway as hw
from headway.errors import ConfigError, InfeasibleError
from headway.model import Schedule
from headway.model.tables import ABSENT
from headway.simulate.events import (
    DurationChange,
    JobArrival,
    JobCancel,
    MachineDown,
    Work,
    WorkMode,
)
from headway.simulate.reschedule import (
    Answer,
    Effort,
    Stability,
    fast_answers,
    merge,
    nervousness,
    reschedule,
    residual,
)
from headway.simulate.reschedule.draw import random_events
from headway.solve import Budget, cpsat, rules
from tests.problems import random_problem
from tests.simulate.reschedule.shops import bakery, plan


def check(before: Schedule, answer: Answer) -> None:
    """Whatever has started is where it was, nothing new starts in the past, all of it holds."""
    whole = answer.rest.revision
    assert hw.verify(answer.plan.problem, answer.plan).ok
    started = whole.started
    assert np.array_equal(answer.plan.start[started], whole.start[started])
    assert np.array_equal(answer.plan.mode[started], whole.mode[started])
    open_ = ~started & answer.plan.present
    assert (answer.plan.start[open_] >= whole.now).all()
    old = answer.origin[started & (answer.origin >= 0)]
    assert np.array_equal(before.start[old], whole.start[started & (answer.origin >= 0)])


def shop(seed: int) -> Schedule:
    """A small job shop or flexible job shop with some schedule."""
    rng = np.random.default_rng(seed)
    jobs, machines = int(rng.integers(2, 5)), int(rng.integers(2, 4))
    options: dict[str, object] = {}
    if seed % 3 == 0:
        options = {
            "due": rng.integers(5, 40, jobs).tolist(),
            "objective": hw.total_tardiness(),
        }
    if seed % 2:
        rows = [
            [
                [(int(k), int(rng.integers(1, 9))) for k in rng.permutation(machines)[:2]]
                for _ in range(machines)
            ]
            for _ in range(jobs)
        ]
        problem = hw.flexible_job_shop(rows, **options)
    else:
        order = [rng.permutation(machines).tolist() for _ in range(jobs)]
        problem = hw.job_shop(order, rng.integers(1, 9, (jobs, machines)).tolist(), **options)
    return rules.generate(problem, "MWKR", "parallel")


@given(st.integers(0, 10_000), st.integers(1, 4))
@settings(max_examples=40, deadline=None)
def test_fast_plans_of_shops_hold_whatever_happens(seed: int, count: int) -> None:
    before = shop(seed)
    now, events = random_events(before, np.random.default_rng(seed + 1), count)
    answer = reschedule(before, events, now)
    check(before, answer)
    # And so on, from the new plan.
    later = min(now + 3, answer.plan.makespan)
    rng = np.random.default_rng(seed + 2)
    kinds = ("duration", "down", "arrival")
    _, more = random_events(answer.plan, rng, 1, now=later, kinds=kinds, name="newer")
    check(answer.plan, reschedule(answer.plan, more, later))


@given(st.integers(0, 10_000))
@settings(max_examples=20, deadline=None)
def test_all_fast_plans_of_shops_hold_and_the_first_costs_least(seed: int) -> None:
    before = shop(seed)
    now, events = random_events(before, np.random.default_rng(seed + 1), 2)
    rest = residual(before, events, now)
    prices = Stability(0.5, 1.0)
    found = fast_answers(rest, prices)
    costs = [prices.cost(rest, one) for one in found.values()]
    assert costs == sorted(costs)
    for one in found.values():
        assert hw.verify(one.problem, one).ok


@pytest.mark.parametrize("seed", range(20))
def test_fast_plans_of_any_problem_hold(seed: int) -> None:
    problem = random_problem(seed)
    before = cpsat.solve(problem, Budget(time_limit_s=60, workers=1)).schedule
    if before is None:
        return
    for now in (1, 3):
        found = fast_answers(residual(before, (), now))
        if found:
            best = next(iter(found.values()))
            assert hw.verify(problem, best).ok


@pytest.mark.parametrize("seed", range(8))
def test_the_slow_system_finds_the_optimum_of_small_shops(seed: int) -> None:
    before = shop(seed)
    now, events = random_events(before, np.random.default_rng(seed), 2)
    fast = reschedule(before, events, now)
    slow = reschedule(before, events, now, policy="slow", time_limit=20, workers=1)
    check(before, slow)
    assert slow.plan.objective_values <= fast.plan.objective_values
    if slow.rest.problem.n_tasks:
        best = cpsat.solve(slow.rest.problem, Budget(time_limit_s=60, workers=1))
        assert best.schedule is not None
        assert slow.plan.objective_values == slow.rest.lift(best.schedule).objective_values


def test_a_new_job_is_put_where_it_delays_the_end_least() -> None:
    oven = JobArrival(time=5, job="pie", tasks=(Work((WorkMode(6, {"right": 1}),)),), due=60)
    before = plan(bakery())
    found = fast_answers(residual(before, [oven], 5), effort=Effort(moves=0))
    assert found["right-shift"].makespan == 26
    assert found["insertion"].makespan == 24


def test_a_failing_oven_may_hand_its_loaf_over() -> None:
    before = plan(bakery())
    makespans = {}
    for way in ("resume", "restart", "move"):
        down = MachineDown(time=6, machine="left", start=6, end=26, running=way)
        answer = reschedule(before, [down], policy="slow", time_limit=20, workers=1)
        check(before, answer)
        makespans[way] = answer.plan.makespan
    # Resumed: rye bakes until 34. Anew on the left: from 26 to 36. Moved: the right oven does all,
    # 12 for each loaf from 8 on, or two of them there and one on the left after 26.
    assert makespans == {"resume": 34, "restart": 36, "move": 36}


def test_calm_is_bought_at_the_price_of_the_objective() -> None:
    rng = np.random.default_rng(3)
    order = [rng.permutation(4).tolist() for _ in range(6)]
    problem = hw.job_shop(order, rng.integers(1, 20, (6, 4)).tolist())
    result = hw.solve(problem, time_limit=20, workers=1)
    assert result.schedule is not None
    before = result.schedule
    now, events = random_events(before, rng, 1, now=8, kinds=("down",))
    answers = [
        reschedule(before, events, now, policy="slow", time_limit=20, workers=1, stability=price)
        for price in (0, 1000)
    ]
    bold, calm = answers
    assert calm.calm.mean_shift <= bold.calm.mean_shift
    assert bold.plan.makespan <= calm.plan.makespan
    priced = Stability(1000)
    assert priced.cost(calm.rest, calm.plan) <= priced.cost(bold.rest, bold.plan)


def test_nervousness_counts_shifts_and_other_machines() -> None:
    before = plan(bakery())
    rest = residual(before, (), 5)
    other = before.problem.schedule([0, 4, 4, 8, 8, 20], [0, 1, 3, 5, 6, 8])
    calm = nervousness(rest, other)
    assert (calm.tasks, calm.moved, calm.machine_changes) == (3, 1, 1)
    assert calm.mean_shift == pytest.approx(2.0)


def test_dual_answers_at_once_and_better_later() -> None:
    before = shop(4)
    now, events = random_events(before, np.random.default_rng(9), 2, now=3)
    answer = reschedule(before, events, now, policy="dual", time_limit=20, workers=1)
    check(before, answer)
    assert answer.later is not None
    later = answer.later.result(timeout=60)
    check(before, later)
    assert later.plan.objective_values <= answer.plan.objective_values
    merged = merge(answer.plan, later.plan, now + 2)
    assert merged.objective_values <= answer.plan.objective_values
    started = answer.plan.start < now + 2
    assert np.array_equal(merged.start[started], answer.plan.start[started])


def test_a_proposal_that_comes_too_late_changes_nothing() -> None:
    before = plan(bakery())
    other = before.problem.schedule([8, 12, 0, 4, 4, 14], [0, 1, 3, 4, 6, 8])
    assert merge(before, other, 100) == before


def test_proposals_for_other_problems_are_refused() -> None:
    with pytest.raises(ConfigError, match="same problem"):
        merge(plan(bakery()), shop(2), 3)


def test_when_all_is_done_the_plan_stays() -> None:
    before = plan(bakery())
    answer = reschedule(before, now=99)
    assert answer.plan == before
    assert answer.calm.tasks == 0


def test_no_way_on_is_said_with_the_reason() -> None:
    m = hw.Model("rush")
    press = m.machine("press")
    for name in ("red", "blue"):
        job = m.job(name, deadline=12)
        m.task(job, "punch").mode({press: 1}, duration=4)
    before = m.problem().schedule([0, 4])
    down = MachineDown(time=1, machine="press", start=5, end=10, running="resume")
    with pytest.raises(InfeasibleError):
        reschedule(before, [down])


@pytest.mark.parametrize(
    "options",
    [{"policy": "fastest"}, {"stability": -1.0}, {"time_limit": -1}, {"time_limit": float("nan")}],
)
def test_options_that_cannot_be_are_refused(options: dict[str, object]) -> None:
    with pytest.raises(ConfigError):
        reschedule(plan(bakery()), **options)  # type: ignore[arg-type]


def test_several_events_meet_in_order_of_time() -> None:
    before = plan(bakery())
    events = [
        JobCancel(time=6, job="rolls"),
        DurationChange(time=5, task="rolls/bake", duration=30),
    ]
    answer = reschedule(before, events)
    # Cake is mixed from 6 on, when the mixer is free, and baked on the right.
    assert answer.plan.makespan == 22
    # One new task: the mixing that was given up.
    assert answer.origin.tolist() == [0, 1, 4, 5, ABSENT]
