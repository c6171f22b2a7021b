"""Problems as the native single machine search sees them, and why some are none."""

from __future__ import annotations

from collections.abc import Iterator

import numpy as np

from headway import _core
from headway.errors import UnsupportedError
from headway.model.objective import NEEDS_DUE_DATES, Measure
from headway.model.problem import Problem
from headway.model.schedule import Schedule
from headway.model.tables import ABSENT, FOREVER, Ints, ints
from headway.solve import columns, obstacles

_LARGEST_VALUE = 2**61
_MOST_JOBS_WITH_SETUPS = 5000

_PER_TICK = (Measure.COMPLETION, Measure.FLOW_TIME)
_MEASURES = {
    *_PER_TICK,
    Measure.TARDINESS,
    Measure.TARDY_JOBS,
    Measure.MAKESPAN,
    Measure.MAX_LATENESS,
    Measure.MAX_TARDINESS,
    Measure.SETUP,
}


class OneMachine:
    """A problem in which all there is to decide is the order of tasks on the one machine.

    Parameters
    ----------
    problem
        Every task is the only one of its job, or of none, and needs the same machine in its one
        mode. Release times and setups are welcome. The objective has one level: any sum of
        makespan, completion and flow time, tardiness, tardy jobs, largest lateness and tardiness,
        and setup. A horizon is not looked at.

    Attributes
    ----------
    work, release, due
        Ticks per task; `FOREVER` for no due date.
    per_tick, per_late, if_late
        Weight per task of its completion time, its tardiness and of being tardy at all.
    setup
        Ticks from task to task, shape (n + 1, n), the last row before the first task; None if
        there are no setups.
    makespan, max_lateness, max_tardiness, total_setup
        Weights of what all tasks cost together.
    constant
        What is to be added to the value of an order to have that of the objective.
    native
        What `_core.SingleMachineSearch` takes.

    Raises
    ------
    UnsupportedError
        If the problem is not of that kind; the message names the first thing that is in the way.
    """

    def __init__(self, problem: Problem) -> None:
        reason = obstacle(problem)
        if reason is not None:
            raise UnsupportedError(
                f"single machine search does not apply to {problem.name!r}, because {reason};"
                " method 'auto' picks what suits"
            )
        self.problem = problem
        n = problem.n_tasks
        job = problem.tasks.job
        self.work: Ints = problem.modes.duration
        self.release = columns.earliest_starts(problem)
        self.due = ints(np.append(problem.jobs.due, FOREVER)[job])
        self.setup = _setup(problem)
        per_tick, per_late, if_late = np.zeros((3, n), dtype=np.int64)
        overall = dict.fromkeys(_MEASURES, 0)
        self.constant = 0
        weights, owned = np.append(problem.jobs.weight, 0)[job], (job >= 0).astype(np.int64)
        machine = int(problem.modes.demand_resource[0])
        for term in problem.objective.terms:
            if term.resources and machine not in term.resources:
                continue
            factor = term.weight * (weights if term.weighted else owned)
            overall[term.measure] += term.weight
            if term.measure in _PER_TICK:
                per_tick += factor
            if term.measure is Measure.FLOW_TIME:
                self.constant -= int((factor * np.append(problem.jobs.release, 0)[job]).sum())
            if term.measure is Measure.TARDINESS:
                per_late += factor
            if term.measure is Measure.TARDY_JOBS:
                if_late += factor
        self.per_tick, self.per_late, self.if_late = ints(per_tick), ints(per_late), ints(if_late)
        self.makespan = overall[Measure.MAKESPAN]
        self.max_lateness = overall[Measure.MAX_LATENESS]
        self.max_tardiness = overall[Measure.MAX_TARDINESS]
        self.total_setup = overall[Measure.SETUP]
        self.native = _core.Line(
            self.work,
            self.release,
            self.due,
            self.per_tick,
            self.per_late,
            self.if_late,
            ints([]) if self.setup is None else ints(self.setup),
            self.makespan,
            self.max_lateness,
            self.max_tardiness,
            self.total_setup,
        )

    def order(self, schedule: Schedule) -> Ints:
        """Return the tasks by start, then by end."""
        return ints(np.lexsort((schedule.end, schedule.start)))

    def schedule(self, order: Ints) -> Schedule:
        """Return the schedule in which tasks run in a given order, each as early as it can."""
        work, release = self.work.tolist(), self.release.tolist()
        start = [0] * len(work)
        before, now = len(work), 0
        for task in order.tolist():
            gap = 0 if self.setup is None else int(self.setup[before, task])
            start[task] = max(now + gap, release[task])
            now = start[task] + work[task]
            before = task
        return self.problem.schedule(start)

    @property
    def has_releases(self) -> bool:
        """Whether any task has to wait for its release."""
        return bool(self.release.any())

    @property
    def is_sum(self) -> bool:
        """Whether costs add up over tasks, apart from what no order changes."""
        return not (self.max_lateness or self.max_tardiness)


