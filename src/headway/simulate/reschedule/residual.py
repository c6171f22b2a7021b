"""What is left to be done: history folded into dates, capacities and breaks, or kept and fixed."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, replace

import numpy as np

from headway.errors import InfeasibleError
from headway.model import Problem, Schedule, makespan
from headway.model.arrays import entries
from headway.model.objective import NEEDS_DUE_DATES, SUMS_OVER_JOBS
from headway.model.tables import (
    ABSENT,
    FOREVER,
    Bools,
    Ints,
    ResourceKind,
    bools,
    ints,
)
from headway.simulate.events import Event
from headway.simulate.reschedule.history import fold_relations, fold_resources, needed
from headway.simulate.reschedule.revise import revise
from headway.simulate.reschedule.revision import Revision
from headway.simulate.reschedule.tables import Tables


@dataclass(frozen=True, slots=True, eq=False)
class Residual:
    """The part of a revised problem that can still be decided.

    Attributes
    ----------
    revision
        The whole.
    problem
        What is left, on the same clock: nothing starts before now.
    tasks, modes
        Position in the revised problem of each of its tasks and modes.
    fixed
        Which of its tasks have started and are in it only because something else depends on how
        they do; shape (n_tasks,).
    """

    revision: Revision
    problem: Problem
    tasks: Ints
    modes: Ints
    fixed: Bools

    @property
    def planned(self) -> tuple[Ints, Ints]:
        """Start and mode of each task as planned before, `ABSENT` for none; modes of this problem.

        A planned start may be impossible by now.
        """
        place = np.full(self.revision.problem.n_modes + 1, ABSENT)
        place[self.modes] = np.arange(len(self.modes))
        return self.revision.start[self.tasks], ints(place[self.revision.mode[self.tasks]])

    def lift(self, schedule: Schedule) -> Schedule:
        """Return the schedule of the revised problem that continues history as one of this does."""
        whole = self.revision
        start, end, mode = whole.start.copy(), whole.end.copy(), whole.mode.copy()
        start[self.tasks], end[self.tasks] = schedule.start, schedule.end
        mode[self.tasks] = np.append(self.modes, ABSENT)[schedule.mode]
        return Schedule(whole.problem, start, end, mode)

    def lower(self, schedule: Schedule) -> Schedule:
        """Return the part of a schedule of the revised problem that is left to be done."""
        place = np.full(self.revision.problem.n_modes + 1, ABSENT)
        place[self.modes] = np.arange(len(self.modes))
        mode = place[schedule.mode[self.tasks]]
        return Schedule(self.problem, schedule.start[self.tasks], schedule.end[self.tasks], mode)


def residual(plan: Schedule, events: Iterable[Event] = (), now: int | None = None) -> Residual:
    """Return what is left of a plan once events are applied and time has come to `now`.

    Parameters
    ----------
    plan, events, now
        As for `headway.simulate.reschedule.revise.revise`.

    Raises
    ------
    EventError, UnknownNameError
        If an event does not fit.
    InfeasibleError
        If what has happened leaves a task no time to start.

    Notes
    -----
    Started tasks leave the problem: relations to them become windows of the others; the machines
    and units of resources that they still hold become release times, breaks and steps of capacity;
    budgets shrink. They stay, with fixed times, where that would not do: on machines with setup
    times, if they hold a machine for a task to come, in pairs, common sequences, selections and
    mode dependencies with tasks to come, if they touch reservoirs, and for objectives that look at
    the usage of resources. Deadlines and latest times that cannot be met any more are not relaxed.
    """
    return left_of(revise(plan, events, now))


def narrowed(rest: Residual, until: int) -> Residual:
    """Return the same rest, in which only the near future is open.

    Tasks planned to start at `until` or later keep their modes and, among each other, their order
    on machines.

    Parameters
    ----------
    rest
        What is left of a plan in which every task has a place.
    until
        Where the far future begins.
    """
    start, mode = rest.planned
    problem = rest.problem
    far = (mode >= 0) & (start >= until) & ~rest.fixed
    tables = Tables.of(problem)
    row, index = entries(problem.modes.demand_ptr, np.maximum(mode, 0))
    resource = problem.modes.demand_resource[index]
    on = far[row] & (problem.resources.kind[resource] == ResourceKind.MACHINE)
    task, resource = row[on], resource[on]
    order = np.lexsort((start[task], resource))
    task, resource = task[order], resource[order]
    next_to = resource[1:] == resource[:-1]
    tables.add_relations(task[:-1][next_to].tolist(), task[1:][next_to].tolist())
    open_modes = ~far[problem.modes.task]
    open_modes[mode[far]] = True
    _, kept = tables.keep(np.ones(problem.n_tasks, dtype=np.bool_), open_modes)
    return Residual(rest.revision, tables.problem(), rest.tasks, ints(rest.modes[kept]), rest.fixed)


def left_of(revision: Revision) -> Residual:
    """Return what is left of a revised plan; see `residual`."""
    whole = revision.problem
    tables = Tables.of(whole)
    stays = needed(revision)
    gone = revision.started & ~stays
    fold_relations(tables, revision, gone)
    fold_resources(tables, revision, gone, stays)
    modes = np.ones(whole.n_modes, dtype=np.bool_)
    if stays.any():
        _fix(tables, revision, stays)
        modes[stays[whole.modes.task]] = False
        modes[revision.mode[stays]] = True
    tasks, kept = tables.keep(~gone, modes)
    used = np.zeros(len(tables.jobs) + 1, dtype=np.bool_)
    used[tables.tasks.job] = True
    tables.keep_jobs(used[:-1])
    tables.name = f"rest of {whole.name}"
    _keep_meaning(tables)
    _check_windows(tables, whole, tasks)
    return Residual(revision, tables.problem(), tasks, kept, bools(stays[tasks]))


def _fix(tables: Tables, revision: Revision, stays: Bools) -> None:
    """Let started tasks that remain be exactly where they are, in place."""
    tasks = tables.tasks
    start, end = revision.start, revision.end
    tables.tasks = replace(
        tasks,
        earliest_start=ints(np.where(stays, start, tasks.earliest_start)),
        latest_start=ints(np.where(stays, start, tasks.latest_start)),
        earliest_end=ints(np.where(stays, end, tasks.earliest_end)),
        latest_end=ints(np.where(stays, end, tasks.latest_end)),
        optional=bools(tasks.optional & ~stays),
    )


def _keep_meaning(tables: Tables) -> None:
    """Minimise the makespan where no job is left that the objective could look at, in place."""
    dated = bool((tables.jobs.due < FOREVER).any())
    measures = {term.measure for level in tables.objective.levels for term in level}
    if (not dated and measures & NEEDS_DUE_DATES) or (
        not len(tables.jobs) and measures & SUMS_OVER_JOBS
    ):
        tables.objective = makespan()


def _check_windows(tables: Tables, whole: Problem, tasks: Ints) -> None:
    """Refuse a rest in which a task has no time left; optional ones stay out, in place."""
    table = tables.tasks
    if not len(table):
        return
    deadline = np.append(tables.jobs.deadline, FOREVER)[table.job]
    shortest = np.minimum.reduceat(tables.modes.duration, table.mode_ptr[:-1])
    last_end = np.minimum(np.minimum(table.latest_end, deadline), tables.horizon)
    late = (table.earliest_start > table.latest_start) | (table.earliest_end > table.latest_end)
    late |= table.earliest_start + shortest > last_end
    if not late.any():
        return
    clash = late & ~table.optional
    if clash.any():
        k = int(np.argmax(clash))
        limit = min(int(table.latest_start[k] + shortest[k]), int(last_end[k]))
        raise InfeasibleError(
            f"task {whole.task_label(int(tasks[k]))!r} cannot start before"
            f" {table.earliest_start[k]}, but must end by {limit}"
        )
    # A task that would have to end before it starts is left out by every method.
    tables.tasks = replace(
        table,
        latest_start=ints(np.where(late, table.earliest_start, table.latest_start)),
        earliest_end=ints(np.where(late, 0, table.earliest_end)),
        latest_end=ints(np.where(late, 0, table.latest_end)),
    )
