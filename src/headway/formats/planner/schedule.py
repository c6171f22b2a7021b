"""A schedule as a table, there and back."""

from __future__ import annotations

import datetime as dt
from dataclasses import replace

import numpy as np

from headway.errors import FormatError
from headway.formats.planner.cells import Clock, whole
from headway.formats.planner.names import TaskNames, one_of
from headway.formats.planner.tables import Cell, Row, Table, Value
from headway.model import Problem, Schedule, calendar
from headway.model.tables import ABSENT, LARGEST_TIME, Ints, ResourceKind

_SAME = dt.timedelta(seconds=1)
"""Spreadsheets keep dates to the second or so."""


def schedule_rows(schedule: Schedule) -> list[list[Value]]:
    """Return the rows of a schedule's table, heads first; see `headway.formats.write_schedule`."""
    problem = schedule.problem
    present = np.flatnonzero(schedule.present)
    order = present[np.lexsort((present, schedule.end[present], schedule.start[present]))].tolist()
    modes = _Modes(problem, schedule.start)
    # Modes that nothing in the table tells apart (they differ in cost, say) are numbered.
    numbered = any(
        modes.fitting(task, modes.uses(int(schedule.mode[task])), int(schedule.end[task]))
        != [int(schedule.mode[task])]
        for task in order
    )
    rows: list[list[Value]] = [["task", "job", "resources", "start", "end"]]
    if problem.origin is not None:
        rows[0] += ["start date", "end date"]
    if numbered:
        rows[0].append("mode")
    for task in order:
        job = int(problem.tasks.job[task])
        begin, end = int(schedule.start[task]), int(schedule.end[task])
        row: list[Value] = [
            problem.tasks.name[task],
            problem.jobs.name[job] if job >= 0 else None,
            _resources(problem, int(schedule.mode[task])) or None,
            begin,
            end,
        ]
        if problem.origin is not None:
            # Beyond the calendar there are no dates; the tick in the other column still tells.
            row += [problem.date(begin), problem.date(end)]
        if numbered:
            row.append(int(schedule.choice[task]))
        rows.append(row)
    return rows


def schedule_from_table(problem: Problem, table: Table) -> Schedule:
    """Return the schedule in a table; see `headway.formats.read_schedule`.

    Raises
    ------
    FormatError
        Naming the file, the row and the column that cannot be understood.
    """
    return _Reader(problem, table).schedule()


class _Modes:
    """Which modes of a task a table can mean.

    Parameters
    ----------
    problem
        What is scheduled.
    start
        Ticks, shape (n_tasks,).
    """

    def __init__(self, problem: Problem, start: Ints) -> None:
        self._problem = problem
        self._start = start
        self._ends: dict[int, Ints] = {}

    def uses(self, mode: int) -> tuple[str, ...]:
        """Return the resources of a mode in the form of `_listed`."""
        return _listed(_resources(self._problem, mode))

    def fitting(self, task: int, listed: tuple[str, ...] | None, end: int | None) -> list[int]:
        """Return the modes that use what is listed; if these are several, those that end so."""
        first, last = self._problem.tasks.mode_ptr[task : task + 2].tolist()
        modes = range(first, last)
        fit = [mode for mode in modes if listed is None or self.uses(mode) == listed]
        if len(fit) > 1 and end is not None:
            fit = [mode for mode in fit if self._end(task, mode - first) == end]
        return fit

    def _end(self, task: int, choice: int) -> int:
        if choice not in self._ends:
            first, last = self._problem.tasks.mode_ptr[:-1], self._problem.tasks.mode_ptr[1:]
            mode = np.where(first + choice < last, first + choice, ABSENT)
            self._ends[choice] = calendar.ends(self._problem, self._start, mode)
        return int(self._ends[choice][task])


