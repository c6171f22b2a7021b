"""Plans made anew by passes over the tasks, in the old order or by a rule."""

from __future__ import annotations

import numpy as np

from headway.model import Problem, Schedule
from headway.model.tables import ABSENT, Bools, Ints, ints
from headway.simulate.reschedule.basis import Basis
from headway.simulate.reschedule.tables import Tables
from headway.solve.rules.generation import GenerationError, Generator
from headway.solve.rules.priorities import Formula, Priority


def other_plans(basis: Basis) -> dict[str, Schedule | None]:
    """Return plans generated from the old order."""
    chosen = np.zeros(basis.problem.n_modes, dtype=np.bool_)
    left_out = basis.mode < 0
    chosen[basis.mode[~left_out]] = True
    chosen[basis.new[basis.problem.modes.task]] = True
    plans = {"right-shift": _with_modes(basis, chosen, left_out, basis.start)}
    tail = basis.tail
    latest = int((basis.start + tail)[~left_out].max(initial=0)) if len(tail) else 0
    urgent = np.where(basis.new, latest - tail, basis.start)
    plans["insertion"] = _with_modes(basis, chosen, left_out, ints(urgent))
    plans["repair"] = generated(basis.problem, ints(urgent))
    return plans


def _with_modes(basis: Basis, chosen: Bools, left_out: Bools, start: Ints) -> Schedule | None:
    """Return a schedule by starts, with some modes alone; optional tasks stay out."""
    tables = Tables.of(basis.problem)
    tasks, modes = tables.keep(~left_out, chosen)
    plan = generated(tables.problem(), ints(start[tasks]))
    if plan is None:
        return None
    n = basis.problem.n_tasks
    columns = [np.full(n, ABSENT, dtype=np.int64) for _ in range(3)]
    columns[0][tasks], columns[1][tasks] = plan.start, plan.end
    columns[2][tasks] = np.append(modes, ABSENT)[plan.mode]
    return Schedule(basis.problem, *(ints(column) for column in columns))


def redispatch(basis: Basis) -> Schedule | None:
    """Return the schedule without delay in which the longest tail goes first."""
    return generated(basis.problem, ints(-basis.tail), parallel=True)


def generated(problem: Problem, key: Ints, *, parallel: bool = False) -> Schedule | None:
    """Return the schedule that keys, the smallest first, lead to; None if they lead nowhere.

    Parameters
    ----------
    problem
        What is scheduled.
    key
        Shape (n_tasks,).
    parallel
        Whether time moves forward only; see `headway.solve.rules.generation.Generator.run`.
    """
    try:
        generator = Generator(problem)
        priority = Priority(Formula.STATIC, key.astype(np.float64))
        return generator.run(priority, "parallel" if parallel else "serial")
    except GenerationError:
        return None
