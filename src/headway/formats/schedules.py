"""Schedules as tables: what a planner takes back into a spreadsheet."""

from __future__ import annotations

import datetime as dt
from os import PathLike
from pathlib import Path

import numpy as np

from headway.errors import UnknownNameError
from headway.files import write_bytes, write_text
from headway.model import Schedule
from headway.model.tables import ResourceKind

Value = str | int | dt.datetime | None


def write_schedule(schedule: Schedule, path: str | PathLike[str]) -> None:
    """Write a schedule as a table, one row per task in the order of their starts.

    The columns are task, job, resources, start and end in ticks, and the dates of both if the
    problem has an `origin`. Tasks that are left out do not appear.

    Parameters
    ----------
    schedule
        What to write.
    path
        A file ending in ``.csv`` or ``.xlsx``; replaced atomically.

    Raises
    ------
    UnknownNameError
        If the path ends in neither.
    FormatError
        If the file cannot be written.
    """
    from headway.formats.planner import csv_text, workbook_bytes

    target = Path(path)
    suffix = target.suffix.lower()
    if suffix not in (".csv", ".xlsx"):
        raise UnknownNameError("file suffix", suffix or target.name, (".csv", ".xlsx"))
    rows = _rows(schedule)
    if suffix == ".csv":
        write_text(target, csv_text(rows))
    else:
        write_bytes(target, workbook_bytes({"schedule": rows}))


def _rows(schedule: Schedule) -> list[list[Value]]:
    problem = schedule.problem
    heads: list[Value] = ["task", "job", "resources", "start", "end"]
    if problem.origin is not None:
        heads += ["start date", "end date"]
    rows: list[list[Value]] = [heads]
    present = np.flatnonzero(schedule.present)
    order = present[np.lexsort((present, schedule.end[present], schedule.start[present]))]
    for task in order.tolist():
        job = int(problem.tasks.job[task])
        begin, end = int(schedule.start[task]), int(schedule.end[task])
        row: list[Value] = [
            problem.tasks.name[task],
            problem.jobs.name[job] if job >= 0 else None,
            _resources(schedule, task) or None,
            begin,
            end,
        ]
        if problem.origin is not None:
            # Beyond the calendar there are no dates; the tick in the other column still tells.
            row += [problem.date(begin), problem.date(end)]
        rows.append(row)
    return rows


def _resources(schedule: Schedule, task: int) -> str:
    problem = schedule.problem
    modes, names = problem.modes, problem.resources.name
    mode = int(schedule.mode[task])
    parts = []
    for at in range(modes.demand_ptr[mode], modes.demand_ptr[mode + 1]):
        resource, amount = int(modes.demand_resource[at]), int(modes.demand_amount[at])
        if problem.resources.kind[resource] <= ResourceKind.RENEWABLE:
            parts.append(names[resource] if amount == 1 else f"{names[resource]}*{amount}")
    return "+".join(parts)
