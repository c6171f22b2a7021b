"""Order, profile, critical path and slack, by hand and by trying every move."""

from __future__ import annotations

import itertools
import random

import numpy as np
import pytest

from headway.model import analysis
from headway.model.build import Model
from headway.model.evaluate import free_times, uses
from headway.model.families import job_shop, project
from headway.model.schedule import Schedule
from headway.model.tables import ResourceKind
from headway.model.verify import verify
from tests.problems import LIMIT, random_problem
from tests.twins.brute import Brute


def small_shop():
    """Two jobs on two machines.

    Machine 0: job 0 in [0, 3), job 1 in [5, 6). Machine 1: job 1 in [0, 5), job 0 in [5, 7).
    Only job 1's second operation has time to spare, one tick; job 0's first has two.
    """
    problem = job_shop([[0, 1], [1, 0]], [[3, 2], [5, 1]])
    return problem.schedule([0, 5, 0, 5])


def test_the_critical_path_is_the_chain_that_ends_last():
    assert small_shop().critical_path == (2, 1)


def test_slack_is_the_room_before_the_makespan_moves():
    assert small_shop().slack.tolist() == [2, 0, 0, 1]


def test_the_sequence_of_a_resource_is_by_start():
    schedule = small_shop()
    assert [schedule.sequence(r).tolist() for r in (0, 1)] == [[0, 3], [2, 1]]


def test_a_task_without_length_comes_before_one_that_starts_with_it():
    problem = job_shop([[0], [0]], [[3], [0]])
    assert problem.schedule([2, 2]).sequence(0).tolist() == [1, 0]


def test_profiles_show_usage_holding_and_levels():
    model = Model("profile")
    crew = model.renewable("crew", capacity=9)
    tank = model.reservoir("tank", level=1)
    money = model.budget("money", capacity=9)
    lift = model.task().mode({crew: 2, money: 3}, 2, produces={tank: 4})
    model.task().mode({crew: 3}, 2, consumes={tank: 2})
    model.blocking(lift, model.task().mode({money: 1}, 0))
    schedule = model.problem().schedule([1, 4, 6])
    steps = [[column.tolist() for column in schedule.profile(r.index)] for r in (crew, tank, money)]
    assert steps == [
        [[0, 1, 4, 6], [0, 2, 5, 0]],
        [[0, 3, 4], [1, 5, 3]],
        [[0, 1, 6], [0, 3, 4]],
    ]


def test_units_that_are_passed_on_hold_tasks_in_place():
    """Crew of 2: a [0, 4) with 1, b [0, 2) with 1, c [2, 5) with 1, d [5, 6) with 2.

    c waits for b's unit, d for those of a and c; a may last one tick longer.
    """
    problem = project([[(4, (1,))], [(2, (1,))], [(3, (1,))], [(1, (2,))]], (2,), [[], [], [], []])
    schedule = problem.schedule([0, 0, 2, 5])
    assert schedule.critical_path == (1, 2, 3)
    assert schedule.slack.tolist() == [1, 0, 0, 0]


def test_a_drop_of_capacity_holds_tasks_in_place():
    """Two units until 6, then one: b must be done by 6, although the makespan is 9."""
    model = Model("drop")
    crew = model.renewable(capacity=2, steps=[(6, 1)])
    model.task().mode({crew: 1}, 9)
    model.task().mode({crew: 1}, 3)
    schedule = model.problem().schedule([0, 1])
    assert schedule.slack.tolist() == [0, 2]


def test_whoever_ends_a_hold_must_do_so_before_capacity_drops():
    """The unit is held until the first task starts at 2; from 5 on there is none."""
    model = Model("drop")
    crew = model.renewable(capacity=1, steps=[(5, 0)])
    release = model.task().mode({}, 1)
    model.blocking(model.task().mode({crew: 1}, 1), release)
    model.task().mode({}, 9)
    assert model.problem().schedule([2, 0, 0]).slack.tolist() == [3, 4, 0]


def test_who_takes_over_units_may_be_pushed_along():
    """One unit: the second task has it in [0, 2), the first in [4, 6); the makespan is 9."""
    problem = project([[(2, (1,))], [(2, (1,))], [(9, (0,))]], (1,), [[], [], []])
    assert problem.schedule([4, 0, 0]).slack.tolist() == [3, 5, 0]


