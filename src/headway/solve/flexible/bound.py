"""Lower bounds on the makespan of flexible job shops: the work shared out over the machines."""

from __future__ import annotations

import numpy as np

from headway.model.problem import Problem
from headway.model.tables import ABSENT, Bools, Ints, ints
from headway.solve.bounds import makespan_bound
from headway.solve.precedence import Precedence

_MOST_MODES = 20_000
"""The largest problem whose machines are weighed by a linear programme."""

_SCALE = 2**20
"""Weights of machines are whole numbers up to this, so that bounds are exact."""

_THRESHOLDS = 3
"""Heads, and as many tails, that are tried as the beginning and the end of shared work."""


def flexible_bound(problem: Problem) -> int:
    r"""Return a lower bound on the makespan of a flexible job shop, a problem with no `obstacle`.

    The larger of `headway.solve.bounds.makespan_bound` and of the time that the machines need for
    the work if every task may be split between all machines that can do it. A machine has no work
    before the least head of its tasks, and none in the least tail behind them; this is looked at
    for all tasks, and for those with large heads or tails alone.

    Notes
    -----
    With a weight :math:`y_k \ge 0` for each machine, tasks in modes of duration :math:`p_{ik}`,
    and the least head and tail :math:`r_k, q_k` on each machine, no schedule is shorter than

    .. math:: \frac{\sum_i \min_k y_k p_{ik} + \sum_k y_k (r_k + q_k)}{\sum_k y_k}

    The best weights are the dual solution of the linear programme that shares the work out; they
    are rounded to whole numbers, and the bound is computed without rounding.

    Examples
    --------
    >>> import headway as hw
    >>> flexible_bound(hw.instance("mk08"))
    523
    """
    bound = makespan_bound(problem)
    precedence = Precedence(problem, np.ones(problem.n_tasks, dtype=np.bool_))
    head, tail = precedence.head, precedence.tail
    if head is None or tail is None:
        return bound
    work = _Work(problem, head, ints(tail - precedence.shortest))
    heads, tails = (_thresholds(column) for column in (work.head, work.tail))
    for r in heads:
        for q in tails:
            bound = max(bound, work.bound((work.head >= r) & (work.tail >= q)))
    return bound


def _thresholds(values: Ints) -> list[int]:
    """Return some of the values, the smallest first."""
    distinct = np.unique(values)
    return [int(value) for value in distinct[:_THRESHOLDS]]


class _Work:
    """The tasks that need a machine in every mode, as (task, machine, duration) triples."""

    def __init__(self, problem: Problem, head: Ints, tail: Ints) -> None:
        modes, first = problem.modes, problem.tasks.mode_ptr[:-1]
        needs = np.diff(modes.demand_ptr) > 0
        always = np.logical_and.reduceat(needs, first)
        here = always[modes.task]
        machine = np.full(len(modes), ABSENT)
        machine[needs] = modes.demand_resource
        self.task = ints((np.cumsum(always) - 1)[modes.task[here]])
        self.machine = ints(machine[here])
        self.duration = ints(modes.duration[here])
        self.head, self.tail = ints(head[always]), ints(tail[always])

    def bound(self, chosen: Bools) -> int:
        """Return a lower bound on the makespan from some of the tasks."""
        if not chosen.any():
            return 0
        rows = chosen[self.task]
        tasks, task = np.unique(self.task[rows], return_inverse=True)
        machines, machine = np.unique(self.machine[rows], return_inverse=True)
        duration = self.duration[rows]
        first, last = (np.full(len(machines), np.iinfo(np.int64).max) for _ in range(2))
        np.minimum.at(first, machine, self.head[tasks][task])
        np.minimum.at(last, machine, self.tail[tasks][task])
        closed = ints(first + last)
        weight = _weights(task, machine, duration, closed)
        load = np.minimum.reduceat(
            weight[machine] * duration, np.flatnonzero(np.diff(task, prepend=-1))
        )
        total: int = sum(load.tolist()) + sum((weight * closed).tolist())
        return -(-total // int(weight.sum()))


def _weights(task: Ints, machine: Ints, duration: Ints, closed: Ints) -> Ints:
    """Return how much each machine counts, from the linear programme if it is not too large."""
    n_machines = len(closed)
    if len(task) > _MOST_MODES:
        return ints(np.ones(n_machines))
    from ortools.linear_solver import pywraplp

    solver = pywraplp.Solver.CreateSolver("GLOP")
    # The dual: the largest sum of prices of tasks, none above its cost on any machine.
    infinity = solver.infinity()
    weight = [solver.NumVar(0.0, infinity, "") for _ in range(n_machines)]
    price = [solver.NumVar(0.0, infinity, "") for _ in range(int(task[-1]) + 1)]
    objective = solver.Objective()
    objective.SetMaximization()
    total = solver.Constraint(1.0, 1.0)
    for k in range(n_machines):
        total.SetCoefficient(weight[k], 1.0)
        objective.SetCoefficient(weight[k], float(closed[k]))
    for variable in price:
        objective.SetCoefficient(variable, 1.0)
    for i, k, p in zip(task.tolist(), machine.tolist(), duration.tolist(), strict=True):
        row = solver.Constraint(-infinity, 0.0)
        row.SetCoefficient(price[i], 1.0)
        row.SetCoefficient(weight[k], -float(p))
    if solver.Solve() != pywraplp.Solver.OPTIMAL:
        return ints(np.ones(n_machines))
    values = np.array([w.solution_value() for w in weight])
    return ints(np.maximum(np.rint(values * _SCALE), 0))
