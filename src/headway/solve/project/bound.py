"""Lower bounds on the makespan of projects: energetic reasoning on each resource."""

from __future__ import annotations

import numpy as np

from headway import _core
from headway.model.problem import Problem
from headway.model.tables import Ints, ints
from headway.solve.bounds import makespan_bound
from headway.solve.precedence import Precedence
from headway.solve.project.network import capacity_steps

_EFFORT = 30_000_000
"""Steps per resource and makespan tried: a tenth of a second."""


def project_bound(problem: Problem) -> int:
    """Return a lower bound on the makespan of a project, a problem with no `obstacle`.

    The larger of `headway.solve.bounds.makespan_bound` and, over all machines and renewable
    resources, the smallest makespan for which no interval of time has more work to do than the
    resource can.

    Notes
    -----
    Suppose that all is to end by some makespan. Relations then give each task an earliest start
    and a latest end. Between two instants it works at least as long as what is left of it after
    the first if it starts as early as it can, and as what is done of it by the second if it ends
    as late as it can, whichever is less. If the work of all tasks, times the units they need,
    exceeds the capacity between the two instants, the makespan is refuted. Of a task with several
    modes, the shortest duration counts and the fewest units.

    References
    ----------
    Baptiste, Le Pape, Nuijten (1999), "Satisfiability tests and time-bound adjustments for
    cumulative scheduling problems".

    Examples
    --------
    >>> import headway as hw
    >>> from headway.solve.bounds import makespan_bound
    >>> problem = hw.instance("j30_1_1")
    >>> makespan_bound(problem), project_bound(problem), hw.instances("j30_1_1")[0].upper
    (38, 43, 43)
    """
    bound = makespan_bound(problem)
    precedence = Precedence(problem, np.ones(problem.n_tasks, dtype=np.bool_))
    head, tail, work = precedence.head, precedence.tail, precedence.shortest
    if head is None or tail is None:
        return bound
    mode, used, amount = problem.occupied
    shared = np.unique(used)
    ptr, time, capacity = capacity_steps(problem, shared)
    for k, r in enumerate(shared.tolist()):
        least = _least_amount(problem, mode[used == r], amount[used == r])
        users = np.flatnonzero(least * work)
        steps = slice(ptr[k], ptr[k + 1])
        bound = _core.energetic_bound(
            ints(head[users]),
            ints(work[users]),
            ints((tail - work)[users]),
            ints(least[users]),
            time[steps],
            capacity[steps],
            bound,
            _EFFORT,
        )
    return bound


def _least_amount(problem: Problem, mode: Ints, amount: Ints) -> Ints:
    """Return the fewest units that each task needs of a resource in any of its modes."""
    needed = np.zeros(problem.n_modes, dtype=np.int64)
    needed[mode] = amount
    least: Ints = np.minimum.reduceat(needed, problem.tasks.mode_ptr[:-1])
    return least
