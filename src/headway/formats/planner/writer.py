"""From a problem to a planner's tables."""

from __future__ import annotations

import csv
import datetime as dt
import io
import re
from collections.abc import Mapping, Sequence

import numpy as np

from headway.errors import FormatError
from headway.formats.express import refuse, require_same
from headway.formats.planner.columns import SHEETS
from headway.formats.planner.reader import problem_from_tables
from headway.formats.planner.tables import Row, Table, Value
from headway.formats.source import Source
from headway.model import FOREVER, Problem, makespan, total_tardiness
from headway.model.tables import RelationKind, ResourceKind

_NAME = "planner"
_KINDS = {
    ResourceKind.MACHINE: "machine",
    ResourceKind.RENEWABLE: "renewable",
    ResourceKind.NONRENEWABLE: "budget",
}
_RESOURCE_MARKS = re.compile(r"[|+*;,]")
_LIST_MARKS = re.compile(r"[;,\n]")

_FIRST_YEAR = 1900
"""Spreadsheets disagree about the dates of this year, and have none before."""

Sheet = list[list[Value]]
Rows = Sequence[Sequence[Value]]


def csv_files(problem: Problem) -> Mapping[str, str]:
    """Return the tables of a problem as CSV files by name.

    Raises
    ------
    UnsupportedError
        If the tables have no room for something in the problem.
    """
    return {f"{name}.csv": csv_text(rows) for name, rows in _sheets(problem).items()}


def workbook(problem: Problem) -> bytes:
    """Return the tables of a problem as an Excel workbook.

    Raises
    ------
    UnsupportedError
        If the tables have no room for something in the problem.
    """
    return workbook_bytes(_sheets(problem))


def csv_text(rows: Sequence[Sequence[Value]]) -> str:
    """Return rows as CSV."""
    out = io.StringIO()
    csv.writer(out, lineterminator="\n").writerows(rows)
    return out.getvalue()


def workbook_bytes(sheets: Mapping[str, Sequence[Sequence[Value]]]) -> bytes:
    """Return an Excel workbook with a sheet per table, column heads in bold."""
    import openpyxl
    from openpyxl.cell.cell import ILLEGAL_CHARACTERS_RE
    from openpyxl.styles import Font
    from openpyxl.utils import get_column_letter

    book = openpyxl.Workbook()
    book.remove(book.active)
    for title, rows in sheets.items():
        sheet = book.create_sheet(title)
        sheet.freeze_panes = "A2"
        for number, row in enumerate(rows, start=1):
            for column, value in enumerate(row, start=1):
                cell = sheet.cell(number, column)
                if isinstance(value, str):
                    cell.value = ILLEGAL_CHARACTERS_RE.sub("\N{REPLACEMENT CHARACTER}", value)
                    # A name that starts with "=" is a name, not a formula.
                    cell.data_type = "s"
                elif isinstance(value, dt.datetime) and value.year <= _FIRST_YEAR:
                    cell.value = str(value.replace(tzinfo=None))
                elif isinstance(value, dt.datetime):
                    # Excel knows no time zones: what a clock on the wall shows.
                    cell.value = value.replace(tzinfo=None)
                    cell.number_format = (
                        "yyyy-mm-dd hh:mm:ss" if value.second else "yyyy-mm-dd hh:mm"
                    )
                else:
                    cell.value = value
                if number == 1:
                    cell.font = Font(bold=True)
        for column in range(1, len(rows[0]) + 1):
            widest = max(len(str(row[column - 1] or "")) for row in rows[:1000])
            sheet.column_dimensions[get_column_letter(column)].width = min(widest + 2, 50)
    out = io.BytesIO()
    book.save(out)
    return out.getvalue()


