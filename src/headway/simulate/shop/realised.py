"""From what happened to a problem and its schedule, which `headway.verify` can judge.

Every attempt at an operation is a task with the time it really took; breaks and outages are breaks
of the machine. Where a job waits on its machine, its task blocks the machine until the job moves.
A station, that is a machine with a limited buffer, is a renewable resource besides: *moves* hold a
place of it from when a job sets out until the job's work begins there, so that no buffer is found
to be fuller than it is. Operations processed as a batch start together; one of them occupies the
machine, and all of them units of a resource as large as a batch.
"""

from __future__ import annotations

from dataclasses import replace

import numpy as np

from headway.model import ABSENT, FOREVER, Problem, ResourceKind, Schedule
from headway.model.arrays import entries
from headway.model.tables import (
    Ints,
    Jobs,
    Modes,
    Relations,
    Resources,
    Tasks,
    bools,
    flat,
    ints,
    pointers,
)
from headway.simulate.shop.layout import Layout
from headway.simulate.shop.pieces import Attempt, Draft
from headway.simulate.shop.realisation import Realisation

_OUTCOMES = ("", "broken off", "scrapped")


class _Realised:
    """Turns the record of one run into a problem and a schedule."""

    def __init__(self, realisation: Realisation, layout: Layout, record: dict[str, Ints]) -> None:
        self.realisation, self.layout = realisation, layout
        self.problem = realisation.problem
        self.draft = Draft()
        names = ("op", "mode", "machine", "batch", "entered", "start", "end", "left", "work",
                 "outcome")  # fmt: skip
        done = record["end"] != ABSENT
        columns = [record[name][done].tolist() for name in names]
        self.rows = [Attempt(*values) for values in zip(*columns, strict=True)]
        self.n_resources = len(self.problem.resources)
        self.station: dict[int, int] = {}
        self.batch_units: dict[int, int] = {}
        extra = self.n_resources
        for m, buffer in enumerate(layout.buffer.tolist()):
            if buffer != FOREVER:
                self.station[m] = extra
                extra += 1
        self.batch = realisation.batch[layout.machine].tolist()
        for m, size in enumerate(self.batch):
            if size > 1:
                self.batch_units[m] = extra
                extra += 1
        self.besides = self._renewables()
        self.has_transfers = bool(layout.columns["transfers"].size)

    def _renewables(self) -> dict[int, list[tuple[int, int]]]:
        """Return what modes need of renewable resources, by mode of the problem."""
        needs: dict[int, list[tuple[int, int]]] = {}
        mode, resource, amount = self.problem.occupied
        shared = self.problem.resources.kind[resource] == ResourceKind.RENEWABLE
        columns = (column[shared].tolist() for column in (mode, resource, amount))
        for index, which, units in zip(*columns, strict=True):
            needs.setdefault(index, []).append((which, units))
        return needs

    def schedule(self, due: Ints) -> Schedule:
        by_job: dict[int, list[Attempt]] = {}
        job_of = self.problem.tasks.job[self.layout.task].tolist()
        for row in self.rows:
            by_job.setdefault(job_of[row.op], []).append(row)
        speaker = self._speakers()
        task_of: dict[tuple[int, int], int] = {}
        for job in sorted(by_job):
            attempts = sorted(by_job[job], key=lambda row: (row.start, row.end, row.op))
            self._job(job, attempts, speaker, task_of)
        for row in self.rows:
            other = speaker[row.batch]
            if other is not row:
                self.draft.together(task_of[row.op, row.start], task_of[other.op, other.start])
        return self._frozen(due)

    def _speakers(self) -> dict[int, Attempt]:
        """Return, for each batch, the attempt that leaves the machine last: it occupies it."""
        speaker: dict[int, Attempt] = {}
        for row in self.rows:
            if row.batch not in speaker or row.left > speaker[row.batch].left:
                speaker[row.batch] = row
        return speaker

    def _job(
        self,
        job: int,
        attempts: list[Attempt],
        speaker: dict[int, Attempt],
        task_of: dict[tuple[int, int], int],
    ) -> None:
        draft = self.draft
        before: Attempt | None = None
        last = ABSENT
        for row in attempts:
            waits = before is not None and before.left > before.end
            direct = waits and before is not None and row.entered == before.left == row.start
            move = ABSENT
            if waits and not direct:
                assert before is not None
                move = self._move(job, before, row)
            elif row.machine in self.station and row.entered < row.start:
                move = self._move(job, before, row)
            task = self._attempt(job, row, occupies=speaker[row.batch] is row)
            task_of[row.op, row.start] = task
            if move != ABSENT:
                draft.follows(move, task)
                if self.draft.demand[move]:
                    draft.hold[move] = task
            if last != ABSENT:
                assert before is not None
                travels = self.has_transfers and row.op == before.op + 1 and move == ABSENT
                draft.follows(last, task if move == ABSENT else move, transfer=travels)
                if waits:
                    draft.hold[last] = task if move == ABSENT else move
            before, last = row, task
        if before is not None and before.left > before.end:
            # Called off while it stood on its machine.
            leaves = draft.task("leaves", job, before.left, 0, before.left, [])
            draft.follows(last, leaves)
            draft.hold[last] = leaves

    def _move(self, job: int, before: Attempt | None, row: Attempt) -> int:
        """Add the move of a job to the station of its next attempt, or just off its machine."""
        start = row.entered if before is None else max(row.entered, before.end)
        if before is not None and before.left > before.end and before.left != row.entered:
            return self.draft.task("leaves", job, before.left, 0, before.left, [])
        trip = 0
        if before is not None and row.op == before.op + 1 and self.has_transfers:
            machines = self.layout.machine
            trip = int(self.problem.transfers[machines[before.machine], machines[row.machine]])
        station = [(self.station[row.machine], 1)] if row.machine in self.station else []
        return self.draft.task("moves", job, start, trip, start + trip, station)

    def _attempt(self, job: int, row: Attempt, *, occupies: bool) -> int:
        """Add an attempt, and what it needs besides its machine if it may block that."""
        problem, layout = self.problem, self.layout
        index = int(layout.mode[row.mode])
        demand = [(int(layout.machine[row.machine]), 1)] if occupies else []
        if row.machine in self.station:
            demand.append((self.station[row.machine], 1))
        if row.machine in self.batch_units:
            demand.append((self.batch_units[row.machine], 1))
        besides = self.besides.get(index, [])
        blocks = row.left > row.end
        task = int(layout.task[row.op])
        name = problem.tasks.name[task]
        if row.outcome:
            name = f"{name}, {_OUTCOMES[row.outcome]}"
        # What does not occupy the machine knows nothing of its breaks.
        elapsed = row.end - row.start
        work = row.work if occupies else elapsed
        place = self.draft.task(
            name, job, row.start, work, row.end, demand + ([] if blocks else besides),
            family=int(problem.tasks.family[task]) if occupies else ABSENT,
        )  # fmt: skip
        if blocks and besides:
            # What it needs besides its machine is free when the work is done.
            helper = self.draft.task(f"{name}, help", job, row.start, elapsed, row.end, besides)
            self.draft.together(place, helper)
        return place

    def _frozen(self, due: Ints) -> Schedule:
        draft, problem = self.draft, self.problem
        n = len(draft.name)
        kind, before, after, least, most, transfer = (
            zip(*draft.relation, strict=True) if draft.relation else [()] * 6
        )
        made = Problem(
            name=f"{problem.name}, realised",
            tick_s=problem.tick_s,
            origin=problem.origin,
            jobs=Jobs(
                problem.jobs.name,
                problem.jobs.release,
                due,
                ints(np.full(problem.n_jobs, FOREVER)),
                problem.jobs.weight,
            ),
            resources=self._resources(max(draft.end, default=0)),
            tasks=Tasks(
                name=tuple(draft.name),
                job=ints(draft.job),
                earliest_start=ints(np.zeros(n)),
                latest_start=ints(np.full(n, FOREVER)),
                earliest_end=ints(np.zeros(n)),
                latest_end=ints(np.full(n, FOREVER)),
                optional=bools(np.zeros(n)),
                interruptible=bools(np.ones(n)),
                hold_until=ints(draft.hold),
                family=ints(draft.family),
                mode_ptr=ints(np.arange(n + 1)),
            ),
            modes=Modes(
                task=ints(np.arange(n)),
                duration=ints(draft.duration),
                cost=ints(np.zeros(n)),
                demand_ptr=pointers(draft.demand),
                demand_resource=flat([[r for r, _ in row] for row in draft.demand]),
                demand_amount=flat([[a for _, a in row] for row in draft.demand]),
            ),
            relations=Relations(
                ints(kind), ints(before), ints(after), ints(least), ints(most), bools(transfer)
            ),
            setups=problem.setups,
            transfers=self._transfers(),
            objective=problem.objective,
        )
        return Schedule(made, ints(draft.start), ints(draft.end), ints(np.arange(n)))

    def _resources(self, horizon: int) -> Resources:
        """Return the resources with outages as breaks, and stations and batches behind them."""
        table, layout = self.problem.resources, self.layout
        added = len(self.station) + len(self.batch_units)
        name = list(table.name)
        capacity = table.capacity.tolist()
        for m in self.station:
            name.append(f"{table.name[layout.machine[m]]} and its buffer")
            capacity.append(self.batch[m] + int(layout.buffer[m]))
        for m in self.batch_units:
            name.append(f"batch on {table.name[layout.machine[m]]}")
            capacity.append(self.batch[m])
        rows = [self._stops(r, horizon) for r in range(self.n_resources)] + [[]] * added
        more = np.zeros(added, dtype=np.int64)

        def longer(column: Ints, value: int = 0) -> Ints:
            return ints(np.concatenate((column, more + value)))

        return replace(
            table,
            name=tuple(name),
            kind=longer(table.kind, ResourceKind.RENEWABLE),
            capacity=ints(capacity),
            cost=longer(table.cost),
            level=longer(table.level),
            level_min=longer(table.level_min),
            level_max=longer(table.level_max),
            break_ptr=pointers(rows),
            break_start=ints([a for row in rows for a, _ in row]),
            break_end=ints([b for row in rows for _, b in row]),
            step_ptr=longer(table.step_ptr, int(table.step_ptr[-1])),
            setup=longer(table.setup, ABSENT),
        )

    def _stops(self, resource: int, horizon: int) -> list[tuple[int, int]]:
        """Return breaks and outages of a resource that began before a horizon, as a union."""
        table, outages = self.problem.resources, self.realisation.outages
        one = np.array([resource])
        _, breaks = entries(table.break_ptr, ints(one))
        _, downs = entries(outages.ptr, ints(one))
        stops = sorted(
            [
                *zip(table.break_start[breaks].tolist(), table.break_end[breaks].tolist(),
                     strict=True),
                *zip(outages.start[downs].tolist(), outages.end[downs].tolist(), strict=True),
            ]
        )  # fmt: skip
        union: list[tuple[int, int]] = []
        for begin, end in stops:
            if begin >= horizon:
                break
            if union and begin <= union[-1][1]:
                union[-1] = (union[-1][0], max(end, union[-1][1]))
            else:
                union.append((begin, end))
        return union

    def _transfers(self) -> Ints:
        before = self.problem.transfers
        if not before.size:
            return before
        n = self.n_resources + len(self.station) + len(self.batch_units)
        larger: Ints = np.zeros((n, n), dtype=np.int64)
        larger[: len(before), : len(before)] = before
        return larger


def realised(
    realisation: Realisation, layout: Layout, record: dict[str, Ints], due: Ints
) -> Schedule:
    """Return what happened as a schedule of the problem that it turned out to be.

    Parameters
    ----------
    realisation, layout
        What was played.
    record
        One row per attempt: operation, mode and machine in the core; the first row of its batch;
        when the job got its place at the station, when it was chosen, when work started and ended,
        when the job left the machine; ticks of work; how it ended. Attempts without work, and
        those that had not ended, have no end and do not count.
    due
        Due dates in force at last, shape (n_jobs,).
    """
    return _Realised(realisation, layout, record).schedule(due)
