"""Which tasks to free: those of one time, one machine, one job, one path, or near one another."""

from __future__ import annotations

from collections.abc import Callable
from functools import cached_property

import numpy as np
from numpy.typing import NDArray

from headway.model.arcs import arcs_of
from headway.model.evaluate import uses
from headway.model.objective import MAXIMA, NEEDS_DUE_DATES, SUMS_OVER_JOBS, Measure
from headway.model.problem import Problem
from headway.model.schedule import Schedule
from headway.model.tables import ABSENT, FOREVER, Bools, Ints

Neighbourhood = Callable[["Scene", np.random.Generator, int], Ints]
"""Returns the tasks to free, given how many they may be."""


class Scene:
    """A schedule and what neighbourhoods ask about it, worked out at most once."""

    def __init__(self, schedule: Schedule) -> None:
        self.schedule = schedule
        self.problem = schedule.problem
        self.present: Ints = np.flatnonzero(schedule.present)

    @cached_property
    def uses(self) -> tuple[Ints, Ints]:
        """Who uses which machine or renewable resource, as (task, resource) pairs."""
        task, resource, _ = uses(self.schedule)
        return task, resource

    @cached_property
    def near(self) -> tuple[list[int], list[int], list[int]]:
        """Neighbours in the graph of arcs: pointers, tasks, and how loose each arc is."""
        arcs = arcs_of(self.schedule)
        start = self.schedule.start
        loose = np.maximum(start[arcs.after] - start[arcs.before] - arcs.lag, 0)
        source = np.concatenate((arcs.before, arcs.after))
        target = np.concatenate((arcs.after, arcs.before))
        order = np.argsort(source, kind="stable")
        ptr = np.searchsorted(source[order], np.arange(self.problem.n_tasks + 1))
        return ptr.tolist(), target[order].tolist(), np.tile(loose, 2)[order].tolist()

    @cached_property
    def critical(self) -> Ints:
        """The tasks of a critical path, in order."""
        return np.array(self.schedule.critical_path, dtype=np.int64)

    @cached_property
    def burden(self) -> NDArray[np.float64]:
        """What each job adds to the objective, roughly; shape (n_jobs,)."""
        jobs, done = self.problem.jobs, self.schedule.completion
        total = np.zeros(self.problem.n_jobs)  # whole numbers might not fit
        for term in self.problem.objective.terms:
            if term.measure in NEEDS_DUE_DATES:
                value = np.where(jobs.due < FOREVER, done - jobs.due, 0)
                if term.measure is Measure.EARLINESS:
                    value = -value
            elif term.measure in SUMS_OVER_JOBS:
                value = done - jobs.release
            else:
                continue
            value = np.where(done == ABSENT, 0, value)
            weight = jobs.weight.astype(np.float64) if term.weighted else np.ones_like(total)
            total += np.maximum(value, 0) * weight
        return total

    def distance(self, instant: int) -> Ints:
        """Return how far each present task is from an instant, 0 for those in progress."""
        start, end = self.schedule.start[self.present], self.schedule.end[self.present]
        return np.maximum(np.maximum(start - instant, instant - end), 0)


def at_a_time(scene: Scene, random: np.random.Generator, size: int) -> Ints:
    """Return the tasks around an instant."""
    if not len(scene.present):
        return anywhere(scene, random, size)
    instant = int(scene.schedule.start[random.choice(scene.present)])
    return scene.present[np.argsort(scene.distance(instant), kind="stable")[:size]]


def on_resources(scene: Scene, random: np.random.Generator, size: int) -> Ints:
    """Return the tasks on a few resources, those around an instant first."""
    task, resource = scene.uses
    if not len(task):
        return anywhere(scene, random, size)
    used = np.unique(resource)
    chosen = random.permutation(used)[: random.integers(1, max(2, min(4, len(used))) + 1)]
    here = np.unique(task[np.isin(resource, chosen)])
    instant = int(scene.schedule.start[random.choice(here)])
    distance = np.zeros(scene.problem.n_tasks, dtype=np.int64)
    distance[scene.present] = scene.distance(instant)
    return here[np.argsort(distance[here], kind="stable")[:size]]


