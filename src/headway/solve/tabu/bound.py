"""Lower bounds on the makespan of job shops: each machine on its own, exactly."""

from __future__ import annotations

import numpy as np

from headway import _core
from headway.model.problem import Problem
from headway.model.tables import ints
from headway.solve.bounds import makespan_bound
from headway.solve.precedence import Precedence

_NODES = 1000
"""Branches of Carlier's search per machine; most machines need a handful."""

_WORK = 2_000_000
"""Branches times tasks, so that a machine with thousands of tasks takes no longer."""


def job_shop_bound(problem: Problem) -> int:
    """Return a lower bound on the makespan of a job shop, a problem with no `obstacle`.

    The larger of `headway.solve.bounds.makespan_bound` and, over all machines, the least makespan
    if the other machines could do any number of tasks at once, or if all of its work could be done
    piece by piece between its breaks.

    References
    ----------
    Carlier (1982), "The one-machine sequencing problem".

    Examples
    --------
    >>> import headway as hw
    >>> job_shop_bound(hw.instance("ft10"))
    808
    """
    bound = makespan_bound(problem)
    precedence = Precedence(problem, np.ones(problem.n_tasks, dtype=np.bool_))
    if precedence.head is None or precedence.tail is None:
        return bound
    task = np.flatnonzero(np.diff(problem.modes.demand_ptr))
    machine, duration = problem.modes.demand_resource, problem.modes.duration
    for m in np.unique(machine).tolist():
        here = task[machine == m]
        head, work, tail = precedence.head[here], duration[here], precedence.tail[here]
        nodes = min(_NODES, _WORK // len(here))
        bound = max(bound, _core.one_machine_optimum(head, work, ints(tail - work), nodes))
        done = _done(problem, m, int(head.min()), int(work.sum()))
        bound = max(bound, done + int((tail - work).min()))
    return bound


def _done(problem: Problem, machine: int, start: int, work: int) -> int:
    """Return when a machine that begins at `start` can have done some work between its breaks."""
    table = problem.resources
    rows = slice(table.break_ptr[machine], table.break_ptr[machine + 1])
    for off, on in zip(
        table.break_start[rows].tolist(), table.break_end[rows].tolist(), strict=True
    ):
        if on <= start:
            continue
        if start + work <= off:
            break
        work -= max(off - start, 0)
        start = on
    return start + work
