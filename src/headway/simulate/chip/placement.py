"""Where and when the tasks of a graph run, and the verified schedule that this is."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from functools import cached_property

import numpy as np

from headway.errors import VerificationError
from headway.model import Problem, Schedule, verify
from headway.model.tables import (
    FOREVER,
    Ints,
    Jobs,
    Modes,
    RelationKind,
    Relations,
    ResourceKind,
    Resources,
    Tasks,
    bools,
    ints,
)
from headway.simulate.chip.graph import TaskGraph


@dataclass(frozen=True, eq=False)
class Placement:
    """An element and a start for every task of a graph.

    Parameters
    ----------
    graph
        What is placed.
    element
        Element of each task, shape (n_tasks,).
    start
        Ticks, shape (n_tasks,).
    """

    graph: TaskGraph
    element: Ints
    start: Ints

    @cached_property
    def end(self) -> Ints:
        """When each task ends, shape (n_tasks,)."""
        rows = np.arange(self.graph.n_tasks)
        return ints(self.start + self.graph.duration[rows, self.element])

    @property
    def makespan(self) -> int:
        """When the last task ends."""
        return int(self.end.max())

    @cached_property
    def schedule(self) -> Schedule:
        """The placement as a schedule that `headway.verify` has passed.

        Raises
        ------
        VerificationError
            If it breaks a constraint: a defect of whoever made it.
        """
        run = Run(self.graph, self.graph.name, 0, self.element, self.start, self.end)
        return schedule([run], [self.graph], self.graph.name)


@dataclass(frozen=True, eq=False)
class Run:
    """What became of one job: its graph with the times that came true.

    Parameters
    ----------
    graph
        The job's tasks.
    name
        Unique among the jobs of a schedule.
    release
        When the job arrived, ticks.
    element
        Element of each task, or -1 if it has not started; shape (n_tasks,).
    start, end
        Ticks, shape (n_tasks,); ignored where a task has not started.
    """

    graph: TaskGraph
    name: str
    release: int
    element: Ints
    start: Ints
    end: Ints


def schedule(runs: Sequence[Run], kinds: Sequence[TaskGraph], name: str) -> Schedule:
    """Return the verified schedule of what happened to some jobs on one chip.

    Its problem holds what came true: each task that started has one mode, on the element it ran on
    and as long as it took, and follows those before it by the delays between their elements.

    Raises
    ------
    VerificationError
        If that breaks a constraint.
    """
    elements = kinds[0].elements
    began = [np.flatnonzero(run.element >= 0) for run in runs]
    counts = [len(tasks) for tasks in began]
    first = np.cumsum([0, *counts])
    element = _joined([run.element[tasks] for run, tasks in zip(runs, began, strict=True)])
    start = _joined([run.start[tasks] for run, tasks in zip(runs, began, strict=True)])
    end = _joined([run.end[tasks] for run, tasks in zip(runs, began, strict=True)])
    problem = Problem(
        name=name,
        tick_s=kinds[0].tick_s,
        jobs=_jobs(runs),
        resources=_machines(elements),
        tasks=_tasks(
            [
                run.graph.tasks[task]
                for run, tasks in zip(runs, began, strict=True)
                for task in tasks
            ],
            np.repeat(np.arange(len(runs)), counts),
        ),
        modes=_modes(end - start, element),
        relations=_relations(runs, began, first),
    )
    result = Schedule(problem, ints(start), ints(end), ints(np.arange(len(start))))
    report = verify(problem, result)
    if not report.ok:
        raise VerificationError(f"{name}: {report}")
    return result


def _joined(parts: list[Ints]) -> Ints:
    return ints(np.concatenate(parts) if parts else [])


def _jobs(runs: Sequence[Run]) -> Jobs:
    n = len(runs)
    return Jobs(
        name=tuple(run.name for run in runs),
        release=ints([run.release for run in runs]),
        due=ints(np.full(n, FOREVER)),
        deadline=ints(np.full(n, FOREVER)),
        weight=ints(np.ones(n)),
    )


def _machines(names: tuple[str, ...]) -> Resources:
    n = len(names)
    zero = ints(np.zeros(n))
    return Resources(
        name=names,
        kind=ints(np.full(n, ResourceKind.MACHINE)),
        capacity=ints(np.ones(n)),
        cost=zero,
        level=zero,
        level_min=zero,
        level_max=zero,
        break_ptr=ints(np.zeros(n + 1)),
        step_ptr=ints(np.zeros(n + 1)),
        setup=ints(np.full(n, -1)),
    )


def _tasks(names: list[str], job: Ints) -> Tasks:
    n = len(names)
    zero, forever, none = ints(np.zeros(n)), ints(np.full(n, FOREVER)), ints(np.full(n, -1))
    return Tasks(
        name=tuple(names),
        job=ints(job),
        earliest_start=zero,
        latest_start=forever,
        earliest_end=zero,
        latest_end=forever,
        optional=bools(np.zeros(n)),
        interruptible=bools(np.zeros(n)),
        hold_until=none,
        family=none,
        mode_ptr=ints(np.arange(n + 1)),
    )


def _modes(duration: Ints, element: Ints) -> Modes:
    n = len(duration)
    return Modes(
        task=ints(np.arange(n)),
        duration=ints(duration),
        cost=ints(np.zeros(n)),
        demand_ptr=ints(np.arange(n + 1)),
        demand_resource=ints(element),
        demand_amount=ints(np.ones(n)),
    )


def _relations(runs: Sequence[Run], began: Sequence[Ints], first: Ints) -> Relations:
    """Return who follows whom by which delay, between tasks that have started."""
    before, after, lag = [], [], []
    for run, tasks, offset in zip(runs, began, first[:-1], strict=True):
        graph = run.graph
        place = np.full(graph.n_tasks, -1)
        place[tasks] = offset + np.arange(len(tasks))
        edges = np.flatnonzero((place[graph.source] >= 0) & (place[graph.target] >= 0))
        source, target = graph.source[edges], graph.target[edges]
        before.append(place[source])
        after.append(place[target])
        lag.append(graph.delay[edges, run.element[source], run.element[target]])
    n = sum(map(len, before))
    return Relations(
        kind=ints(np.full(n, RelationKind.END_START)),
        before=_joined(before),
        after=_joined(after),
        min_lag=_joined(lag),
        max_lag=ints(np.full(n, FOREVER)),
        transfer=bools(np.zeros(n)),
    )
