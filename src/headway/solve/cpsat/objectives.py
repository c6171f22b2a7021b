"""Every measure as a sum of variables, to be minimised.

Most measures are maxima of other things. Since they are minimised, it is enough that their
variable is at least as large. Only earliness, which shrinks as completion grows, needs the exact
completion of a job.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence

import numpy as np

from headway.model import Measure, Problem, Term
from headway.model.tables import FOREVER, RelationKind
from headway.solve.cpsat.order import Order, total_setup
from headway.solve.cpsat.resources import measured
from headway.solve.cpsat.usage import Usage
from headway.solve.cpsat.variables import TaskVariables
from headway.solve.cpsat.writer import FALSE, TRUE, Affine, Sum, Writer, constant

Case = tuple[Affine, int]
"""An expression that counts if a literal holds."""


class Objectives:
    """Turns the levels of an objective into sums.

    `least_makespan` is a lower bound on the makespan that is known beforehand.

    Attributes
    ----------
    least
        What each level is worth at least, known without a search; filled by `levels`.
    """

    def __init__(
        self,
        writer: Writer,
        problem: Problem,
        variables: TaskVariables,
        order: Order,
        usage: Usage,
        least_makespan: int = 0,
    ) -> None:
        self._writer = writer
        self._problem = problem
        self._variables = variables
        self._order = order
        self._usage = usage
        self._least_makespan = least_makespan
        self.least: list[int] = []
        self._done: dict[object, Affine] = {}
        self._last = _last_tasks(problem)
        self._last_of_job: list[list[int]] | None = None

    def levels(self) -> list[Sum]:
        """Return one sum per level, the most important first."""
        result = []
        for level in self._problem.objective.levels:
            total, least = Sum(), 0
            for term in level:
                value = self._measure(term)
                total.merge(value, term.weight)
                least += term.weight * self._least(term, value)
            result.append(total)
            self.least.append(least)
        return result

    def _least(self, term: Term, value: Sum) -> int:
        """Return what a measure is worth at least."""
        least = self._writer.least(value)
        if term.measure is Measure.LEVELLING:
            counted = measured(self._problem, term.resources)
            return max(least, sum(map(self._usage.least_squares, counted)))
        return least

    def _measure(self, term: Term) -> Sum:
        problem, total = self._problem, Sum()
        if term.measure is Measure.MAKESPAN:
            return total.add(self._makespan())
        if term.measure is Measure.SETUP:
            return total_setup(self._order, term.resources or range(problem.n_resources))
        if term.measure is Measure.COST:
            price = problem.resource_price(term.resources) if term.resources else problem.mode_cost
            for literal, value in zip(self._variables.mode, price.tolist(), strict=True):
                if value and literal != FALSE:
                    total.add_literal(literal, value)
            return total
        if term.measure is Measure.LEVELLING:
            for resource in measured(problem, term.resources):
                total.merge(self._usage.squares(resource))
            return total
        if term.measure is Measure.PEAK:
            for resource in measured(problem, term.resources):
                peak = self._usage.peak(resource)
                total.add(peak, max(1, int(problem.resources.cost[resource])))
            return total
        if term.measure in (Measure.MAX_LATENESS, Measure.MAX_TARDINESS):
            return total.add(self._max_lateness(term.measure))
        return self._over_jobs(term)

    # Makespan and maxima over jobs

    def _makespan(self) -> Affine:
        if "makespan" not in self._done:
            cases = self._cases(np.flatnonzero(self._last).tolist(), 0)
            self._done["makespan"] = self._maximum(cases, self._least_makespan)
        return self._done["makespan"]

    def _max_lateness(self, measure: Measure) -> Affine:
        if measure in self._done:
            return self._done[measure]
        problem = self._problem
        cases: list[Case] = []
        for job in np.flatnonzero(problem.jobs.due < FOREVER).tolist():
            cases += self._cases(self._tasks_of(job), -int(problem.jobs.due[job]))
        floor: int | None = 0
        if measure is Measure.MAX_LATENESS:
            floor = None
            literals = [literal for _, literal in cases]
            if TRUE not in literals:
                # Without any such job the value is 0.
                none = self._writer.boolean()
                self._writer.clause((*literals, none))
                for literal in literals:
                    self._writer.clause((~none, ~literal))
                cases.append((constant(0), none))
        self._done[measure] = self._maximum(cases, floor)
        return self._done[measure]

    def _cases(self, tasks: Iterable[int], offset: int) -> list[Case]:
        """Return the ends of tasks plus a constant, each with its presence."""
        variables = self._variables
        return [
            (variables.end[task].plus(offset), variables.present[task])
            for task in tasks
            if variables.present[task] != FALSE
        ]

    def _maximum(self, cases: Sequence[Case], floor: int | None, *, exact: bool = False) -> Affine:
        """Return the largest of the cases that count, and of the floor if there is one.

        At least one case counts where there is no floor.
        """
        writer = self._writer
        if not cases:
            return constant(floor or 0)
        if len(cases) == 1 and cases[0][1] == TRUE:
            expression = cases[0][0]
            if floor is None or writer.low(expression) >= floor:
                return expression
        highs = [writer.high(expression) for expression, _ in cases]
        certain = [writer.low(expression) for expression, literal in cases if literal == TRUE]
        if floor is None:
            low = max(certain, default=min(writer.low(expression) for expression, _ in cases))
        else:
            low = max([floor, *certain])
        high = max([low, *highs])
        target = Affine(writer.integer(low, high))
        if exact and all(literal == TRUE for _, literal in cases):
            expressions = [expression for expression, _ in cases]
            if floor is not None:
                expressions.append(constant(floor))
            writer.maximum(target, expressions)
            return target
        for expression, literal in cases:
            writer.at_least(target, expression, 0, () if literal == TRUE else (literal,))
        if exact:
            tight = []
            for expression, literal in cases:
                picked = writer.boolean()
                writer.imply(picked, literal)
                writer.at_least(expression, target, 0, (picked,))
                tight.append(picked)
            if floor is not None:
                picked = writer.boolean()
                writer.at_least(constant(floor), target, 0, (picked,))
                tight.append(picked)
            writer.clause(tight)
        return target

    # Sums over jobs

    def _over_jobs(self, term: Term) -> Sum:
        problem, total = self._problem, Sum()
        only_due = term.measure not in (Measure.COMPLETION, Measure.FLOW_TIME)
        for job in range(problem.n_jobs):
            weight = int(problem.jobs.weight[job]) if term.weighted else 1
            if not weight or (only_due and problem.jobs.due[job] >= FOREVER):
                continue
            if not self._tasks_of(job):
                continue
            if term.measure is Measure.TARDY_JOBS:
                total.add_literal(self._tardy(job), weight)
            elif term.measure is Measure.EARLINESS:
                total.add(self._earliness(job), weight)
            else:
                date = self._date(term.measure, job)
                total.add(self._after(job, date), weight)
        return total

    def _date(self, measure: Measure, job: int) -> int:
        """Return the date from which a measure counts the time until a job completes."""
        if measure is Measure.TARDINESS:
            return int(self._problem.jobs.due[job])
        return int(self._problem.jobs.release[job]) if measure is Measure.FLOW_TIME else 0

    def _tasks_of(self, job: int) -> list[int]:
        """Return the tasks of a job that can be present and the last of those that are."""
        if self._last_of_job is None:
            last = _last_tasks(self._problem, within_jobs=True)
            present = np.array(self._variables.present) != FALSE
            self._last_of_job = [
                [t for t in self._problem.tasks_of(j).tolist() if last[t] and present[t]]
                for j in range(self._problem.n_jobs)
            ]
        return self._last_of_job[job]

    def _after(self, job: int, date: int) -> Affine:
        """Return by how much a job completes after a date, at least 0."""
        key = ("after", job, date)
        if key not in self._done:
            cases = self._cases(self._tasks_of(job), -date)
            self._done[key] = self._maximum(cases, 0)
        return self._done[key]

    def _completion(self, job: int) -> tuple[Affine, int]:
        """Return exactly when a job completes, and a literal: any of its tasks is present."""
        key = ("completion", job)
        tasks = self._tasks_of(job)
        literals = [self._variables.present[task] for task in tasks]
        if key not in self._done:
            self._done[key] = self._maximum(
                self._cases(tasks, 0), None if TRUE in literals else 0, exact=True
            )
        if TRUE in literals:
            return self._done[key], TRUE
        if ("any", job) not in self._done:
            anyone = self._writer.boolean()
            self._writer.clause((*literals, ~anyone))
            for literal in literals:
                self._writer.imply(literal, anyone)
            self._done["any", job] = Affine(anyone)
        return self._done[key], self._done["any", job].variable

    def _earliness(self, job: int) -> Affine:
        """Return by how much a job completes before its due date, at least 0."""
        key = ("earliness", job)
        if key not in self._done:
            due = int(self._problem.jobs.due[job])
            done, anyone = self._completion(job)
            early = Affine(done.variable, -done.coefficient, due - done.offset)
            self._done[key] = self._maximum([(early, anyone)], 0)
        return self._done[key]

    def _tardy(self, job: int) -> int:
        """Return a literal: the job completes after its due date."""
        key = ("tardy", job)
        writer, due = self._writer, int(self._problem.jobs.due[job])
        if key not in self._done:
            late = writer.boolean()
            for end, literal in self._cases(self._tasks_of(job), 0):
                writer.at_least(constant(due), end, 0, (~late, literal))
            self._done[key] = Affine(late)
        return self._done[key].variable


def _last_tasks(problem: Problem, *, within_jobs: bool = False) -> np.ndarray:
    """Return a mask of tasks that may end last; others end no later than a successor that is there.

    Parameters
    ----------
    problem
        What is scheduled.
    within_jobs
        Whether only successors of the same job count.
    """
    relations, tasks = problem.relations, problem.tasks
    follows = (relations.min_lag >= 0) & (
        (relations.kind == RelationKind.END_START) | (relations.kind == RelationKind.END_END)
    )
    follows &= ~tasks.optional[relations.after] & (relations.before != relations.after)
    if within_jobs:
        follows &= tasks.job[relations.before] == tasks.job[relations.after]
    before, after = relations.before[follows], relations.after[follows]
    last = np.ones(problem.n_tasks, dtype=np.bool_)
    last[before] = False
    if len(before) and not _is_acyclic(before, after, problem.n_tasks):
        last[:] = True
    return last


def _is_acyclic(before: np.ndarray, after: np.ndarray, count: int) -> bool:
    """Return whether arcs between `count` nodes have no cycle."""
    order = np.argsort(before, kind="stable")
    heads = after[order].tolist()
    ptr = np.searchsorted(before[order], np.arange(count + 1)).tolist()
    waiting = np.bincount(after, minlength=count).tolist()
    ready = [node for node in range(count) if not waiting[node]]
    seen = 0
    while ready:
        node = ready.pop()
        seen += 1
        for k in range(ptr[node], ptr[node + 1]):
            waiting[heads[k]] -= 1
            if not waiting[heads[k]]:
                ready.append(heads[k])
    return seen == count
