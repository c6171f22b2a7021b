"""Lower bounds on what one machine costs, without search."""

from __future__ import annotations

from headway import _core
from headway.model.problem import Problem
from headway.model.tables import FOREVER, ints
from headway.solve.bounds import lower_bounds
from headway.solve.single.exact import easy_order
from headway.solve.single.line import OneMachine

_NODES = 1000
"""Branches of Carlier's search for the largest lateness; most machines need a handful."""


def single_machine_bound(problem: Problem) -> int:
    """Return a lower bound on the value of a problem with no `obstacle`.

    The optimum where a rule finds it, and for the largest lateness or tardiness with releases;
    else what each job costs if it runs as early as it can.

    Examples
    --------
    >>> import headway as hw
    >>> jobs = {"due": [9, 3, 5], "release": [0, 2, 4], "objective": hw.max_lateness()}
    >>> single_machine_bound(hw.single_machine([5, 3, 1], **jobs))
    2
    """
    line = OneMachine(problem)
    easy = easy_order(line)
    if easy is not None:
        return line.native.value(easy) + line.constant
    bounds = lower_bounds(problem)
    bound = 0 if bounds is None else bounds[0]
    weight = line.max_lateness + line.max_tardiness
    alone = not (line.makespan or line.total_setup or line.per_tick.any() or line.per_late.any())
    if weight and alone and not line.if_late.any():
        late = _largest_lateness(line)
        bound = max(bound, line.max_lateness * late + line.max_tardiness * max(0, late))
    return bound


def _largest_lateness(line: OneMachine) -> int:
    """Return the least possible largest lateness if setups took no time, or a bound on it."""
    dated = line.due < FOREVER
    due = line.due[dated]
    latest = int(due.max())
    head, work, tail = map(ints, (line.release[dated], line.work[dated], latest - due))
    return _core.one_machine_optimum(head, work, tail, _NODES) - latest
