"""What modes exclude, and how budgets are met before any time is set."""

from __future__ import annotations

import numpy as np

from headway.model import Model, project
from headway.solve.rules.modes import affordable_modes, find_conflicts


def everyone(problem):
    return np.ones(problem.n_tasks, dtype=np.bool_)


def three_machines():
    model = Model()
    return model, [model.machine(f"m{k}") for k in range(3)]


def test_identical_resources_leave_only_common_machines_open():
    model, (a, b, c) = three_machines()
    first, second = model.task(name="first"), model.task(name="second")
    for task, machines in ((first, (a, b)), (second, (b, c))):
        for machine in machines:
            task.mode({machine: 1}, duration=1)
    model.identical_resources(first, second)
    problem = model.problem()
    assert find_conflicts(problem, everyone(problem)).open.tolist() == [False, True, True, False]


def test_different_resources_exclude_the_shared_machine_both_ways():
    model, (a, b, _) = three_machines()
    tasks = [model.task(name=name) for name in "xy"]
    for task in tasks:
        for machine in (a, b):
            task.mode({machine: 1}, duration=1)
    model.different_resources(*tasks)
    problem = model.problem()
    conflicts = find_conflicts(problem, everyone(problem))
    assert conflicts.open.all()
    assert conflicts.ptr.tolist() == [0, 1, 2, 3, 4]
    assert conflicts.mode.tolist() == [2, 3, 0, 1]


def test_dependencies_close_modes_along_a_chain():
    """The last task has one mode only; what does not lead to it is closed, step by step."""
    model, machines = three_machines()
    tasks = [model.task(name=f"t{k}") for k in range(3)]
    for task, count in zip(tasks, (2, 2, 1), strict=True):
        for machine in machines[:count]:
            task.mode({machine: 1}, duration=1)
    one, two, _ = (model.modes_of(task) for task in tasks)
    model.identical_resources(tasks[1], tasks[2])
    model.mode_dependency(one[0], [two[1]])
    problem = model.problem()
    is_open = find_conflicts(problem, everyone(problem)).open
    assert is_open.tolist() == [False, True, True, False, True]


def test_absent_tasks_exclude_nothing():
    model, (a, b, _) = three_machines()
    first = model.task(name="x").mode({a: 1}, duration=1)
    second = model.task(name="y", optional=True).mode({b: 1}, duration=1)
    model.identical_resources(first, second)
    problem = model.problem()
    conflicts = find_conflicts(problem, np.array([True, False]))
    assert conflicts.open.all()
    assert not len(conflicts.mode)


def test_budgets_are_met_even_if_the_smallest_shares_overdraw_one():
    """Two budgets: each task's mode with the smaller share draws on the first one only."""
    modes = [[(1, [1, 3, 0]), (1, [1, 0, 4])] for _ in range(4)]
    problem = project(modes, [4, 6, 8], [[]] * 4, renewable=[True, False, False])
    chosen = affordable_modes(problem, everyone(problem), np.ones(8, dtype=np.bool_))
    assert chosen is not None
    assert (chosen % 2).sum() == 2


def test_hopeless_budgets_are_given_up():
    modes = [[(1, [1, 3]), (2, [1, 2])] for _ in range(4)]
    problem = project(modes, [4, 7], [[]] * 4, renewable=[True, False])
    assert affordable_modes(problem, everyone(problem), np.ones(8, dtype=np.bool_)) is None