def test_setups_lie_on_the_critical_path():
    model = Model("setup")
    saw = model.machine("saw")
    model.setup_times(saw, {("a", "b"): 3})
    model.task(family="a").mode({saw: 1}, 2)
    model.task(family="b").mode({saw: 1}, 2)
    schedule = model.problem().schedule([0, 5])
    assert schedule.critical_path == (0, 1)
    assert schedule.slack.tolist() == [0, 0]


def test_blocking_lies_on_the_critical_path():
    """The saw is blocked by a until b starts at 5 on the drill, which c uses until then."""
    model = Model("blocking")
    saw, drill = model.machine("saw"), model.machine("drill")
    c = model.task(name="c").mode({drill: 1}, 5)
    a = model.task(name="a").mode({saw: 1}, 2)
    b = model.task(name="b").mode({drill: 1}, 1)
    d = model.task(name="d").mode({saw: 1}, 4)
    model.blocking(a, b)
    schedule = model.problem().schedule([0, 0, 5, 5])
    assert schedule.critical_path == (c.index, b.index, d.index)
    assert schedule.slack[[a.index, b.index, c.index, d.index]].tolist() == [3, 0, 0, 0]


def test_maximum_lags_pull_tasks_along():
    """b starts at most 2 after a ends; a may only move as far as b lets it, and b drags a."""
    model = Model("lag")
    a, b = model.task().mode({}, 2), model.task().mode({}, 3)
    c = model.task().mode({}, 9)
    model.end_before_start(a, b, 0, max_lag=2)
    schedule = model.problem().schedule([0, 4, 0])
    assert schedule.slack.tolist() == [4, 2, 0]
    assert schedule.critical_path == (c.index,)


def test_windows_and_deadlines_limit_the_slack():
    model = Model("limits")
    model.task(start=(None, 3)).mode({}, 1)
    model.task(end=(None, 6)).mode({}, 1)
    model.task(model.job(deadline=5)).mode({}, 1)
    model.task().mode({}, 20)
    assert model.problem().schedule([0, 0, 0, 0]).slack.tolist() == [3, 5, 4, 0]


def test_a_reservoir_passes_stock_and_room_on():
    """b needs what a gives at 3; c has only room when b has drawn at 4."""
    model = Model("tank")
    tank = model.reservoir(maximum=2)
    model.task(name="a").mode({}, 3, produces={tank: 2})
    model.task(name="b").mode({}, 2, consumes={tank: 2})
    model.task(name="c").mode({}, 6, produces={tank: 2})
    schedule = model.problem().schedule([0, 4, 1])
    assert verify(schedule.problem, schedule).ok
    assert schedule.slack.tolist() == [1 + 1, 1 + 0 + 0, 0]


def test_tasks_left_out_have_no_slack_and_lie_on_no_path():
    model = Model("optional")
    saw = model.machine()
    for _ in range(2):
        model.task(optional=True).mode({saw: 1}, 3)
    problem = model.problem()
    schedule = problem.schedule([-1, 4], mode=[-1, 1])
    assert schedule.slack.tolist() == [-1, 0]
    assert schedule.critical_path == (1,)
    nothing = problem.schedule([-1, -1], mode=[-1, -1])
    assert nothing.slack.tolist() == [-1, -1]
    assert nothing.critical_path == ()


def random_shop(seed, n_jobs, n_machines):
    """A job shop with a schedule in which no operation can start earlier in its place."""
    rng = np.random.default_rng(seed)
    machines = rng.permuted(np.tile(np.arange(n_machines), (n_jobs, 1)), axis=1)
    durations = rng.integers(1, 20, machines.shape)
    free, ready = np.zeros(n_machines, dtype=np.int64), np.zeros(n_jobs, dtype=np.int64)
    start = np.zeros_like(durations)
    turns = rng.permuted(np.repeat(np.arange(n_jobs), n_machines)).tolist()
    done = [0] * n_jobs
    for j in turns:
        k = done[j]
        done[j] += 1
        machine = machines[j, k]
        start[j, k] = max(free[machine], ready[j])
        free[machine] = ready[j] = start[j, k] + durations[j, k]
    return job_shop(machines, durations).schedule(start.ravel())