def of_jobs(scene: Scene, random: np.random.Generator, size: int) -> Ints:
    """Return all tasks of a few jobs, whether they are present or not."""
    job = scene.problem.tasks.job
    if scene.problem.n_jobs < 2:
        return anywhere(scene, random, size)
    rank = np.append(random.permutation(scene.problem.n_jobs), scene.problem.n_jobs)
    return np.argsort(rank[job], kind="stable")[:size]


def anywhere(scene: Scene, random: np.random.Generator, size: int) -> Ints:
    """Return tasks at random, absent ones among them."""
    return random.permutation(scene.problem.n_tasks)[:size]


def on_the_critical_path(scene: Scene, random: np.random.Generator, size: int) -> Ints:
    """Return a stretch of a critical path and what surrounds it."""
    if not len(scene.critical):
        return around(scene, random, size)
    length = max(2, size // 4)
    at = int(random.integers(len(scene.critical)))
    seeds = scene.critical[max(0, at - length // 2) : at + (length + 1) // 2]
    return _spread(scene, seeds.tolist(), random, size)


def of_costly_jobs(scene: Scene, random: np.random.Generator, size: int) -> Ints:
    """Return the tasks of a job that adds much to the objective, and what delays them."""
    burden = scene.burden
    total = burden.sum()
    if total <= 0:
        return around(scene, random, size)
    job = int(random.choice(len(burden), p=burden / total))
    return _spread(scene, scene.problem.tasks_of(job).tolist(), random, size)


def around(scene: Scene, random: np.random.Generator, size: int) -> Ints:
    """Return a task and those that are linked to it, by few and tight arcs."""
    return _spread(scene, [int(random.integers(scene.problem.n_tasks))], random, size)


def _spread(scene: Scene, seeds: list[int], random: np.random.Generator, size: int) -> Ints:
    """Return tasks reached from some over arcs, tight ones more likely than loose ones."""
    ptr, near, loose = scene.near
    reached = dict.fromkeys(seeds)
    edge = list(seeds)
    draws = iter(random.random(4 * size + 64).tolist())
    while edge and len(reached) < size:
        draw = next(draws, None)
        if draw is None:
            break
        k = int(draw * len(edge))
        task = edge[k]
        ahead = [(loose[j], near[j]) for j in range(ptr[task], ptr[task + 1])]
        ahead = [pair for pair in ahead if pair[1] not in reached]
        if not ahead:
            edge[k] = edge[-1]
            edge.pop()
            continue
        other = min(ahead)[1]
        reached[other] = None
        edge.append(other)
    return np.array(list(reached)[:size], dtype=np.int64)


def neighbourhoods(problem: Problem) -> list[Neighbourhood]:
    """Return the neighbourhoods that make sense for a problem."""
    found: list[Neighbourhood] = [at_a_time, on_resources, around, anywhere]
    if problem.n_jobs > 1:
        found.append(of_jobs)
    if problem.objective.uses(*MAXIMA):
        found.append(on_the_critical_path)
    if problem.objective.uses(*SUMS_OVER_JOBS, *(NEEDS_DUE_DATES & MAXIMA)):
        found.append(of_costly_jobs)
    return found


class Companions:
    """Optional tasks that only make sense together: those of one selection."""

    def __init__(self, problem: Problem) -> None:
        table = problem.selections
        size = np.diff(table.task_ptr)
        self._row = np.repeat(np.arange(len(table)), size)
        self._task = table.task
        self._condition = table.condition

    def close(self, free: Bools) -> None:
        """Free all tasks of each selection that has a free one, in place."""
        if not len(self._row):
            return
        rows = np.zeros(len(self._condition), dtype=np.bool_)
        rows[self._row[free[self._task]]] = True
        bound = self._condition >= 0
        rows[bound] |= free[self._condition[bound]]
        free[self._task[rows[self._row]]] = True
