"""Rows of results as Markdown and CSV."""

from __future__ import annotations

import csv
import io
from collections.abc import Mapping, Sequence

Row = Mapping[str, object]


def rounded(value: float | None, digits: int) -> float | int | None:
    """Return a number with so many digits behind the point, without any if none are asked for."""
    if value is None:
        return None
    return round(value) if digits == 0 else round(value, digits)


def markdown(rows: Sequence[Row]) -> str:
    """Return rows with the same keys as a Markdown table."""
    head = list(rows[0])
    lines = [head, ["---"] * len(head), *([_cell(row[key]) for key in head] for row in rows)]
    return "\n".join(f"| {' | '.join(line)} |" for line in lines)


def comma_separated(rows: Sequence[Row]) -> str:
    """Return rows with the same keys as CSV, an empty field for nothing."""
    stream = io.StringIO()
    writer = csv.DictWriter(stream, list(rows[0]), lineterminator="\n")
    writer.writeheader()
    writer.writerows(rows)
    return stream.getvalue()


def _cell(value: object) -> str:
    if value is None:
        return "–"
    if isinstance(value, bool):
        return "yes" if value else "no"
    return str(value).replace("|", "\\|").replace("\n", " ")
