"""Where everything in a Gantt chart goes, before anybody draws it.

The static chart, the interactive one and the trace all draw a `Layout`: rows, and spans of time in
lanes of those rows. Tasks of one row that overlap go to different lanes, so that tasks sharing a
renewable resource, or a schedule that breaks a machine's capacity, are seen and not painted over.
"""

from __future__ import annotations

import heapq
from collections.abc import Iterator
from dataclasses import dataclass, field, replace
from typing import Literal

import numpy as np

from headway.model.calendar import breaks_of
from headway.model.evaluate import setup_times, uses
from headway.model.schedule import Schedule
from headway.model.tables import ABSENT, FOREVER, Ints, ResourceKind, ints

View = Literal["machine", "job", "task"]
"""What the rows are."""

MOST_TASK_ROWS = 150
"""More tasks than this no longer get a row each."""


@dataclass(frozen=True, slots=True)
class Row:
    """One line of the chart.

    Attributes
    ----------
    label, note
        Name, and an optional remark such as the capacity.
    lanes
        Tasks drawn above each other.
    resource, job, task
        What the row is, `ABSENT` for what it is not.
    """

    label: str
    note: str = ""
    lanes: int = 1
    resource: int = ABSENT
    job: int = ABSENT
    task: int = ABSENT


def _none() -> Ints:
    return ints([])


@dataclass(frozen=True, slots=True, eq=False)
class Spans:
    """Intervals of time in lanes of rows, one per position.

    Attributes
    ----------
    row, lane
        Where.
    start, end
        When, ticks, half open.
    task
        Whose, `ABSENT` for nobody's.
    """

    row: Ints = field(default_factory=_none)
    lane: Ints = field(default_factory=_none)
    start: Ints = field(default_factory=_none)
    end: Ints = field(default_factory=_none)
    task: Ints = field(default_factory=_none)

    def __len__(self) -> int:
        return len(self.row)

    def __iter__(self) -> Iterator[tuple[int, int, int, int, int]]:
        columns = (self.row, self.lane, self.start, self.end, self.task)
        return zip(*(column.tolist() for column in columns), strict=True)

    @classmethod
    def of(cls, rows: list[tuple[int, int, int, int, int]]) -> Spans:
        """Return spans from (row, lane, start, end, task) tuples."""
        return cls(*(ints(column) for column in zip(*rows, strict=True))) if rows else cls()


@dataclass(frozen=True, slots=True, eq=False)
class Layout:
    """A Gantt chart without its looks.

    Attributes
    ----------
    schedule
        What is shown.
    view
        What the rows are.
    rows
        From top to bottom.
    bars
        Tasks from start to end; a task appears in the row of every resource it uses.
    pauses, work
        The parts of bars in which an interruptible task waits for the end of a break, and the
        other parts, in which it works.
    holds
        From the end of a blocking task until it lets go of its resources.
    setups
        Directly before the task they prepare.
    breaks
        Of the resource of the row; they cover all lanes.
    due, deadline
        Dates of the job of the row (start = end).
    tardy
        From the due date of the job of the row to its completion, if that is later.
    """

    schedule: Schedule
    view: View
    rows: tuple[Row, ...]
    bars: Spans
    pauses: Spans
    work: Spans
    holds: Spans
    setups: Spans
    breaks: Spans
    due: Spans
    deadline: Spans
    tardy: Spans


def arrange(schedule: Schedule, view: View) -> Layout:
    """Return the chart of a schedule by machine (and renewable resource), by job, or by task.

    A view that has no rows of its own gives way: without machines and renewable resources the
    chart is by job, and without jobs by task.
    """
    problem = schedule.problem
    if view == "machine" and not (problem.resources.kind <= ResourceKind.RENEWABLE).any():
        view = "job"
    if view == "job" and not problem.n_jobs:
        view = "task"
    if view == "machine":
        groups = _by_resource(schedule)
    elif view == "job":
        groups = _by_job(schedule)
    else:
        groups = _by_task(schedule)
    rows: list[Row] = []
    parts = [(_none(), _none(), _none())]
    for number, (row, tasks) in enumerate(groups):
        lane, lanes = pack(schedule.start[tasks], schedule.free[tasks])
        rows.append(replace(row, lanes=lanes))
        parts.append((ints(np.full(len(tasks), number)), lane, tasks))
    at, lane, task = (ints(np.concatenate(column)) for column in zip(*parts, strict=True))
    bars = Spans(at, lane, schedule.start[task], schedule.end[task], task)
    pauses, work = _pauses(schedule, bars)
    dates = problem.jobs
    due = _dates(rows, dates.due)
    return Layout(
        schedule=schedule,
        view=view,
        rows=tuple(rows),
        bars=bars,
        pauses=pauses,
        work=work,
        holds=_holds(schedule, bars),
        setups=_setups(schedule, rows, bars),
        breaks=_breaks(schedule, rows),
        due=due,
        deadline=_dates(rows, dates.deadline),
        tardy=_tardy(schedule, rows, due),
    )


