"""Tasks with slack moved back towards where they were planned."""

from __future__ import annotations

import numpy as np

from headway.model import Schedule
from headway.model.arcs import arcs_of
from headway.simulate.reschedule.measure import unmoved
from headway.simulate.reschedule.residual import Residual


def calmed(rest: Residual, low: Schedule) -> Schedule:
    """Return a schedule of the rest with tasks moved right, as far as they have slack, to the plan.

    Orders and the makespan stay. Breaks are not looked at: the result may be invalid.
    """
    arcs, planned = arcs_of(low), unmoved(rest)
    following: list[list[tuple[int, int]]] = [[] for _ in range(rest.problem.n_tasks)]
    for before, after, lag in zip(
        arcs.before.tolist(), arcs.after.tolist(), arcs.lag.tolist(), strict=True
    ):
        following[before].append((after, lag))
    start, latest = low.start.tolist(), (low.start + arcs.room).tolist()
    for task in np.argsort(-low.start, kind="stable").tolist():
        limit = min([latest[task], *(start[after] - lag for after, lag in following[task])])
        start[task] = max(start[task], min(int(planned[task]), limit))
    return Schedule.of(rest.problem, start, low.mode)
