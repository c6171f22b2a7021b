"""Every constraint in the exact model, one small problem each, the answer by hand."""

from itertools import permutations
from pathlib import Path

import numpy as np
import pytest

import headway as hw
from headway.errors import UnsupportedError
from headway.model import (
    Model,
    Objective,
    Problem,
    flow_shop,
    job_shop,
    levelling,
    makespan,
    project,
    total_completion,
    total_earliness,
    verify,
)
from headway.solve import cpsat
from headway.solve.result import Budget, Result, Status


def solved(model: Model | Problem, *, workers: int = 1) -> Result:
    """Return the proven, verified answer."""
    problem = model.problem() if isinstance(model, Model) else model
    result = cpsat.solve(problem, Budget(30.0, workers))
    assert result.status is Status.OPTIMAL
    assert result.schedule is not None
    report = verify(problem, result.schedule)
    assert report.ok, list(report)
    assert result.bound == result.objective
    return result


def impossible(model: Model) -> Result:
    result = cpsat.solve(model.problem(), Budget(30.0))
    assert result.status is Status.INFEASIBLE
    assert result.conflict
    return result


def test_a_machine_does_one_task_at_a_time():
    m = Model()
    saw = m.machine()
    for duration in (3, 4, 5):
        m.task().mode({saw: 1}, duration)
    assert solved(m).objective == (12,)


def test_a_task_without_length_cannot_lie_inside_another_on_its_machine():
    m = Model()
    saw = m.machine()
    m.task(start=0).mode({saw: 1}, 5)
    stamp = m.task(start=(1, None)).mode({saw: 1}, 0)
    after = m.task().mode({}, 1)
    stamp >> after
    assert solved(m).objective == (6,)


def test_a_task_without_length_uses_no_renewable_resource():
    m = Model()
    crew = m.renewable(capacity=1)
    m.task(start=0).mode({crew: 1}, 5)
    m.task(start=2).mode({crew: 1}, 0)
    assert solved(m).objective == (5,)


def test_capacity_follows_its_steps():
    """Two units from 4 on: the second pair of tasks runs together, the first in turn."""
    m = Model()
    crew = m.renewable(capacity=1, steps=[(4, 2)])
    for _ in range(4):
        m.task().mode({crew: 1}, 3)
    # One task fits before 4, and at most one more starts in 3 or 4; then two at a time.
    assert solved(m).objective == (9,)


def test_work_that_may_not_pause_goes_around_breaks():
    m = Model()
    saw = m.machine(breaks=[(4, 6)])
    m.task().mode({saw: 1}, 3)
    m.task().mode({saw: 1}, 3)
    assert solved(m).objective == (9,)


def test_work_that_may_pause_goes_on_after_breaks():
    m = Model()
    saw = m.machine(breaks=[(4, 6), (7, 8)])
    m.task(interruptible=True).mode({saw: 1}, 6)
    # 4 before the first break, 1 between the two, 1 after the second.
    assert solved(m).objective == (9,)


def test_paused_work_keeps_its_machine():
    m = Model()
    saw, lathe = m.machine(breaks=[(2, 10)]), m.machine()
    m.task(interruptible=True, start=0).mode({saw: 1, lathe: 1}, 3)
    m.task(start=(1, None)).mode({lathe: 1}, 1)
    assert solved(m).objective == (12,)


def test_a_mode_with_less_pausing_is_chosen():
    m = Model()
    day = m.machine(breaks=[(2, 8)])
    night = m.machine(breaks=[(0, 1)])
    task = m.task(interruptible=True).mode({day: 1}, 4).mode({night: 1}, 5)
    result = solved(m)
    assert result.objective == (6,)
    assert result.schedule.mode[task.index] == 1


def test_blocking_keeps_the_machine_until_the_next_task_starts():
    m = Model()
    first, second = m.machine(), m.machine()
    busy = m.task(start=0).mode({second: 1}, 10)
    a, b = m.task().mode({first: 1}, 2), m.task().mode({second: 1}, 1)
    a >> b
    m.blocking(a, b)
    c = m.task().mode({first: 1}, 3)
    result = solved(m)
    # If a comes first, c waits until b starts at 10; so c comes first.
    assert result.objective == (11,)
    assert result.schedule.start[c.index] == 0
    assert result.schedule.start[busy.index] == 0