@pytest.mark.parametrize("seed", range(10))
def test_in_a_job_shop_slack_is_makespan_less_head_and_tail(seed):
    """Tails by the recursion over job and machine successors, without any graph."""
    schedule = random_shop(seed, 8, 5)
    problem = schedule.problem
    tail = np.zeros(problem.n_tasks, dtype=np.int64)
    machine_of = uses(schedule)[1]
    orders = [schedule.sequence(m).tolist() for m in range(problem.n_resources)]
    for i in np.argsort(-schedule.end, kind="stable").tolist():
        order = orders[machine_of[i]]
        after = order[order.index(i) + 1 : order.index(i) + 2]
        if (i + 1) % 5:
            after.append(i + 1)
        lengths = schedule.end - schedule.start
        tail[i] = max((lengths[j] + tail[j] for j in after), default=0)
    wanted = schedule.makespan - tail - schedule.end
    assert schedule.slack.tolist() == wanted.tolist()
    path = schedule.critical_path
    assert not schedule.slack[list(path)].any()
    assert schedule.start[path[0]] == 0
    assert schedule.end[path[-1]] == schedule.makespan
    assert all(schedule.end[i] == schedule.start[j] for i, j in itertools.pairwise(path))


@pytest.mark.parametrize("seed", range(130))
def test_a_task_can_move_by_its_slack_and_pull_the_rest_along(seed):
    """Moving one task by its slack, and others as far as the arcs demand, stays valid.

    Among problems without breaks, because slack does not look at them.
    """
    features = ("machine", "renewable", "capacity step", "setup time", "blocking", "maximum lag")
    extra = ("reservoir taken", "reservoir filled", "latest start", "latest end", "horizon")
    problem = random_problem(seed, features=(*features, *extra, "transfer", "zero duration"))
    rng = random.Random(seed)
    steps = itertools.count()
    answer = next(Brute(problem, LIMIT, rng).schedules(lambda *_: next(steps) > 2000), None)
    if answer is None:
        return
    schedule = Schedule(problem, *map(np.array, answer[1:]))
    arcs = analysis.arcs_of(schedule)
    assert (schedule.start[arcs.after] - schedule.start[arcs.before] >= arcs.lag).all()
    for task in np.flatnonzero(schedule.present).tolist():
        moved = schedule.start.copy()
        moved[task] += schedule.slack[task]
        for _ in range(problem.n_tasks + 1):
            np.maximum.at(moved, arcs.after, moved[arcs.before] + arcs.lag)
        assert moved[task] == schedule.start[task] + schedule.slack[task]
        end = moved + schedule.end - schedule.start
        later = Schedule(problem, moved, end, schedule.mode)
        report = verify(problem, later)
        assert report.ok, str(report)
        assert later.makespan <= schedule.makespan


@pytest.mark.parametrize("seed", range(40))
def test_every_link_of_a_critical_path_is_tight(seed):
    problem = random_problem(seed)
    steps = itertools.count()
    search = Brute(problem, LIMIT, random.Random(seed)).schedules(lambda *_: next(steps) > 2000)
    answer = next(search, None)
    if answer is None:
        return
    schedule = Schedule(problem, *map(np.array, answer[1:]))
    path = schedule.critical_path
    assert bool(path) == bool(schedule.present.any())
    assert len(set(path)) == len(path)
    arcs = analysis.arcs_of(schedule)
    links = set(zip(arcs.before.tolist(), arcs.after.tolist(), arcs.lag.tolist(), strict=True))
    for i, j in itertools.pairwise(path):
        assert (i, j, schedule.start[j] - schedule.start[i]) in links
    if path:
        assert schedule.end[path[-1]] == schedule.makespan


def test_profiles_agree_with_a_count_at_every_tick():
    for seed in range(40):
        problem = random_problem(seed, features=("renewable", "blocking", "machine"))
        rng = random.Random(seed)
        start = [rng.randint(0, 9) for _ in range(problem.n_tasks)]
        schedule = problem.schedule(start)
        task, resource, amount = uses(schedule)
        free = free_times(schedule)
        for r in np.flatnonzero(problem.resources.kind <= ResourceKind.RENEWABLE).tolist():
            time, value = schedule.profile(r)
            for tick in range(40):
                here = (resource == r) & (schedule.start[task] <= tick) & (tick < free[task])
                at = int(np.searchsorted(time, tick, side="right")) - 1
                assert value[at] == amount[here].sum()


def test_a_hundred_thousand_operations_have_a_critical_path():
    schedule = random_shop(0, 1000, 100)
    path = schedule.critical_path
    assert schedule.start[path[0]] == 0
    assert all(schedule.end[i] == schedule.start[j] for i, j in itertools.pairwise(path))
    assert not schedule.slack[list(path)].any()
