"""Rules on pairs of points in time: minimum and maximum lags, transfers."""

from __future__ import annotations

from collections.abc import Iterator

import numpy as np

from headway.model.tables import FOREVER, Bools, Ints, RelationKind
from headway.model.transfers import transfer_times
from headway.model.verify.claims import Claims
from headway.model.violation import Findings, ViolationKind


def relations(claims: Claims) -> Iterator[Findings]:
    """Yield broken start/end relations.

    `tasks` are the two tasks of the relation and `amount` the missing or surplus ticks. A lag that
    is long enough but for the transfer between the resources has kind `ViolationKind.TRANSFER`.
    """
    table = claims.problem.relations
    row = np.flatnonzero(claims.timed[table.before] & claims.timed[table.after])
    kind, before, after = table.kind[row], table.before[row], table.after[row]
    from_end = (kind == RelationKind.END_START) | (kind == RelationKind.END_END)
    to_end = (kind == RelationKind.START_END) | (kind == RelationKind.END_END)
    lag = np.where(to_end, claims.end[after], claims.start[after]) - np.where(
        from_end, claims.end[before], claims.start[before]
    )
    least, most = table.min_lag[row], table.max_lag[row]
    travel = np.zeros(len(row), dtype=np.int64)
    moved = np.flatnonzero(table.transfer[row] & claims.placed[before] & claims.placed[after])
    travel[moved] = transfer_times(
        claims.problem, claims.mode[before[moved]], claims.mode[after[moved]]
    )
    has_least, has_most = least > -FOREVER, most < FOREVER
    short = least + travel - lag

    def findings(kind: ViolationKind, wrong: Bools, amount: Ints, rule: str) -> Findings:
        hit = np.flatnonzero(wrong)

        def describe(k: int) -> tuple[tuple[int, ...], str, str]:
            at = hit[k]
            first, second = claims.label(before[at]), claims.label(after[at])
            first_verb = "ends" if from_end[at] else "starts"
            second_verb = "ends" if to_end[at] else "starts"
            size, side = abs(int(lag[at])), "after" if lag[at] >= 0 else "before"
            limit = rule.format(least=least[at], most=most[at], travel=travel[at])
            message = f"{second} {second_verb} {size} {side} {first} {first_verb}, expected {limit}"
            return (int(before[at]), int(after[at])), f"{first} → {second}", message

        return Findings(kind, amount[hit], describe)

    missing = has_least & (lag < least)
    yield findings(ViolationKind.MIN_LAG, missing & (travel == 0), short, "at least {least}")
    with_travel = "at least {least} and {travel} for the transfer"
    yield findings(ViolationKind.MIN_LAG, missing & (travel > 0), short, with_travel)
    yield findings(ViolationKind.TRANSFER, has_least & ~missing & (short > 0), short, with_travel)
    yield findings(ViolationKind.MAX_LAG, has_most & (lag > most), lag - most, "at most {most}")
