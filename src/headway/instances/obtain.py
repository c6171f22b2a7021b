"""From what a user names, a file or an instance, to the problem."""

from __future__ import annotations

from pathlib import Path

from headway.errors import FormatError, UnknownNameError
from headway.instances.load import instance
from headway.model import Problem


def obtain(source: str, *, format: str | None = None) -> Problem:  # noqa: A002
    """Return the problem in a file, or the named instance.

    Parameters
    ----------
    source
        Path of a file or folder (``wt40.txt#3`` is the third instance in a file of many), or the
        name of an instance.
    format
        Name of the file's format; detected by content if None.

    Raises
    ------
    FormatError
        If there is no such file, or it does not hold a problem.
    UnknownNameError
        If there is no such instance.
    """
    path = Path(source)
    file = Path(source.partition("#")[0])
    looks_like_file = len(path.parts) > 1 or bool(file.suffix)
    if format is not None or path.exists() or file.exists():
        from headway.formats import read

        return read(path, format=format)
    try:
        return instance(source)
    except UnknownNameError:
        if looks_like_file:
            raise FormatError("there is no such file", path=source) from None
        raise
