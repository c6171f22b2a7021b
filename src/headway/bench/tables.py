"""Results as rows: for Markdown, CSV and JSON alike."""

from __future__ import annotations

from collections.abc import Sequence

from headway.bench.metrics import Duel, Standing, Summary
from headway.show.table import Row, rounded


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
