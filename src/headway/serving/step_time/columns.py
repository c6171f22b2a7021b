"""CSV files of measured figures as columns."""

from __future__ import annotations

import csv
import io
from collections.abc import Sequence
from dataclasses import dataclass
from os import PathLike

import numpy as np

from headway import files
from headway.errors import FormatError
from headway.serving.step_time.shape import Floats

_LARGEST = 1e15
"""The largest figure; sums and products of larger ones overflow."""


@dataclass(frozen=True)
class Columns:
    """The columns of a CSV file.

    Attributes
    ----------
    path
        The file.
    texts, numbers
        Values by column; all columns have the same length.
    lines
        The line of each row, counted from 1.
    """

    path: str
    texts: dict[str, list[str]]
    numbers: dict[str, Floats]
    lines: list[int]

    def __len__(self) -> int:
        return len(self.lines)


def read_columns(
    path: str | PathLike[str],
    *,
    texts: Sequence[str] = (),
    numbers: Sequence[str] | None = None,
    maybe_texts: Sequence[str] = (),
) -> Columns:
    """Return the columns of a CSV file with a header.

    Parameters
    ----------
    path
        The file, UTF-8.
    texts
        Columns of text that must be there.
    numbers
        Columns of finite, non-negative numbers that must be there, others being ignored; by
        default all columns that are not texts.
    maybe_texts
        Columns of text that may be there.

    Raises
    ------
    FormatError
        If the file cannot be read, lacks a column, has no rows, or a value is not such a number;
        names file and line.
    """
    try:
        content = files.read_bytes(path).decode("utf-8-sig")
    except UnicodeDecodeError as error:
        raise FormatError(f"not UTF-8: {error.reason}", path=path) from None
    reader = csv.reader(io.StringIO(content, newline=""))
    try:
        rows = [(reader.line_num, [cell.strip() for cell in row]) for row in reader if any(row)]
    except csv.Error as error:
        raise FormatError(f"not CSV: {error}", path=path, line=reader.line_num) from None
    if len(rows) < 2:
        raise FormatError("expected a header and at least one row", path=path, line=1)
    line, header = rows[0]
    if len(set(header)) != len(header):
        raise FormatError("a column is named twice", path=path, line=line)
    texts = [*texts, *(name for name in maybe_texts if name in header)]
    wanted = [name for name in header if name not in texts] if numbers is None else list(numbers)
    for name in (*texts, *wanted):
        if name not in header:
            raise FormatError(
                f"no column {name!r}; found: {', '.join(header)}", path=path, line=line
            )
    for line, row in rows[1:]:
        if len(row) != len(header):
            raise FormatError(
                f"expected {len(header)} values, found {len(row)}", path=path, line=line
            )
    body = rows[1:]
    at = {name: header.index(name) for name in (*texts, *wanted)}
    return Columns(
        str(path),
        {name: [row[at[name]] for _, row in body] for name in texts},
        {
            name: np.array([_number(row[at[name]], name, path, line) for line, row in body])
            for name in wanted
        },
        [line for line, _ in body],
    )


def _number(text: str, name: str, path: str | PathLike[str], line: int) -> float:
    try:
        value = float(text)
    except ValueError:
        value = -1.0
    if not 0 <= value <= _LARGEST:
        raise FormatError(
            f"{name}: expected a number from 0 to {_LARGEST:g}, found {text!r}",
            path=path,
            line=line,
        )
    return value
