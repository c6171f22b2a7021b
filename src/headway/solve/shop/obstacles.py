"""Problems as the native search of shops sees them, and why some are none."""

from __future__ import annotations

from collections.abc import Iterator

import numpy as np

from headway import _core
from headway.model.objective import Measure
from headway.model.problem import Problem
from headway.model.tables import ABSENT, FOREVER, ints
from headway.solve import columns, obstacles
from headway.solve.shop.costs import TAKEN, costs

_LARGEST_WEIGHT = 2**40
_LARGEST_WEIGHT_OF_LATENESS = 2**14
"""Sums of costs with larger weights do not fit; lateness counts from before all dates."""


def obstacle(problem: Problem) -> str | None:
    """Return why the search of shops does not apply to a problem, or None if it does.

    Examples
    --------
    >>> import headway as hw
    >>> obstacle(hw.instance("mk01"))
    >>> obstacle(hw.project([[(1, [1])]], [1], [[]]))
    "resource 'resource 1' is no machine"
    """
    native = native_shop(problem)
    return native if isinstance(native, str) else None


def native_shop(problem: Problem) -> _core.Shop | str:
    """Return the native shop, or what keeps the problem from being one."""
    reason = next(_obstacles(problem), None)
    if reason is not None:
        return reason
    table = costs(problem)
    columns = table.member_ptr, table.member, table.offset
    try:
        return _core.Shop(
            problem, *columns, table.threshold, table.slope, table.jump, table.constant
        )
    except ValueError as error:
        return str(error).removeprefix("shop: ")


def _obstacles(problem: Problem) -> Iterator[str]:
    """Yield what keeps a problem from being a shop, in words that follow "because"."""
    yield from obstacles.missing_tasks(problem)
    levels = problem.objective.levels
    if len(levels) != 1:
        yield f"the objective, {problem.objective}, has {len(levels)} levels"
        return
    for term in levels[0]:
        if term.measure not in TAKEN:
            yield f"the objective counts {term.measure}"
        weight = term.weight * max(problem.jobs.weight.tolist(), default=1)
        late = term.measure is Measure.MAX_LATENESS
        if weight > _LARGEST_WEIGHT or (late and term.weight > _LARGEST_WEIGHT_OF_LATENESS):
            yield "weights are too large; divide them by a common factor"
    yield from obstacles.latest_times(problem)
    yield from obstacles.blocking(problem)
    yield from obstacles.maximum_lags(problem)
    yield from _relation_obstacles(problem)
    yield from _resource_obstacles(problem)
    yield from obstacles.ties(problem)


def _relation_obstacles(problem: Problem) -> Iterator[str]:
    table = problem.relations
    shortest, longest = columns.extremes(problem)
    least = table.min_lag + np.where(table.from_end, shortest[table.before], 0)
    least -= np.where(table.to_end, longest[table.after], 0)
    bound = (table.min_lag > -FOREVER) & ~table.transfer
    ticks = ints(np.where(bound, least, 0))
    yield from obstacles.early_starts(problem, table.before, table.after, ticks)


def _resource_obstacles(problem: Problem) -> Iterator[str]:
    table, modes = problem.resources, problem.modes
    yield from obstacles.other_resources(problem)
    yield from obstacles.breaks(problem)
    if (table.setup == ABSENT).all():
        return
    used = np.unique(modes.demand_resource)
    mode = np.repeat(np.arange(len(modes)), np.diff(modes.demand_ptr))
    instant = modes.duration[mode] == 0
    for r in used[table.setup[used] != ABSENT].tolist():
        # Of two that start at once, the one named first counts as the first of the two.
        if len(np.unique(modes.task[mode[instant & (modes.demand_resource == r)]])) > 1:
            yield f"machine {table.name[r]!r} has setup times and several tasks of no duration"
