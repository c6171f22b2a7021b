"""The textbook model of shops and projects in CP-SAT, without any of our refinements."""

from __future__ import annotations

from collections.abc import Iterator
from typing import TYPE_CHECKING, Any

import numpy as np

from headway.bench.peers.reasons import JOB_SUMS, beyond_shops_and_projects
from headway.model import Problem, Schedule
from headway.model.objective import Measure, Term
from headway.model.tables import ABSENT, FOREVER, RelationKind, ResourceKind

if TYPE_CHECKING:
    from ortools.sat.python.cp_model import CpSolver


_User = tuple[int, Any, Any, int]
"""Who uses a resource: task, literal or None, interval, demand."""


def obstacles(problem: Problem) -> Iterator[str]:
    """Yield what the model leaves out, in words that follow "because"."""
    known = {*JOB_SUMS, Measure.MAKESPAN, Measure.MAX_LATENESS, Measure.MAX_TARDINESS}
    for term in problem.objective.terms:
        if term.measure not in known:
            yield f"the objective counts {term.measure}"
    yield from beyond_shops_and_projects(problem)


class Textbook:
    """One problem as a CP-SAT model.

    One interval per task and, where a task has a choice, one optional interval per mode;
    no-overlap on machines, cumulative constraints on renewable resources, a circuit where setups
    depend on the sequence, and one literal per pair of jobs where sequences are shared.

    Parameters
    ----------
    problem
        A problem with no `obstacles`.

    Attributes
    ----------
    model
        The CP-SAT model.
    """

    def __init__(self, problem: Problem) -> None:
        from ortools.sat.python import cp_model

        self.problem = problem
        self.model = cp_model.CpModel()
        self._horizon = _horizon(problem)
        n = problem.n_tasks
        self._start = [self.model.new_int_var(0, self._horizon, f"s{i}") for i in range(n)]
        self._end = [self.model.new_int_var(0, self._horizon, f"e{i}") for i in range(n)]
        self._users: list[list[_User]] = [[] for _ in range(problem.n_resources)]
        self._literal: list[Any] = []
        self._add_tasks()
        self._add_windows()
        self._add_resources()
        self._add_relations()
        self._add_setups()
        self._add_sequences()
        self._add_objective()

    def schedule(self, solver: CpSolver) -> Schedule:
        """Return the solution that a solver of the model holds."""
        ptr, chosen = self.problem.tasks.mode_ptr.tolist(), []
        for i in range(self.problem.n_tasks):
            modes = range(ptr[i], ptr[i + 1])
            chosen.append(
                next(m for m in modes if len(modes) == 1 or solver.value(self._literal[m]))
            )
        return self.problem.schedule([solver.value(s) for s in self._start], mode=chosen)

    def _add_tasks(self) -> None:
        model, problem = self.model, self.problem
        modes, ptr = problem.modes, problem.tasks.mode_ptr.tolist()
        for i in range(problem.n_tasks):
            single = ptr[i + 1] - ptr[i] == 1
            # A blocking task occupies its machine until the next one starts.
            until = int(problem.tasks.hold_until[i])
            free = self._free(i)
            if until != ABSENT:
                model.add(free >= self._end[i])
                occupied = model.new_int_var(0, self._horizon, f"o{i}")
            literals: list[Any] = []
            for m in range(ptr[i], ptr[i + 1]):
                here = None if single else model.new_bool_var(f"m{m}")
                literals.append(here)
                work = model.add(self._end[i] == self._start[i] + int(modes.duration[m]))
                size = int(modes.duration[m]) if until == ABSENT else occupied
                if here is None:
                    interval = model.new_interval_var(self._start[i], size, free, f"i{m}")
                else:
                    work.only_enforce_if(here)
                    interval = model.new_optional_interval_var(
                        self._start[i], size, free, here, f"i{m}"
                    )
                for k in range(modes.demand_ptr[m], modes.demand_ptr[m + 1]):
                    row = (i, here, interval, int(modes.demand_amount[k]))
                    self._users[modes.demand_resource[k]].append(row)
            if not single:
                model.add_exactly_one(literals)
            self._literal += literals

    def _add_windows(self) -> None:
        model, problem, tasks = self.model, self.problem, self.problem.tasks
        release = np.append(problem.jobs.release, 0)[tasks.job]
        deadline = np.append(problem.jobs.deadline, FOREVER)[tasks.job]
        for variables, low, high in (
            (self._start, np.maximum(tasks.earliest_start, release), tasks.latest_start),
            (self._end, tasks.earliest_end, np.minimum(tasks.latest_end, deadline)),
        ):
            for variable, lowest, highest in zip(variables, low, high, strict=True):
                if lowest > 0:
                    model.add(variable >= int(lowest))
                if highest < FOREVER:
                    model.add(variable <= int(highest))

    def _add_resources(self) -> None:
        table = self.problem.resources
        for r, users in enumerate(self._users):
            if not users:
                continue
            _, literals, intervals, amounts = zip(*users, strict=True)
            if table.kind[r] == ResourceKind.MACHINE:
                self.model.add_no_overlap(intervals)
            elif table.kind[r] == ResourceKind.RENEWABLE:
                self.model.add_cumulative(intervals, amounts, int(table.capacity[r]))
            else:
                spent = (
                    amount if literal is None else amount * literal
                    for literal, amount in zip(literals, amounts, strict=True)
                )
                self.model.add(sum(spent) <= int(table.capacity[r]))

    def _add_relations(self) -> None:
        table = self.problem.relations
        for k in range(len(table)):
            kind = RelationKind(int(table.kind[k]))
            starts = kind in (RelationKind.START_START, RelationKind.START_END)
            ends = kind in (RelationKind.START_END, RelationKind.END_END)
            before = (self._start if starts else self._end)[table.before[k]]
            after = (self._end if ends else self._start)[table.after[k]]
            if table.min_lag[k] > -FOREVER:
                self.model.add(after >= before + int(table.min_lag[k]))
            if table.max_lag[k] < FOREVER:
                self.model.add(after <= before + int(table.max_lag[k]))

    def _add_setups(self) -> None:
        problem = self.problem
        for r, users in enumerate(self._users):
            setup = int(problem.resources.setup[r])
            if setup == ABSENT or not users:
                continue
            matrix, arcs = problem.setups[setup], []
            for k, (i, here, _, _) in enumerate(users, 1):
                arcs += [(0, k, self._bool()), (k, 0, self._bool())]
                if here is not None:
                    arcs.append((k, k, ~here))
                for other, (j, _, _, _) in enumerate(users, 1):
                    if other == k:
                        continue
                    arc = self._bool()
                    arcs.append((k, other, arc))
                    families = problem.tasks.family[[i, j]]
                    time = int(matrix[tuple(families)]) if (families >= 0).all() else 0
                    self.model.add(self._start[j] >= self._free(i) + time).only_enforce_if(arc)
            if any(here is not None for _, here, _, _ in users):
                arcs.append((0, 0, self._bool()))
            self.model.add_circuit(arcs)

    def _free(self, task: int) -> Any:
        until = int(self.problem.tasks.hold_until[task])
        return self._end[task] if until == ABSENT else self._start[until]

    def _add_sequences(self) -> None:
        """Order the first two matched tasks as the second two, pair by pair."""
        table = self.problem.sequences
        before: dict[tuple[int, int], Any] = {}
        for k in range(len(table.first_machine)):
            rows = range(table.task_ptr[k], table.task_ptr[k + 1])
            for a in rows:
                for b in rows:
                    if b <= a:
                        continue
                    first = (int(table.first_task[a]), int(table.first_task[b]))
                    second = (int(table.second_task[a]), int(table.second_task[b]))
                    literal = before.get(first)
                    if literal is None:
                        literal = before[first] = self._ordered(*first, self._bool())
                    known = before.get(second)
                    if known is None:
                        before[second] = self._ordered(*second, literal)
                    else:
                        self.model.add(known == literal)

    def _ordered(self, i: int, j: int, literal: Any) -> Any:
        """Let a literal say whether task i comes before task j."""
        self.model.add(self._start[j] >= self._free(i)).only_enforce_if(literal)
        self.model.add(self._start[i] >= self._free(j)).only_enforce_if(~literal)
        return literal

    def _bool(self) -> Any:
        return self.model.new_bool_var("")

    def _add_objective(self) -> None:
        (level,) = self.problem.objective.levels or ((),)
        self.model.minimize(sum((term.weight * self._measure(term) for term in level), start=0))

    def _measure(self, term: Term) -> Any:
        model, jobs = self.model, self.problem.jobs
        if term.measure is Measure.MAKESPAN:
            return self._maximum(self._end, "makespan")
        busy = [j for j in range(len(jobs)) if len(self.problem.tasks_of(j))]
        due = [j for j in busy if jobs.due[j] < FOREVER]
        if term.measure in (Measure.MAX_LATENESS, Measure.MAX_TARDINESS):
            late: list[Any] = [self._completion(j) - int(jobs.due[j]) for j in due]
            if term.measure is Measure.MAX_TARDINESS or not late:
                late.append(0)
            return self._maximum(late, "late")
        dated = term.measure in (Measure.TARDINESS, Measure.TARDY_JOBS)
        total: Any = 0
        for j in due if dated else busy:
            done, weight = self._completion(j), int(jobs.weight[j]) if term.weighted else 1
            if term.measure is Measure.COMPLETION:
                total += weight * done
            elif term.measure is Measure.FLOW_TIME:
                total += weight * (done - int(jobs.release[j]))
            elif term.measure is Measure.TARDINESS:
                total += weight * self._maximum([done - int(jobs.due[j]), 0], f"t{j}")
            else:
                tardy = self._bool()
                model.add(done <= int(jobs.due[j])).only_enforce_if(~tardy)
                total += weight * tardy
        return total

    def _completion(self, job: int) -> Any:
        tasks = self.problem.tasks_of(job).tolist()
        if len(tasks) == 1:
            return self._end[tasks[0]]
        return self._maximum([self._end[i] for i in tasks], f"c{job}")

    def _maximum(self, values: list[Any], name: str) -> Any:
        reach = 2 * self._horizon + int(self.problem.jobs.due[self._dated()].max(initial=0))
        top = self.model.new_int_var(-reach, reach, name)
        self.model.add_max_equality(top, values)
        return top

    def _dated(self) -> np.ndarray:
        return self.problem.jobs.due < FOREVER


def _horizon(problem: Problem) -> int:
    """Return a time by which everything can be over: all work, setups and waits in a row."""
    longest = np.maximum.reduceat(problem.modes.duration, problem.tasks.mode_ptr[:-1]).sum()
    lags = problem.relations.min_lag[problem.relations.min_lag > -FOREVER]
    waits = np.maximum(lags, 0).sum()
    setups = sum(int(matrix.max(initial=0)) for matrix in problem.setups) * problem.n_tasks
    first = max(
        problem.jobs.release.max(initial=0),
        problem.tasks.earliest_start.max(initial=0),
        problem.tasks.earliest_end.max(initial=0),
    )
    return int(min(problem.horizon, first + longest + waits + setups))
