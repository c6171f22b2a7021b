"""Headway problems as PyJobShop's, and its solutions as our schedules."""

from __future__ import annotations

from collections.abc import Iterator
from typing import TYPE_CHECKING, Any

import numpy as np

from headway.bench.peers.reasons import beyond_shops_and_projects
from headway.model import Problem, Schedule
from headway.model.objective import SUMS_OVER_JOBS, Measure
from headway.model.tables import ABSENT, FOREVER, RelationKind, ResourceKind

if TYPE_CHECKING:
    import pyjobshop

_WEIGHTS = {
    Measure.MAKESPAN: "weight_makespan",
    Measure.COMPLETION: "weight_total_flow_time",
    Measure.FLOW_TIME: "weight_total_flow_time",
    Measure.TARDINESS: "weight_total_tardiness",
    Measure.TARDY_JOBS: "weight_tardy_jobs",
    Measure.MAX_TARDINESS: "weight_max_tardiness",
}

_NEEDS_DATES = (Measure.TARDINESS, Measure.TARDY_JOBS, Measure.MAX_TARDINESS)

_AFTER = {
    RelationKind.START_START: "add_start_before_start",
    RelationKind.START_END: "add_start_before_end",
    RelationKind.END_START: "add_end_before_start",
    RelationKind.END_END: "add_end_before_end",
}
"""What says that the second task's point comes so much later than the first one's."""

_BACK = {
    RelationKind.START_START: "add_start_before_start",
    RelationKind.START_END: "add_end_before_start",
    RelationKind.END_START: "add_start_before_end",
    RelationKind.END_END: "add_end_before_end",
}
"""The same with the tasks exchanged, for maximum lags."""


def obstacles(problem: Problem) -> Iterator[str]:
    """Yield what is not translated, in words that follow "because"."""
    terms = problem.objective.terms
    for term in terms:
        if term.measure not in _WEIGHTS:
            yield f"the objective counts {term.measure}"
    sums = {(t.measure, t.weighted) for t in terms if t.measure in SUMS_OVER_JOBS}
    if len({weighted for _, weighted in sums}) > 1:
        yield "some sums of the objective are weighted and others are not"
    if len({_WEIGHTS.get(t.measure) for t in terms}) < len(terms):
        yield "two terms of the objective have one name there"
    if Measure.MAX_TARDINESS in {t.measure for t in terms} and any(w for _, w in sums):
        yield "the maximum tardiness is weighted there"
    if problem.horizon < FOREVER:
        yield "there is a horizon"
    yield from beyond_shops_and_projects(problem)


