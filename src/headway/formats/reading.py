"""From a file to a problem."""

from __future__ import annotations

import re
from os import PathLike, fspath
from pathlib import Path

from headway.errors import FormatError, ProblemError, UnknownNameError
from headway.files import read_bytes
from headway.formats.detect import detect
from headway.formats.registry import find_format
from headway.formats.source import Source, plural
from headway.model import Problem

_MARKED = re.compile(r"(.+)#([^#/\\]{1,200})")


def read(
    path: str | PathLike[str],
    *,
    format: str | None = None,  # noqa: A002
    instance: int | str | None = None,
) -> Problem:
    """Return the problem in a file.

    Parameters
    ----------
    path
        The file, or a folder of CSV files. ``wt40.txt#3`` means the third instance of a file that
        holds several, ``jobshop1.txt#ft06`` the one of this name.
    format
        Name of the format, see `formats`; by default it is detected from the content.
    instance
        Which instance of a file that holds several: its number, counted from 1 as in the
        literature, or its name; the same as behind ``#``.

    Raises
    ------
    FormatError
        If the file cannot be read, is not what its format promises (the message names file, line,
        and what was expected), fits several formats, or holds several instances and `instance` does
        not say which.
    ProblemError
        If the file is well formed, but its problem contradicts itself.
    UnknownNameError
        If there is no such format, or no instance of this name.

    Examples
    --------
    >>> read("wt40.txt", instance=3).name  # doctest: +SKIP
    'wt40#3'
    """
    target, wanted = _split(path, instance)
    return _choose(_problems(_source(target), format), wanted, target)


def read_all(
    path: str | PathLike[str],
    *,
    format: str | None = None,  # noqa: A002
) -> tuple[Problem, ...]:
    """Return all problems in a file, in order; see `read`."""
    return _problems(_source(Path(path)), format)


def reads(
    text: str | bytes,
    *,
    format: str | None = None,  # noqa: A002
    name: str = "problem",
    instance: int | str | None = None,
) -> Problem:
    """Return the problem in a text (or in the bytes of a file).

    Parameters
    ----------
    text
        What a file would hold.
    format, instance
        As for `read`.
    name
        What to call the problem.
    """
    data = text.encode("utf-8", "surrogatepass") if isinstance(text, str) else bytes(text)
    return _choose(_problems(Source(data, name=name), format), instance, None)


def _split(path: str | PathLike[str], instance: int | str | None) -> tuple[Path, int | str | None]:
    """Return the file and the instance out of "file#instance", unless such a file exists."""
    text = fspath(path)
    marked = _MARKED.fullmatch(text)
    if marked is None or instance is not None or Path(text).exists():
        return Path(text), instance
    return Path(marked[1]), marked[2]


def _source(path: Path) -> Source:
    if path.is_dir():
        return Source(b"", name=path.resolve().name, path=path)
    return Source(read_bytes(path), name=path.stem, path=path)


def _problems(source: Source, format_name: str | None) -> tuple[Problem, ...]:
    chosen = detect(source) if format_name is None else find_format(format_name)
    if source.is_folder and chosen.name != "planner-csv":
        raise source.error(f"expected a file in format {chosen.name!r}, this is a folder")
    try:
        return tuple(chosen.parse(source))
    except FormatError as error:
        if source.path is None or error.path is not None:
            raise
        raise error.located(source.path) from None
    except ProblemError as error:
        if source.path is None:
            raise
        raise ProblemError(f"{source.path}: {error}") from None


def _choose(
    problems: tuple[Problem, ...], instance: int | str | None, path: Path | None
) -> Problem:
    count = len(problems)
    if instance is None:
        if count == 1:
            return problems[0]
        example = f"; '{path}#1' is the first" if path is not None else ""
        raise FormatError(
            f"holds {plural(count, 'instance')}: choose one with instance=1 to {count}{example},"
            " or take all with read_all",
            path=path,
        )
    for problem in problems:
        if problem.name == instance:
            return problem
    try:
        number = int(instance)
    except ValueError:
        raise UnknownNameError("instance", str(instance), (p.name for p in problems)) from None
    if not 1 <= number <= count:
        raise FormatError(
            f"holds {plural(count, 'instance')}, there is no number {number}", path=path
        )
    return problems[number - 1]
