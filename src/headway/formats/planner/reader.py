"""From a planner's tables to a problem."""

from __future__ import annotations

import re
from collections.abc import Hashable, Iterable, Sequence

from headway.errors import FormatError, ProblemError
from headway.formats.planner.calendar import Interval, break_cell, break_table
from headway.formats.planner.cells import flag, objective, whole
from headway.formats.planner.names import TaskNames, one_of
from headway.formats.planner.settings import clock_of, settings_of
from headway.formats.planner.tables import Cell, Row, Tables
from headway.model import Job, Model, Problem, Resource, Task, makespan, total_tardiness
from headway.model.tables import LARGEST_TIME
from headway.model.validate import LARGEST_AMOUNT

_KINDS = ("machine", "renewable", "budget")
_LAG = re.compile(r"(.*\S)\s*([+-])\s*([0-9].*)")
_EVERY = ("", "*")
_MOST_SETUPS = 20_000_000
_MOST_BREAKS = 2_000_000
_AMOUNT = re.compile(r"[1-9][0-9]{0,8}")
_RESERVED = "|+*;,"
"""Characters that have a meaning where resources are listed."""


def problem_from_tables(tables: Tables, name: str) -> Problem:
    """Return the problem in a planner's tables.

    Parameters
    ----------
    tables
        At least "tasks"; see docs/formats.md for what each may hold.
    name
        What to call it, unless the settings say so.

    Raises
    ------
    FormatError
        Naming the file, the row and the column that cannot be understood.
    """
    return _Reader(tables, name).problem()


