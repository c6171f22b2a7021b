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
    body = [[_escaped(cell(row[key])) for key in head] for row in rows]
    lines = [list(map(_escaped, head)), ["---"] * len(head), *body]
    return "\n".join(f"| {' | '.join(line)} |" for line in lines)


def comma_separated(rows: Sequence[Row]) -> str:
    """Return rows with the same keys as CSV, an empty field for nothing."""
    stream = io.StringIO()
    writer = csv.DictWriter(stream, list(rows[0]), lineterminator="\n")
    writer.writeheader()
    writer.writerows(rows)
    return stream.getvalue()


def cell(value: object) -> str:
    """Return a value in words: a dash for nothing, yes or no."""
    if value is None:
        return "–"
    if isinstance(value, bool):
        return "yes" if value else "no"
    return str(value).replace("\n", " ")


def _escaped(text: str) -> str:
    return text.replace("|", "\\|")