def test_two_blocking_tasks_may_swap_machines():
    m = Model()
    x, y = m.machine(), m.machine()
    a, b = m.task().mode({x: 1}, 2), m.task().mode({y: 1}, 2)
    c, d = m.task().mode({y: 1}, 2), m.task().mode({x: 1}, 2)
    a >> c
    b >> d
    m.blocking(a, c)
    m.blocking(b, d)
    assert solved(m).objective == (4,)


def test_setups_apply_between_consecutive_tasks_only():
    """A detour over b (length 1, no setups) is shorter than the setup of 9 from a to c."""
    m = Model()
    saw = m.machine()
    for name in "abc":
        m.task(name=name, family=name).mode({saw: 1}, 1)
    m.setup_times(saw, {("a", "c"): 9, ("c", "a"): 9, (None, "b"): 9})
    result = solved(m)
    assert result.objective == (3,)
    assert result.schedule.start[1] == 1


def test_setups_are_kept_where_pairs_are_enough():
    m = Model()
    saw = m.machine()
    for k in range(4):
        m.task(family=k % 2).mode({saw: 1}, 2)
    m.setup_times(saw, {(0, 1): 3, (1, 0): 1, (None, 0): 2, (None, 1): 1})
    # 1 first: 1 + 4 + 1 + 4 = 10; 0 first: 2 + 4 + 3 + 4 = 13.
    assert solved(m).objective == (10,)


def test_relations_of_all_kinds_and_their_lags():
    m = Model()
    a, b, c = m.task().mode({}, 4), m.task().mode({}, 2), m.task().mode({}, 1)
    m.start_before_end(a, b, 7, max_lag=8)  # b ends 7 to 8 after a starts
    m.end_before_end(b, c, -1)  # c ends at least b's end - 1
    m.start_at_start(b, c, 2)  # c starts exactly 2 after b does
    result = solved(m)
    assert result.objective == (8,)
    assert result.schedule.start.tolist() == [0, 5, 7]


def test_maximum_lags_bind():
    m = Model()
    saw = m.machine()
    a, b = m.task().mode({saw: 1}, 2), m.task().mode({saw: 1}, 2)
    m.end_before_start(a, b, max_lag=1)
    m.task(start=(0, 1)).mode({saw: 1}, 3)
    # The third task cannot come in between, so it comes first.
    assert solved(m).objective == (7,)


def test_transfer_times_depend_on_the_machines_chosen():
    m = Model()
    here, there = m.machine(), m.machine()
    a = m.task().mode({here: 1}, 2)
    b = m.task().mode({here: 1}, 4).mode({there: 1}, 1)
    m.end_before_start(a, b, transfer=True)
    m.transfer_time(here, there, 5)
    result = solved(m)
    assert result.objective == (6,)
    assert result.schedule.mode[b.index] == 1


def test_optional_tasks_are_left_out_if_they_cost():
    m = Model()
    saw = m.machine()
    m.task().mode({saw: 1}, 3)
    extra = m.task(optional=True).mode({saw: 1}, 3)
    result = solved(m)
    assert result.objective == (3,)
    assert result.schedule.start[extra.index] == -1


@pytest.mark.parametrize(
    ("kind", "present"), [("exactly_one", 1), ("at_least_one", 1), ("all_or_none", 3)]
)
def test_selections_count_the_tasks_that_are_present(kind, present):
    m = Model()
    saw = m.machine()
    tasks = [m.task(optional=True).mode({saw: 1}, 2) for _ in range(3)]
    trigger = m.task().mode({}, 1)
    getattr(m, kind)(tasks, condition=trigger)
    m.at_least_one(tasks)
    result = solved(m)
    assert np.count_nonzero(result.schedule.mode[:3] >= 0) == present


