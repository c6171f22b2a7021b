"""The tables of a problem, loose: rows are taken out, changed and added, then frozen again."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, fields, replace
from datetime import datetime

import numpy as np
from numpy.typing import NDArray

from headway.model import Objective, Problem
from headway.model.arrays import entries, merge
from headway.model.tables import (
    ABSENT,
    FOREVER,
    Bools,
    Ints,
    Jobs,
    ModeDependencies,
    Modes,
    Pairs,
    RelationKind,
    Relations,
    Resources,
    Selections,
    Sequences,
    Tasks,
    bools,
    ints,
)

_COLUMNS = tuple(f.name for f in fields(Problem))


@dataclass(frozen=True, slots=True)
class NewMode:
    """A way to do a task: its work, price and demands as (resource, amount), by resource."""

    duration: int
    cost: int
    demands: tuple[tuple[int, int], ...]


@dataclass(frozen=True, slots=True)
class NewTask:
    """A task to be added."""

    name: str
    job: int
    modes: tuple[NewMode, ...]
    interruptible: bool = False
    family: int = ABSENT


@dataclass(slots=True)
class Tables:
    """What a `Problem` consists of, free to be changed; see there for the columns."""

    source: Problem
    name: str
    tick_s: float
    origin: datetime | None
    horizon: int
    jobs: Jobs
    resources: Resources
    tasks: Tasks
    modes: Modes
    relations: Relations
    pairs: Pairs
    sequences: Sequences
    selections: Selections
    mode_dependencies: ModeDependencies
    setups: tuple[NDArray[np.int64], ...]
    transfers: NDArray[np.int64]
    objective: Objective

    @classmethod
    def of(cls, problem: Problem) -> Tables:
        """Return the tables of a problem."""
        return cls(problem, **{name: getattr(problem, name) for name in _COLUMNS})

    def problem(self) -> Problem:
        """Return the problem, validated.

        Raises
        ------
        ProblemError
            If the tables do not fit together.
        """
        return self.source.altered(**{name: getattr(self, name) for name in _COLUMNS})

    # Rows out

    def keep(self, tasks: Bools, modes: Bools | None = None) -> tuple[Ints, Ints]:
        """Keep some tasks and some of their modes; what speaks of others no longer does.

        Returns
        -------
        task, mode
            The old positions of those that remain.
        """
        kept_modes = tasks[self.modes.task]
        if modes is not None:
            kept_modes = kept_modes & modes
        task, mode = np.flatnonzero(tasks), np.flatnonzero(kept_modes)
        new_task, new_mode = _numbered(tasks), _numbered(kept_modes)
        self._keep_ties(new_task, new_mode)
        table = self.tasks
        counts = np.bincount(new_task[self.modes.task[mode]], minlength=len(task))
        self.tasks = Tasks(
            name=tuple(table.name[k] for k in task.tolist()),
            job=ints(table.job[task]),
            earliest_start=ints(table.earliest_start[task]),
            latest_start=ints(table.latest_start[task]),
            earliest_end=ints(table.earliest_end[task]),
            latest_end=ints(table.latest_end[task]),
            optional=bools(table.optional[task]),
            interruptible=bools(table.interruptible[task]),
            hold_until=ints(new_task[table.hold_until[task]]),
            family=ints(table.family[task]),
            mode_ptr=_pointers(counts),
        )
        row, index = entries(self.modes.demand_ptr, mode)
        self.modes = Modes(
            task=ints(new_task[self.modes.task[mode]]),
            duration=ints(self.modes.duration[mode]),
            cost=ints(self.modes.cost[mode]),
            demand_ptr=_pointers(np.bincount(row, minlength=len(mode))),
            demand_resource=ints(self.modes.demand_resource[index]),
            demand_amount=ints(self.modes.demand_amount[index]),
        )
        return ints(task), ints(mode)

    def _keep_ties(self, task: Ints, mode: Ints) -> None:
        """Keep the constraints between tasks and modes that remain, by their new positions."""
        rel = self.relations
        both = (task[rel.before] >= 0) & (task[rel.after] >= 0)
        self.relations = Relations(
            kind=ints(rel.kind[both]),
            before=ints(task[rel.before[both]]),
            after=ints(task[rel.after[both]]),
            min_lag=ints(rel.min_lag[both]),
            max_lag=ints(rel.max_lag[both]),
            transfer=bools(rel.transfer[both]),
        )
        # Most problems have none of these.
        if len(self.pairs):
            self._keep_pairs(task)
        if len(self.sequences):
            self._keep_sequences(task)
        if len(self.selections):
            self._keep_selections(task)
        if len(self.mode_dependencies):
            self._keep_mode_dependencies(task, mode)

    def _keep_pairs(self, task: Ints) -> None:
        pairs = self.pairs
        both = (task[pairs.first] >= 0) & (task[pairs.second] >= 0)
        self.pairs = Pairs(
            ints(pairs.kind[both]), ints(task[pairs.first[both]]), ints(task[pairs.second[both]])
        )

    def _keep_sequences(self, task: Ints) -> None:
        seq = self.sequences
        row = np.repeat(np.arange(len(seq)), np.diff(seq.task_ptr))
        both = (task[seq.first_task] >= 0) & (task[seq.second_task] >= 0)
        self.sequences = Sequences(
            seq.first_machine,
            seq.second_machine,
            _pointers(np.bincount(row[both], minlength=len(seq))),
            ints(task[seq.first_task[both]]),
            ints(task[seq.second_task[both]]),
        )

    def _keep_selections(self, task: Ints) -> None:
        sel = self.selections
        row = np.repeat(np.arange(len(sel)), np.diff(sel.task_ptr))
        here = task[sel.task] >= 0
        counts = np.bincount(row[here], minlength=len(sel))
        binds = (counts > 0) & ((sel.condition < 0) | (task[sel.condition] >= 0))
        here &= binds[row]
        self.selections = Selections(
            kind=ints(sel.kind[binds]),
            condition=ints(np.where(sel.condition < 0, ABSENT, task[sel.condition])[binds]),
            task_ptr=_pointers(counts[binds]),
            task=ints(task[sel.task[here]]),
        )

    def _keep_mode_dependencies(self, task: Ints, mode: Ints) -> None:
        dep = self.mode_dependencies
        row = np.repeat(np.arange(len(dep)), np.diff(dep.allowed_ptr))
        binds = (mode[dep.mode] >= 0) & (task[dep.task] >= 0)
        here = binds[row] & (mode[dep.allowed] >= 0)
        self.mode_dependencies = ModeDependencies(
            mode=ints(mode[dep.mode[binds]]),
            task=ints(task[dep.task[binds]]),
            allowed_ptr=_pointers(np.bincount(row[here], minlength=len(dep))[binds]),
            allowed=ints(mode[dep.allowed[here]]),
        )

    def keep_jobs(self, jobs: Bools) -> None:
        """Keep some jobs; tasks of others belong to none."""
        if jobs.all():
            return
        table, index = self.jobs, np.flatnonzero(jobs)
        self.jobs = Jobs(
            name=tuple(table.name[j] for j in index.tolist()),
            release=ints(table.release[index]),
            due=ints(table.due[index]),
            deadline=ints(table.deadline[index]),
            weight=ints(table.weight[index]),
        )
        self.tasks = replace(self.tasks, job=ints(_numbered(jobs)[self.tasks.job]))

    # Rows in

    def add_job(self, name: str, release: int, due: int, deadline: int, weight: int) -> int:
        """Add a job and return its position."""
        table = self.jobs
        self.jobs = Jobs(
            name=(*table.name, name),
            release=ints(np.append(table.release, release)),
            due=ints(np.append(table.due, due)),
            deadline=ints(np.append(table.deadline, deadline)),
            weight=ints(np.append(table.weight, weight)),
        )
        return len(self.jobs) - 1

    def add_tasks(self, new: Sequence[NewTask]) -> Ints:
        """Add tasks behind all others, and return their positions."""
        table, n, count = self.tasks, len(self.tasks), len(new)
        never, zero = np.full(count, FOREVER), np.zeros(count, dtype=np.int64)
        sizes = [len(task.modes) for task in new]
        self.tasks = Tasks(
            name=(*table.name, *(task.name for task in new)),
            job=_joined(table.job, [task.job for task in new]),
            earliest_start=_joined(table.earliest_start, zero),
            latest_start=_joined(table.latest_start, never),
            earliest_end=_joined(table.earliest_end, zero),
            latest_end=_joined(table.latest_end, never),
            optional=bools(np.append(table.optional, zero > 0)),
            interruptible=bools(
                np.append(table.interruptible, [task.interruptible for task in new])
            ),
            hold_until=_joined(table.hold_until, zero + ABSENT),
            family=_joined(table.family, [task.family for task in new]),
            mode_ptr=_joined(table.mode_ptr, table.mode_ptr[-1] + np.cumsum(sizes)),
        )
        rows = [mode for task in new for mode in task.modes]
        modes = self.modes
        self.modes = Modes(
            task=_joined(modes.task, np.repeat(np.arange(n, n + count), sizes)),
            duration=_joined(modes.duration, [mode.duration for mode in rows]),
            cost=_joined(modes.cost, [mode.cost for mode in rows]),
            demand_ptr=_joined(
                modes.demand_ptr, modes.demand_ptr[-1] + np.cumsum([len(m.demands) for m in rows])
            ),
            demand_resource=_joined(
                modes.demand_resource, [r for mode in rows for r, _ in mode.demands]
            ),
            demand_amount=_joined(
                modes.demand_amount, [q for mode in rows for _, q in mode.demands]
            ),
        )
        return ints(np.arange(n, n + count))

    def set_modes(self, task: int, rows: Sequence[NewMode]) -> Ints:
        """Give a task other modes, and return the old positions of all modes, `ABSENT` for new."""
        modes, ptr = self.modes, self.tasks.mode_ptr
        first, last = int(ptr[task]), int(ptr[task + 1])
        old = np.concatenate(
            (np.arange(first), np.full(len(rows), ABSENT), np.arange(last, len(modes)))
        )
        sizes = np.diff(modes.demand_ptr)
        cut = slice(int(modes.demand_ptr[first]), int(modes.demand_ptr[last]))
        where = [first] * len(rows)
        units = [cut.start] * sum(len(row.demands) for row in rows)

        def spliced(column: Ints, new: Sequence[int], gap: slice, at: Sequence[int]) -> Ints:
            rest = np.delete(column, gap)
            return ints(np.insert(rest, at, new))

        gap = slice(first, last)
        sizes = spliced(ints(sizes), [len(row.demands) for row in rows], gap, where)
        self.modes = Modes(
            task=spliced(modes.task, [task] * len(rows), gap, where),
            duration=spliced(modes.duration, [row.duration for row in rows], gap, where),
            cost=spliced(modes.cost, [row.cost for row in rows], gap, where),
            demand_ptr=_pointers(sizes),
            demand_resource=spliced(
                modes.demand_resource, [r for row in rows for r, _ in row.demands], cut, units
            ),
            demand_amount=spliced(
                modes.demand_amount, [q for row in rows for _, q in row.demands], cut, units
            ),
        )
        shifted = np.where(np.arange(len(ptr)) > task, ptr + len(rows) - (last - first), ptr)
        self.tasks = replace(self.tasks, mode_ptr=ints(shifted))
        place = np.full(len(old) + last - first + 1, ABSENT)
        place[old[old >= 0]] = np.flatnonzero(old >= 0)
        dep = self.mode_dependencies
        self.mode_dependencies = replace(
            dep, mode=ints(place[dep.mode]), allowed=ints(place[dep.allowed])
        )
        return ints(old)

    def add_relations(self, before: Sequence[int], after: Sequence[int]) -> None:
        """Let tasks wait for the ends of others."""
        rel, count = self.relations, len(before)
        self.relations = Relations(
            kind=_joined(rel.kind, np.full(count, RelationKind.END_START)),
            before=_joined(rel.before, before),
            after=_joined(rel.after, after),
            min_lag=_joined(rel.min_lag, np.zeros(count, dtype=np.int64)),
            max_lag=_joined(rel.max_lag, np.full(count, FOREVER)),
            transfer=bools(np.append(rel.transfer, np.zeros(count, dtype=np.bool_))),
        )

    def set_breaks(self, resource: Ints, start: Ints, end: Ints) -> None:
        """Replace all breaks; they may overlap and come in any order."""
        if not len(resource) and not len(self.resources.break_start):
            return
        resource, start, end = merge(resource, start, end)
        self.resources = replace(
            self.resources,
            break_ptr=_pointers(np.bincount(resource, minlength=len(self.resources))),
            break_start=ints(start),
            break_end=ints(end),
        )

    @property
    def breaks(self) -> tuple[Ints, Ints, Ints]:
        """All breaks as (resource, start, end)."""
        table = self.resources
        owner = np.repeat(np.arange(len(table)), np.diff(table.break_ptr))
        return ints(owner), table.break_start, table.break_end


def _numbered(mask: Bools) -> Ints:
    """Return new positions by old ones, `ABSENT` for what goes; also for position `ABSENT`."""
    new = np.append(np.where(mask, np.cumsum(mask) - 1, ABSENT), ABSENT)
    return ints(new)


def _pointers(counts: Ints) -> Ints:
    return ints(np.concatenate(([0], np.cumsum(counts))))


def _joined(column: Ints, more: Sequence[int] | Ints) -> Ints:
    return ints(np.concatenate((column, np.asarray(more, dtype=np.int64))))
