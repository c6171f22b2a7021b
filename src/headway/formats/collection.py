"""Files that hold several instances one after another."""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from typing import TypeVar

from headway.formats.source import Line, Source

T = TypeVar("T")


def blocks(source: Source, header: re.Pattern[str]) -> list[tuple[Line, list[Line]]] | None:
    """Return each header line with the lines up to the next, or None if the file starts otherwise.

    Parameters
    ----------
    source
        The file.
    header
        Matches the beginning of a line that starts an instance.
    """
    found: list[tuple[Line, list[Line]]] = []
    for line in source.lines:
        if header.match(line.text):
            found.append((line, []))
        elif found:
            found[-1][1].append(line)
        else:
            return None
    return found or None


def named(source: Source, instances: Sequence[T]) -> Iterator[tuple[str, T]]:
    """Return each instance with its name: "wt40#3" for the third, "wt40" for the only one."""
    if len(instances) == 1:
        yield source.name, instances[0]
        return
    for number, instance in enumerate(instances, start=1):
        yield f"{source.name}#{number}", instance
