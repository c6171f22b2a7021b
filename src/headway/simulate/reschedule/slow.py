"""The best plan that can be found in seconds: what is left, solved from a fast answer."""

from __future__ import annotations

from dataclasses import replace
from fractions import Fraction
from math import gcd

import numpy as np

from headway.model import Measure, Objective, Problem, Schedule, verify
from headway.model.arrays import entries, set_ids
from headway.model.objective import Term
from headway.model.tables import (
    ABSENT,
    FOREVER,
    Ints,
    Jobs,
    RelationKind,
    Relations,
    Resources,
    bools,
    ints,
)
from headway.simulate.reschedule.calm import calmed
from headway.simulate.reschedule.measure import Stability, unmoved
from headway.simulate.reschedule.residual import Residual
from headway.simulate.reschedule.tables import NewMode, NewTask, Tables
from headway.solve import Result, solve

_FINEST_PRICE = 1000
"""Prices are rounded to fractions with denominators up to this."""

_LARGEST_WEIGHT = 2**31 - 1
_WITHOUT_PRICES = 0.4
"""Share of the time for the objective alone, for which there are faster searches."""


def slow_answer(
    rest: Residual,
    start: Schedule | None,
    *,
    time_limit: float = 1.0,
    workers: int | None = None,
    seed: int = 0,
    stability: Stability | None = None,
) -> tuple[Schedule | None, Result]:
    """Return the best plan of the revised problem that searches and CP-SAT find together.

    Parameters
    ----------
    rest
        What is left to be done.
    start
        A plan of the revised problem to begin with, such as a fast answer.
    time_limit
        Seconds.
    workers, seed
        As for `headway.solve.solve`.
    stability
        What calm is worth.

    Returns
    -------
    plan
        The one that costs least, `start` included; None if there is none. Verified.
    result
        What the solver said of the rest.

    Notes
    -----
    If calm has a price and the makespan is minimised, the prices become part of the problem: every
    planned task gets a companion of no duration that starts with it, whose earliness and tardiness
    against the planned start are paid for, and other machines cost. Before that, the makespan alone
    has a share of the time, as there are faster searches for it. For other objectives the solver
    looks at the objective alone, and the prices decide between what it finds and `start`. Tasks
    with slack are moved towards their planned starts.
    """
    stability = stability or Stability()
    plans = [] if start is None else [start]

    def found(problem: Problem, share: float) -> Result:
        """Solve the rest, with or without prices, from the best plan so far; keep what comes."""
        best = _best(rest, plans, stability)
        warm = None if best is None else rest.lower(best)
        if warm is not None and problem is not rest.problem:
            warm = _with_companions(rest, problem, warm)
        result = solve(
            problem,
            time_limit=share * time_limit,
            workers=workers,
            seed=seed,
            warm_start=warm,
        )
        if result.schedule is not None:
            low = _without_companions(rest, result.schedule)
            plans.extend((rest.lift(low), rest.lift(calmed(rest, low))))
        return result

    if stability.counts and rest.problem.objective.is_only(Measure.MAKESPAN):
        found(rest.problem, _WITHOUT_PRICES)
        result = found(_with_prices(rest, stability), 1 - _WITHOUT_PRICES)
    else:
        result = found(rest.problem, 1)
    return _best(rest, plans, stability), result


def _best(rest: Residual, plans: list[Schedule], stability: Stability) -> Schedule | None:
    """Return the plan that costs least of those that hold."""
    ranked = sorted(plans, key=lambda plan: stability.cost(rest, plan))
    return next((plan for plan in ranked if verify(plan.problem, plan).ok), None)


def _with_prices(rest: Residual, stability: Stability) -> Problem:
    """Return the rest with prices on shifts and on other machines as part of its objective."""
    tables = Tables.of(rest.problem)
    planned = unmoved(rest)
    rows = np.flatnonzero(planned >= 0)
    n, jobs = len(rows), tables.jobs
    tables.jobs = Jobs(
        name=(*jobs.name, *(f"start of task {k}" for k in rows.tolist())),
        release=ints(np.append(jobs.release, np.zeros(n, dtype=np.int64))),
        # Dates of jobs have no meaning where the makespan is minimised.
        due=ints(np.concatenate((np.full(len(jobs), FOREVER), planned[rows]))),
        deadline=ints(np.append(jobs.deadline, np.full(n, FOREVER))),
        weight=ints(np.append(jobs.weight, np.ones(n, dtype=np.int64))),
    )
    nothing = (NewMode(0, 0, ()),)
    companions = tables.add_tasks([NewTask("", len(jobs) + k, nothing) for k in range(n)])
    rel = tables.relations
    tables.relations = Relations(
        kind=ints(np.append(rel.kind, np.full(n, RelationKind.START_START))),
        before=ints(np.append(rel.before, rows)),
        after=ints(np.append(rel.after, companions)),
        min_lag=ints(np.append(rel.min_lag, np.zeros(n, dtype=np.int64))),
        max_lag=ints(np.append(rel.max_lag, np.zeros(n, dtype=np.int64))),
        transfer=bools(np.append(rel.transfer, np.zeros(n, dtype=np.bool_))),
    )
    free: Resources = replace(tables.resources, cost=ints(np.zeros(len(tables.resources))))
    tables.resources = free
    tables.modes = replace(tables.modes, cost=_elsewhere(rest, tables))
    tables.objective = _priced(max(n, 1), stability)
    return tables.problem()


def _elsewhere(rest: Residual, tables: Tables) -> Ints:
    """Return 1 for each mode that uses other resources than its task was planned to."""
    _, planned = rest.planned
    modes = tables.modes
    row, index = entries(modes.demand_ptr, np.arange(len(modes)))
    used = set_ids(ints(row), modes.demand_resource[index], len(modes))
    wanted = np.append(planned, np.full(len(tables.tasks) - len(planned), ABSENT))[modes.task]
    return ints((wanted >= 0) & (used != used[wanted]))


def _priced(n: int, stability: Stability) -> Objective:
    """Return makespan + shift · mean shift + machine · changes, in whole numbers."""
    shift = Fraction(stability.shift).limit_denominator(_FINEST_PRICE)
    machine = Fraction(stability.machine).limit_denominator(_FINEST_PRICE)
    scale = shift.denominator * machine.denominator
    weights = [n * scale, int(shift * scale), int(machine * scale) * n]
    common = gcd(*weights)
    weights = [min(weight // common, _LARGEST_WEIGHT) for weight in weights]
    terms = [Term(Measure.MAKESPAN, weights[0])]
    if weights[1]:
        terms += [Term(Measure.TARDINESS, weights[1]), Term(Measure.EARLINESS, weights[1])]
    if weights[2]:
        terms.append(Term(Measure.COST, weights[2]))
    return Objective((tuple(terms),))


def _with_companions(rest: Residual, problem: Problem, low: Schedule) -> Schedule:
    rows = np.flatnonzero(unmoved(rest) >= 0)
    first = rest.problem.n_modes
    return Schedule(
        problem,
        ints(np.append(low.start, low.start[rows])),
        ints(np.append(low.end, low.start[rows])),
        ints(np.append(low.mode, first + np.arange(len(rows)))),
    )


def _without_companions(rest: Residual, schedule: Schedule) -> Schedule:
    n = rest.problem.n_tasks
    columns = (ints(column[:n]) for column in (schedule.start, schedule.end, schedule.mode))
    return Schedule(rest.problem, *columns)
