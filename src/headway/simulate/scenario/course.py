"""A course of events while more is put into it: jobs, ways to do an operation, outages, changes."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from itertools import chain, pairwise
from typing import Any, TypeVar

import numpy as np

from headway.model import ABSENT, FOREVER, Problem, RelationKind
from headway.model.arrays import entries
from headway.model.tables import (
    Bools,
    Ints,
    Jobs,
    Modes,
    Relations,
    Tasks,
    bools,
    flat,
    ints,
    pointers,
)
from headway.simulate.shop.realisation import ChangeKind, Changes, Outages, Realisation

_Table = TypeVar("_Table", Jobs, Tasks, Relations)


@dataclass(frozen=True, slots=True)
class Way:
    """A way to do an operation.

    Attributes
    ----------
    seen, duration
        Ticks that policies see, and that it really takes.
    demands
        Units by position of the resource.
    is_open
        Whether it can be chosen from the beginning.
    """

    seen: int
    duration: int
    demands: Mapping[int, int]
    is_open: bool = True


@dataclass(frozen=True, slots=True)
class NewTask:
    """An operation of a job that is added.

    Attributes
    ----------
    name, family
        As in `Tasks`.
    interruptible
        Whether it pauses during breaks.
    ways
        At least one.
    """

    name: str
    ways: Sequence[Way]
    family: int = ABSENT
    interruptible: bool = False


class Course:
    """What a realisation holds, open for more.

    Modes that are added go by the numbers that they are given here until `realisation` brings them
    in order of tasks.

    Parameters
    ----------
    realisation
        Where to begin; is not changed.
    """

    def __init__(self, realisation: Realisation) -> None:
        self._base = realisation
        problem = realisation.problem
        self._blocks = bool((problem.tasks.hold_until != ABSENT).any())
        self._transfers = bool(problem.relations.transfer.any())
        self._jobs: list[tuple[str, int, int, int, int]] = []
        self._tasks: list[tuple[NewTask, int]] = []
        self._ways: list[tuple[int, Way]] = []
        self._modes_of: dict[int, list[int]] = {}
        self._arrival: list[int] = []
        self.cancelled = realisation.cancelled.tolist()
        old = realisation.changes
        columns = (old.time, old.kind, old.subject, old.value)
        self._changes = list(zip(*(column.tolist() for column in columns), strict=True))
        outages = realisation.outages
        stops = list(zip(outages.start.tolist(), outages.end.tolist(), strict=True))
        self._stops = [stops[a:b] for a, b in pairwise(outages.ptr.tolist())]
        self.effect = outages.effect.tolist()

    @property
    def problem(self) -> Problem:
        """The problem, without what has been added."""
        return self._base.problem

    @property
    def n_tasks(self) -> int:
        """Number of tasks so far."""
        return self.problem.n_tasks + len(self._tasks)

    def modes(self, task: int) -> list[int]:
        """Return the modes of a task so far."""
        ptr = self.problem.tasks.mode_ptr
        known = range(ptr[task], ptr[task + 1]) if task < self.problem.n_tasks else ()
        return [*known, *self._modes_of.get(task, ())]

    def way(self, mode: int) -> Way:
        """Return what a mode is like."""
        modes, n = self.problem.modes, self.problem.n_modes
        if mode >= n:
            return self._ways[mode - n][1]
        a, b = modes.demand_ptr[mode : mode + 2].tolist()
        needs = zip(modes.demand_resource[a:b].tolist(), modes.demand_amount[a:b].tolist(),
                    strict=True)  # fmt: skip
        return Way(
            int(modes.duration[mode]),
            int(self._base.duration[mode]),
            dict(needs),
            bool(self._base.is_open[mode]),
        )

    def add_mode(self, task: int, way: Way) -> int:
        """Add a mode and return its number."""
        self._ways.append((task, way))
        number = self.problem.n_modes + len(self._ways) - 1
        self._modes_of.setdefault(task, []).append(number)
        return number

    def add_job(
        self,
        name: str,
        tasks: Sequence[NewTask],
        *,
        arrival: int,
        release: int,
        due: int,
        deadline: int,
        weight: int,
    ) -> int:
        """Add a job, a chain of tasks, and return its position."""
        job = self.problem.n_jobs + len(self._jobs)
        self._jobs.append((name, release, due, deadline, weight))
        self._arrival.append(arrival)
        self.cancelled.append(FOREVER)
        for task in tasks:
            place = self.n_tasks
            self._tasks.append((task, job))
            for way in task.ways:
                self.add_mode(place, way)
        return job

    def change(self, time: int, kind: ChangeKind, subject: int, value: int = 0) -> None:
        """Add a change of a job or of a mode, by its number."""
        self._changes.append((time, int(kind), subject, value))

    def stops(self, resource: int) -> list[tuple[int, int]]:
        """Return the outages of a resource."""
        return self._stops[resource]

    def add_stop(self, resource: int, start: int, end: int) -> None:
        """Add an outage; those that overlap become one."""
        self._stops[resource] = merged([*self._stops[resource], (start, end)])

    def end_stop(self, resource: int, time: int) -> None:
        """End the outage that a resource is in, if it is in one."""
        self._stops[resource] = [
            (start, time if start < time < end else end)
            for start, end in self._stops[resource]
            if start != time
        ]

    def realisation(self) -> Realisation:
        """Return the course of events with all that has been added."""
        base, ways = self._base, self._ways
        task = np.concatenate((self.problem.modes.task, [task for task, _ in ways])).astype(int)
        order = np.argsort(task, kind="stable")
        place = np.empty(len(order), dtype=np.int64)
        place[order] = np.arange(len(order))

        def of_modes(column: Ints | Bools, added: Sequence[int]) -> Ints:
            return ints(np.concatenate((column, np.asarray(added, dtype=np.int64)))[order])

        return replace(
            base,
            problem=self._problem(ints(task), ints(order)) if ways else self.problem,
            arrival=ints([*base.arrival.tolist(), *self._arrival]),
            duration=of_modes(base.duration, [way.duration for _, way in ways]),
            is_open=bools(of_modes(base.is_open, [way.is_open for _, way in ways])),
            pause=ints([*base.pause.tolist(), *[0] * len(self._tasks)]),
            outages=Outages(
                pointers(self._stops),
                ints([start for row in self._stops for start, _ in row]),
                ints([end for row in self._stops for _, end in row]),
                ints(self.effect),
            ),
            cancelled=ints(self.cancelled),
            changes=self._sorted_changes(place),
        )

    def _sorted_changes(self, place: Ints) -> Changes:
        # Stable: what is said later about the same instant counts.
        rows = sorted(self._changes, key=lambda row: row[0])
        time, kind, subject, value = np.array(rows, dtype=np.int64).reshape(-1, 4).T
        of_mode = kind != ChangeKind.DUE
        subject[of_mode] = place[subject[of_mode]]
        return Changes(ints(time), ints(kind), ints(subject), ints(value))

    def _problem(self, task: Ints, order: Ints) -> Problem:
        problem, old = self.problem, self.problem.modes
        added = [sorted(way.demands.items()) for _, way in self._ways]
        more = np.cumsum([int(old.demand_ptr[-1]), *map(len, added)])
        ptr = ints(np.concatenate((old.demand_ptr, more[1:])))
        resource = np.concatenate((old.demand_resource, flat([r for r, _ in row] for row in added)))
        amount = np.concatenate((old.demand_amount, flat([a for _, a in row] for row in added)))
        _, index = entries(ptr, order)
        seen = np.concatenate((old.duration, [way.seen for _, way in self._ways]))
        cost = np.concatenate((old.cost, np.zeros(len(self._ways))))
        counts = np.bincount(task, minlength=self.n_tasks)
        tasks = self._all_tasks()
        return replace(
            problem,
            jobs=self._all_jobs(),
            tasks=replace(tasks, mode_ptr=ints(np.cumsum([0, *counts]))),
            modes=Modes(
                ints(task[order]),
                ints(seen[order]),
                ints(cost[order].astype(int)),
                ints(np.cumsum([0, *np.diff(ptr)[order]])),
                ints(resource[index]),
                ints(amount[index]),
            ),
            relations=self._all_relations(),
        )

    def _all_jobs(self) -> Jobs:
        if not self._jobs:
            return self.problem.jobs
        name, release, due, deadline, weight = zip(*self._jobs, strict=True)
        return _longer(
            self.problem.jobs, name,
            {"release": release, "due": due, "deadline": deadline, "weight": weight},
        )  # fmt: skip

    def _all_tasks(self) -> Tasks:
        added, first = self._tasks, self.problem.n_tasks
        jobs = [job for _, job in added]
        hold = [
            first + k + 1 if self._blocks and jobs[k + 1 : k + 2] == [job] else ABSENT
            for k, job in enumerate(jobs)
        ]
        zero, never = [0] * len(added), [FOREVER] * len(added)
        return _longer(
            self.problem.tasks,
            [task.name for task, _ in added],
            {
                "job": jobs,
                "earliest_start": zero,
                "latest_start": never,
                "earliest_end": zero,
                "latest_end": never,
                "optional": zero,
                "interruptible": [task.interruptible for task, _ in added],
                "hold_until": hold,
                "family": [task.family for task, _ in added],
                "mode_ptr": zero,
            },
        )

    def _all_relations(self) -> Relations:
        first = self.problem.n_tasks
        jobs = [job for _, job in self._tasks]
        before = [first + k for k in range(len(jobs) - 1) if jobs[k] == jobs[k + 1]]
        n = len(before)
        return _longer(
            self.problem.relations,
            None,
            {
                "kind": [int(RelationKind.END_START)] * n,
                "before": before,
                "after": [task + 1 for task in before],
                "min_lag": [0] * n,
                "max_lag": [FOREVER] * n,
                "transfer": [self._transfers] * n,
            },
        )


def merged(stops: Sequence[tuple[int, int]]) -> list[tuple[int, int]]:
    """Return the union of intervals, sorted and disjoint."""
    union: list[tuple[int, int]] = []
    for begin, end in sorted(stops):
        if union and begin <= union[-1][1]:
            union[-1] = (union[-1][0], max(end, union[-1][1]))
        else:
            union.append((begin, end))
    return union


def _longer(
    table: _Table, names: Sequence[str] | None, more: Mapping[str, Sequence[int]]
) -> _Table:
    """Return a table with rows behind its own."""
    longer: dict[str, Any] = {}
    for key, values in more.items():
        column = getattr(table, key)
        frozen = bools if column.dtype == np.bool_ else ints
        longer[key] = frozen(np.concatenate((column, np.asarray(values, dtype=np.int64))))
    if names is not None:
        assert not isinstance(table, Relations)
        longer["name"] = tuple(chain(table.name, names))
    return replace(table, **longer)
