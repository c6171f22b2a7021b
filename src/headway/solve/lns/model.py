"""The exact model of a problem, written once, of which every neighbourhood frees a part."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass
from enum import Enum
from itertools import chain
from typing import TYPE_CHECKING, Any

import numpy as np

from headway.errors import UnsupportedError
from headway.model.arcs import Arcs, arcs_of
from headway.model.evaluate import machine_order
from headway.model.problem import Problem
from headway.model.schedule import Schedule
from headway.model.tables import ABSENT, FOREVER, Bools, Ints
from headway.solve.cpsat.domains import clip
from headway.solve.cpsat.encoding import Encoding, limit, set_objective
from headway.solve.cpsat.reduce import Reduction
from headway.solve.cpsat.search import set_hint
from headway.solve.cpsat.writer import FALSE, INFINITE, TRUE, Sum, Writer
from headway.solve.search import Halt

if TYPE_CHECKING:
    from ortools.sat.python.cp_model_helper import CpModelProto

_MEMORY_MB = 8000
_COMPLETION_S = 20.0
"""CP-SAT's own seconds for working out the variables that a schedule does not name."""


class Outcome(Enum):
    """How a run of CP-SAT on a part of the model ended."""

    BETTER = "better"
    """Better values were found; they may not be the best ones."""
    BEST = "best"
    """Better values were found, and no others are better still."""
    NONE = "none"
    """There are no better values."""
    UNKNOWN = "unknown"
    """The effort was spent before either was known."""


@dataclass(frozen=True, slots=True)
class Incumbent:
    """A schedule, as the model sees it.

    Attributes
    ----------
    schedule
        Of the problem as it was given.
    lowered
        The same of the reduced problem that the model is about.
    values
        Of all variables of the model.
    """

    schedule: Schedule
    lowered: Schedule
    values: list[int]


@dataclass(frozen=True, slots=True)
class Answer:
    """What a run of CP-SAT brought.

    Attributes
    ----------
    outcome
        How it ended.
    values
        Of all variables, or None.
    effort
        CP-SAT's own seconds, the same on every machine.
    """

    outcome: Outcome
    values: list[int] | None
    effort: float