def pack(start: Ints, end: Ints) -> tuple[Ints, int]:
    """Return a lane for each of the half-open intervals, and the number of lanes.

    Intervals come sorted by start. Each takes the lowest lane that is free, which uses as few
    lanes as possible.
    """
    if (start[1:] >= end[:-1]).all():
        return ints(np.zeros(len(start))), 1
    busy: list[tuple[int, int]] = []
    idle: list[int] = []
    lanes = 0
    lane = []
    for begin, until in zip(start.tolist(), end.tolist(), strict=True):
        while busy and busy[0][0] <= begin:
            heapq.heappush(idle, heapq.heappop(busy)[1])
        if not idle:
            heapq.heappush(idle, lanes)
            lanes += 1
        lane.append(heapq.heappop(idle))
        heapq.heappush(busy, (until, lane[-1]))
    return ints(lane), lanes


Group = tuple[Row, Ints]


def _in_order(schedule: Schedule, tasks: Ints) -> Ints:
    """Return tasks by start, then by when they let go, then by position."""
    return tasks[np.lexsort((tasks, schedule.free[tasks], schedule.start[tasks]))]


def _by_resource(schedule: Schedule) -> list[Group]:
    table = schedule.problem.resources
    task, resource, _ = uses(schedule)
    order = np.lexsort((task, schedule.free[task], schedule.start[task], resource))
    task, resource = task[order], resource[order]
    shown = np.flatnonzero(table.kind <= ResourceKind.RENEWABLE).tolist()
    ptr = np.searchsorted(resource, np.arange(len(table) + 1))
    groups: list[Group] = []
    known = set(schedule.problem.jobs.name)
    for r in shown:
        if table.name[r] in known:
            # A job that is also a machine, as in an open shop: the view by job shows it.
            continue
        shared = table.kind[r] == ResourceKind.RENEWABLE
        note = f"capacity {_capacities(schedule, r)}" if shared else ""
        groups.append((Row(table.name[r], note, resource=r), task[ptr[r] : ptr[r + 1]]))
    free = np.flatnonzero(schedule.present & ~np.isin(np.arange(len(schedule.mode)), task))
    if len(free):
        groups.append((Row("no resource"), _in_order(schedule, free)))
    return groups


def _capacities(schedule: Schedule, resource: int) -> str:
    table = schedule.problem.resources
    steps = slice(table.step_ptr[resource], table.step_ptr[resource + 1])
    values = [int(table.capacity[resource]), *table.step_capacity[steps].tolist()]
    low, high = min(values), max(values)
    return str(low) if low == high else f"{low}\N{EN DASH}{high}"


def _by_job(schedule: Schedule) -> list[Group]:
    problem = schedule.problem
    task = np.flatnonzero(schedule.present)
    job = problem.tasks.job[task]
    order = np.lexsort((task, schedule.free[task], schedule.start[task], job))
    task, job = task[order], job[order]
    ptr = np.searchsorted(job, np.arange(problem.n_jobs + 1))
    groups: list[Group] = [
        (Row(name, job=j), task[ptr[j] : ptr[j + 1]]) for j, name in enumerate(problem.jobs.name)
    ]
    if ptr[0]:
        groups.append((Row("no job"), task[: ptr[0]]))
    return groups


def _by_task(schedule: Schedule) -> list[Group]:
    tasks = _in_order(schedule, np.flatnonzero(schedule.present))
    if len(tasks) > MOST_TASK_ROWS:
        return [(Row("tasks"), tasks)]
    names = schedule.problem.tasks.name
    return [(Row(names[task], task=task), ints([task])) for task in tasks.tolist()]