class _Reader:
    def __init__(self, tables: Tables, name: str) -> None:
        self.tables = tables
        self.settings = settings_of(tables.get("settings"))
        self.clock = clock_of(self.settings)
        label = self.settings["name"].text if "name" in self.settings else name
        horizon = self.settings.get("horizon")
        self.horizon = None if horizon is None else self.clock.moment(horizon, is_end=True)
        self.model = Model(
            label, tick_s=self.clock.tick_s, origin=self.clock.start, horizon=self.horizon
        )
        self.resources: dict[str, Resource] = {}
        self.machines: list[Resource] = []
        self.jobs: dict[str, Job] = {}
        self.rows: list[tuple[Row, Task]] = []
        self.names = TaskNames()
        self.job_cells: dict[tuple[str, str], Cell] = {}
        self.has_due_dates = False

    def problem(self) -> Problem:
        """Read all tables, in the order in which they refer to each other."""
        if not self.tables["tasks"].rows:
            raise self.tables["tasks"].error("expected at least one task", 1)
        self._read_resources()
        self._read_jobs()
        self._read_tasks()
        self._read_predecessors()
        self._read_setups()
        if "objective" in self.settings:
            self.model.minimise(objective(self.settings["objective"]))
        elif self.has_due_dates:
            self.model.minimise(total_tardiness(weighted=True).then(makespan()))
        try:
            return self.model.problem()
        except ProblemError as error:
            raise FormatError(str(error), path=self.tables["tasks"].source.path) from None

    def _table(self, name: str) -> Sequence[Row]:
        return self.tables[name].rows if name in self.tables else ()

    # Resources

    def _read_resources(self) -> None:
        rows = self._table("resources") or self._named_in_tasks()
        everywhere, breaks = break_table(self._table("breaks"), self.clock, self.horizon)
        if len(everywhere) * len(rows) > _MOST_BREAKS:
            raise everywhere[0].cell.complain(
                f"{len(everywhere)} breaks of each of {len(rows)} resources are more than"
                f" {_MOST_BREAKS}"
            )
        for row in rows:
            cell = row["resource"]
            name = self._new_name(cell, self.resources, "resource")
            own = [*everywhere, *breaks.pop(name, ()), *break_cell(row["breaks"], self.clock)]
            self.resources[name] = self._resource(row, name, own)
        for name, wrong in breaks.items():
            raise wrong[0].cell.error(one_of("a resource", self.resources, name))

    def _named_in_tasks(self) -> list[Row]:
        """Return one row per resource that tasks name, for plans that do not list resources."""
        names: dict[str, Row] = {}
        for row in self._table("tasks"):
            for choice in row["resources"].text.split("|"):
                for part in choice.split("+"):
                    name = part.partition("*")[0].strip()
                    if name:
                        names.setdefault(name, Row(row.table, row.number, {"resource": name}))
        return list(names.values())

    def _new_name(self, cell: Cell, known: Iterable[str], what: str) -> str:
        name = cell.text
        if not name:
            raise cell.error(f"the name of a {what}")
        if name in known:
            raise cell.complain(f"the {what} {name!r} is listed twice")
        if what == "resource" and any(mark in name for mark in _RESERVED):
            raise cell.error(f"a name without the characters {' '.join(_RESERVED)}")
        return name

    def _resource(self, row: Row, name: str, breaks: list[Interval]) -> Resource:
        has_capacity = row["capacity"].value is not None
        capacity = whole(row["capacity"], 0, LARGEST_AMOUNT) if has_capacity else 1
        cost = whole(row["cost"]) if row["cost"].value is not None else 0
        kind = row["kind"].text.lower() or ("machine" if capacity == 1 else "renewable")
        if kind not in _KINDS:
            raise row["kind"].error(one_of("a kind", _KINDS, kind))
        spans = [(interval.start, interval.end) for interval in breaks]
        if kind == "machine":
            if capacity != 1:
                raise row["capacity"].error("1, as a machine does one task at a time")
            machine = self.model.machine(name, breaks=spans, cost=cost)
            self.machines.append(machine)
            return machine
        if not has_capacity:
            raise row["capacity"].error(f"the capacity of {name!r}")
        if kind == "renewable":
            return self.model.renewable(name, capacity=capacity, breaks=spans, cost=cost)
        return self.model.budget(name, capacity=capacity, breaks=spans, cost=cost)

    # Jobs

    def _read_jobs(self) -> None:
        dates: dict[str, dict[str, int]] = {}
        order: list[str] = []
        for row in self._table("jobs"):
            name = self._new_name(row["job"], order, "job")
            order.append(name)
            dates[name] = {}
            self._note_dates(dates, name, row, ("release", "due", "deadline", "weight"))
        listed = set(order)
        named = listed | {row["job"].text for row in self._table("tasks")}
        for row in self._table("tasks"):
            job, task = row["job"].text, row["task"].text
            if job and listed and job not in listed:
                raise row["job"].error(one_of("a job of the table of jobs", order, job))
            dated = row["due"].value is not None or row["weight"].value is not None
            name = job or (task if dated else "")
            if not name:
                continue
            if not job and name in named:
                raise row["task"].complain(
                    f"{name!r} has dates but no job, and there is another job of this name"
                )
            if name not in dates:
                dates[name] = {}
                order.append(name)
            self._note_dates(dates, name, row, ("due", "weight"))
        for name in order:
            self.has_due_dates |= "due" in dates[name]
            self.jobs[name] = self.model.job(name, **dates[name])

    def _note_dates(
        self, dates: dict[str, dict[str, int]], job: str, row: Row, columns: Sequence[str]
    ) -> None:
        for column in columns:
            cell = row[column]
            if cell.value is None:
                continue
            if column == "weight":
                value = whole(cell, 0, LARGEST_AMOUNT)
            elif column == "release":
                value = self.clock.release(cell)
            else:
                # Orders may be overdue at the start; a missed deadline would leave no plan at all.
                low = -LARGEST_TIME if column == "due" else 0
                value = self.clock.moment(cell, is_end=True, low=low)
            before = self.job_cells.get((job, column))
            if before is not None and dates[job][column] != value:
                raise cell.complain(
                    f"{column} of job {job!r} is {value} here, but {dates[job][column]} in"
                    f" {before.table.name}, row {before.row}"
                )
            dates[job][column] = value
            self.job_cells.setdefault((job, column), cell)

    # Tasks

    def _read_tasks(self) -> None:
        for row in self._table("tasks"):
            name = row["task"].text
            if not name:
                raise row["task"].error("the name of a task")
            job = row["job"].text
            if (job, name) in self.names:
                first = self.rows[self.names[job, name]][0].number
                owner = f" of job {job!r}" if job else ""
                raise row["task"].complain(
                    f"{name!r}{owner} is listed twice, before in row {first}"
                )
            task = self._task(row, job, name)
            self.names.add(job, name)
            self.rows.append((row, task))

    def _task(self, row: Row, job: str, name: str) -> Task:
        release, deadline, family = row["release"], row["deadline"], row["family"].text
        owner = self.jobs.get(job or name) if job or self._has_own_job(row) else None
        task = self.model.task(
            owner,
            name,
            start=(None if release.value is None else self.clock.release(release), None),
            end=(
                None,
                None if deadline.value is None else self.clock.moment(deadline, is_end=True),
            ),
            interruptible=flag(row["interruptible"]),
            family=family or None,
        )
        choices = [part.strip() for part in row["resources"].text.split("|")]
        durations = self._durations(row["duration"], len(choices))
        for choice, duration in zip(choices, durations, strict=True):
            task.mode(self._demands(row["resources"], choice, len(choices)), duration=duration)
        return task

    def _has_own_job(self, row: Row) -> bool:
        return row["due"].value is not None or row["weight"].value is not None

    def _durations(self, cell: Cell, count: int) -> list[int]:
        parts = cell.text.split("|")
        if len(parts) == 1:
            return [self.clock.length(cell)] * count
        if len(parts) != count:
            raise cell.error(f"one duration, or {count} as there are alternative resources")
        return [self.clock.length(cell, part) for part in parts]

    def _demands(self, cell: Cell, choice: str, count: int) -> dict[Resource, int]:
        demands: dict[Resource, int] = {}
        if not choice and count == 1:
            return demands
        for part in choice.split("+"):
            name, star, amount = (piece.strip() for piece in part.partition("*"))
            if name not in self.resources:
                raise cell.error(one_of("resources of the plan", self.resources, name))
            resource = self.resources[name]
            if resource in demands:
                raise cell.complain(f"{name!r} is listed twice in {choice!r}")
            if star and not _AMOUNT.fullmatch(amount):
                raise cell.error(f"a whole number of at least 1 of {name!r} after '*'")
            demands[resource] = int(amount) if star else 1
            if resource in self.machines and demands[resource] != 1:
                raise cell.error(f"1 of {name!r}, a machine")
        return demands

    # Order

    def _read_predecessors(self) -> None:
        if "predecessors" not in self.tables["tasks"].columns:
            last: dict[str, Task] = {}
            for row, task in self.rows:
                job = row["job"].text
                if job in last and job:
                    self.model.end_before_start(last[job], task)
                last[job] = task
            return
        for position, (row, task) in enumerate(self.rows):
            cell = row["predecessors"]
            for part in re.split(r"[;,\n]", cell.text):
                if part.strip():
                    before, lag = self._predecessor(cell, part.strip(), row["job"].text)
                    if before == position:
                        raise cell.complain("a task cannot come before itself")
                    self.model.end_before_start(self.rows[before][1], task, lag=lag)

    def _predecessor(self, cell: Cell, text: str, job: str) -> tuple[int, int]:
        """Return the task and the lag; a task of exactly this name is preferred to a lag."""
        found = self.names.find(text, job)
        if found is not None:
            return found, 0
        lagged = _LAG.fullmatch(text)
        if lagged is None:
            raise cell.complain(self.names.unknown(text, job))
        found = self.names.find(lagged[1], job)
        if found is None:
            raise cell.complain(self.names.unknown(lagged[1], job))
        lag = self.clock.length(cell, lagged[3])
        return found, lag if lagged[2] == "+" else -lag

    # Setups

    def _read_setups(self) -> None:
        rows = self._table("setups")
        if not rows:
            return
        families = {row["family"].text for row, _ in self.rows} - {""}
        if len(families) ** 2 * len(self.machines) > _MOST_SETUPS:
            raise self.tables["tasks"].error(
                f"{len(families)} setup families on {len(self.machines)} machines are more than"
                f" {_MOST_SETUPS} setup times",
                1,
            )
        tables: dict[int, dict[tuple[Hashable, Hashable], int]] = {}
        seen: dict[tuple[str, str, str], int] = {}
        # Times for one machine come last, so that they override those for all.
        for row in sorted(rows, key=lambda row: row["resource"].text not in _EVERY):
            before, after = row["from"].text, row["to"].text
            for cell, family in ((row["from"], before), (row["to"], after)):
                if family not in families and (family or cell.column == "to"):
                    raise cell.error(one_of("a family of the tasks", sorted(families), family))
            same = seen.setdefault((row["resource"].text, before, after), row.number)
            if same != row.number:
                raise row["to"].complain(f"this setup time was given before, in row {same}")
            time = self.clock.length(row["time"])
            for machine in self._setup_machines(row["resource"]):
                tables.setdefault(machine.index, {})[before or None, after] = time
        for machine in self.machines:
            if machine.index in tables:
                self.model.setup_times(machine, tables[machine.index])

    def _setup_machines(self, cell: Cell) -> list[Resource]:
        name = cell.text
        if name in _EVERY:
            return self.machines
        if name not in self.resources:
            raise cell.error(one_of("a machine", (m.name for m in self.machines), name))
        if self.resources[name] not in self.machines:
            raise cell.complain(f"{name!r} is no machine; only machines have setup times")
        return [self.resources[name]]
