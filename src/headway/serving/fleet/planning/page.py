"""A plan as one HTML page."""

from __future__ import annotations

from typing import TYPE_CHECKING

from headway.serving.fleet.planning.plan import SURGE
from headway.show.sheet import Fact, Table, sheet
from headway.show.table import cell

if TYPE_CHECKING:
    from headway.serving.fleet.planning.plan import Plan


def page(plan: Plan) -> str:
    """Return a self-contained HTML page about a plan.

    Parameters
    ----------
    plan
        The plan.
    """
    head = tuple(plan.rows[0])
    rows = tuple(tuple(cell(value) for value in row.values()) for row in plan.rows)
    return sheet(
        f"{plan.name}: capacity plan",
        plan.text().replace("\n", ". "),
        facts=_facts(plan),
        pictures={"What attainment costs": lambda look: plan.pareto(colours=look)},
        tables=[Table("The cheapest fleet behind each router", head, rows)],
    )


def _facts(plan: Plan) -> list[Fact]:
    best = plan.best
    if best is None:
        return [Fact("plan", "none", "no fleet keeps the promises", "bad")]
    tone = "good" if plan.holds else "bad"
    return [
        Fact("engines", plan.engines(best.counts), f"behind {best.policy}"),
        Fact("per hour", f"{best.price_per_h:,.4g}", f"at least {plan.least_per_h:,.4g}"),
        Fact("planned", f"{best.planned:.2%}", "of the requests planned with"),
        Fact("confirmed", f"{best.confirmed:.2%}", "of the requests held out", tone),
        Fact("one engine down", f"{best.one_down:.2%}"),
        Fact(f"traffic x {SURGE:g}", f"{best.surge:.2%}"),
    ]