class _Reader:
    def __init__(self, problem: Problem, table: Table) -> None:
        self.problem = problem
        self.table = table
        origin = problem.origin
        self.clock = Clock(
            tick_s=problem.tick_s,
            start=None if origin is None else origin.replace(tzinfo=None),
            has_units=True,
        )
        self.jobs = [name.strip() for name in problem.jobs.name]
        self.known_jobs = frozenset(self.jobs)
        self.tasks: dict[tuple[str, str], list[int]] = {}
        self.by_name: dict[str, list[int]] = {}
        for task, (job, name) in enumerate(self._labels()):
            self.tasks.setdefault((job, name), []).append(task)
            self.by_name.setdefault(name, []).append(task)

    def _labels(self) -> list[tuple[str, str]]:
        """Return job and name of every task, as cells hold them: without surrounding blanks."""
        tasks = self.problem.tasks
        return [
            (self.jobs[job] if job >= 0 else "", name.strip())
            for job, name in zip(tasks.job.tolist(), tasks.name, strict=True)
        ]

    def schedule(self) -> Schedule:
        n_tasks = self.problem.n_tasks
        start, end, mode = (np.full(n_tasks, ABSENT, dtype=np.int64) for _ in range(3))
        has_end = np.zeros(n_tasks, dtype=np.bool_)
        rows: dict[int, Row] = {}
        for row in self.table.rows:
            task = self._task(row)
            if task in rows:
                raise row["task"].complain(
                    f"{self.problem.task_label(task)!r} is listed twice, before in row"
                    f" {rows[task].number}"
                )
            rows[task] = row
            begin, finish = self._time(row, "start"), self._time(row, "end")
            if begin is None:
                raise row["start"].error("when the task starts (a task left out has no row)")
            start[task] = begin
            if finish is not None:
                end[task], has_end[task] = finish, True
        modes = _Modes(self.problem, start)
        for task, row in rows.items():
            mode[task] = self._mode(row, task, modes, int(end[task]) if has_end[task] else None)
        soonest = calendar.ends(self.problem, start, mode)
        return Schedule.of(self.problem, start, mode, np.where(has_end, end, soonest))

    def _task(self, row: Row) -> int:
        cell, job = row["task"], row["job"].text
        name = cell.text
        if job and job not in self.known_jobs:
            raise row["job"].error(one_of("a job of the problem", self.jobs, job))
        found = self.tasks.get((job, name), [])
        if not found and "job" not in self.table.columns:
            # Nothing is said about jobs: a name that only one task has is clear enough.
            found = self.by_name.get(name, [])
        if len(found) > 1:
            where = f" in job {job!r}" if job else ""
            raise cell.complain(f"{len(found)} tasks are called {name!r}{where}")
        if not found:
            raise self._unknown(cell, job)
        return found[0]

    def _unknown(self, cell: Cell, job: str) -> FormatError:
        names = TaskNames()
        for label in self.tasks:
            names.add(*label)
        return cell.complain(names.unknown(cell.text, job))

    def _time(self, row: Row, column: str) -> int | None:
        """Return the start or the end from its ticks or its date, which must not contradict."""
        cell, date = row[column], self._wall(row[f"{column} date"])
        is_end = column == "end"
        if cell.value is None:
            if date.value is None:
                return None
            return self.clock.moment(date, is_end=is_end, low=-LARGEST_TIME)
        tick = self.clock.moment(self._wall(cell), is_end=is_end, low=-LARGEST_TIME)
        meant = self.problem.date(tick)
        if date.value is not None and meant is not None:
            said = {
                self.clock.instant(date, is_end=late, low=-LARGEST_TIME) for late in (False, True)
            }
            meant = meant.replace(tzinfo=None)
            if not any(s == tick if isinstance(s, int) else abs(s - meant) < _SAME for s in said):
                raise date.error(f"{meant}, as {column} is {tick} (or leave one of the two empty)")
        return tick

    def _wall(self, cell: Cell) -> Cell:
        """Return a cell with a date of any time zone as what the clocks of the plan show."""
        try:
            moment = dt.datetime.fromisoformat(cell.value) if isinstance(cell.value, str) else None
            if moment is None or moment.tzinfo is None or self.problem.origin is None:
                return cell
            zone = self.problem.origin.tzinfo
            if zone is not None:
                return replace(cell, value=moment.astimezone(zone).replace(tzinfo=None))
        except (ValueError, OverflowError):
            return cell
        raise cell.error("a local time without a time zone")

    def _mode(self, row: Row, task: int, modes: _Modes, end: int | None) -> int:
        cell, first = row["resources"], int(self.problem.tasks.mode_ptr[task])
        count = int(self.problem.tasks.mode_ptr[task + 1]) - first
        listed = _listed(cell.text)
        fit = modes.fitting(task, listed, None)
        label = self.problem.task_label(task)
        if not fit and not listed:
            # Nothing is said about resources.
            fit = list(range(first, first + count))
        if not fit:
            known = list(
                dict.fromkeys(
                    _resources(self.problem, mode) or "none" for mode in range(first, first + count)
                )
            )
            raise cell.error(one_of(f"what a mode of {label!r} uses", known, cell.text))
        if row["mode"].value is not None:
            number = whole(row["mode"], 0, count - 1)
            if first + number not in fit:
                uses = _resources(self.problem, first + number) or "nothing"
                raise cell.error(f"{uses}, as mode {number} of {label!r} uses")
            return first + number
        if len(fit) > 1 and end is not None:
            ending = [mode for mode in fit if mode in modes.fitting(task, None, end)]
            if not ending:
                raise row["end"].complain(
                    f"none of the {len(fit)} modes of {label!r} that use this ends at {end}; say"
                    " in a column 'mode' which it is, counted from 0"
                )
            fit = ending
        if len(fit) > 1:
            raise cell.complain(
                f"{len(fit)} modes of {label!r} fit; say in a column 'mode' which it is, counted"
                " from 0"
            )
        return fit[0]


def _resources(problem: Problem, mode: int) -> str:
    """Return the machines and renewable resources of a mode, as in "saw+crew*2"."""
    modes, names = problem.modes, problem.resources.name
    parts = []
    for at in range(modes.demand_ptr[mode], modes.demand_ptr[mode + 1]):
        resource, amount = int(modes.demand_resource[at]), int(modes.demand_amount[at])
        if problem.resources.kind[resource] <= ResourceKind.RENEWABLE:
            parts.append(names[resource] if amount == 1 else f"{names[resource]}*{amount}")
    return "+".join(parts)


def _listed(text: str) -> tuple[str, ...]:
    """Return the parts of a list of resources, whatever their order and blanks."""
    parts = ("*".join(piece.strip() for piece in part.split("*")) for part in text.split("+"))
    return tuple(sorted(part.removesuffix("*1") for part in parts if part))
