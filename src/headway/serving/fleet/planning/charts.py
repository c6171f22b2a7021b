"""Pictures of plans: what attainment costs."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from headway.show.colours import ThemeName
from headway.show.figure import Figure
from headway.show.lines import Line, Panel, chart

if TYPE_CHECKING:
    from headway.serving.fleet.planning.plan import Option, Plan


def pareto(plan: Plan, *, title: str = "", colours: ThemeName = "light") -> Figure:
    """Return the share of requests within their limits over what a fleet costs, a line per router.

    Drawn are the fleets that were simulated and that no cheaper one of the same router beats; the
    price of the plan is marked.

    Parameters
    ----------
    plan
        The plan.
    title
        Headline; by default the name of the fleet.
    colours
        "light" or "dark".
    """
    lines = tuple(line for option in plan.options if len((line := _front(plan, option)).x))
    best = plan.best
    facts = f"asked: {plan.slo.share:.4g}  ·  " + (
        "nothing keeps that" if best is None else f"{plan.engines(best.counts)}, {best.policy}"
    )
    return chart(
        [
            Panel(
                lines,
                x_label="price of an hour",
                y_label="requests within their limits (%)",
                top=100,
                limits=() if best is None else (best.price_per_h,),
            )
        ],
        title=title or plan.name,
        facts=facts,
        colours=colours,
        height=3.6,
    )


def _front(plan: Plan, option: Option) -> Line:
    points = sorted((plan.price(counts), -kept) for counts, kept in option.tried.items())
    front: list[tuple[float, float]] = []
    for price, kept in ((price, -loss) for price, loss in points):
        if not front or kept > front[-1][1]:
            front.append((price, kept))
    price_of, kept_of = (np.array([point[k] for point in front]) for k in (0, 1))
    return Line(option.policy, price_of, 100 * kept_of)
