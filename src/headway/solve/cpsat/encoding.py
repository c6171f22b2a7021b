"""A problem as a CP-SAT model, and the way back from its answers."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING

import numpy as np

from headway.model import Problem, Schedule
from headway.model.tables import ABSENT, FOREVER
from headway.solve.cpsat.objectives import Objectives
from headway.solve.cpsat.order import Order
from headway.solve.cpsat.reduce import Reduction
from headway.solve.cpsat.relations import (
    add_mode_dependencies,
    add_pairs,
    add_relations,
    add_selections,
)
from headway.solve.cpsat.resources import (
    Users,
    add_budgets,
    add_machines,
    add_renewables,
    add_reservoirs,
)
from headway.solve.cpsat.usage import Usage
from headway.solve.cpsat.variables import TaskVariables
from headway.solve.cpsat.windows import Windows, windows
from headway.solve.cpsat.writer import (
    FALSE,
    INFINITE,
    TRUE,
    Affine,
    Sum,
    Writer,
    require_fitting,
)

if TYPE_CHECKING:
    from ortools.sat.python.cp_model_helper import CpModelProto


class Encoding:
    """A problem written as a CP-SAT model.

    Parameters
    ----------
    problem
        What is to be scheduled.
    latest
        No schedule that ends later is wanted.
    least_makespan
        A lower bound on the makespan, used where that is minimised.

    Attributes
    ----------
    windows
        The windows the model allows.
    variables
        The variables of tasks.
    order
        The literals that order tasks on machines.
    apart
        What keeps tasks on machines apart.
    levels
        The objective, one sum per level.
    least
        What each level is worth at least, known without a search.
    """

    def __init__(self, problem: Problem, *, latest: int = FOREVER, least_makespan: int = 0) -> None:
        self.problem = problem
        self.windows: Windows = windows(problem, latest)
        writer = Writer()
        self._writer = writer
        variables = TaskVariables(writer, problem, self.windows)
        self.variables = variables
        users = Users(problem, variables)
        order = Order(writer, problem, variables, users)
        self.order = order
        order.add_setups()
        add_relations(writer, problem, variables)
        order.add_consecutive()
        order.add_sequences()
        add_machines(writer, problem, variables, users, order.covered)
        self.apart = users.apart
        add_renewables(writer, problem, variables, users)
        add_budgets(writer, problem, users, variables)
        add_reservoirs(writer, problem, users, variables)
        add_pairs(writer, problem, variables, users)
        add_selections(writer, problem, variables)
        add_mode_dependencies(writer, problem, variables)
        usage = Usage(writer, problem, variables, users)
        objectives = Objectives(writer, problem, variables, order, usage, least_makespan)
        self.levels: list[Sum] = objectives.levels()
        self.least: list[int] = objectives.least

    @property
    def domains(self) -> list[Sequence[int]]:
        """The domain of each variable as closed intervals, flat."""
        return self._writer.domains

    @property
    def n_variables(self) -> int:
        """Number of variables."""
        return len(self._writer.domains)

    def proto(self) -> CpModelProto:
        """Return the model without an objective."""
        return self._writer.proto()

    def schedule(self, values: Sequence[int]) -> Schedule:
        """Return the schedule that an assignment of all variables stands for."""
        value = np.asarray(values, dtype=np.int64)
        variables = self.variables
        modes = np.array(variables.mode, dtype=np.int64)
        chosen = np.where(modes >= 0, value[modes], 1 - value[~modes]) == 1
        mode = np.full(self.problem.n_tasks, ABSENT, dtype=np.int64)
        taken = np.flatnonzero(chosen)
        mode[self.problem.modes.task[taken]] = taken
        here = mode >= 0
        start, end = (_values(e, value) for e in (variables.start, variables.end))
        return Schedule(
            self.problem, np.where(here, start, ABSENT), np.where(here, end, ABSENT), mode
        )

    def hint(self, schedule: Schedule) -> dict[int, int] | None:
        """Return values of the variables of tasks for a schedule, by variable.

        None if the model leaves the schedule out on purpose or cannot express it.
        """
        found: dict[int, int] = {}
        variables = self.variables

        def fix(literal: int, *, holds: bool) -> bool:
            if literal in (TRUE, FALSE):
                return holds == (literal == TRUE)
            found[max(literal, ~literal)] = int(holds == (literal >= 0))
            return True

        start, end, free = schedule.start.tolist(), schedule.end.tolist(), schedule.free.tolist()
        chosen = schedule.mode.tolist()
        for task, mode in enumerate(chosen):
            if not fix(variables.present[task], holds=mode >= 0):
                return None
            for other in variables.modes_of[task]:
                if not fix(variables.mode[other], holds=other == mode):
                    return None
            if mode < 0:
                continue
            for expression, moment in (
                (variables.start[task], start[task]),
                (variables.end[task], end[task]),
                (variables.free[task], free[task]),
            ):
                if expression.coefficient:
                    found[expression.variable] = (
                        moment - expression.offset
                    ) // expression.coefficient
        return found


def build(problem: Problem) -> CpModelProto:
    """Return the CP-SAT model of a problem, its most important level as the objective.

    Equal modes and interchangeable machines are merged first, as `solve` does. That does more: it
    starts from warm starts, goes through all levels, and checks what comes back. This is for
    looking at the model, or for another solver.
    """
    encoding = Encoding(Reduction(problem).problem)
    model = encoding.proto()
    if encoding.levels:
        set_objective(model, encoding.levels[0])
    return model


def set_objective(model: CpModelProto, total: Sum) -> None:
    """Replace the objective of a model; the constant of the sum is left out.

    Raises
    ------
    UnsupportedError
        If a coefficient does not fit into 64 bits.
    """
    require_fitting(total.coefficients.values())
    model.clear_objective()
    model.objective.vars.extend(list(total.coefficients))
    model.objective.coeffs.extend(list(total.coefficients.values()))


def limit(model: CpModelProto, total: Sum, most: int) -> None:
    """Add ``total <= most`` to a model."""
    linear = model.constraints.add().linear
    linear.vars.extend(list(total.coefficients))
    linear.coeffs.extend(list(total.coefficients.values()))
    linear.domain.extend([-INFINITE, most - total.offset])


def _values(expressions: Sequence[Affine], value: np.ndarray) -> np.ndarray:
    """Return the values of expressions."""
    table = np.array(expressions, dtype=np.int64).reshape(-1, 3)
    return value[table[:, 0]] * table[:, 1] + table[:, 2]
