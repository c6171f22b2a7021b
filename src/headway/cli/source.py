"""Options and helpers that several commands share."""

from __future__ import annotations

import os
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path
from typing import Any, TypeVar

import click

from headway.errors import ConfigError
from headway.model import Objective, Problem, Schedule

_F = TypeVar("_F", bound=Callable[..., Any])


def load(source: str, *, format: str | None = None, objective: str | None = None) -> Problem:  # noqa: A002
    """Return the problem in a file, or the named instance.

    Parameters
    ----------
    source
        Path of a file or folder, or the name of an instance.
    format
        Name of the file's format; detected by content if None.
    objective
        Replaces the problem's own objective, see `Objective.parse`.

    Raises
    ------
    FormatError
        If there is no such file, or it does not hold a problem.
    UnknownNameError
        If there is no such instance.
    """
    from headway.instances import obtain

    problem = obtain(source, format=format)
    return problem if objective is None else replace(problem, objective=Objective.parse(objective))


def problem_source(command: _F) -> _F:
    """Add the argument and the options that name a problem."""
    decorators = (
        click.argument("source", metavar="FILE|NAME"),
        click.option(
            "--format", "format_name", metavar="NAME", help="Format of FILE, if not obvious."
        ),
        click.option(
            "--objective",
            metavar="TEXT",
            help="Minimise this instead, as in 'weighted tardiness, then makespan'.",
        ),
    )
    for decorate in reversed(decorators):
        command = decorate(command)
    return command


def check_outputs(*paths: str | None, source: str = "", folders: bool = False) -> None:
    """Refuse places that cannot be written before any time is spent.

    Parameters
    ----------
    *paths
        Files to write; None for one that was not asked for.
    source
        The file that is read, which must not be overwritten.
    folders
        Whether an existing folder may be written into.

    Raises
    ------
    ConfigError
        If a path is a folder, the input, or another of the paths, or its own folder does not exist
        or cannot be written.
    """
    read = Path(source.partition("#")[0]).resolve() if source else None
    seen: set[Path] = set()
    for path in paths:
        if path is None:
            continue
        if Path(path).resolve() in seen:
            raise ConfigError(f"{path}: two things are to be written there")
        seen.add(Path(path).resolve())
        if Path(path).resolve() == read and Path(path).exists():
            raise ConfigError(f"{path}: this is the input; write somewhere else")
        folder = Path(path).resolve().parent
        if not folder.is_dir():
            raise ConfigError(f"{path}: the folder {Path(path).parent} does not exist")
        if Path(path).is_dir():
            if not folders:
                raise ConfigError(f"{path}: expected a file to write, but it is a folder")
        elif not Path(path).exists() and not os.access(folder, os.W_OK):
            raise ConfigError(f"{path}: the folder {Path(path).parent} cannot be written")


def read_schedule(problem: Problem, path: str) -> Schedule:
    """Return the schedule of `problem` in a file: JSON, or a table as CSV or Excel workbook.

    Raises
    ------
    FormatError
        If the file does not hold one, or belongs to another problem; names the file.
    """
    from headway import formats

    return formats.read_schedule(problem, path)


def epilog(example: str) -> str:
    """Return the example shown at the end of a command's help."""
    return f"\b\nExample:\n  {example}"
