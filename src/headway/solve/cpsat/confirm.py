"""A second opinion on a proof that would end a search."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING

from headway.solve.cpsat.encoding import limit
from headway.solve.cpsat.search import Answer, Effort, Found, minimise
from headway.solve.cpsat.writer import Sum
from headway.solve.result import Stop

if TYPE_CHECKING:
    from ortools.sat.python.cp_model_helper import CpModelProto

UNCONFIRMED = "a second run of CP-SAT ended before it could confirm the proof"

_SHARE = 0.5
"""Share of the time left that a second opinion may take."""

_FACTOR = 4.0
"""How much more effort than the proof a second opinion may take."""

_LEAST_EFFORT_S = 0.05
"""Effort, in CP-SAT's own seconds, that even the shortest proof is worth."""


def second_opinion(
    model: CpModelProto, total: Sum, claim: Found, effort: Effort, left_s: float, stop: Stop
) -> Found:
    """Ask CP-SAT, set up in another way, for an assignment that a claimed bound rules out.

    Parameters
    ----------
    model
        The model of the claim; it is not changed.
    total
        What was minimised.
    claim
        What was claimed; with a bound.
    effort
        How the claim was made.
    left_s
        Seconds left to the whole run.
    stop
        Ends the check soon after it is set.

    Returns
    -------
    Found
        ``INFEASIBLE`` if the claim is confirmed, an assignment if it is refuted, and ``UNKNOWN`` if
        neither came out. How long it tries is counted in CP-SAT's own measure of effort, so that
        the same comes out everywhere.
    """
    if claim.bound is None or left_s <= 0 or stop.is_set():
        return Found(Answer.UNKNOWN, None, None)
    again = type(model)()
    again.copy_from(model)
    limit(again, total, claim.bound - 1)
    most = max(_FACTOR * claim.deterministic_s, _LEAST_EFFORT_S)
    checking = replace(
        effort,
        time_s=_SHARE * left_s,
        seed=effort.seed + 1,
        deterministic_s=min(effort.deterministic_s, most),
        check=True,
    )
    return minimise(again, None, checking, stop=stop)