def _sheets(problem: Problem) -> dict[str, Sheet]:
    sheets = {
        "tasks": _tasks(problem),
        "resources": _resources(problem),
        "jobs": _jobs(problem),
        "setups": _setups(problem),
        "settings": _settings(problem),
    }
    sheets = {name: rows for name, rows in sheets.items() if len(rows) > 1 or name == "tasks"}
    try:
        rebuilt = problem_from_tables(_tables(sheets), problem.name)
    except FormatError as error:
        # A name that the tables would read as something else is all that can go wrong here.
        raise refuse(f"this problem ({error.message})", _NAME) from None
    require_same(problem, rebuilt, _NAME)
    for what, mine, other in (
        ("the name", (problem.name,), (rebuilt.name,)),
        ("the name of the task", problem.tasks.name, rebuilt.tasks.name),
        ("the name of the job", problem.jobs.name, rebuilt.jobs.name),
        ("the name of the resource", problem.resources.name, rebuilt.resources.name),
        ("a tick of this many seconds:", (problem.tick_s,), (rebuilt.tick_s,)),
        ("the start", (problem.origin,), (rebuilt.origin,)),
    ):
        for kept, read_back in zip(mine, other, strict=True):
            if kept != read_back:
                said = str(kept) if isinstance(kept, dt.datetime) else repr(kept)
                raise refuse(f"{what} {said}", _NAME)
    return sheets


def _tables(sheets: Mapping[str, Sheet]) -> dict[str, Table]:
    """Return the sheets as the reader will see them."""
    tables = {}
    for name, rows in sheets.items():
        table = Table(name, Source(b"", name=name), name, tuple(map(str, rows[0])))
        for number, row in enumerate(rows[1:], start=2):
            values = {
                head: (value.strip() or None) if isinstance(value, str) else value
                for head, value in zip(table.columns, row, strict=True)
            }
            table.rows.append(Row(table, number, values))
        tables[name] = table
    return tables


def _optional(value: int, default: int) -> int | None:
    return None if value == default else int(value)


def _moment(problem: Problem, tick: int, default: int) -> Value:
    """Return an instant: nothing for the default, else its date, or the tick where none says it."""
    if tick == default:
        return None
    date = problem.date(tick)
    if problem.origin is None or date is None or not _is_plain(date):
        return int(tick)
    # Fractions of a second may have been rounded away.
    ticks = (date - problem.origin).total_seconds() / problem.tick_s
    return date if ticks == tick else int(tick)


def _is_plain(date: dt.datetime) -> bool:
    """Return whether spreadsheets store a date exactly."""
    return date.year > _FIRST_YEAR and not date.microsecond and date.tzinfo is None


def _tasks(problem: Problem) -> Sheet:
    heads = ["task", "job", "duration", "resources", "predecessors", "release", "deadline"]
    t = problem.tasks
    if t.interruptible.any():
        heads.append("interruptible")
    if (t.family >= 0).any():
        heads.append("family")
    before = _predecessors(problem)
    rows: Sheet = [list(heads)]
    for task, name in enumerate(t.name):
        resources, durations = _modes(problem, task)
        row: dict[str, Value] = {
            "task": name,
            "job": problem.jobs.name[t.job[task]] if t.job[task] >= 0 else None,
            "duration": durations,
            "resources": resources,
            "predecessors": before[task],
            "release": _moment(problem, int(t.earliest_start[task]), 0),
            "deadline": _moment(problem, int(t.latest_end[task]), FOREVER),
            "interruptible": "yes" if t.interruptible[task] else None,
            "family": f"family {t.family[task]}" if t.family[task] >= 0 else None,
        }
        rows.append([row[head] for head in heads])
    return rows


def _modes(problem: Problem, task: int) -> tuple[Value, Value]:
    m, names = problem.modes, problem.resources.name
    choices, durations = [], []
    for mode in range(problem.tasks.mode_ptr[task], problem.tasks.mode_ptr[task + 1]):
        parts = []
        for at in range(m.demand_ptr[mode], m.demand_ptr[mode + 1]):
            name, amount = names[m.demand_resource[at]], int(m.demand_amount[at])
            if _RESOURCE_MARKS.search(name):
                raise refuse(f"the name of the resource {name!r}", _NAME)
            parts.append(name if amount == 1 else f"{name}*{amount}")
        choices.append("+".join(parts))
        durations.append(int(m.duration[mode]))
    if len(choices) > 1 and "" in choices:
        label = problem.task_label(task)
        raise refuse(f"that {label!r} may do without any resource in one of its modes", _NAME)
    if len(set(durations)) == 1:
        return "|".join(choices) or None, durations[0]
    return "|".join(choices), "|".join(map(str, durations))


