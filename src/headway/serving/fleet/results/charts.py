"""Pictures of a fleet: what each engine was busy with, and when."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from typing import TYPE_CHECKING

import numpy as np

from headway.serving.fleet.view import Floats
from headway.serving.results import Steps
from headway.serving.results.charts import mean_over_bins
from headway.serving.results.columns import Ints as Counts
from headway.show.colours import ThemeName
from headway.show.figure import Figure
from headway.show.lines import Line, Panel, chart

if TYPE_CHECKING:
    from headway.serving.fleet.run import FleetRun

_BINS = 300
_MOST_LINES = 8
"""Engines with a line of their own; of more, the kinds are drawn, each as its mean."""


def timeline(run: FleetRun, *, title: str = "", colours: ThemeName = "light") -> Figure:
    """Return what each engine was busy with over time, and how many engines were paid for.

    Of more than eight engines, the mean of each kind is drawn, and the span from the least to the
    most loaded.

    Parameters
    ----------
    run
        The run.
    title
        Headline; by default the names of its workload and router.
    colours
        "light" or "dark".
    """
    changes = run.count("start") + run.count("stop")
    edges = np.linspace(0.0, max(run.over_s, 1e-9), _BINS + 1)
    panels = [
        Panel(tuple(_lines(run, edges, lambda steps, _: steps.running)), y_label="in the batch"),
        Panel(tuple(_lines(run, edges, lambda steps, _: steps.waiting)), y_label="in the queue"),
        Panel(
            tuple(_lines(run, edges, lambda steps, blocks: 100 * steps.used_blocks / blocks)),
            x_label="" if changes else "time (s)",
            y_label="KV cache (%)",
            top=100,
        ),
    ]
    if changes:
        panels.append(Panel((_paid(run),), x_label="time (s)", y_label="engines"))
    told = run.document
    facts = (
        f"{len(run.requests):,} requests  ·  {told['attainment']:.1%} within their limits"
        f"  ·  {len(run.members)} engines  ·  cost {run.cost:,.4g}"
    )
    return chart(
        panels,
        title=title or f"{run.workload.name}: {run.policy}",
        facts=facts,
        colours=colours,
        height=1.7,
    )


def _lines(
    run: FleetRun, edges: Floats, column: Callable[[Steps, int], Floats | Counts]
) -> Iterator[Line]:
    rows = [
        mean_over_bins(steps, column(steps, member.config.blocks), edges)
        for steps, member in zip(run.steps, run.members, strict=True)
    ]
    names = [member.name for member in run.members]
    if len(names) <= _MOST_LINES:
        for name, row in zip(names, rows, strict=True):
            yield _step(name, edges, row)
        return
    kinds = [member.kind for member in run.members]
    for kind in dict.fromkeys(kinds):
        own = np.array([row for row, other in zip(rows, kinds, strict=True) if other == kind])
        yield _step(f"{kind}, mean of {len(own)}", edges, own.mean(axis=0))
        yield _step(f"{kind}, largest", edges, own.max(axis=0))


def _step(name: str, edges: Floats, row: Floats) -> Line:
    return Line(name, edges, np.append(row, row[-1:]), "step")


def _paid(run: FleetRun) -> Line:
    """Return how many engines were paid for over time, from what was noted."""
    moments = {"start": 1, "stop": -1}
    changes = [(n.at_s, moments[n.what]) for n in run.notes if n.what in moments]
    now = int(np.count_nonzero(run.up_s > 0))
    begun = {n.engine for n in run.notes if n.what == "start"}
    stopped = {n.engine for n in run.notes if n.what == "stop"}
    first = {
        k: next((n.what for n in run.notes if n.engine == k and n.what in moments), "")
        for k in begun | stopped
    }
    now -= sum(what == "start" for what in first.values())
    times, counts = [0.0], [now]
    for at_s, change in changes:
        now += change
        times.append(at_s)
        counts.append(now)
    over = max(run.over_s, times[-1])
    return Line("paid for", np.array([*times, over]), np.array([*counts, now], float), "area")