def test_a_selection_rests_while_its_condition_is_absent():
    m = Model()
    gate, task = (m.task(optional=True).mode({}, 1) for _ in range(2))
    m.exactly_one([task], condition=gate)
    assert solved(m).objective == (0,)


def test_identical_and_different_resources():
    m = Model()
    x, y = m.machine(), m.machine()

    def either():
        return m.task().mode({x: 1}, 2).mode({y: 1}, 3)

    a, b, c = either(), either(), either()
    m.identical_resources(a, b)
    m.different_resources(a, c)
    # a and b on x one after the other, c on y.
    result = solved(m)
    assert result.objective == (4,)
    assert result.schedule.mode.tolist() == [0, 2, 5]


def test_consecutive_tasks_have_nothing_in_between():
    m = Model()
    saw = m.machine()
    a, b = m.task(start=0).mode({saw: 1}, 1), m.task(start=(4, None)).mode({saw: 1}, 1)
    m.task().mode({saw: 1}, 2)
    m.consecutive(a, b)
    assert solved(m).objective == (7,)


def test_consecutive_tasks_with_setups():
    m = Model()
    saw = m.machine()
    a, b, _ = (m.task(name=n, family=n).mode({saw: 1}, 1) for n in "abc")
    m.setup_times(saw, {("a", "b"): 5, ("b", "a"): 5})
    m.consecutive(a, b)
    # a, b, c with the setup of 5 between a and b, although a, c, b would take 3.
    assert solved(m).objective == (8,)


def test_a_permutation_flow_shop_keeps_one_order():
    """Every order of the jobs is tried; where jobs may overtake, nothing gets worse."""
    durations = [[1, 4, 4, 1], [4, 1, 1, 4], [1, 4, 4, 1], [4, 1, 1, 4]]

    def length(order):
        done = [0] * 4
        for job in order:
            at = 0
            for machine, duration in enumerate(durations[job]):
                at = done[machine] = max(at, done[machine]) + duration
        return done[-1]

    one_order = solved(flow_shop(durations)).objective
    assert one_order == (min(map(length, permutations(range(4)))),)
    assert solved(flow_shop(durations, permutation=False)).objective <= one_order


def test_mode_dependencies_limit_other_tasks():
    m = Model()
    a = m.task().mode({}, 1).mode({}, 5)
    b = m.task().mode({}, 1).mode({}, 9)
    m.mode_dependency(m.modes_of(a)[0], [m.modes_of(b)[1]])
    assert solved(m).objective == (5,)


def test_a_budget_limits_the_modes_chosen():
    m = Model()
    gold = m.budget(capacity=3)
    for _ in range(2):
        m.task().mode({gold: 2}, 1).mode({gold: 1}, 4)
    assert solved(m).objective == (4,)


def test_a_reservoir_must_be_filled_first():
    m = Model()
    tank = m.reservoir(level=1, minimum=0, maximum=2)
    fill = m.task().mode({}, 4, produces={tank: 1})
    drain = m.task().mode({}, 1, consumes={tank: 2})
    result = solved(m)
    assert result.objective == (5,)
    assert result.schedule.start[drain.index] == result.schedule.end[fill.index] == 4


def test_changes_of_a_reservoir_at_one_instant_are_netted():
    m = Model(horizon=5)
    tank = m.reservoir(level=2, minimum=0, maximum=2)
    fill = m.task(end=3).mode({}, 1, produces={tank: 2})
    m.task(start=3).mode({}, 1, consumes={tank: 2})
    assert solved(m).schedule.end[fill.index] == 3


def test_a_reservoir_is_not_touched_in_its_breaks():
    m = Model()
    tank = m.reservoir(level=5, minimum=0, maximum=9, breaks=[(0, 3), (4, 7)])
    m.task(start=(0, None)).mode({}, 2, consumes={tank: 1})
    m.task(start=(2, None)).mode({}, 1, produces={tank: 1})
    # The first starts at 3 and ends at 5; the second may end at 3.
    assert solved(m).objective == (5,)