class Translation:
    """One problem, there and back.

    Parameters
    ----------
    problem
        A problem with no `obstacles`.

    Attributes
    ----------
    data
        What ``pyjobshop.solve`` takes.
    offset
        What is added to its objective value to get ours: it counts flow times where we count
        completion times.
    """

    def __init__(self, problem: Problem) -> None:
        import pyjobshop

        self.problem = problem
        self.offset = _offset(problem)
        self._model = pyjobshop.Model()
        self._resources = self._add_resources()
        self._tasks = self._add_tasks(self._add_jobs())
        self._add_modes()
        self._add_relations()
        self._add_setups()
        self._add_sequences()
        self._set_objective()
        self.data = self._model.data()

    def schedule(self, solution: pyjobshop.Solution) -> Schedule:
        """Return a solution as a schedule; modes keep their positions on the way there."""
        start = [task.start for task in solution.tasks]
        return self.problem.schedule(start, mode=[task.mode for task in solution.tasks])

    def _add_resources(self) -> list[Any]:
        table, model = self.problem.resources, self._model
        found: list[Any] = []
        for name, kind, capacity in zip(table.name, table.kind, table.capacity, strict=True):
            if kind == ResourceKind.MACHINE:
                found.append(model.add_machine(name=name))
            elif kind == ResourceKind.RENEWABLE:
                found.append(model.add_renewable(capacity=int(capacity), name=name))
            else:
                found.append(model.add_consumable(capacity=int(capacity), name=name))
        return found

    def _add_jobs(self) -> dict[int, Any]:
        """Add the jobs that have tasks and are counted or dated; it is slow with others."""
        problem, jobs = self.problem, self.problem.jobs
        terms = problem.objective.terms
        counted = {t.measure for t in terms} - {Measure.MAKESPAN}
        weighted = any(term.weighted for term in terms)
        dated = bool(counted & set(_NEEDS_DATES))
        found = {}
        for j in range(len(jobs)):
            plain = jobs.release[j] == 0 and jobs.deadline[j] >= FOREVER
            if (plain and not counted) or not len(problem.tasks_of(j)):
                continue
            found[j] = self._model.add_job(
                weight=int(jobs.weight[j]) if weighted else 1,
                release_date=int(jobs.release[j]),
                deadline=_limit(jobs.deadline[j]),
                due_date=_limit(jobs.due[j]) if dated else None,
                name=jobs.name[j],
            )
        return found

    def _add_tasks(self, jobs: dict[int, Any]) -> list[Any]:
        table = self.problem.tasks
        return [
            self._model.add_task(
                job=jobs.get(int(table.job[i])),
                earliest_start=int(table.earliest_start[i]),
                latest_start=_limit(table.latest_start[i]),
                earliest_end=int(table.earliest_end[i]),
                latest_end=_limit(table.latest_end[i]),
                # A blocking task idles on its machine until the next one starts.
                allow_idle=bool(table.hold_until[i] != ABSENT),
                name=table.name[i],
            )
            for i in range(len(table))
        ]

    def _add_modes(self) -> None:
        modes, kind = self.problem.modes, self.problem.resources.kind
        for m in range(len(modes)):
            here = slice(modes.demand_ptr[m], modes.demand_ptr[m + 1])
            used, amount = modes.demand_resource[here], modes.demand_amount[here]
            self._model.add_mode(
                self._tasks[modes.task[m]],
                [self._resources[r] for r in used],
                int(modes.duration[m]),
                demands=np.where(kind[used] == ResourceKind.MACHINE, 0, amount).tolist(),
            )

    def _add_relations(self) -> None:
        table, hold_until = self.problem.relations, self.problem.tasks.hold_until
        for i in np.flatnonzero(hold_until != ABSENT).tolist():
            self._model.add_end_at_start(self._tasks[i], self._tasks[hold_until[i]])
        for k in range(len(table)):
            before, after = self._tasks[table.before[k]], self._tasks[table.after[k]]
            kind = RelationKind(int(table.kind[k]))
            if table.min_lag[k] > -FOREVER:
                getattr(self._model, _AFTER[kind])(before, after, delay=int(table.min_lag[k]))
            if table.max_lag[k] < FOREVER:
                getattr(self._model, _BACK[kind])(after, before, delay=-int(table.max_lag[k]))

    def _add_setups(self) -> None:
        problem, modes = self.problem, self.problem.modes
        user = np.repeat(modes.task, np.diff(modes.demand_ptr))
        for r in np.flatnonzero(problem.resources.setup != ABSENT).tolist():
            matrix = problem.setups[problem.resources.setup[r]]
            here = np.unique(user[modes.demand_resource == r])
            here = here[problem.tasks.family[here] != ABSENT].tolist()
            for i in here:
                for j in here:
                    time = int(matrix[problem.tasks.family[i], problem.tasks.family[j]])
                    if i != j and time > 0:
                        pair = self._tasks[i], self._tasks[j]
                        self._model.add_setup_time(self._resources[r], *pair, time)

    def _add_sequences(self) -> None:
        table = self.problem.sequences
        for k in range(len(table.first_machine)):
            rows = slice(table.task_ptr[k], table.task_ptr[k + 1])
            self._model.add_same_sequence(
                self._resources[table.first_machine[k]],
                self._resources[table.second_machine[k]],
                [self._tasks[i] for i in table.first_task[rows]],
                [self._tasks[i] for i in table.second_task[rows]],
            )

    def _set_objective(self) -> None:
        terms = self.problem.objective.terms
        self._model.set_objective(**{_WEIGHTS[t.measure]: t.weight for t in terms})


def _limit(value: int) -> int:
    """Return a latest time as PyJobShop writes it."""
    from pyjobshop.constants import MAX_VALUE

    return min(int(value), int(MAX_VALUE))


def _offset(problem: Problem) -> int:
    """Return the releases that completion times count and flow times do not."""
    jobs, total = problem.jobs, 0
    used = np.array([len(problem.tasks_of(j)) > 0 for j in range(len(jobs))], dtype=bool)
    for term in problem.objective.terms:
        if term.measure is Measure.COMPLETION:
            weight = jobs.weight if term.weighted else np.ones(len(jobs), dtype=np.int64)
            total += term.weight * int((weight * jobs.release)[used].sum())
    return total