def obstacle(problem: Problem) -> str | None:
    """Return why single machine search does not apply to a problem, or None if it does.

    Examples
    --------
    >>> import headway as hw
    >>> obstacle(hw.single_machine([3, 1, 2], due=[4, 9, 3], objective=hw.total_tardiness()))
    >>> obstacle(hw.instance("ft06"))
    'it has 6 machines'
    """
    return next(_obstacles(problem), None)


def _obstacles(problem: Problem) -> Iterator[str]:
    """Yield what keeps a problem from being one of one machine, in words that follow "because"."""
    tasks, modes = problem.tasks, problem.modes

    yield from obstacles.missing_tasks(problem)
    yield from _objective_obstacles(problem)
    used = np.unique(modes.demand_resource)
    if len(used) != 1:
        yield f"it has {len(used)} machines" if len(used) else "no task needs a machine"
        return
    yield from obstacles.several_modes(problem)
    idle = np.diff(modes.demand_ptr) == 0
    if idle.any():
        yield f"task {obstacles.first_task(problem, idle)} needs no machine"
    owners = np.bincount(tasks.job[tasks.job >= 0], minlength=problem.n_jobs)
    if (owners > 1).any():
        yield f"job {problem.jobs.name[int(np.argmax(owners > 1))]!r} has several tasks"
    yield from _machine_obstacles(problem, int(used[0]))
    yield from obstacles.latest_times(problem)
    yield from obstacles.blocking(problem)
    if len(problem.relations):
        yield "there are relations between tasks"
    yield from obstacles.ties(problem, sequences=True)
    yield from _size_obstacles(problem)


def _objective_obstacles(problem: Problem) -> Iterator[str]:
    if len(problem.objective.levels) != 1:
        yield f"the objective has {len(problem.objective.levels)} levels, not one"
    for term in problem.objective.terms:
        if term.measure not in _MEASURES:
            yield f"the objective counts {term.measure}"
        if term.measure in NEEDS_DUE_DATES and not (problem.jobs.due < FOREVER).any():
            yield f"the objective counts {term.measure}, but no job has a due date"


def _machine_obstacles(problem: Problem, machine: int) -> Iterator[str]:
    table = problem.resources
    yield from obstacles.other_resources(problem)
    yield from obstacles.breaks(problem)
    if table.setup[machine] == ABSENT:
        return
    if problem.n_tasks > _MOST_JOBS_WITH_SETUPS:
        yield f"there are setups between {problem.n_tasks} tasks, too many for one table"
    instant = problem.modes.duration == 0
    if instant.any():
        # Two tasks at one moment have no order to tell which setup comes between them.
        name = problem.task_label(int(np.argmax(instant)))
        yield f"task {name!r} takes no time, and there are setups"


def _size_obstacles(problem: Problem) -> Iterator[str]:
    """Yield that numbers are too large, if sums of them might not fit into 64 bits."""
    setups = sum(int(matrix.max(initial=0)) for matrix in problem.setups) * problem.n_tasks
    end = (
        int(columns.earliest_starts(problem).max(initial=0))
        + int(problem.modes.duration.sum())
        + setups
    )
    due = problem.jobs.due[problem.jobs.due < FOREVER]
    end += max(0, -int(due.min(initial=0)))
    weight = int(problem.jobs.weight.max(initial=1))
    factor = sum(term.weight * (weight if term.weighted else 1) for term in problem.objective.terms)
    if end * factor * problem.n_tasks > _LARGEST_VALUE:
        yield "times and weights are so large that sums of them may not fit into 64 bits"


def _setup(problem: Problem) -> np.ndarray | None:
    """Return the setup from task to task; the last row is that of the first task."""
    matrix = problem.resources.setup[problem.modes.demand_resource[0]]
    if matrix == ABSENT:
        return None
    family = problem.tasks.family
    table = problem.setups[matrix]
    before = np.append(family, len(table) - 1)
    times = np.where(
        (before[:, None] >= 0) & (family[None, :] >= 0), table[before[:, None], family], 0
    )
    return np.ascontiguousarray(times)
