"""Schedules as files: what a planner takes back into a spreadsheet, and brings from there."""

from __future__ import annotations

from os import PathLike
from pathlib import Path

from headway.errors import FormatError, UnknownNameError
from headway.files import read_bytes, write_bytes, write_text
from headway.formats.source import Source
from headway.model import Problem, Schedule

_MARK = b"\xef\xbb\xbf"


def write_schedule(schedule: Schedule, path: str | PathLike[str]) -> None:
    """Write a schedule as a table, one row per task in the order of their starts.

    The columns are task, job, resources, start and end in ticks, and the dates of both if the
    problem has an `origin`. A column of modes, counted from 0, is there if the others do not tell
    which mode a task uses. Tasks that are left out do not appear.

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
    from headway.formats.planner import csv_text, schedule_rows, workbook_bytes

    target = Path(path)
    suffix = target.suffix.lower()
    if suffix not in (".csv", ".xlsx"):
        raise UnknownNameError("file suffix", suffix or target.name, (".csv", ".xlsx"))
    rows = schedule_rows(schedule)
    if suffix == ".csv":
        write_text(target, csv_text(rows))
    else:
        write_bytes(target, workbook_bytes({"schedule": rows}))


def read_schedule(problem: Problem, path: str | PathLike[str]) -> Schedule:
    """Return a schedule of `problem` from a file: JSON, or a table as CSV or Excel workbook.

    A table has the columns that `write_schedule` writes, of which task and start (as ticks, or as
    dates if the problem has an `origin`) must be there. Tasks are found by their job and name,
    modes by the resources they use and, if these are the same, by their ends. A task without an
    end ends as soon as its work is done, a task without a row is left out.

    Whether the schedule holds is not looked at; see `headway.verify`.

    Parameters
    ----------
    problem
        What is scheduled.
    path
        What `Schedule.save` or `write_schedule` wrote, or a planner by hand; told apart by the
        content.

    Raises
    ------
    FormatError
        If the file cannot be read, names a task that is unknown or not the only one of its name,
        does not say which mode is meant, or belongs to another problem. Names the file and, in a
        table, the row and the column.
    """
    target = Path(path)
    source = Source(read_bytes(target), name=target.stem, path=target)
    content = source.data.removeprefix(_MARK).lstrip()
    if content.startswith((b"{", b"[")) or target.suffix.lower() == ".json":
        try:
            return Schedule.from_json(problem, source.data)
        except FormatError as error:
            raise error.located(target) from None
    from headway.formats.planner import schedule_from_table, schedule_table

    return schedule_from_table(problem, schedule_table(source))
