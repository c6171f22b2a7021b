"""Results as rows: for Markdown, CSV and JSON alike."""

from __future__ import annotations

import csv
import io
from collections.abc import Mapping, Sequence

from headway.bench.metrics import Duel, Standing, Summary

Row = Mapping[str, object]


def instance_rows(standing: Sequence[Standing]) -> list[Row]:
    """Return one row per problem and contestant."""
    return [
        {
            "class": s.entry.group,
            "instance": s.entry.name,
            "contestant": s.contestant,
            "runs": len(s.runs),
            "value": s.value,
            "best": s.best,
            "bound": s.bound,
            "best known": known(s),
            "gap %": rounded(s.gap, 3),
            "proven": s.proven,
            "time to best s": rounded(s.found_s, 2),
            "time s": rounded(s.time_s, 2),
            "memory MB": rounded(s.peak_mb, 0),
            "note": "; ".join(s.troubles),
        }
        for s in standing
    ]


def summary_rows(summaries: Sequence[Summary]) -> list[Row]:
    """Return one row per class and contestant."""
    return [
        {
            "class": s.group,
            "contestant": s.contestant,
            "instances": s.instances,
            "solved": s.solved,
            "mean gap %": rounded(s.gap, 3),
            "value / best known": rounded(s.ratio, 4),
            "bound / best known": rounded(s.bound_ratio, 4),
            "value to bound %": rounded(s.own_gap, 2),
            "proofs": s.proofs,
            "best": s.best,
            "time to best s": rounded(s.found_s, 2),
        }
        for s in summaries
    ]


def duel_rows(duels: Sequence[Duel]) -> list[Row]:
    """Return one row per class and opponent."""
    return [
        {
            "class": d.group,
            "contestant": d.first,
            "against": d.other,
            "better": d.wins,
            "equal": d.ties,
            "worse": d.losses,
        }
        for d in duels
    ]


def known(standing: Standing) -> str:
    """Return the best known bounds, or the best value of this comparison with a star."""
    low, high = standing.entry.lower, standing.entry.upper
    if high is None:
        return "–" if standing.reference is None else f"{standing.reference}*"
    return str(high) if low == high else f"{'?' if low is None else low}-{high}"


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
