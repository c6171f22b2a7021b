"""A quick bound on the makespan where tasks choose among modes: nobody is overloaded.

Leave out who does what when, and keep which mode each task takes, how long chains of tasks are,
and how much work each machine and renewable resource gets. What remains is an assignment problem
that CP-SAT solves within milliseconds, and its bound is often the best one known: the full model
finds it much later, if at all, and adding the loads to that model slows its search down.
"""

from __future__ import annotations

import numpy as np

from headway.model import Measure, Problem, Term
from headway.model.tables import ResourceKind
from headway.solve.cpsat.objectives import Objectives
from headway.solve.cpsat.order import Order
from headway.solve.cpsat.relations import add_mode_dependencies, add_relations, add_selections
from headway.solve.cpsat.resources import Users, add_budgets
from headway.solve.cpsat.search import Effort, minimise
from headway.solve.cpsat.usage import Usage
from headway.solve.cpsat.variables import TaskVariables
from headway.solve.cpsat.windows import Windows, pieces
from headway.solve.cpsat.writer import INFINITE, Sum, Writer
from headway.solve.result import Stop

_SHARE = 0.2
_DETERMINISTIC_S = 0.1
"""Ends the search by effort, not by the clock, so that the same bound comes back every time."""


def minimises_makespan(problem: Problem) -> bool:
    """Return whether the most important level of the objective is the makespan alone."""
    levels = problem.objective.levels
    return bool(levels) and levels[0] == (Term(Measure.MAKESPAN),)


def load_bound(problem: Problem, windows: Windows, time_s: float, stop: Stop, seed: int) -> int:
    """Return a lower bound on the makespan, 0 if there is nothing to gain.

    Parameters
    ----------
    problem
        Minimises the makespan first.
    windows
        Of the tasks.
    time_s
        Seconds left for everything; a small share of them is used.
    stop, seed
        As for every solver.
    """
    if problem.n_modes == problem.n_tasks:
        return 0
    writer = Writer()
    variables = TaskVariables(writer, problem, windows)
    users = Users(problem, variables)
    add_relations(writer, problem, variables)
    add_budgets(writer, problem, users, variables)
    add_selections(writer, problem, variables)
    add_mode_dependencies(writer, problem, variables)
    makespan = Objectives(
        writer,
        problem,
        variables,
        Order(writer, problem, variables, users),
        Usage(writer, problem, variables, users),
    ).levels()[0]
    for resource in np.flatnonzero(problem.resources.kind <= ResourceKind.RENEWABLE).tolist():
        rows = users.modes[resource]
        if not rows:
            continue
        capacity = max(value for _, _, value in pieces(problem, resource, windows.horizon))
        head = 0
        if not problem.tasks.optional[list(rows)].all():
            head = min(int(windows.earliest_start[task]) for task in rows)
        total = Sum(-head * capacity).merge(makespan, capacity)
        for task_rows in rows.values():
            for mode, amount in task_rows:
                work = amount * int(problem.modes.duration[mode])
                total.add_literal(variables.mode[mode], -work)
        writer.linear(total, 0, INFINITE)
    effort = Effort(_SHARE * time_s, seed=seed, deterministic_s=_DETERMINISTIC_S)
    bound = minimise(writer.proto(), makespan, effort, stop=stop).bound
    return 0 if bound is None else bound
