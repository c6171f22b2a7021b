"""Lower bounds on the value of hybrid flow shops: the work of each stage, shared out."""

from __future__ import annotations

import numpy as np

from headway.model.objective import Measure
from headway.model.problem import Problem
from headway.solve.bounds import lower_bounds
from headway.solve.hybrid.recognise import operations, stages


def hybrid_bound(problem: Problem) -> int:
    """Return a lower bound on the value of a hybrid flow shop, a problem with no `obstacle`.

    The larger of `headway.solve.bounds.lower_bounds` and, for the makespan, of the least times at
    which the machines of a stage can begin, all its work, and the least times behind it, divided
    by the number of machines.

    References
    ----------
    Santos, Hunsucker, Deal (1995), "Global lower bounds for flow shops with multiple processors".

    Examples
    --------
    >>> import headway as hw
    >>> hybrid_bound(hw.hybrid_flow_shop([[4, 2], [4, 2], [4, 2], [4, 2]], machines=[2, 1]))
    12
    """
    general = lower_bounds(problem)
    bound = 0 if general is None else general[0]
    ((term,),) = problem.objective.levels
    if term.measure is not Measure.MAKESPAN:
        return bound
    tasks = operations(problem)
    shortest = np.minimum.reduceat(problem.modes.duration, problem.tasks.mode_ptr[:-1])
    work = shortest[tasks]
    until = np.cumsum(work, axis=1)
    before, behind = until - work, until[:, -1:] - until
    counts = np.bincount(stages(problem, tasks)[1])
    for stage, machines in enumerate(counts.tolist()):
        used = min(machines, len(tasks))
        # No machine begins before its first job can be there, or has less to wait for at the end.
        total = int(work[:, stage].sum())
        total += int(np.sort(before[:, stage])[:used].sum())
        total += int(np.sort(behind[:, stage])[:used].sum())
        bound = max(bound, -(-total // used))
    return bound