class ExactModel:
    """A problem as a CP-SAT model whose variables are fixed and freed again and again.

    Parameters
    ----------
    problem
        What is scheduled.
    latest
        No schedule that ends later is wanted.
    least_makespan
        A lower bound on the makespan, used where that is minimised.
    """

    def __init__(self, problem: Problem, *, latest: int = FOREVER, least_makespan: int = 0) -> None:
        self.problem = problem
        self._reduction = Reduction(problem)
        encoding = Encoding(self._reduction.problem, latest=latest, least_makespan=least_makespan)
        self._encoding = encoding
        self.levels: list[Sum] = encoding.levels
        self._model = encoding.proto()
        self._constraints = type(self._model)()
        self._constraints.copy_from(self._model)
        self._constraints.variables.clear()
        variables = encoding.variables
        owner = np.concatenate((self._reduction.problem.modes.task, np.arange(problem.n_tasks)))
        literals = np.array([*variables.mode, *variables.present], dtype=np.int64)
        open_ = (literals != TRUE) & (literals != FALSE)
        self._choice_task = owner[open_]
        self._choice = _variable(literals[open_])
        order = encoding.order
        self._precedes = _columns((*key, literal) for key, literal in order.precedes.items())
        self._follows = _columns((*key, literal) for key, literal in order.follows.items())

    # Schedules in and out

    def incumbent(self, values: list[int]) -> Incumbent:
        """Return the schedule that values of all variables stand for."""
        lowered = self._encoding.schedule(values)
        return Incumbent(self._reduction.lift(lowered), lowered, values)

    def take(self, schedule: Schedule, halt: Halt) -> Incumbent | None:
        """Return a valid schedule with values of all variables.

        None if the model leaves it out on purpose, because others are as good.
        """
        hint = self._encoding.hint(self._reduction.lower(schedule))
        if hint is None:
            return None
        model = type(self._model)()
        model.copy_from(self._model)
        self._minimise_all(model)
        set_hint(model, hint)
        answer = _run(model, halt, seed=0, effort=_COMPLETION_S, fixed=True)
        return None if answer.values is None else self.incumbent(answer.values)

    def first(self, seed: int, effort: float, halt: Halt) -> Answer:
        """Search for any schedule at all."""
        model = type(self._model)()
        model.copy_from(self._model)
        return _run(model, halt, seed=seed, effort=effort)

    def _minimise_all(self, model: CpModelProto) -> None:
        """Give all variables that only an objective bounds from below their least values."""
        total = Sum()
        for level in self.levels:
            total.merge(level)
        try:
            set_objective(model, total)
        except UnsupportedError:  # all levels together may be too large where each one fits
            set_objective(model, self.levels[0])

    # Parts

    def freeze(self, incumbent: Incumbent, free: Bools, reach: int) -> CpModelProto:
        """Return the model in which only some tasks are free.

        Of the others, the modes stay as they are and so does their order on machines and the order
        in which they hand on units of other resources; their times may move. No task that is
        present moves by more than `reach` ticks.
        """
        frozen = ~free
        values = np.array(incumbent.values, dtype=np.int64)
        domains = self._encoding.domains.copy()
        fixed = [self._choice[frozen[self._choice_task]]]
        if len(self._precedes):
            _, first, second, literal = self._precedes.T
            fixed.append(_variable(literal[frozen[first] & frozen[second]]))
        for variable in np.concatenate(fixed).tolist():
            value = int(values[variable])
            domains[variable] = (value, value)
        frozen_only = _only(incumbent.lowered, frozen)
        self._restrict(domains, incumbent.lowered, reach)
        for variable in self._never_follows(frozen_only, frozen).tolist():
            domains[variable] = (0, 0)
        writer = Writer(domains)
        self._keep_order(writer, incumbent.lowered, arcs_of(frozen_only, relations=False))
        model = type(self._model)()
        model.copy_from(self._constraints)
        model.merge_text_format(writer.text())
        self._drop_settled(model, incumbent.lowered, free, reach)
        set_hint(model, dict(enumerate(incumbent.values)))
        return model

    def _restrict(self, domains: list[Sequence[int]], schedule: Schedule, reach: int) -> None:
        """Keep tasks near where they are, in place."""
        start = self._encoding.variables.start
        times = schedule.start.tolist()
        for task in np.flatnonzero(schedule.present).tolist():
            variable, coefficient, offset = start[task]
            if coefficient == 1:
                at = times[task] - offset
                domains[variable] = clip(domains[variable], at - reach, at + reach)

    def _drop_settled(
        self, model: CpModelProto, schedule: Schedule, free: Bools, reach: int
    ) -> None:
        """Leave out of disjunctions, in place, what can no longer change places with anything.

        The order of frozen tasks is kept by other constraints, and those that cannot come near a
        free task need not be told apart from it.
        """
        early, late = schedule.start - reach, schedule.free + reach
        mobile = free & ~schedule.present
        for constraint, tasks, intervals in self._encoding.apart:
            task = np.array(tasks, dtype=np.int64)
            loose = free[task]
            if loose.all() or mobile[task].any():
                continue
            row = model.constraints[constraint].no_overlap.intervals
            row.clear()
            if loose.any():
                first, last = early[task[loose]].min(), late[task[loose]].max()
                near = loose | ((late[task] > first) & (early[task] < last))
                breaks = intervals[len(tasks) :]
                row.extend(np.array(intervals)[: len(tasks)][near].tolist() + breaks)

    def _never_follows(self, schedule: Schedule, frozen: Bools) -> Ints:
        """Return the literals "directly follows" of frozen tasks with others between them."""
        if not len(self._follows):
            return np.zeros(0, dtype=np.int64)
        machine, first, second, literal = self._follows.T
        n = self.problem.n_tasks
        on, task = machine_order(schedule)
        next_to = on[1:] == on[:-1]
        near = (on[:-1] * n + task[:-1])[next_to] * n + task[1:][next_to]
        key = (machine * n + first) * n + second
        apart: Ints = literal[frozen[first] & frozen[second] & ~np.isin(key, near)]
        return apart

    def _keep_order(self, writer: Writer, schedule: Schedule, arcs: Arcs) -> None:
        """Keep the order of tasks, as far as the incumbent itself keeps it."""
        variables = self._encoding.variables
        gap = schedule.start[arcs.after] - schedule.start[arcs.before]
        kept = gap >= np.minimum(arcs.lag, 0)
        lags = np.minimum(arcs.lag, gap)
        lengths = (schedule.end - schedule.start)[arcs.before]
        for before, after, lag, length in zip(
            arcs.before[kept].tolist(),
            arcs.after[kept].tolist(),
            lags[kept].tolist(),
            lengths[kept].tolist(),
            strict=True,
        ):
            start = variables.start[after]
            if lag >= length:
                # Work that pauses may take less time elsewhere.
                writer.at_least(start, variables.end[before], lag - length)
            else:
                writer.at_least(start, variables.start[before], lag)

    def improve(
        self,
        part: CpModelProto,
        incumbent: Incumbent,
        level: int,
        *,
        seed: int,
        effort: float,
        halt: Halt,
    ) -> Answer:
        """Search a part of the model for values that are better on a level and no worse before."""
        values = incumbent.schedule.objective_values
        for earlier, value in zip(self.levels[:level], values, strict=False):
            limit(part, earlier, value)
        total = self.levels[level]
        set_objective(part, total)
        most = min(values[level] - 1 - total.offset, INFINITE)
        part.objective.domain.extend([-INFINITE, most])
        return _run(part, halt, seed=seed, effort=effort)