def test_windows_and_jobs_dates_are_kept():
    m = Model()
    saw = m.machine()
    late = m.job(release=4)
    urgent = m.job(deadline=5)
    m.task(late).mode({saw: 1}, 2)
    m.task(urgent, end=(3, None)).mode({saw: 1}, 2)
    m.task(start=(0, 0)).mode({saw: 1}, 1)
    assert solved(m).objective == (6,)


def test_due_dates_far_beyond_all_work_lie_within_the_horizon():
    m = Model()
    job = m.job(due=1000)
    m.task(job).mode({}, 1)
    m.minimise(total_earliness())
    assert solved(m).objective == (0,)


def test_a_problem_without_an_objective_or_without_tasks():
    m = Model()
    m.task().mode({}, 3)
    m.minimise(Objective())
    result = solved(m)
    assert result.objective == ()
    assert solved(Model()).objective == (0,)


def test_ft06_is_proven():
    machines = "2 0 1 3 5 4|1 2 4 5 0 3|2 3 5 0 1 4|1 0 2 3 4 5|2 1 4 5 0 3|1 3 5 0 4 2"
    durations = "1 3 6 7 3 6|8 5 10 10 10 4|5 4 8 9 1 7|5 5 5 3 8 9|9 3 5 4 3 1|3 3 9 10 4 1"

    def rows(text):
        return [[int(word) for word in row.split()] for row in text.split("|")]

    assert solved(job_shop(rows(machines), rows(durations))).objective == (55,)


def test_a_project_is_proven():
    """A small project with two resources; the critical chain is 0-2-3 with task 1 in its way."""
    modes = [[(3, [2, 0])], [(4, [1, 1])], [(2, [2, 1])], [(5, [1, 2])]]
    result = solved(project(modes, [2, 2], [[2], [3], [3], []]))
    # Tasks 0 and 2 fill the first resource, so does 1 beside 3: 3 + 2 + 4 + 5.
    assert result.objective == (14,)


def test_a_project_of_the_library_is_proven():
    """Instance 1_3 of PSPLIB's j30 set; its optimum is published."""
    path = Path(__file__).parent.parent / "data" / "j30_1_3.rcp"
    assert solved(hw.read(path)).objective == (47,)


def test_the_same_seed_gives_the_same_schedule_twice():
    rng = np.random.default_rng(5)
    machines = [rng.permutation(5).tolist() for _ in range(6)]
    problem = job_shop(machines, rng.integers(1, 30, (6, 5)).tolist())
    first, second = (cpsat.solve(problem, Budget(60.0), seed=3) for _ in range(2))
    assert first.status is Status.OPTIMAL
    assert first.schedule == second.schedule
    assert [p.objective for p in first.trajectory] == [p.objective for p in second.trajectory]


def test_numbers_too_large_for_cpsat_are_refused():
    m = Model()
    jobs = [m.job(weight=2**30) for _ in range(40)]
    for job in jobs:
        m.task(job).mode({}, 2**40)
    m.minimise(total_completion(weighted=True))
    with pytest.raises(UnsupportedError, match="longer ticks"):
        cpsat.solve(m.problem(), Budget(5.0))


@pytest.mark.parametrize(
    ("objective", "modes"), [(levelling(), 1), (levelling(), 2), (makespan(), 2)]
)
def test_numbers_that_no_model_can_hold_are_refused(objective, modes):
    """Squared usage in the objective, work in the bound by loads: neither fits into 64 bits."""
    m = Model()
    m.minimise(objective)
    crew = m.renewable("crew", capacity=2**31 - 1)
    task = m.task()
    for k in range(modes):
        task.mode({crew: 2**31 - 1}, 2**43 + k)
    with pytest.raises(UnsupportedError, match="longer ticks"):
        cpsat.solve(m.problem(), Budget(5.0))


def test_the_model_can_be_looked_at():
    m = Model()
    m.task().mode({}, 3)
    model = cpsat.build(m.problem())
    assert len(model.variables) >= 2


def test_contradictions_are_not_solved():
    m = Model()
    a, b = m.task().mode({}, 3), m.task().mode({}, 3)
    a >> b
    b >> a
    impossible(m)
