"""CSV tables with a header line, read column by column, so that a million rows take little memory.

Fields are plain ASCII as the traces write them; what does not look like a number or a date is
refused, with the line it stands in.
"""

from __future__ import annotations

import csv
import re
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from itertools import islice
from typing import Any

import numpy as np
from numpy.typing import NDArray

from headway.formats.source import got
from headway.serving.workload.columns import LARGEST
from headway.serving.workload.trace_file import TraceFile

_ROWS = 2**16
_MOST_DIGITS = 15
_WHOLE = re.compile(r"[0-9]{1,15}(?:\.0*)?")
_NUMBER = re.compile(r"[0-9]{1,15}(?:\.[0-9]*)?(?:[eE][+-]?[0-9]{1,2})?")
_DATE = re.compile(
    r"((?:19[7-9]|20[0-9]|21[0-9])[0-9]-[0-9]{2}-[0-9]{2})[ T]"
    r"([0-9]{2}:[0-9]{2}:[0-9]{2}(?:\.[0-9]{1,9})?)(?:\+00:00|Z)?"
)


@dataclass(frozen=True, slots=True)
class Kind:
    """How the texts of a column are read.

    Attributes
    ----------
    expected
        What a text should be, for messages.
    read
        The column that texts amount to, shape (n,); raises ValueError if one does not fit.
    """

    expected: str
    read: Callable[[Sequence[str]], NDArray[Any]]


def _whole(texts: Sequence[str]) -> NDArray[np.int64]:
    joined = "".join(texts)
    if not (joined.isascii() and joined.isdigit() and all(texts)):
        if not all(map(_WHOLE.fullmatch, texts)):
            raise ValueError
        texts = [text.partition(".")[0] for text in texts]
    if max(map(len, texts)) > _MOST_DIGITS:
        raise ValueError
    values = np.fromiter(map(int, texts), np.int64, len(texts))
    if values.max() > LARGEST:
        raise ValueError
    return values


def _number(texts: Sequence[str]) -> NDArray[np.float64]:
    if not all(map(_NUMBER.fullmatch, texts)):
        raise ValueError
    return np.fromiter(map(float, texts), np.float64, len(texts))


def _date(texts: Sequence[str]) -> NDArray[np.int64]:
    matches = list(map(_DATE.fullmatch, texts))
    if not all(matches):
        raise ValueError
    plain = [f"{match[1]}T{match[2]}" for match in matches if match]
    return np.array(plain, dtype="datetime64[ns]").astype(np.int64)


WHOLE = Kind(f"a whole number from 0 to {LARGEST}", _whole)
NUMBER = Kind("a number that is not negative", _number)
DATE = Kind("a date and time of day, such as 2023-11-16 18:15:46.68", _date)
"""Nanoseconds since 1970, the dates being in UTC."""
TEXT = Kind("a label", lambda texts: np.array(texts, dtype=np.str_))


def header(head: bytes) -> tuple[str, ...]:
    """Return the names of the columns that the beginning of a file promises."""
    line = head.partition(b"\n")[0].decode("utf-8", "replace")
    try:
        return tuple(name.strip() for name in next(csv.reader([line]), []))
    except csv.Error:
        return ()


def columns(file: TraceFile, kinds: Mapping[str, Kind]) -> dict[str, NDArray[Any]]:
    """Return some columns of a table, by name; the others are passed over.

    Raises
    ------
    FormatError
        If the table lacks one, or a row does not fit; names file, line and column.
    """
    names = header(file.head)
    missing = [name for name in kinds if name not in names]
    if missing:
        raise file.error(f"column {missing[0]!r} is missing; there are {', '.join(names)}", 1)
    parts: dict[str, list[NDArray[Any]]] = {name: [] for name in kinds}
    for lines, rows in _batches(file, len(names)):
        table = list(zip(*rows, strict=True))
        for name, kind in kinds.items():
            parts[name].append(_column(file, name, kind, table[names.index(name)], lines))
    return {
        name: np.concatenate(part) if part else np.zeros(0, np.int64)
        for name, part in parts.items()
    }


def _batches(file: TraceFile, width: int) -> Iterator[tuple[list[int], list[list[str]]]]:
    """Yield rows, many at a time, with the lines they stand in."""
    with file.text() as stream:
        reader = csv.reader(stream, strict=True)
        next(reader, None)
        while True:
            lines: list[int] = []
            rows: list[list[str]] = []
            try:
                for row in islice(reader, _ROWS):
                    if len(row) == width:
                        lines.append(reader.line_num)
                        rows.append(row)
                    elif row:
                        raise file.error(
                            f"expected {width} fields, got {len(row)}", reader.line_num
                        )
            except csv.Error as error:
                raise file.error(f"not CSV: {error}", reader.line_num) from None
            if not rows:
                return
            yield lines, rows


def _column(
    file: TraceFile, name: str, kind: Kind, texts: Sequence[str], lines: Sequence[int]
) -> NDArray[Any]:
    try:
        return kind.read(texts)
    except ValueError:
        for text, line in zip(texts, lines, strict=True):
            try:
                kind.read([text])
            except ValueError:
                raise file.error(f"{name}: expected {kind.expected}, {got(text)}", line) from None
        raise