def _run(
    model: CpModelProto,
    halt: Halt,
    *,
    seed: int,
    effort: float,
    fixed: bool = False,
) -> Answer:
    """Run CP-SAT in this thread."""
    from ortools.sat.python import cp_model_helper

    parameters: Any = cp_model_helper.SatParameters()
    parameters.num_workers = 1
    parameters.random_seed = seed % 2**31
    if math.isfinite(effort):
        parameters.max_deterministic_time = effort
    parameters.fix_variables_to_their_hinted_value = fixed
    # Parts are small: what takes long before the search begins does not pay.
    parameters.linearization_level = 0
    parameters.cp_model_probing_level = 0
    parameters.symmetry_level = 0
    parameters.catch_sigint_signal = False
    parameters.max_memory_in_mb = _MEMORY_MB
    wrapper: Any = cp_model_helper.SolveWrapper()
    wrapper.set_parameters(parameters)
    with halt.calling(wrapper.stop_search):
        if halt.is_set():
            return Answer(Outcome.UNKNOWN, None, 0.0)
        response: Any = wrapper.solve(model)
    status = cp_model_helper.CpSolverStatus
    outcome = {
        status.OPTIMAL: Outcome.BEST,
        status.FEASIBLE: Outcome.BETTER,
        status.INFEASIBLE: Outcome.NONE,
    }.get(response.status, Outcome.UNKNOWN)
    known = outcome in (Outcome.BEST, Outcome.BETTER)
    values = list(response.solution) if known else None
    return Answer(outcome, values, float(response.deterministic_time))


def _only(schedule: Schedule, here: Bools) -> Schedule:
    """Return a schedule with some of its tasks alone."""
    columns = (np.where(here, c, ABSENT) for c in (schedule.start, schedule.end, schedule.mode))
    return Schedule(schedule.problem, *columns)


def _variable(literal: Ints) -> Ints:
    """Return the variables of literals."""
    return np.maximum(literal, ~literal)


def _columns(rows: Any) -> Ints:
    return np.fromiter(chain.from_iterable(rows), dtype=np.int64).reshape(-1, 4)
