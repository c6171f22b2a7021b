"""The check of a schedule against every rule of its problem."""

from __future__ import annotations

from headway.model.problem import Problem
from headway.model.schedule import Schedule
from headway.model.verify.basics import duration, presence, windows
from headway.model.verify.breaks import breaks
from headway.model.verify.capacities import budgets, capacities, reservoirs
from headway.model.verify.choices import mode_dependencies, resources_of_pairs, selections
from headway.model.verify.claims import Claims
from headway.model.verify.machines import orders, overlaps, setups
from headway.model.verify.relations import relations
from headway.model.violation import Report


def verify(problem: Problem, schedule: Schedule) -> Report:
    """Return every violation of a schedule.

    The check is written from the definitions of the constraints and shares nothing with any
    solver. It accepts any schedule, however wrong. What follows from a broken basis is not
    reported a second time: a task whose mode is not its own is checked only for what its times
    alone decide, and a task that ends before it starts is taken to be over at once.

    Parameters
    ----------
    problem
        The problem whose rules count.
    schedule
        A schedule of this problem, or of one with the same number of tasks.

    Returns
    -------
    Report
        Immutable sequence of `Violation`; ``report.ok`` tells whether it is empty.

    Raises
    ------
    ValueError
        If the schedule has another number of tasks than the problem.

    Examples
    --------
    >>> from headway.model import job_shop, verify
    >>> problem = job_shop(machines=[[0], [0]], durations=[[3], [2]])
    >>> print(verify(problem, problem.schedule([0, 1])))
    1 violation: 1 overlap
      overlap: 'job 1/0' starts on 'machine 0' at 1, but 'job 0/0' occupies it until 3
    """
    if schedule.problem is not problem:
        schedule = Schedule(problem, schedule.start, schedule.end, schedule.mode)
    claims = Claims.of(schedule)
    return Report(
        finding
        for check in (
            presence(claims, schedule),
            windows(claims),
            duration(claims),
            breaks(claims),
            overlaps(claims),
            setups(claims),
            orders(claims),
            capacities(claims),
            budgets(claims),
            reservoirs(claims),
            relations(claims),
            resources_of_pairs(claims),
            selections(claims),
            mode_dependencies(claims),
        )
        for finding in check
    )