def _predecessors(problem: Problem) -> list[str | None]:
    labels = [problem.task_label(task) for task in range(problem.n_tasks)]
    lists: list[list[str]] = [[] for _ in labels]
    r = problem.relations
    plain = (r.kind == RelationKind.END_START) & (r.max_lag == FOREVER) & ~r.transfer
    for at in np.flatnonzero(plain & (r.min_lag > -FOREVER)).tolist():
        before, after, lag = int(r.before[at]), int(r.after[at]), int(r.min_lag[at])
        same_job = problem.tasks.job[before] == problem.tasks.job[after]
        name = problem.tasks.name[before] if same_job else labels[before]
        if _LIST_MARKS.search(name):
            raise refuse(f"the name of {labels[before]!r}", _NAME)
        lists[after].append(name if lag == 0 else f"{name} {lag:+d}")
    return ["; ".join(names) or None for names in lists]


def _resources(problem: Problem) -> Sheet:
    r = problem.resources
    rows: Sheet = [["resource", "kind", "capacity", "cost", "breaks"]]
    for k, name in enumerate(r.name):
        kind = ResourceKind(int(r.kind[k]))
        if kind not in _KINDS:
            raise refuse(f"the {kind.name.lower()} {name!r}", _NAME)
        breaks = range(r.break_ptr[k], r.break_ptr[k + 1])
        spans = "; ".join(f"{r.break_start[at]}-{r.break_end[at]}" for at in breaks)
        rows.append(
            [name, _KINDS[kind], int(r.capacity[k]), _optional(int(r.cost[k]), 0), spans or None]
        )
    return rows


def _jobs(problem: Problem) -> Sheet:
    j = problem.jobs
    rows: Sheet = [["job", "release", "due", "deadline", "weight"]]
    for k, name in enumerate(j.name):
        rows.append(
            [
                name,
                _moment(problem, int(j.release[k]), 0),
                _moment(problem, int(j.due[k]), FOREVER),
                _moment(problem, int(j.deadline[k]), FOREVER),
                _optional(int(j.weight[k]), 1),
            ]
        )
    return rows


def _setups(problem: Problem) -> Sheet:
    rows: Sheet = [["resource", "from", "to", "time"]]
    for k, matrix in enumerate(problem.resources.setup):
        if matrix < 0:
            continue
        table = problem.setups[matrix]
        # Every entry is listed, so that a machine without any setup still has its matrix.
        for before, after in np.ndindex(*table.shape):
            source = None if before == table.shape[1] else f"family {before}"
            time = int(table[before, after])
            rows.append([problem.resources.name[k], source, f"family {after}", time])
    return rows


def _settings(problem: Problem) -> Sheet:
    rows: Sheet = [[*SHEETS["settings"][:2]], ["name", problem.name]]
    origin = problem.origin
    if origin is not None:
        if origin.tzinfo is not None:
            raise refuse(f"the time zone of the start, {origin}", _NAME)
        rows.append(["start", origin if _is_plain(origin) else str(origin)])
    if problem.tick_s != 1.0 or origin is not None:
        seconds = f"{problem.tick_s:.6f}".rstrip("0").rstrip(".")
        rows.append(["tick", f"{seconds} s"])
    if problem.horizon != FOREVER:
        rows.append(["horizon", _moment(problem, problem.horizon, FOREVER)])
    has_due_dates = bool((problem.jobs.due != FOREVER).any())
    usual = total_tardiness(weighted=True).then(makespan()) if has_due_dates else makespan()
    if problem.objective != usual:
        if any(term.resources for term in problem.objective.terms):
            raise refuse(f"the objective {problem.objective}", _NAME)
        rows.append(["objective", str(problem.objective)])
    return rows
