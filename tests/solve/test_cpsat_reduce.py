"""Merging equal modes and interchangeable machines changes a problem's size, not its answer."""

import numpy as np
import pytest

from headway.model import Model, Problem, ResourceKind, flexible_job_shop, peak_usage, verify
from headway.solve import cpsat
from headway.solve.cpsat.encoding import Encoding
from headway.solve.cpsat.reduce import Reduction
from headway.solve.cpsat.search import Effort, minimise, value_of
from headway.solve.result import Budget, Status


def hybrid_flow_shop(seed: int) -> Problem:
    """Return jobs that pass two stages of two and three equal machines."""
    rng = np.random.default_rng(seed)
    stages = ((0, 1), (2, 3, 4))
    return flexible_job_shop(
        [
            [[(machine, int(rng.integers(1, 9))) for machine in stage[:1]] for stage in stages]
            for _ in range(6)
        ]
    )


def with_twins(problem: Problem) -> Problem:
    """Give every task of a shop on machines 0 and 2 the same modes on their twins."""
    rows = []
    for job in range(problem.n_jobs):
        row = []
        for task in problem.tasks_of(job).tolist():
            mode = int(problem.tasks.mode_ptr[task])
            duration = int(problem.modes.duration[mode])
            machine = int(problem.modes.demand_resource[mode])
            row.append([(m, duration) for m in ((0, 1) if machine == 0 else (2, 3, 4))])
        rows.append(row)
    return flexible_job_shop(rows)


@pytest.mark.parametrize("seed", range(4))
def test_pools_become_one_resource_and_tasks_get_machines_back(seed):
    problem = with_twins(hybrid_flow_shop(seed))
    reduction = Reduction(problem)
    assert reduction.problem.n_modes == problem.n_tasks
    kinds = reduction.problem.resources.kind.tolist()
    assert kinds.count(ResourceKind.RENEWABLE) == 2
    result = cpsat.solve(problem, Budget(30.0))
    assert result.status is Status.OPTIMAL
    assert verify(problem, result.schedule).ok
    plain = Encoding(problem)
    found = minimise(plain.proto(), plain.levels[0], Effort(30.0))
    assert result.objective == (value_of(plain.levels[0], found.values),)
    lowered = reduction.lower(result.schedule)
    assert verify(reduction.problem, lowered).ok
    assert verify(problem, reduction.lift(lowered)).ok


def test_a_problem_without_choices_stays_as_it_is():
    problem = hybrid_flow_shop(0)
    assert Reduction(problem).problem is problem


def test_equal_modes_are_merged_unless_a_dependency_names_them():
    m = Model()
    saw = m.machine()
    a = m.task().mode({saw: 1}, 2).mode({saw: 1}, 2).mode({saw: 1}, 3)
    b = m.task().mode({saw: 1}, 2).mode({saw: 1}, 2)
    m.mode_dependency(m.modes_of(a)[2], [m.modes_of(b)[1]])
    reduction = Reduction(m.problem())
    # Of a, modes 0 and 2 are left; of b, both, because one of them is named.
    assert np.diff(reduction.problem.tasks.mode_ptr).tolist() == [2, 2]
    assert reduction.problem.modes.duration[reduction.problem.mode_dependencies.mode[0]] == 3
    assert cpsat.solve(m.problem(), Budget(30.0)).objective == (4,)


def twins(**options):
    """Return two machines that differ in `options` and three tasks that may take either."""
    m = Model()
    machines = [m.machine("x"), m.machine("y", **options)]
    tasks = []
    for duration in (2, 3, 4):
        tasks.append(m.task())
        for machine in machines:
            tasks[-1].mode({machine: 1}, duration)
    return m, machines, tasks


def is_merged(model: Model) -> bool:
    problem = model.problem()
    return Reduction(problem).problem is not problem


def test_machines_are_kept_apart_by_anything_that_tells_them_apart():
    assert is_merged(twins()[0])
    assert not is_merged(twins(breaks=[(1, 2)])[0])
    assert not is_merged(twins(cost=1)[0])
    m, machines, tasks = twins()
    m.different_resources(tasks[0], tasks[1])
    assert not is_merged(m)
    m, machines, tasks = twins()
    m.transfer_time(machines[0], machines[1], 3)
    assert not is_merged(m)
    m, machines, tasks = twins()
    m.task().mode({machines[1]: 1}, 1)
    assert not is_merged(m)
    m, machines, tasks = twins()
    tasks[0].mode({machines[0]: 1}, 0).mode({machines[1]: 1}, 0)
    assert not is_merged(m)
    m, machines, tasks = twins()
    m.renewable("crew", capacity=1)
    m.minimise(peak_usage())
    assert not is_merged(m)


def test_blocking_and_breaks_are_kept_in_pools():
    m = Model()
    machines = [m.machine(name, breaks=[(3, 5)]) for name in "xyz"]
    last = m.machine("last")
    for duration in (2, 3, 4, 4, 1):
        first = m.task(interruptible=duration == 4)
        for machine in machines:
            first.mode({machine: 1}, duration)
        then = m.task().mode({last: 1}, 3)
        first >> then
        m.blocking(first, then)
    problem = m.problem()
    assert Reduction(problem).problem is not problem
    result = cpsat.solve(problem, Budget(30.0))
    assert result.status is Status.OPTIMAL
    assert verify(problem, result.schedule).ok
    plain = Encoding(problem)
    found = minimise(plain.proto(), plain.levels[0], Effort(30.0))
    assert result.objective == (value_of(plain.levels[0], found.values),)