def _pauses(schedule: Schedule, bars: Spans) -> tuple[Spans, Spans]:
    """Return the parts of bars without and with work."""
    problem = schedule.problem
    modes = problem.modes
    known = schedule.present & (schedule.mode < problem.n_modes)
    work = modes.duration[np.where(known, schedule.mode, 0)] if known.any() else 0
    paused = known & problem.tasks.interruptible & (schedule.end - schedule.start > work)
    owner, low, high = [], [], []
    breaks: dict[int, tuple[Ints, Ints]] = {}
    for at in np.flatnonzero(paused[bars.task]).tolist():
        mode = int(schedule.mode[bars.task[at]])
        if mode not in breaks:
            used = modes.demand_resource[modes.demand_ptr[mode] : modes.demand_ptr[mode + 1]]
            used = used[problem.resources.kind[used] <= ResourceKind.RENEWABLE]
            breaks[mode] = breaks_of(problem, used.tolist())
        start, end = bars.start[at], bars.end[at]
        opens, closes = breaks[mode]
        met = slice(np.searchsorted(closes, start, side="right"), np.searchsorted(opens, end))
        owner.append(np.full(len(opens[met]), at))
        low.append(np.maximum(opens[met], start))
        high.append(np.minimum(closes[met], end))
    if not owner:
        return Spans(), bars
    bar, start, end = (ints(np.concatenate(parts)) for parts in (owner, low, high))
    # Work begins at the start of a bar and after pauses; the k-th beginning of a bar belongs to
    # its k-th ending.
    every = np.arange(len(bars))
    begin_of, begin = np.concatenate((every, bar)), np.concatenate((bars.start, end))
    finish = np.concatenate((bars.end, start))
    first, last = np.lexsort((begin, begin_of)), np.lexsort((finish, begin_of))
    return _cut(bars, bar, start, end), _cut(bars, begin_of[first], begin[first], finish[last])


def _cut(bars: Spans, bar: Ints, start: Ints, end: Ints) -> Spans:
    """Return the non-empty spans from `start` to `end`, or milestones, in the places of bars."""
    kept = (end > start) | (bars.start[bar] == bars.end[bar])
    bar = bar[kept]
    row, lane, task = (ints(column[bar]) for column in (bars.row, bars.lane, bars.task))
    return Spans(row, lane, ints(start[kept]), ints(end[kept]), task)


def _holds(schedule: Schedule, bars: Spans) -> Spans:
    free = schedule.free[bars.task]
    held = free > bars.end
    return Spans(bars.row[held], bars.lane[held], bars.end[held], ints(free[held]), bars.task[held])


def _setups(schedule: Schedule, rows: list[Row], bars: Spans) -> Spans:
    """Return the setup before each task of the machines that have a setup matrix."""
    problem = schedule.problem
    if not problem.setups:
        return Spans()
    machine, task, ticks = setup_times(schedule)
    row_of = np.full(problem.n_resources, ABSENT)
    for number, row in enumerate(rows):
        if row.resource != ABSENT:
            row_of[row.resource] = number
    shown = (ticks > 0) & (row_of[machine] != ABSENT)
    row, task, ticks = row_of[machine[shown]], task[shown], ticks[shown]
    # A task has one bar in a row; find its lane.
    n_tasks = problem.n_tasks
    key = bars.row * n_tasks + bars.task
    order = np.argsort(key)
    lane = bars.lane[order[np.searchsorted(key[order], row * n_tasks + task)]]
    start = schedule.start[task]
    return Spans(ints(row), ints(lane), ints(start - ticks), ints(start), ints(task))


def _breaks(schedule: Schedule, rows: list[Row]) -> Spans:
    table = schedule.problem.resources
    spans: list[tuple[int, int, int, int, int]] = []
    for number, row in enumerate(rows):
        if row.resource == ABSENT:
            continue
        mine = slice(table.break_ptr[row.resource], table.break_ptr[row.resource + 1])
        for a, b in zip(
            table.break_start[mine].tolist(), table.break_end[mine].tolist(), strict=True
        ):
            spans.append((number, 0, a, b, ABSENT))
    return Spans.of(spans)


def _dates(rows: list[Row], dates: Ints) -> Spans:
    spans = [
        (number, 0, int(dates[row.job]), int(dates[row.job]), ABSENT)
        for number, row in enumerate(rows)
        if row.job != ABSENT and dates[row.job] < FOREVER
    ]
    return Spans.of(spans)


def _tardy(schedule: Schedule, rows: list[Row], due: Spans) -> Spans:
    job = np.array([rows[row].job for row in due.row.tolist()], dtype=np.int64)
    done = schedule.completion[job]
    late = done > due.end
    return Spans(due.row[late], due.lane[late], due.end[late], ints(done[late]), due.task[late])
