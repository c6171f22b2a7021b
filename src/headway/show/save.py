"""Write a schedule or a result in the form that a file's suffix names."""

from __future__ import annotations

from os import PathLike
from pathlib import Path

from headway.errors import ConfigError
from headway.files import write_text
from headway.model.schedule import Schedule
from headway.show.figure import SUFFIXES
from headway.show.gantt import gantt
from headway.show.report import report
from headway.show.run import Run
from headway.show.trace import trace_json


def save(subject: Run | Schedule, path: str | PathLike[str]) -> None:
    """Write a picture, report or trace to `path`, atomically.

    Parameters
    ----------
    subject
        A schedule, or the result of a solver.
    path
        ``.png``, ``.svg`` and ``.pdf`` are Gantt charts by machine, ``.html`` is a report, and
        ``.json`` a trace for Perfetto.

    Raises
    ------
    ConfigError
        If the suffix is another one, or there is no schedule to draw.
    FormatError
        If the file cannot be written.
    """
    suffix = Path(path).suffix.lower()
    if suffix not in (*SUFFIXES, ".html", ".json"):
        raise ConfigError(
            f"{path}: cannot save as {suffix or 'a file without suffix'!r}; "
            f"known: {', '.join(SUFFIXES)}, .html, .json"
        )
    if suffix == ".html":
        write_text(path, report(subject))
        return
    schedule = subject if isinstance(subject, Schedule) else subject.schedule
    if schedule is None:
        raise ConfigError(f"{path}: {subject.problem.name} has no schedule to draw")
    if suffix == ".json":
        write_text(path, trace_json(schedule))
    else:
        gantt(schedule).save(path)
