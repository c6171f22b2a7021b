"""The formats there are: ours, one module each in `headway.formats.dialects`, and third parties'.

A module in `dialects` declares ``FORMATS``, a tuple of `Format`. Another package adds its own by an
entry point in the group ``headway.formats`` that refers to a `Format`.
"""

from __future__ import annotations

import importlib
import pkgutil
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from enum import IntEnum
from functools import cache

from headway.errors import UnknownNameError
from headway.formats.source import Source
from headway.model import Problem


class Match(IntEnum):
    """How well a content fits a format."""

    NO = 0
    """It does not."""
    POSSIBLE = 1
    """It can be read so, but this is not how the format is usually written."""
    TYPICAL = 2
    """It has the structure of the format."""
    CERTAIN = 3
    """It carries a mark that no other format has."""


Rendered = str | bytes | Mapping[str, str]
"""What a writer returns: text, bytes, or the files of a folder by name."""


@dataclass(frozen=True, kw_only=True)
class Format:
    """A file format.

    Parameters
    ----------
    name
        How people ask for it, as in ``format="job-shop"``.
    description
        One line.
    suffixes
        File name endings it is known by, with the dot; they break ties between formats that fit
        equally well, and choose the format of a file to be written.
    sniff
        How well a content fits. Must not raise.
    parse
        Return the problems in a content, at least one. Raises `FormatError` with the line where
        the content is not what the format promises, or `ProblemError`.
    render
        Return a problem in this format. Raises `UnsupportedError` naming the first thing that the
        format cannot express. None for formats that are only read.
    """

    name: str
    description: str
    suffixes: tuple[str, ...]
    sniff: Callable[[Source], Match]
    parse: Callable[[Source], Sequence[Problem]]
    render: Callable[[Problem], Rendered] | None = None


@cache
def all_formats() -> dict[str, Format]:
    """Return every format by name: ours first, then those of other packages."""
    from importlib.metadata import entry_points

    from headway.formats import dialects

    found: dict[str, Format] = {}
    for module in sorted(info.name for info in pkgutil.iter_modules(dialects.__path__)):
        for known in importlib.import_module(f"{dialects.__name__}.{module}").FORMATS:
            found[known.name] = known
    for point in entry_points(group="headway.formats"):
        extra = point.load()
        if not isinstance(extra, Format):
            raise TypeError(
                f"entry point {point.name!r} of headway.formats: expected a Format, got {extra!r}"
            )
        # A package must not change what existing files mean.
        found.setdefault(extra.name, extra)
    return found


def formats() -> tuple[str, ...]:
    """Return the names of all formats that can be read."""
    return tuple(sorted(all_formats()))


def find_format(name: str) -> Format:
    """Return the format called `name`.

    Raises
    ------
    UnknownNameError
        If there is none; the message suggests near names.
    """
    known = all_formats()
    if name not in known:
        raise UnknownNameError("format", name, known)
    return known[name]
